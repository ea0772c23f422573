"""Protocol of hotel suppliers: search, check a rate, book, cancel."""

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
    """Meals that a rate includes."""

    ROOM_ONLY = "room_only"
    BREAKFAST = "bed_and_breakfast"
    HALF_BOARD = "half_board"
    FULL_BOARD = "full_board"


@dataclass(frozen=True, slots=True)
class HotelQuery:
    """A hotel search.

    `country` is an ISO 3166 alpha-2 code. `city` is a name or an IATA code. `budget_max` is the
    maximum price of all rooms and nights together, with taxes. `limit` is the maximum number of
    rates.
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
        """Return the number of nights."""
        return (self.check_out - self.check_in).days

    @property
    def rooms(self) -> int:
        """Return the number of rooms, for two guests each."""
        return (self.guests + 1) // 2


@dataclass(frozen=True, slots=True)
class HotelProperty:
    """A hotel; `property_id` is the supplier's permanent id for the hotel."""

    property_id: str
    name: str
    city: str
    country: str
    area: str
    stars: int


@dataclass(frozen=True, slots=True)
class NightPrice:
    """Price of all rooms of a rate for one night, without taxes."""

    night: date
    amount: Money


@dataclass(frozen=True, slots=True)
class HotelRate:
    """A price for rooms of one kind, valid until `valid_until`.

    `total` is the sum of `nightly` and `taxes`. `rate_key` is an opaque text of the supplier.
    Before the day `free_until` a booking can be cancelled without charge; `free_until` is None if
    the rate is not refundable.
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
    """A booking at a hotel.

    `charge` is the cancellation charge, or None if the booking is not cancelled.
    """

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
    """Protocol of hotel suppliers."""

    @property
    def name(self) -> str:
        """Return the driver's name in rates, errors and the audit log."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return the supported calls; all others raise CapabilityNotSupported."""

    def search(self, query: HotelQuery) -> list[HotelRate]:
        """Return at most `query.limit` rates, the cheapest first; the list may be empty.

        Raises UnknownAtSupplier for an unknown city.
        """

    def check_rate(self, rate_key: str) -> HotelRate:
        """Return the rate at its current price.

        Raises OfferExpired, SoldOut, UnknownAtSupplier.
        """

    def book(self, rate: HotelRate, guests: Sequence[Traveller], reference: str) -> HotelBooking:
        """Book the rooms at the rate's total; the first guest is the lead guest.

        Raises OfferExpired, SoldOut, PriceChanged.
        """

    def cancel(self, supplier_ref: str, reference: str) -> HotelBooking:
        """Cancel a booking; `charge` of the result is the cancellation charge.

        Raises UnknownAtSupplier.
        """

    def read(self, supplier_ref: str) -> HotelBooking:
        """Return a booking in its current state. Raises UnknownAtSupplier."""
