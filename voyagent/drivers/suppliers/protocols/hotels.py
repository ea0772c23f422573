"""Hotels: from a search to a booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from voyagent.drivers.suppliers.protocols.flights import BookingStatus
from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.kernel.money import Money


class Board(StrEnum):
    """Which meals are in the price."""

    ROOM_ONLY = "room_only"
    BREAKFAST = "bed_and_breakfast"
    HALF_BOARD = "half_board"
    FULL_BOARD = "full_board"


@dataclass(frozen=True, slots=True)
class HotelQuery:
    """What is looked for.

    `country` is ISO 3166 alpha-2, `city` a name or an IATA code; `budget_max` is the most for the
    whole stay with taxes.
    """

    country: str
    city: str
    check_in: date
    check_out: date
    guests: int
    currency: str
    budget_max: Money | None = None
    limit: int = 20

    @property
    def nights(self) -> int:
        """Nights between the two days."""
        return (self.check_out - self.check_in).days

    @property
    def rooms(self) -> int:
        """Two to a room."""
        return (self.guests + 1) // 2


@dataclass(frozen=True, slots=True)
class HotelProperty:
    """One hotel; `property_id` is the supplier's and stays the same."""

    property_id: str
    name: str
    city: str
    country: str
    area: str
    stars: int


@dataclass(frozen=True, slots=True)
class NightPrice:
    """What all rooms of a rate cost in the night after `night`, without taxes."""

    night: date
    amount: Money


@dataclass(frozen=True, slots=True)
class HotelRate:
    """A price for rooms of one kind, good until `valid_until`.

    `total` is the sum of the nights and the taxes. `rate_key` is opaque.

    `free_until`: the day before which cancelling costs nothing; None for what is not refundable.
    """

    rate_key: str
    supplier: str
    hotel: HotelProperty
    room: str
    board: Board
    refundable: bool
    free_until: date | None
    check_in: date
    check_out: date
    guests: int
    rooms: int
    nightly: tuple[NightPrice, ...]
    taxes: Money
    total: Money
    quoted_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class HotelBooking:
    """A booking as the hotel has it. `charge` is what cancelling cost, None while it stands."""

    supplier: str
    confirmation: str
    supplier_ref: str
    status: BookingStatus
    total: Money
    check_in: date
    check_out: date
    refundable: bool
    free_until: date | None
    charge: Money | None = None


class HotelSupplier(Protocol):
    """Whoever sells rooms."""

    @property
    def name(self) -> str:
        """The driver, as rates, errors and the audit name it."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do; everything else raises CapabilityNotSupported."""

    def search(self, query: HotelQuery) -> list[HotelRate]:
        """Rates, the cheapest first, at most `query.limit`; none is an answer too.

        Raises UnknownAtSupplier for a place that it does not know.
        """

    def check_rate(self, rate_key: str) -> HotelRate:
        """The rate as it stands now. Raises OfferExpired, SoldOut, UnknownAtSupplier."""

    def book(self, rate: HotelRate, guests: Sequence[Traveller], reference: str) -> HotelBooking:
        """Book at the rate's total; the first guest leads.

        Raises OfferExpired, SoldOut, PriceChanged.
        """

    def cancel(self, supplier_ref: str, reference: str) -> HotelBooking:
        """Give the rooms back; `charge` says what it cost. Raises UnknownAtSupplier."""

    def read(self, supplier_ref: str) -> HotelBooking:
        """The booking as it stands. Raises UnknownAtSupplier."""
