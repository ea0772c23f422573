"""Compute the invoice items of a trip: each booking once, with cost and price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask_babel import format_date, gettext, ngettext

from voyagent.kernel.money import Money
from voyagent.trips.rules import places
from voyagent.trips.rules.details import (
    FlightDetails,
    HotelDetails,
    OtherDetails,
    TransferDetails,
    VisaDetails,
    service_days,
)
from voyagent.trips.rules.journey import Journey, Line
from voyagent.trips.words import country_name

WORDS_MAX = 500


@dataclass(frozen=True, slots=True)
class Charge:
    """An item to invoice to the customer.

    `line_ids` are the lines of the trip that it covers, and `service_date` is their first day.
    `service_to` is the last day, or None for a service of one day.
    `line_id` is the first of them that has a price. `nights` is the length of a hotel stay, or
    None. A stay is invoiced by the night: quantity times `unit_price`, less `discount`, is `price`.
    """

    description: str
    cost: Money
    price: Money
    line_ids: tuple[UUID, ...]
    line_id: UUID
    service_date: date | None
    service_to: date | None
    nights: int | None = None

    @property
    def quantity(self) -> int:
        """Return the number of units: the nights of a stay, else 1."""
        return self.nights or 1

    @property
    def unit(self) -> str | None:
        """Return `night` or `nights` for a stay, else None."""
        return None if self.nights is None else "night" if self.nights == 1 else "nights"

    @property
    def unit_price(self) -> Money:
        """Return the price of one unit, rounded up to the minor unit."""
        return Money(-(-self.price.amount_minor // self.quantity), self.price.currency)

    @property
    def discount(self) -> Money:
        """Return what the rounded unit price adds to the price of the whole."""
        whole = Money(self.unit_price.amount_minor * self.quantity, self.price.currency)
        return whole - self.price


def charges_of(journey: Journey) -> list[Charge]:
    """Return the invoice items of a trip by date; lines without a price are left out.

    All flights of one booking are one item, because they usually have one price. A flight with a
    price is an item of its own if another flight of the booking already has a price, because an
    item of an invoice names one line.
    """
    bookings: dict[tuple[str, str, str], list[Line]] = {}
    for line in journey.active_lines:
        own = line.our_reference or line.supplier_ref if line.kind == "flight" else None
        key = (line.kind, own or str(line.id), line.price.currency)
        if line.price and any(one.price for one in bookings.get(key, ())):
            key = (line.kind, str(line.id), line.price.currency)
        bookings.setdefault(key, []).append(line)
    found = [
        Charge(
            _in_words(lines)[:WORDS_MAX],
            _sum([line.cost for line in lines]),
            _sum([line.price for line in lines]),
            tuple(line.id for line in lines),
            next((line.id for line in lines if line.price), lines[0].id),
            *service_days([line.details for line in lines]),
            _nights(lines[0]),
        )
        for lines in bookings.values()
    ]
    return [charge for charge in found if charge.price]


def _nights(line: Line) -> int | None:
    return line.details.nights if isinstance(line.details, HotelDetails) else None


def _in_words(lines: Sequence[Line]) -> str:
    first, flights = (
        lines[0],
        [line.details for line in lines if isinstance(line.details, FlightDetails)],
    )
    if flights:
        booking = (
            gettext("booking %(number)s", number=first.supplier_ref) if first.supplier_ref else ""
        )
        head = ngettext(
            "Flight %(flights)s",
            "Flights %(flights)s",
            len(flights),
            flights=flights_in_words(flights),
        )
        return ", ".join(filter(None, (head, booking)))
    match first.details:
        case HotelDetails() as stay:
            return f"{stay.name}, {stay.city}, {_day(stay.check_in)} – {_day(stay.check_out)}"
        case TransferDetails() as ride:
            return str(
                gettext(
                    "Transfer %(origin)s to %(destination)s, %(day)s",
                    origin=ride.origin,
                    destination=ride.destination,
                    day=_day(ride.on),
                )
            )
        case VisaDetails() as visa:
            return str(
                ngettext(
                    "Visa for %(country)s",
                    "%(num)d visas for %(country)s",
                    visa.count,
                    country=country_name(visa.country),
                )
            )
        case OtherDetails() as other:
            return f"{other.title}, {_day(other.on)}" if other.on else str(other.title)
    return first.name


def flights_in_words(flights: Sequence[FlightDetails]) -> str:
    """Describe flights, as in `EK 533 Cochin – Dubai 19 Dec 2026`."""
    return ", ".join(_flight(flight) for flight in flights)


def _flight(flight: FlightDetails) -> str:
    way = f"{places.city_of(flight.origin)} – {places.city_of(flight.destination)}"
    return f"{flight.carrier} {flight.number} {way} {_day(flight.departs.date())}"


def _day(day: date) -> str:
    return str(format_date(day, "d MMM y"))


def _sum(amounts: Sequence[Money]) -> Money:
    return sum(amounts[1:], amounts[0])
