"""Booked exchange rates of documents in a foreign currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import AtARate
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.rates import Quote, RateOfOtherMoney
from voyagent.rates.queries import find_rate
from voyagent.settings.queries import get_settings


class RateColumns(TypedDict, total=False):
    """Column values of an exchange rate, as in `AtARate`."""

    rate_base: str | None
    rate_quote: str | None
    rate: Decimal | None
    rate_on: date | None
    rate_source: str | None


def columns_of(quote: Quote | None) -> RateColumns:
    """Return the column values of an exchange rate; all are None if there is no rate."""
    return {
        "rate_base": quote.base if quote else None,
        "rate_quote": quote.quote if quote else None,
        "rate": quote.rate if quote else None,
        "rate_on": quote.on if quote else None,
        "rate_source": quote.source if quote else None,
    }


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


def rate_to_be_booked(document: Invoice | Bill) -> Quote | None:
    """Return the rate at which a draft would be posted, or None if it would have none.

    Without a rate of its own it is the reference rate of the issue date, if the base amounts of the
    agency are established. Raises RateMissing if this rate is needed and not known.
    """
    quote, known = quote_of(document), get_settings()
    if quote is not None or known.base_currency in (None, document.currency):
        return quote
    return find_rate(SessionReader(db.session), document.currency, document.issue_date)


class BookedAt(TypedDict):
    """Arguments of `entries.post` that say at which rate a document is booked."""

    rates: Mapping[str, Quote]
    rate_on: date
    booked_in: UUID | None


def booked_at(document: Invoice | Bill) -> BookedAt:
    """Return the rate for the journal entry of a document and for later ones about it.

    It is the rate of the document, or else the reference rate of its issue date. Later entries,
    such as that of a credit note, have the rate of the document's own entry, even if another
    reference rate of that day was entered since.
    """
    quote = quote_of(document)
    return {
        "rates": {} if quote is None else {document.currency: quote},
        "rate_on": document.issue_date,
        "booked_in": document.entry_id,
    }


def booked_columns(actor: Actor, quote: Quote | None, currency: str) -> RateColumns:
    """Return the column values of a document's booked exchange rate.

    `currency` is the currency of the document. Raises InvalidRate and UnknownCurrency. Raises
    RateOfOtherMoney if the rate is not between this currency and the currency of the ledger.
    """
    if quote is not None:
        quote.changing(currency)  # raises an error if the rate is not valid
        if {quote.base, quote.quote} != {currency, actor.currency}:
            raise RateOfOtherMoney
    return columns_of(quote)
