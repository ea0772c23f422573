"""Price factors by season, weekday and days before departure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

_HIGH = (
    ((12, 15), (12, 31), "1.35"),
    ((1, 1), (1, 5), "1.30"),
    ((5, 1), (6, 15), "1.18"),
    ((7, 1), (8, 31), "1.12"),
    ((10, 10), (11, 15), "1.15"),
    ((2, 1), (2, 28), "0.92"),
    ((9, 1), (9, 30), "0.92"),
)
"""Periods with higher prices around holidays, and two months with lower prices."""
_WEEKDAY = (
    Decimal("1.00"),
    Decimal("0.94"),
    Decimal("0.94"),
    Decimal("1.00"),
    Decimal("1.10"),
    Decimal("1.04"),
    Decimal("1.10"),
)
_AHEAD = ((3, "1.65"), (7, "1.40"), (14, "1.18"), (21, "1.06"), (60, "1.00"), (120, "0.94"))


def season(day: date) -> Decimal:
    """Return the price factor of the season in which a day is."""
    for first, last, factor in _HIGH:
        if first <= (day.month, day.day) <= last:
            return Decimal(factor)
    return Decimal(1)


def weekday(day: date) -> Decimal:
    """Return the price factor of the weekday; Friday and Sunday are the dearest."""
    return _WEEKDAY[day.weekday()]


def days_ahead(day: date, today: date) -> Decimal:
    """Return the price factor of the days until departure; late bookings are dearer."""
    ahead = (day - today).days
    for below, factor in _AHEAD:
        if ahead < below:
            return Decimal(factor)
    return Decimal("0.97")
