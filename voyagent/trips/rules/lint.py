"""Compute warnings about a trip from its passengers and lines.

A warning never blocks an act.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations, groupby
from typing import Literal
from uuid import UUID

from voyagent.kernel.errors import N_
from voyagent.trips.rules import places
from voyagent.trips.rules.details import FlightDetails, HotelDetails, nights_of
from voyagent.trips.rules.journey import OVER, Line, Passenger

Severity = Literal["error", "warning", "note"]
Values = Mapping[str, str | int | date]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
DOMESTIC_MINUTES, INTERNATIONAL_MINUTES = 60, 90
"""Default minimum connection times in minutes: domestic and international."""
MINIMUMS: Mapping[str, tuple[int, int]] = {}
"""Minimum connection times of particular airports in minutes: domestic, international."""
OTHER_AIRPORT_MINUTES = 240
"""Minimum connection time to another airport of the same city, in minutes.

The time includes immigration, the transfer and another check-in.
"""
CONNECTION_MINUTES_MAX = 24 * 60
WAIT_MINUTES_MAX = 12 * 60
"""Longest overnight wait at an airport for which no hotel is needed, in minutes."""
EARLY_HOUR, NOON = 6, 12
UNDER_YEARS: Mapping[str, int] = {"infant": 2, "child": 12}
"""Ages below which a passenger is an infant or a child, on the day of the last flight."""
PASSPORT_MONTHS = 6
"""Months for which a passport must be valid after the return, by default."""
_SCHENGEN = "AT BE BG CH CZ DE DK EE ES FI FR GR HR HU IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
PASSPORT_MONTHS_OF: Mapping[str, int] = {
    **dict.fromkeys(_SCHENGEN.split(), 3),
    **dict.fromkeys(("AU", "CA", "GB", "IE", "JP", "KR", "US"), 0),
}
"""Months for which a passport must be valid after the return, by country.

The map has the countries that require fewer months than `PASSPORT_MONTHS`. The Schengen area
requires three (Schengen Borders Code, article 6). 0 means that the passport must be valid only for
the stay.
"""


class CountryCode(str):
    """A country code in `Finding.values`; the user sees the country's name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning about a trip.

    The placeholders of `sentence` are filled from `values`, with days and countries formatted in
    the user's language.
    """

    code: str
    severity: Severity
    sentence: str
    values: Values = field(default_factory=dict)
    line_ids: tuple[UUID, ...] = ()
    passenger_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight with departure and arrival in comparable minutes.

    `departs` and `arrives` count minutes of UTC, or of local time for an airport whose time zone is
    unknown.
    """

    line: Line
    details: FlightDetails
    departs: float
    arrives: float

    @property
    def is_measured(self) -> bool:
        """Return True if the time zones of both airports are known."""
        return (
            places.find_airport(self.details.origin) is not None
            and places.find_airport(self.details.destination) is not None
        )

    @property
    def countries(self) -> tuple[str | None, str | None]:
        """Return the countries of departure and arrival; None if unknown."""
        return places.country_of(self.details.origin), places.country_of(self.details.destination)

    @property
    def is_international(self) -> bool:
        """Return True if both countries are known and differ."""
        origin, destination = self.countries
        return origin is not None and destination is not None and origin != destination


