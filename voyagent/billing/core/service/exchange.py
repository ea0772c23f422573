"""Booked exchange rates of documents in a foreign currency."""

from __future__ import annotations

from typing import Any

from voyagent.billing.core.models.parts import RATE_COLUMNS, AtARate
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


def booked_columns(actor: Actor, quote: Quote | None, currency: str) -> dict[str, Any]:
    """Return the column values of the booked exchange rate of a document in a currency.

    The rate must be between that currency and the currency of the ledger. Raises RateOfOtherMoney,
    InvalidRate, UnknownCurrency.
    """
    if quote is not None:
        quote.changing(currency)  # raises an error if the rate is not valid
        if {quote.base, quote.quote} != {currency, actor.currency}:
            raise RateOfOtherMoney
    return columns_of(quote)
