"""Rounding of invoice totals to whole currency units.

The difference is posted to an account of its own.
"""

from __future__ import annotations

from voyagent.kernel.money import Money
from voyagent.settings.queries import get_settings

ROUND_OFF = "round_off"
"""Key of the account of rounding: rounding up is a credit, rounding down a debit."""


def round_off(total: Money) -> Money:
    """Return the amount to add to an invoice total to round it to whole units.

    The amount is zero if the agency does not round its invoices.
    """
    return to_whole(total) if get_settings().round_invoices else Money(0, total.currency)


def to_whole(total: Money) -> Money:
    """Return the amount to add to a total to round it to whole units, half up.

    The amount is zero if the rounded total would be zero.
    """
    unit = 10**total.exponent
    whole = (total.amount_minor + unit // 2) // unit * unit
    return Money(whole - total.amount_minor if whole else 0, total.currency)


def side(moved: Money, up: int) -> list[tuple[str, int, Money]]:
    """Return a list with the journal line of a rounding amount.

    The list is empty if the amount is zero. `moved` is the amount by which rounding raised the
    total; it may be negative. `up` is 1 if a positive amount is a debit, -1 if it is a credit.
    """
    if not moved:
        return []
    return [(ROUND_OFF, up, moved) if moved.amount_minor > 0 else (ROUND_OFF, -up, -moved)]