@dataclass(frozen=True, slots=True)
class Connection:
    """Two flights: the second departs from the city in which the first lands.

    `minutes` is the time between landing and departure. It is negative if the second flight departs
    before the first has landed.
    """

    first: Flight
    then: Flight
    minutes: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A hotel stay."""

    line: Line
    details: HotelDetails

    @property
    def nights(self) -> frozenset[date]:
        """Return the nights of the stay, each as the day on which it begins."""
        return frozenset(nights_of(self.details.check_in, self.details.check_out))


@dataclass(frozen=True, slots=True)
class Plan:
    """A trip prepared for the search for problems, without cancelled or failed lines.

    Flights are in order of departure.
    """

    passengers: tuple[Passenger, ...]
    flights: tuple[Flight, ...]
    stays: tuple[Stay, ...]
    connections: tuple[Connection, ...]
    last_day: date | None

    @property
    def journeys(self) -> list[list[Flight]]:
        """Return groups of connecting flights in order, such as outbound and return."""
        before = {
            connection.then.line.id: connection.first.line.id for connection in self.connections
        }
        found: list[list[Flight]] = []
        for flight in self.flights:
            joined = next(
                (journey for journey in found if journey[-1].line.id == before.get(flight.line.id)),
                None,
            )
            if joined is None:
                found.append([flight])
            else:
                joined.append(flight)
        return found


def findings(
    passengers: Iterable[Passenger],
    lines: Iterable[Line],
    *,
    minimums: Mapping[str, tuple[int, int]] = MINIMUMS,
) -> list[Finding]:
    """Return all warnings about a trip, the most serious first.

    `minimums` has pairs of minutes by airport code: the minimum connection times of domestic and of
    international connections.
    """
    plan = _plan(passengers, lines)
    found = [
        *_short_connections(plan, minimums),
        *_overlapping_nights(plan),
        *_missing_nights(plan),
        *_hotels_before_arrival(plan),
        *_flown_twice(plan),
        *_flown_at_once(plan),
        *_infants_alone(plan),
        *_too_old(plan),
        *_missing_passports(plan),
        *_expiring_passports(plan),
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _plan(passengers: Iterable[Passenger], lines: Iterable[Line]) -> Plan:
    active = sorted(
        (line for line in lines if line.status not in OVER),
        key=lambda line: (line.place_in_time, line.id),
    )
    flights = sorted(
        (_flight(line, line.details) for line in active if isinstance(line.details, FlightDetails)),
        key=lambda one: (one.departs, one.arrives, one.line.id),
    )
    stays = tuple(
        Stay(line, line.details) for line in active if isinstance(line.details, HotelDetails)
    )
    last = max((line.ends_on for line in active if line.ends_on), default=None)
    return Plan(
        tuple(sorted(passengers, key=lambda one: (one.created_at, one.id))),
        tuple(flights),
        stays,
        tuple(_connections(flights)),
        last,
    )


def _flight(line: Line, details: FlightDetails) -> Flight:
    departs = places.instant(details.origin, details.departs)
    arrives = places.instant(details.destination, details.arrives)
    clocks = (
        departs.replace(tzinfo=None) if departs else details.departs,
        arrives.replace(tzinfo=None) if arrives else details.arrives,
    )
    left, landed = ((clock - clock.min).total_seconds() / 60 for clock in clocks)
    return Flight(line, details, left, landed)


def _connections(flights: Sequence[Flight]) -> Iterator[Connection]:
    """Yield for each flight its connection with an earlier flight, if there is one.

    A flight is earlier if it departs earlier. It must land in the city from which the later flight
    departs, less than 24 hours before that departure. It may even land after that departure; the
    connection then has negative minutes.
    """
    for then in flights:
        before = [
            Connection(first, then, round(then.departs - first.arrives))
            for first in flights
            if first.line.id != then.line.id
            and first.departs < then.departs
            and places.same_city(first.details.destination, then.details.origin)
        ]
        near = [one for one in before if one.minutes < CONNECTION_MINUTES_MAX]
        if near:
            yield min(near, key=lambda one: (one.minutes < 0, abs(one.minutes), one.first.line.id))


# Connections
# --------------------------------------------------------------------------------


def _short_connections(plan: Plan, minimums: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    for connection in plan.connections:
        first, then = connection.first, connection.then
        lines = (first.line.id, then.line.id)
        here, there = first.details.destination, then.details.origin
        values: Values = {
            "first": first.line.name,
            "then": then.line.name,
            "minutes": max(connection.minutes, 0),
            "here": here,
            "there": there,
        }
        if here != there:
            if connection.minutes < OTHER_AIRPORT_MINUTES:
                sentence = N_(
                    "%(minutes)s minutes from %(first)s at %(here)s to %(then)s at %(there)s, a"
                    " different airport. At least %(least)s are needed."
                )
                yield Finding(
                    "connection_short",
                    "error",
                    sentence,
                    {**values, "least": OTHER_AIRPORT_MINUTES},
                    lines,
                )
            else:
                sentence = N_(
                    "%(first)s lands at %(here)s and %(then)s leaves from %(there)s, a different"
                    " airport of the city."
                )
                yield Finding("airport_change", "note", sentence, values, lines)
            continue
        domestic, international = minimums.get(here, (DOMESTIC_MINUTES, INTERNATIONAL_MINUTES))
        within = {*first.countries, *then.countries}
        least = domestic if len(within) == 1 and None not in within else international
        if connection.minutes < least:
            sentence = N_(
                "%(minutes)s minutes from %(first)s to %(then)s at %(here)s. At least %(least)s"
                " are needed."
            )
            yield Finding("connection_short", "error", sentence, {**values, "least": least}, lines)


# Nights
# --------------------------------------------------------------------------------


def _overlapping_nights(plan: Plan) -> Iterator[Finding]:
    for one, other in combinations(plan.stays, 2):
        common = one.nights & other.nights
        if not common:
            continue
        lines = (one.line.id, other.line.id)
        values: Values = {
            "one": one.details.name,
            "other": other.details.name,
            "night": min(common),
            "nights": len(common),
        }
        if _hotel(one) == _hotel(other):
            yield Finding(
                "nights_overlap",
                "note",
                N_("%(one)s is booked twice for the night of %(night)s. Two rooms?"),
                values,
                lines,
            )
        else:
            sentence = N_(
                "%(one)s and %(other)s are both booked for the night of %(night)s (nights in"
                " common: %(nights)s)."
            )
            yield Finding("nights_overlap", "error", sentence, values, lines)


def _missing_nights(plan: Plan) -> Iterator[Finding]:
    """Warn of each night for which the trip has no hotel.

    No warning is given for a night on a flight, or for a night of a connection of at most
    `WAIT_MINUTES_MAX`. A trip without any hotel has no such warning.
    """
    if not plan.stays:
        return
    begins, ends = (
        min(stay.details.check_in for stay in plan.stays),
        max(stay.details.check_out for stay in plan.stays),
    )
    journeys = plan.journeys
    if journeys:
        begins = min(begins, journeys[0][-1].details.arrives.date())
    if len(journeys) > 1:
        leaves = journeys[-1][0].details.departs
        ends = max(ends, leaves.date() - timedelta(days=leaves.hour < EARLY_HOUR))
    covered = frozenset[date]().union(
        *(stay.nights for stay in plan.stays), *(_in_the_air(flight) for flight in plan.flights)
    )
    covered |= {
        night
        for one in plan.connections
        if one.minutes <= WAIT_MINUTES_MAX
        for night in _waiting(one)
    }
    missing = [night for night in nights_of(begins, ends) if night not in covered]
    for _, group in groupby(enumerate(missing), key=lambda pair: pair[1].toordinal() - pair[0]):
        nights = [night for _, night in group]
        values: Values = {
            "night": nights[0],
            "until": nights[-1] + timedelta(days=1),
            "nights": len(nights),
        }
        sentence = (
            N_("No hotel for the night of %(night)s.")
            if len(nights) == 1
            else N_("No hotel from %(night)s to %(until)s (nights: %(nights)s).")
        )
        yield Finding("night_missing", "warning", sentence, values)


def _hotels_before_arrival(plan: Plan) -> Iterator[Finding]:
    """Warn of a hotel stay that begins before the arrival.

    The night before a morning arrival is accepted.
    """
    if not plan.flights:
        return
    way_out = plan.journeys[0]
    leaves, arrives = way_out[0].details.departs.date(), way_out[-1].details.arrives
    earliest = arrives.date() - timedelta(days=arrives.hour < NOON)
    for stay in plan.stays:
        if leaves < stay.details.check_out and stay.details.check_in < earliest:
            values: Values = {
                "hotel": stay.details.name,
                "check_in": stay.details.check_in,
                "arrival": arrives.date(),
            }
            sentence = N_("%(hotel)s begins on %(check_in)s, but arrival is on %(arrival)s.")
            yield Finding(
                "hotel_before_arrival",
                "error",
                sentence,
                values,
                (stay.line.id, way_out[-1].line.id),
            )


def _hotel(stay: Stay) -> tuple[str, str]:
    return stay.details.name.casefold(), stay.details.city.casefold()


def _in_the_air(flight: Flight) -> frozenset[date]:
    return frozenset(nights_of(flight.details.departs.date(), flight.details.arrives.date()))


def _waiting(connection: Connection) -> list[date]:
    return nights_of(
        connection.first.details.arrives.date(), connection.then.details.departs.date()
    )


# People
# --------------------------------------------------------------------------------


def _infants_alone(plan: Plan) -> Iterator[Finding]:
    infants = [one for one in plan.passengers if one.kind == "infant"]
    grown = sum(one.kind in {"adult", "senior"} for one in plan.passengers)
    if len(infants) > grown:
        values: Values = {"infants": len(infants), "adults": grown}
        sentence = N_("Each infant needs its own adult: infants %(infants)s, adults %(adults)s.")
        yield Finding(
            "infant_without_adult",
            "error",
            sentence,
            values,
            passenger_ids=tuple(one.id for one in infants),
        )


def _flown_twice(plan: Plan) -> Iterator[Finding]:
    """Warn of a flight that is booked twice for a passenger.

    A flight without passenger names counts for all passengers.
    """
    for first, then in combinations(plan.flights, 2):
        one, other = first.details, then.details
        if (one.carrier, one.number, one.departs_at) != (
            other.carrier,
            other.number,
            other.departs_at,
        ):
            continue
        if one.travellers and other.travellers and not set(one.travellers) & set(other.travellers):
            continue
        values: Values = {"flight": f"{one.carrier} {one.number}", "day": one.departs.date()}
        sentence = N_("%(flight)s on %(day)s is entered twice for the same people.")
        yield Finding("flight_twice", "warning", sentence, values, (first.line.id, then.line.id))


def _flown_at_once(plan: Plan) -> Iterator[Finding]:
    """Warn of two flights at the same time for a passenger who is named in both."""
    connected = {frozenset((one.first.line.id, one.then.line.id)) for one in plan.connections}
    for first, then in combinations(plan.flights, 2):
        one, other = first.details, then.details
        if frozenset((first.line.id, then.line.id)) in connected:
            continue
        if (
            not (first.is_measured and then.is_measured)
            or first.departs >= then.arrives
            or then.departs >= first.arrives
        ):
            continue
        if (one.carrier, one.number, one.departs_at) == (
            other.carrier,
            other.number,
            other.departs_at,
        ):
            continue
        if not set(one.travellers or ()) & set(other.travellers or ()):
            continue
        values: Values = {
            "one": f"{one.carrier} {one.number}",
            "other": f"{other.carrier} {other.number}",
            "day": one.departs.date(),
        }
        yield Finding(
            "flights_overlap",
            "error",
            N_("%(one)s and %(other)s on %(day)s overlap."),
            values,
            (first.line.id, then.line.id),
        )


def _too_old(plan: Plan) -> Iterator[Finding]:
    """Warn of a child or infant who is too old on the last flight's day."""
    if not plan.flights:
        return
    last = max(flight.details.departs.date() for flight in plan.flights)
    for one in plan.passengers:
        years = UNDER_YEARS.get(one.kind)
        if (
            years is None
            or one.date_of_birth is None
            or last < _months_after(one.date_of_birth, years * 12)
        ):
            continue
        values: Values = {"name": one.full_name, "years": years, "day": last}
        sentence = (
            N_(
                "%(name)s is %(years)s or older on the last flight, %(day)s, and needs a child"
                " seat, not an infant ticket."
            )
            if one.kind == "infant"
            else N_(
                "%(name)s is %(years)s or older on the last flight, %(day)s, and counts as an"
                " adult."
            )
        )
        yield Finding("too_old_for_kind", "error", sentence, values, passenger_ids=(one.id,))


