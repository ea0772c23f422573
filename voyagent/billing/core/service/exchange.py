"""Booked exchange rates of documents in a foreign currency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import RATE_COLUMNS, AtARate
from voyagent.billing.core.service.drafts import DocumentChanges
from voyagent.billing.core.service.pricing import LineItem
from voyagent.kernel.actor import Actor
from voyagent.kernel.rates import Quote, RateOfOtherMoney


def columns_of(quote: Quote | None) -> dict[str, Any]:
    """Return the column values of an exchange rate; all are None if there is no rate."""
    values = (
        (None,) * len(RATE_COLUMNS)
        if quote is None
        else (quote.base, quote.quote, quote.rate, quote.on, quote.source)
    )
    return dict(zip(RATE_COLUMNS, values, strict=True))


def quote_of(row: AtARate) -> Quote | None:
    """Return the exchange rate that a row has, or None."""
    if (
        row.rate_base is None
        or row.rate_quote is None
        or row.rate is None
        or row.rate_on is None
        or row.rate_source is None
    ):
        return None
    return Quote(row.rate_base, row.rate_quote, row.rate, row.rate_on, row.rate_source)


def booked_columns(
    actor: Actor, quote: Quote | None, line_items: Sequence[LineItem]
) -> dict[str, Any]:
    """Return the column values of the booked exchange rate of a new document.

    The rate must be between the currency of the lines and the currency of the ledger. Raises
    RateOfOtherMoney, InvalidRate, UnknownCurrency.
    """
    if quote is None or not line_items:
        return {}
    return _booked(actor, quote, line_items[0]["currency"])


def changed_columns(
    actor: Actor, document: Invoice | Bill, changes: DocumentChanges
) -> dict[str, Any]:
    """Return the exchange rate columns that a change of a draft sets, empty if unchanged.

    A change of currency without a new rate clears the rate. Raises the errors of `booked_columns`.
    """
    lines = changes.get("line_items")
    currency = lines[0]["currency"] if lines else changes.get("currency", document.currency)
    quote = changes.get("exchange_rate")
    if quote is not None:
        return _booked(actor, quote, currency)
    return columns_of(None) if "exchange_rate" in changes or currency != document.currency else {}


def _booked(actor: Actor, quote: Quote, currency: str) -> dict[str, Any]:
    quote.changing(currency)  # raises an error if the rate is not valid
    if {quote.base, quote.quote} != {currency, actor.currency}:
        raise RateOfOtherMoney
    return columns_of(quote)
