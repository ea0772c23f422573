"""Flights: from a search to a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from voyagent.drivers.suppliers.protocols.parts import Capability, Party, PassengerKind, Traveller
from voyagent.kernel.money import Money


class Cabin(StrEnum):
    """Where in the aircraft."""

    ECONOMY = "economy"
    PREMIUM = "premium"
    BUSINESS = "business"
    FIRST = "first"


class BookingStatus(StrEnum):
    """Where a booking stands at its supplier."""

    HELD = "held"
    TICKETED = "ticketed"
    BOOKED = "booked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class FlightQuery:
    """What is looked for.

    Places are IATA codes of airports or of cities (LON); days are local at the place of departure;
    prices come in `currency`.
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

    Times carry the offset of their airport, so a local clock and an instant are one value.
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
        """The flight as it stands on a ticket: `EK 565`."""
        return f"{self.carrier} {self.number}"


@dataclass(frozen=True, slots=True)
class Journey:
    """The flights of one direction, in order; at least one."""

    segments: tuple[Segment, ...]

    @property
    def origin(self) -> str:
        """Where it begins."""
        return self.segments[0].origin

    @property
    def destination(self) -> str:
        """Where it ends."""
        return self.segments[-1].destination

    @property
    def departs_at(self) -> datetime:
        """When it begins, at the place where it begins."""
        return self.segments[0].departs_at

    @property
    def arrives_at(self) -> datetime:
        """When it ends, at the place where it ends."""
        return self.segments[-1].arrives_at

    @property
    def stops(self) -> int:
        """How often one changes."""
        return len(self.segments) - 1

    @property
    def minutes(self) -> int:
        """How long it takes, by instants."""
        return int((self.arrives_at.timestamp() - self.departs_at.timestamp()) // 60)


@dataclass(frozen=True, slots=True)
class FareLine:
    """What one passenger of a kind pays for the whole offer, and how many there are of it."""

    kind: PassengerKind
    count: int
    base: Money
    taxes: Money

    @property
    def total(self) -> Money:
        """All passengers of this kind together."""
        return Money(
            (self.base.amount_minor + self.taxes.amount_minor) * self.count, self.base.currency
        )


@dataclass(frozen=True, slots=True)
class FlightOffer:
    """A price for named flights, good until `valid_until`.

    `total` is the sum of the lines; `seats_left` says 9 where there are nine or more.
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
    """One ticket: `number` is the airline's three-digit accounting code and ten digits; `position`
    is the traveller's place in the booking, from 1.

    `check_digit` is the remainder of the number by seven, as airlines print it behind; it is no
    part of the number.
    """

    number: str
    check_digit: int
    position: int
    kind: PassengerKind


@dataclass(frozen=True, slots=True)
class FlightBooking:
    """A booking as its supplier has it.

    Airlines use a `locator` again after a time, so it is no key.
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
    """Whoever sells flights."""

    @property
    def name(self) -> str:
        """The driver, as offers, errors and the audit name it."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do; everything else raises CapabilityNotSupported."""

    def search(self, query: FlightQuery) -> list[FlightOffer]:
        """Offers, the cheapest first, at most `query.limit`; none is an answer too."""

    def price(self, offer: FlightOffer) -> FlightOffer:
        """The same flights with the price of now. Raises OfferExpired, SoldOut, PriceChanged."""

    def hold(
        self, offer: FlightOffer, travellers: Sequence[Traveller], reference: str
    ) -> FlightBooking:
        """Book without paying, until `hold_expires_at`.

        Raises OfferExpired, SoldOut, PriceChanged.
        """

    def issue(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Pay and have a ticket for each traveller, in their order.

        Raises HoldExpired, TicketingRefused, ConflictAtSupplier.
        """

    def cancel(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Let a held booking go, or void its tickets. Raises ConflictAtSupplier."""

    def read(self, supplier_ref: str) -> FlightBooking:
        """The booking as it stands. Raises UnknownAtSupplier."""
