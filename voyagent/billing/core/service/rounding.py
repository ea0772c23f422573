"""Round-off of invoices to whole units, on an account of its own."""

from __future__ import annotations

from voyagent.kernel.money import Money
from voyagent.settings.queries import get_settings

ROUND_OFF = "round_off"
"""Account of round-offs: up is a credit, down a debit."""


def round_off(total: Money) -> Money:
    """Return the round-off of a total if the agency rounds its invoices, else zero."""
    return to_whole(total) if get_settings().round_invoices else Money(0, total.currency)


def to_whole(total: Money) -> Money:
    """Return the round-off to the nearest whole unit, half up.

    A total that would become zero is not rounded.
    """
    unit = 10**total.exponent
    whole = (total.amount_minor + unit // 2) // unit * unit
    return Money(whole - total.amount_minor if whole else 0, total.currency)


def side(moved: Money, up: int) -> list[tuple[str, int, Money]]:
    """Return the journal line of a round-off; `up` is the side of a positive one."""
    if not moved:
        return []
    return [(ROUND_OFF, up, moved) if moved.amount_minor > 0 else (ROUND_OFF, -up, -moved)]