def _missing_passports(plan: Plan) -> Iterator[Finding]:
    abroad = tuple(flight.line.id for flight in plan.flights if flight.is_international)
    for one in plan.passengers if abroad else ():
        if one.passport_last4 is None:
            sentence = N_("%(name)s flies abroad and has no passport on file.")
            yield Finding(
                "passport_missing", "error", sentence, {"name": one.full_name}, abroad, (one.id,)
            )


def _expiring_passports(plan: Plan) -> Iterator[Finding]:
    for one in plan.passengers:
        if one.passport_expiry is None or plan.last_day is None:
            continue
        expiring = [
            (
                _months_after(plan.last_day, PASSPORT_MONTHS_OF.get(country, PASSPORT_MONTHS)),
                country,
            )
            for country in sorted(_abroad(plan, one))
        ]
        until, country = max(expiring, default=(date.min, ""))
        if one.passport_expiry >= until:
            continue
        values: Values = {
            "name": one.full_name,
            "expiry": one.passport_expiry,
            "until": until,
            "country": CountryCode(country),
        }
        if one.passport_expiry < plan.last_day:
            sentence = N_("The passport of %(name)s expires on %(expiry)s, during the trip.")
            yield Finding("passport_expires", "error", sentence, values, passenger_ids=(one.id,))
        else:
            sentence = N_(
                "The passport of %(name)s expires on %(expiry)s. %(country)s requires validity"
                " until %(until)s."
            )
            yield Finding("passport_expires", "warning", sentence, values, passenger_ids=(one.id,))


def _abroad(plan: Plan, traveller: Passenger) -> set[str]:
    """Return the countries that a passenger enters on the trip.

    The passenger's own country, the country of the first departure and countries of transit are
    left out.
    """
    ends = {journey[-1].countries[1] for journey in plan.journeys}
    entered = {
        country
        for country in ends | {stay.details.country for stay in plan.stays}
        if country is not None
    }
    home = {traveller.nationality, plan.flights[0].countries[0] if plan.flights else None}
    return entered - home if home != {None} else set()


def _months_after(day: date, months: int) -> date:
    """Return the day a number of months later, at most the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
