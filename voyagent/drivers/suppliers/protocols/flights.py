"""Flights: from search to ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from voyagent.drivers.suppliers.protocols.parts import Capability, Party, PassengerKind, Traveller
from voyagent.kernel.money import Money


class Cabin(StrEnum):
    """Cabin class."""

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
    """A search.

    Places are IATA codes of airports or cities (LON); days are local to the departure; prices come
    in `currency`.
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
    """A flight.

    Times carry the offset of their airport.
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
        """The flight as on a ticket: `EK 565`."""
        return f"{self.carrier} {self.number}"


@dataclass(frozen=True, slots=True)
class Journey:
    """Flights of one direction, in order; at least one."""

    segments: tuple[Segment, ...]

    @property
    def origin(self) -> str:
        """First airport."""
        return self.segments[0].origin

    @property
    def destination(self) -> str:
        """Last airport."""
        return self.segments[-1].destination

    @property
    def departs_at(self) -> datetime:
        """Local time of departure."""
        return self.segments[0].departs_at

    @property
    def arrives_at(self) -> datetime:
        """Local time of arrival."""
        return self.segments[-1].arrives_at

    @property
    def stops(self) -> int:
        """Number of connections."""
        return len(self.segments) - 1

    @property
    def minutes(self) -> int:
        """Duration in minutes."""
        return int((self.arrives_at.timestamp() - self.departs_at.timestamp()) // 60)


@dataclass(frozen=True, slots=True)
class FareLine:
    """Price and number of one kind of passenger."""

    kind: PassengerKind
    count: int
    base: Money
    taxes: Money

    @property
    def total(self) -> Money:
        """Total of this kind."""
        return Money(
            (self.base.amount_minor + self.taxes.amount_minor) * self.count, self.base.currency
        )


@dataclass(frozen=True, slots=True)
class FlightOffer:
    """A price for particular flights, until `valid_until`.

    `total` is the sum of the lines; `seats_left` is 9 for nine or more.
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
        """One way, or out and back."""
        return (self.outbound,) if self.inbound is None else (self.outbound, self.inbound)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket: `number` is the airline's three-digit code and ten digits.

    `position` is the traveller's position from 1. `check_digit` is the number modulo seven, printed
    after it and not part of it.
    """

    number: str
    check_digit: int
    position: int
    kind: PassengerKind


@dataclass(frozen=True, slots=True)
class FlightBooking:
    """A booking at its supplier.

    Airlines reuse a `locator` after some time, so it is no key.
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
    """A seller of flights."""

    @property
    def name(self) -> str:
        """The driver's name in offers, errors and the audit."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Supported acts; all others raise CapabilityNotSupported."""

    def search(self, query: FlightQuery) -> list[FlightOffer]:
        """Return offers, the cheapest first, at most `query.limit`; possibly none."""

    def price(self, offer: FlightOffer) -> FlightOffer:
        """Return the same flights at the present price.

        Raises OfferExpired, SoldOut, PriceChanged.
        """

    def hold(
        self, offer: FlightOffer, travellers: Sequence[Traveller], reference: str
    ) -> FlightBooking:
        """Book without payment until `hold_expires_at`.

        Raises OfferExpired, SoldOut, PriceChanged.
        """

    def issue(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Pay and return a ticket for each traveller in order.

        Raises HoldExpired, TicketingRefused, ConflictAtSupplier.
        """

    def cancel(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Release a hold or void its tickets. Raises ConflictAtSupplier."""

    def read(self, supplier_ref: str) -> FlightBooking:
        """Return the booking. Raises UnknownAtSupplier."""
