"""Texts about the lines of invoices and bills."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext

from voyagent.billing.core.rules import plain_quantity
from voyagent.kernel.money import Money, spoken


def line_words(
    description: str, quantity: Decimal, unit: str | None, unit_price: Money, discount: Money
) -> str:
    """Return a line of a document for a preview.

    Quantity and unit price follow the description, as in `Visa, 2 × INR 6,500.00`, unless the
    quantity is 1 without a unit. A discount follows them.
    """
    words = description
    if quantity != 1 or unit:
        counted = " ".join(filter(None, (plain_quantity(quantity), unit)))
        words += f", {counted} × {spoken(unit_price.wire, unit_price.currency)}"
    if discount:
        less = spoken(discount.wire, discount.currency)
        words += f", {gettext('discount %(amount)s', amount=less)}"
    return words
