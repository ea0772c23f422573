"""Room rates, which depend on hotel, day, kind of room, meals and refund."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from voyagent.drivers.suppliers.protocols.hotels import (
    Board,
    HotelProperty,
    HotelQuery,
    HotelRate,
    NightPrice,
)
from voyagent.drivers.suppliers.sandbox.currencies import quoted
from voyagent.drivers.suppliers.sandbox.draws import PER_MILLE, draw, happens
from voyagent.drivers.suppliers.sandbox.seasons import days_ahead, season, weekday
from voyagent.kernel.money import Money

_STARS = {2: Decimal(24), 3: Decimal(42), 4: Decimal(80), 5: Decimal(165)}
"""Dollars per night for the simplest room, by stars."""
_COUNTRY = {
    "IN": "0.80",
    "LK": "0.80",
    "NP": "0.70",
    "TH": "0.80",
    "VN": "0.70",
    "ID": "0.80",
    "AE": "1.15",
    "SG": "1.50",
    "GB": "1.60",
    "FR": "1.50",
}
_COUNTRY |= {"CH": "1.90", "US": "1.60", "JP": "1.30", "AU": "1.40", "MV": "2.40", "QA": "1.20"}
_ROOMS = (
    ("Standard room", Decimal(1)),
    ("Deluxe room", Decimal("1.28")),
    ("Suite", Decimal("1.95")),
)
_BOARDS = {
    Board.ROOM_ONLY: Decimal(0),
    Board.BREAKFAST: Decimal("0.10"),
    Board.HALF_BOARD: Decimal("0.26"),
    Board.FULL_BOARD: Decimal("0.42"),
}
"""Surcharge for meals, as a share of the price of the room."""
_NOT_REFUNDABLE = Decimal("0.88")
_DEARER = Decimal("1.06")
_TAX = Decimal("0.12")
_FREE_DAYS = 3
_FULL = 60
"""Share of room kinds that are sold out on a day, per thousand."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A hotel room to be priced: hotel, kind of room, meals, refundable or not.

    `dearer` is true for the higher rate after a simulated price change.
    """

    hotel: HotelProperty
    room: str
    board: Board
    refundable: bool
    dearer: bool = False


def choices(hotel: HotelProperty, query: HotelQuery) -> Iterator[Choice]:
    """Yield two choices, with and without refund, for each kind of room that is free."""
    boards = (
        (Board.ROOM_ONLY, Board.BREAKFAST)
        if hotel.stars < 4
        else (Board.BREAKFAST, Board.HALF_BOARD)
    )
    if hotel.stars == 5 and happens(400, "meals", hotel.property_id):
        boards = (Board.BREAKFAST, Board.FULL_BOARD)
    for room, _ in _ROOMS[: max(1, hotel.stars - 2)]:
        if happens(_FULL, "full", hotel.property_id, room, query.check_in):
            continue
        yield Choice(hotel, room, boards[0], refundable=False)
        yield Choice(hotel, room, boards[1], refundable=True)


def priced(driver: str, query: HotelQuery, choice: Choice, now: datetime) -> HotelRate:
    """Return the rate of a choice; the caller sets `rate_key` and `valid_until`.

    Raises ValidationFailed if the sandbox has no exchange rate for the currency.
    """
    nights = [query.check_in + timedelta(days=number) for number in range(query.nights)]
    plain = (
        _STARS[choice.hotel.stars]
        * Decimal(_COUNTRY.get(choice.hotel.country, "1"))
        * dict(_ROOMS)[choice.room]
        * (1 + _BOARDS[choice.board])
    )
    plain *= (
        Decimal(850 + draw(450, "house", choice.hotel.property_id))
        / PER_MILLE
        * days_ahead(query.check_in, now.date())
    )
    plain *= (
        (1 if choice.refundable else _NOT_REFUNDABLE)
        * (_DEARER if choice.dearer else 1)
        * query.rooms
    )
    nightly = tuple(
        NightPrice(night, quoted(driver, plain * season(night) * weekday(night), query.currency))
        for night in nights
    )
    before = sum(night.amount.amount_minor for night in nightly)
    taxes = Money.rounded(Money(before, query.currency).decimal * _TAX, query.currency)
    free_until = (
        max(query.check_in - timedelta(days=_FREE_DAYS), now.date()) if choice.refundable else None
    )
    return HotelRate(
        rate_key="",
        supplier=driver,
        hotel=choice.hotel,
        room=choice.room,
        board=choice.board,
        refundable=choice.refundable,
        free_until=free_until,
        check_in=query.check_in,
        check_out=query.check_out,
        guests=query.guests,
        rooms=query.rooms,
        nightly=nightly,
        taxes=taxes,
        total=Money(before + taxes.amount_minor, query.currency),
        quoted_at=now,
        valid_until=now,
    )
