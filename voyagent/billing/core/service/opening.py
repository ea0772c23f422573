"""Former numbers and lines of documents imported from another program."""

from __future__ import annotations

from voyagent.billing.core.errors import FormerNumberRequired
from voyagent.billing.core.service.pricing import LineItem
from voyagent.kernel.money import Money


def former_number(reference: str) -> str:
    """Return a document's number in the former program, without surplus spaces.

    Raises FormerNumberRequired if it is empty or longer than 128 characters.
    """
    former = " ".join(reference.split())
    if not 1 <= len(former) <= 128:
        raise FormerNumberRequired
    return former


def balance_line(description: str, amount: Money) -> LineItem:
    """Return the single line of an imported document; its amount is the open amount."""
    return LineItem(
        description=description, quantity=1, unit_price=amount.decimal, currency=amount.currency
    )
