"""Rounding invoices to whole units of their currency: what the total is moved by stands on a line
and an account of its own, with its sign.
"""

from __future__ import annotations

from voyagent.kernel.money import Money
from voyagent.settings.queries import get_settings

ROUND_OFF = "round_off"
"""The account of what invoices are moved by: what is rounded up to the credit, what is rounded down
to the debit.
"""


def round_off(total: Money) -> Money:
    """What moves a total to whole units where the agency rounds its invoices, and nothing where it
    does not; below zero where the total goes down.
    """
    return to_whole(total) if get_settings().round_invoices else Money(0, total.currency)


def to_whole(total: Money) -> Money:
    """What moves a total to the nearest whole unit of its currency, half a unit up.

    A currency without minor units has whole units alone.

    A total that would come to nothing stays as it is, since no invoice is over nothing.
    """
    unit = 10**total.exponent
    whole = (total.amount_minor + unit // 2) // unit * unit
    return Money(whole - total.amount_minor if whole else 0, total.currency)


def side(moved: Money, up: int) -> list[tuple[str, int, Money]]:
    """What a round-off posts: nothing, or its account with the amount on the side `up` (1 for
    debit, -1 for credit) where it is above zero, else the other.
    """
    if not moved:
        return []
    return [(ROUND_OFF, up, moved) if moved.amount_minor > 0 else (ROUND_OFF, -up, -moved)]
