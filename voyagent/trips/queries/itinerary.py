"""Build the itinerary for the customer: a trip described day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from uuid import UUID

from babel.core import Locale
from babel.dates import format_date
from babel.lists import format_list
from flask_babel import get_locale, gettext, ngettext

from voyagent.trips.rules import places
from voyagent.trips.rules.details import (
    FlightDetails,
    HotelDetails,
    OtherDetails,
    TransferDetails,
    VisaDetails,
    nights_of,
)
from voyagent.trips.rules.journey import Journey, Line
from voyagent.trips.words import country_name

WEEK = 7
DAYS_MAX = 31
"""Number of days up to which every day of an itinerary is listed.

A longer itinerary lists only the days on which something happens.
"""


@dataclass(frozen=True, slots=True)
class Leg:
    """A flight as shown to the customer: airports, times, days and duration."""

    line_id: UUID
    leaves: str
    leaves_from: str
    leaves_on: str
    lands: str
    lands_at: str
    lands_on: str
    flight: str
    about: str
    notes: str


@dataclass(frozen=True, slots=True)
class Item:
    """A hotel stay, transfer or other service as shown to the customer.

    `icon` is the name of an icon. `about` is a text with room, time, booking number and similar
    details, and `notes` a text for the customer. `title` is empty if it equals the heading of the
    day.
    """

    line_id: UUID
    icon: str
    title: str
    about: str
    notes: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the itinerary.

    `legs` are the flights of the day. `before` are the services before the first flight, such as
    the transfer to the airport, and `items` all other services.
    """

    day: str
    weekday: str
    heading: str
    before: tuple[Item, ...] = ()
    legs: tuple[Leg, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Itinerary:
    """The contents of an itinerary as localised texts."""

    title: str
    people: str
    span: str
    booking: str
    origin: str
    destination: str
    summaries: tuple[tuple[str, str], ...]
    days: tuple[Day, ...]
    undated: tuple[Item, ...]
    notes: str
    prices: tuple[str, ...] = field(default=())


def itinerary_of(journey: Journey, prices: Sequence[str]) -> Itinerary:
    """Build the itinerary of a trip in the current language.

    `prices` are the total prices as text, one for each currency.
    """
    lines = journey.active_lines
    flights = [(line, line.details) for line in lines if isinstance(line.details, FlightDetails)]
    stays = [(line, line.details) for line in lines if isinstance(line.details, HotelDetails)]
    visas = [(line, line.details) for line in lines if isinstance(line.details, VisaDetails)]
    legs = [flight for _, flight in flights]
    turning = turning_point(legs)
    summaries = (
        (gettext("Flights"), _flights_in_a_sentence(legs, turning)),
        (gettext("Stay"), _stays_in_a_sentence([stay for _, stay in stays])),
        (gettext("Visas"), "; ".join(_visas_in_sentences(visas))),
        (gettext("Tickets"), _tickets_in_a_row(legs)),
    )
    return Itinerary(
        title=journey.trip["title"],
        people=_people([one.full_name for one in journey.passengers]),
        span=_span(lines),
        booking=next((line.supplier_ref for line, _ in flights if line.supplier_ref), ""),
        origin=places.city_of(legs[0].origin) if legs else "",
        destination=turning or (stays[0][1].city if stays else ""),
        summaries=tuple((name, words) for name, words in summaries if words),
        days=tuple(_together(_days(lines, legs))),
        undated=tuple(
            _item(line) for line in lines if line.starts_on is None and line.kind != "visa"
        ),
        notes=journey.trip["notes"] or "",
        prices=tuple(prices),
    )


# Days
# --------------------------------------------------------------------------------


def _together(days: Iterable[tuple[date, Day]]) -> Iterable[Day]:
    """Join consecutive days without services, headed "At leisure", into one."""
    for is_free, group in groupby(
        days, key=lambda pair: pair[1].heading == gettext("At leisure") and not pair[1].items
    ):
        run = list(group)
        if not is_free or len(run) == 1:
            yield from (day for _, day in run)
            continue
        (first, one), (last, other) = run[0], run[-1]
        begins = format_date(
            first,
            "d" if (first.year, first.month) == (last.year, last.month) else "d MMM",
            locale=_locale(),
        )
        weekdays = " – ".join(
            format_date(day, "EEE", locale=_locale()) for day in (first, last)
        )  # full names do not fit
        yield replace(
            one, day=f"{begins} – {other.day}", weekday=weekdays if len(run) < WEEK else ""
        )


def _days(lines: Sequence[Line], flights: Sequence[FlightDetails]) -> Iterable[tuple[date, Day]]:
    dated = [line for line in lines if line.starts_on is not None]
    if not dated:
        return
    happening = {day for line in dated for day in _days_of(line)}
    first, last = min(happening), max(happening)
    every = [*nights_of(first, last), last] if (last - first).days < DAYS_MAX else sorted(happening)
    home = places.city_of(flights[0].origin) if flights else ""
    for day in every:
        today = [line for line in dated if line.starts_on == day]
        heading = _heading(day, today, dated, home)
        takes_off = next((number for number, line in enumerate(today) if line.kind == "flight"), 0)
        items = [_item(line) for line in today[takes_off:] if line.kind != "flight"]
        shown_day = Day(
            day=format_date(day, "d MMM", locale=_locale()),
            weekday=format_date(day, "EEEE", locale=_locale()),
            heading=heading,
            before=tuple(_item(line) for line in today[:takes_off]),
            legs=tuple(
                _leg(line, line.details)
                for line in today
                if isinstance(line.details, FlightDetails)
            ),
            items=tuple(
                replace(item, title="") if item.title == heading else item for item in items
            ),
        )
        yield day, shown_day


def _days_of(line: Line) -> list[date]:
    """Return the days on which a trip line is listed.

    A hotel is listed on its first and last day, any other line on its first day.
    """
    assert line.starts_on is not None
    return (
        [line.starts_on, line.ends_on]
        if line.kind == "hotel" and line.ends_on
        else [line.starts_on]
    )


def _heading(day: date, today: Sequence[Line], dated: Sequence[Line], home: str) -> str:
    """Return the heading of a day, such as a city, a service or "At leisure".

    `today` has the lines that are listed on the day, `dated` all lines with a day, and `home` the
    city of the trip's first departure.
    """
    flights = [line.details for line in today if isinstance(line.details, FlightDetails)]
    if flights:
        city = places.city_of(flights[-1].destination)
        return (
            gettext("Arrival home")
            if city == home
            and len(dated) > 1
            and day != min(line.starts_on for line in dated if line.starts_on)
            else _to(city)
        )
    others = [line.details for line in today if isinstance(line.details, OtherDetails)]
    if others:
        return str(others[0].title)
    arriving = [line.details for line in today if isinstance(line.details, HotelDetails)]
    if arriving:
        return _to(arriving[0].city)
    rides = [line.details for line in today if isinstance(line.details, TransferDetails)]
    if rides:
        return _to(rides[-1].destination)
    landing = [
        line.details
        for line in dated
        if isinstance(line.details, FlightDetails) and line.details.arrives.date() == day
    ]
    if landing:
        return str(gettext("Arrival in %(city)s", city=places.city_of(landing[-1].destination)))
    leaving = [
        line.details
        for line in dated
        if isinstance(line.details, HotelDetails) and line.details.check_out == day
    ]
    return str(
        gettext("Check-out, %(hotel)s", hotel=leaving[0].name) if leaving else gettext("At leisure")
    )


def _leg(line: Line, flight: FlightDetails) -> Leg:
    later = (flight.arrives.date() - flight.departs.date()).days
    lands_on = _short(flight.arrives.date())
    if later == 1:
        lands_on = gettext("%(day)s, next day", day=lands_on)
    about = [
        flight.cabin,
        gettext("seats %(seats)s", seats=flight.seats) if flight.seats else None,
        flight.baggage,
    ]
    booking = gettext("booking %(number)s", number=line.supplier_ref) if line.supplier_ref else None
    return Leg(
        line_id=line.id,
        leaves=flight.departs.strftime("%H:%M"),
        leaves_from=airport(flight.origin, flight.origin_terminal),
        leaves_on=_short(flight.departs.date()),
        lands=flight.arrives.strftime("%H:%M"),
        lands_at=airport(flight.destination, flight.destination_terminal),
        lands_on=lands_on,
        flight=" · ".join(filter(None, (f"{flight.carrier} {flight.number}", _duration(flight)))),
        about=", ".join(filter(None, (*about, booking))),
        notes=flight.notes or "",
    )


def _item(line: Line) -> Item:
    found, confirmed = (
        line.details,
        gettext("confirmation %(number)s", number=line.supplier_ref) if line.supplier_ref else None,
    )
    match found:
        case HotelDetails():
            nights = _between(found.check_in, found.check_out)
            rooms = ", ".join(filter(None, (found.room, found.board)))
            about = [rooms, nights, confirmed, found.phone, found.address]
            return Item(
                line.id,
                "building",
                f"{found.name}, {found.city}",
                in_a_row(about),
                found.notes or "",
            )
        case TransferDetails():
            route = gettext(
                "%(origin)s to %(destination)s", origin=found.origin, destination=found.destination
            )
            return Item(
                line.id,
                "car-front",
                route,
                in_a_row([found.at, found.vehicle, confirmed]),
                found.notes or "",
            )
        case OtherDetails():
            until = (
                _between(found.on, found.until)
                if found.on and found.until and found.until != found.on
                else None
            )
            return Item(
                line.id,
                "geo-alt",
                found.title,
                in_a_row([found.at, until, confirmed]),
                found.notes or "",
            )
        case _:
            return Item(line.id, "check2", line.name, "", getattr(found, "notes", None) or "")


# Words
# --------------------------------------------------------------------------------


def _flights_in_a_sentence(flights: Sequence[FlightDetails], turning: str) -> str:
    if not flights:
        return ""
    carriers = ", ".join(dict.fromkeys(flight.carrier_name or flight.carrier for flight in flights))
    start, end = places.city_of(flights[0].origin), places.city_of(flights[-1].destination)
    if start == end:
        route = gettext("%(origin)s to %(destination)s and back", origin=start, destination=turning)
    else:
        route = gettext("%(origin)s to %(destination)s", origin=start, destination=end)
    luggage = {flight.baggage for flight in flights}
    return ", ".join(
        filter(None, (carriers, route, next(iter(luggage)) if len(luggage) == 1 else None))
    )


def turning_point(flights: Sequence[FlightDetails]) -> str:
    """Return the destination of a trip as a city, derived from its flights.

    If the last flight returns to the city of the first departure, the destination is the city with
    the longest pause between two flights. Otherwise it is the city of the last arrival. Without
    flights, the result is empty.
    """
    if not flights:
        return ""
    if (
        places.city_of(flights[0].origin) != places.city_of(flights[-1].destination)
        or len(flights) == 1
    ):
        return places.city_of(flights[-1].destination)
    pauses = [
        (after.departs - before.arrives, before.destination) for before, after in pairwise(flights)
    ]
    return places.city_of(max(pauses, key=lambda pause: pause[0])[1])


def _stays_in_a_sentence(stays: Sequence[HotelDetails]) -> str:
    """Describe the nights by city; if two hotels cover a night, only the first counts."""
    slept: dict[date, str] = {}
    for stay in stays:
        for night in nights_of(stay.check_in, stay.check_out):
            slept.setdefault(night, stay.city)
    nights = Counter(slept.values())
    parts = [
        ngettext("one night %(city)s", "%(num)d nights %(city)s", number, city=city)
        for city, number in nights.items()
    ]
    boards = {stay.board for stay in stays}
    return ", ".join(filter(None, (*parts, next(iter(boards)) if len(boards) == 1 else None)))


def _visas_in_sentences(visas: Sequence[tuple[Line, VisaDetails]]) -> Iterable[str]:
    """Describe the visas by country and status."""
    counts: dict[tuple[str, str], int] = {}
    for line, visa in visas:
        granted = (
            format_date(visa.granted_on, "d MMMM", locale=_locale())
            if visa.granted_on
            else line.status
        )
        counts[visa.country, granted] = counts.get((visa.country, granted), 0) + visa.count
    for (country, state), number in counts.items():
        what = ngettext(
            "one visa for %(country)s",
            "%(num)d visas for %(country)s",
            number,
            country=country_name(country),
        )
        if state == "filed":
            yield str(gettext("%(visas)s, applied for", visas=what))
        elif state in {"planned", "held", "booked", "ticketed"}:
            yield str(gettext("%(visas)s, not applied for yet", visas=what))
        else:
            yield str(gettext("%(visas)s, approved on %(day)s", visas=what, day=state))


def _tickets_in_a_row(flights: Sequence[FlightDetails]) -> str:
    return ", ".join(tickets_of(flights))


def tickets_of(flights: Iterable[FlightDetails]) -> list[str]:
    """Return the distinct ticket numbers of flights."""
    return list(dict.fromkeys(number for flight in flights for number in flight.tickets or ()))


def _people(names: Sequence[str]) -> str:
    """List names; a common surname is written once."""
    if not names:
        return ""
    split = [name.rpartition(" ") for name in names]
    family = {last for _first, _gap, last in split}
    if len(names) > 1 and len(family) == 1 and all(first for first, _gap, _last in split):
        return f"{_listed([first for first, _gap, _last in split])} {family.pop()}"
    return _listed(names)


def _listed(words: Sequence[str]) -> str:
    """Join words as a list in the current language; English has no comma before "and"."""
    locale = _locale()
    return str(
        format_list(list(words), locale=Locale("en", "GB") if locale.language == "en" else locale)
    )


def _span(lines: Sequence[Line]) -> str:
    """Return first day, last day and number of nights as text; empty without days."""
    days = sorted(day for line in lines if line.starts_on for day in _days_of(line))
    if not days:
        return ""
    nights = (days[-1] - days[0]).days
    words = _between(days[0], days[-1], year=True)
    return f"{words} · {ngettext('one night', '%(num)d nights', nights)}" if nights else words


def _between(first: date, last: date, *, year: bool = False) -> str:
    """Format two days briefly: `19 to 25 December 2026`."""
    end = format_date(last, "d MMMM y" if year else "d MMMM", locale=_locale())
    if first == last:
        return str(end)
    pattern = (
        "d"
        if (first.year, first.month) == (last.year, last.month)
        else "d MMMM"
        if first.year == last.year
        else "d MMMM y"
    )
    return str(
        gettext(
            "%(first)s to %(last)s", first=format_date(first, pattern, locale=_locale()), last=end
        )
    )


def _duration(flight: FlightDetails) -> str:
    departs, arrives = (
        places.instant(flight.origin, flight.departs),
        places.instant(flight.destination, flight.arrives),
    )
    if departs is None or arrives is None:
        return ""
    hours, minutes = divmod(int((arrives - departs) / timedelta(minutes=1)), 60)
    return str(gettext("%(hours)d h %(minutes)02d", hours=hours, minutes=minutes))


def airport(code: str, terminal: str | None) -> str:
    """Format an airport as `Dubai (DXB), T3`; an unknown code is shown as it is."""
    city = f"{places.city_of(code)} ({code})" if places.find_airport(code) else code
    return f"{city}, {terminal}" if terminal else city


def _to(city: str) -> str:
    return str(gettext("To %(city)s", city=city))


def _short(day: date) -> str:
    return str(format_date(day, "EEE d MMM", locale=_locale()))


def in_a_row(parts: Iterable[str | None]) -> str:
    """Join the non-empty parts with a middle dot."""
    return " · ".join(part for part in parts if part)


def _locale() -> Locale:
    return get_locale() or Locale("en")


def file_name(title: str, moment: datetime) -> str:
    """Return the name of the itinerary's file, without extension: title and date."""
    plain = "-".join(
        "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in title)
        .lower()
        .split()
    )[:60]
    return f"itinerary{'-' + plain if plain else ''}-{moment:%Y-%m-%d}"
