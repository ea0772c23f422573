"""Protocol of flight suppliers: search, price, hold, issue, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from voyagent.drivers.suppliers.protocols.parts import Capability, Party, PassengerKind, Traveller
from voyagent.kernel.money import Money


class Cabin(StrEnum):
    """Cabin class of a flight."""

    ECONOMY = "economy"
    PREMIUM = "premium"
    BUSINESS = "business"
    FIRST = "first"


class BookingStatus(StrEnum):
    """State of a booking at its supplier."""

    HELD = "held"
    TICKETED = "ticketed"
    BOOKED = "booked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class FlightQuery:
    """A flight search.

    `origin` and `destination` are IATA codes of airports or cities, such as LON. Dates are local at
    the airport of departure. The offers have prices in `currency`. `limit` is the maximum number of
    offers.
    """

    origin: str
    destination: str
    outbound_date: date
    party: Party
    currency: str
    return_date: date | None = None
    cabin: Cabin = Cabin.ECONOMY
    direct_only: bool = False
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Segment:
    """One flight.

    `departs_at` has the UTC offset of the airport of departure. `arrives_at` has the UTC offset of
    the airport of arrival.
    """

    carrier: str
    carrier_name: str
    number: str
    origin: str
    destination: str
    departs_at: datetime
    arrives_at: datetime
    cabin: Cabin
    booking_class: str

    @property
    def flight(self) -> str:
        """Return the flight number as on a ticket: `EK 565`."""
        return f"{self.carrier} {self.number}"


@dataclass(frozen=True, slots=True)
class Journey:
    """The flights of one direction, at least one, in order."""

    segments: tuple[Segment, ...]

    @property
    def origin(self) -> str:
        """Return the IATA code of the first airport."""
        return self.segments[0].origin

    @property
    def destination(self) -> str:
        """Return the IATA code of the last airport."""
        return self.segments[-1].destination

    @property
    def departs_at(self) -> datetime:
        """Return the local time of departure at the first airport."""
        return self.segments[0].departs_at

    @property
    def arrives_at(self) -> datetime:
        """Return the local time of arrival at the last airport."""
        return self.segments[-1].arrives_at

    @property
    def stops(self) -> int:
        """Return the number of connections."""
        return len(self.segments) - 1

    @property
    def minutes(self) -> int:
        """Return the duration in minutes, including connections."""
        return int((self.arrives_at.timestamp() - self.departs_at.timestamp()) // 60)


@dataclass(frozen=True, slots=True)
class FareLine:
    """The price per passenger of one kind, and the number of these passengers."""

    kind: PassengerKind
    count: int
    base: Money
    taxes: Money

    @property
    def total(self) -> Money:
        """Return the price of all passengers of this kind, with taxes."""
        return Money(
            (self.base.amount_minor + self.taxes.amount_minor) * self.count, self.base.currency
        )


@dataclass(frozen=True, slots=True)
class FlightOffer:
    """An offer of particular flights at a price, valid until `valid_until`.

    `total` is the sum of `fares`. `seats_left` is at most 9; the value 9 means nine or more.
    """

    offer_id: str
    supplier: str
    outbound: Journey
    inbound: Journey | None
    cabin: Cabin
    party: Party
    validating_carrier: str
    fares: tuple[FareLine, ...]
    total: Money
    refundable: bool
    baggage_kg: int
    seats_left: int
    quoted_at: datetime
    valid_until: datetime

    @property
    def journeys(self) -> tuple[Journey, ...]:
        """Return the outbound journey and, if there is one, the journey back."""
        return (self.outbound,) if self.inbound is None else (self.outbound, self.inbound)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket; `number` is the airline's three-digit code and ten digits.

    `position` is the traveller's position in the booking, counted from 1. `check_digit` is `number`
    modulo seven.
    """

    number: str
    check_digit: int
    position: int
    kind: PassengerKind


@dataclass(frozen=True, slots=True)
class FlightBooking:
    """A booking of flights at its supplier.

    A `locator` does not identify a booking permanently, because airlines reuse locators.
    """

    supplier: str
    locator: str
    supplier_ref: str
    status: BookingStatus
    offer_id: str
    party: Party
    total: Money
    hold_expires_at: datetime
    tickets: tuple[Ticket, ...] = ()


class FlightSupplier(Protocol):
    """Protocol of flight suppliers."""

    @property
    def name(self) -> str:
        """Return the driver's name in offers, errors and the audit log."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return the supported calls; all others raise CapabilityNotSupported."""

    def search(self, query: FlightQuery) -> list[FlightOffer]:
        """Return at most `query.limit` offers, the cheapest first; the list may be empty."""

    def price(self, offer: FlightOffer) -> FlightOffer:
        """Confirm the price of an offer, and return the offer with a new `valid_until`.

        Raises OfferExpired, SoldOut, and PriceChanged if the flights have another price now.
        """

    def hold(
        self, offer: FlightOffer, travellers: Sequence[Traveller], reference: str
    ) -> FlightBooking:
        """Book seats without payment until `hold_expires_at` of the returned booking.

        Raises OfferExpired, SoldOut, PriceChanged.
        """

    def issue(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Pay a held booking and return it with a ticket for each traveller.

        The tickets are in the order of the travellers. Raises HoldExpired, TicketingRefused,
        ConflictAtSupplier.
        """

    def cancel(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Release the seats of a held booking, or void the tickets of an issued one.

        Raises ConflictAtSupplier.
        """

    def read(self, supplier_ref: str) -> FlightBooking:
        """Return a booking in its current state. Raises UnknownAtSupplier."""
