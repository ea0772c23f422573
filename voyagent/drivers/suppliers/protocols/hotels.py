"""Hotels: from search to booking."""

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
    """Meals in the price."""

    ROOM_ONLY = "room_only"
    BREAKFAST = "bed_and_breakfast"
    HALF_BOARD = "half_board"
    FULL_BOARD = "full_board"


@dataclass(frozen=True, slots=True)
class HotelQuery:
    """A search.

    `country` is ISO 3166 alpha-2, `city` a name or an IATA code; `budget_max` is for the whole stay
    with taxes.
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
        """Number of nights."""
        return (self.check_out - self.check_in).days

    @property
    def rooms(self) -> int:
        """Number of rooms, two guests each."""
        return (self.guests + 1) // 2


@dataclass(frozen=True, slots=True)
class HotelProperty:
    """A hotel; `property_id` is the supplier's stable id."""

    property_id: str
    name: str
    city: str
    country: str
    area: str
    stars: int


@dataclass(frozen=True, slots=True)
class NightPrice:
    """Price of all rooms of a rate in one night, without taxes."""

    night: date
    amount: Money


@dataclass(frozen=True, slots=True)
class HotelRate:
    """A price for rooms of one kind, until `valid_until`.

    `total` is nights plus taxes. `rate_key` is opaque. `free_until` is the day before which
    cancelling is free; None if not refundable.
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
    """A booking at the hotel; `charge` is the cancellation charge, None while it stands."""

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
    """A seller of rooms."""

    @property
    def name(self) -> str:
        """The driver's name in rates, errors and the audit."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Supported acts; all others raise CapabilityNotSupported."""

    def search(self, query: HotelQuery) -> list[HotelRate]:
        """Return rates, the cheapest first, at most `query.limit`; possibly none.

        Raises UnknownAtSupplier for an unknown place.
        """

    def check_rate(self, rate_key: str) -> HotelRate:
        """Return the present rate. Raises OfferExpired, SoldOut, UnknownAtSupplier."""

    def book(self, rate: HotelRate, guests: Sequence[Traveller], reference: str) -> HotelBooking:
        """Book at the rate's total; the first guest leads.

        Raises OfferExpired, SoldOut, PriceChanged.
        """

    def cancel(self, supplier_ref: str, reference: str) -> HotelBooking:
        """Cancel the rooms; `charge` is the cost. Raises UnknownAtSupplier."""

    def read(self, supplier_ref: str) -> HotelBooking:
        """Return the booking. Raises UnknownAtSupplier."""
