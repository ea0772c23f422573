"""Known exchange rates: of the agency's table, or as they were booked before.

The booked rate of a document is entered by its author, so it is compared with these rates before it
counts for a credit limit or a settlement.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from functools import cache, partial
from statistics import median_low
from uuid import UUID

from sqlalchemy import select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.rates import Quote
from voyagent.rates.errors import RateMissing, SameCurrency
from voyagent.rates.queries import find_rate

FAR = 2
"""A rate above this multiple of another one, or below its inverse, is far from it.

Between booking and payment a rate moves by a few percent, and a bank keeps a few percent. Even in a
currency crisis a rate rarely doubles before a document is paid.
"""
RATES_MAX = 25
"""Number of invoices, and of bills, of which the booked rates are read."""


class KnownRates:
    """Prices of currencies, as far as the agency knows them.

    A price is the reference rate of the agency's table for a day. Without one, it is the median of
    the last booked rates, so that a single mistyped rate has no effect. `besides` are the ids of
    the documents that are to be compared with the price, so their own rates are left out.
    """

    def __init__(self, *, besides: Collection[UUID] = ()) -> None:
        self._listed = cache(_listed_rate)
        self._booked = cache(partial(_booked_rates, besides=frozenset(besides)))

    def price(self, currency: str, other: str, on: date) -> Decimal | None:
        """Return the price of one unit of `currency` in `other`, or None if none is known.

        A rate may be inverted for this, so the price is only good for comparing.
        """
        pair = frozenset((currency, other))
        listed = self._listed(pair, on)
        if listed is not None:
            return price_of(listed.base, listed.rate, currency)
        prices = [price_of(base, rate, currency) for base, rate in self._booked(pair)]
        return median_low(prices) if prices else None

    def is_far(self, quote: Quote, on: date) -> bool:
        """Return True if a rate is above twice the known one or below half of it.

        The result is False if no rate is known.
        """
        known = self.price(quote.base, quote.quote, on)
        return known is not None and (quote.rate > FAR * known or FAR * quote.rate < known)


def price_of(base: str, rate: Decimal, currency: str) -> Decimal:
    """Return the price of one unit of `currency` in the other currency of a rate.

    One unit of `base` costs `rate` units of the other currency; `currency` is one of the two.
    """
    return rate if base == currency else 1 / rate


def _listed_rate(pair: frozenset[str], on: date) -> Quote | None:
    """Return the agency's reference rate between two currencies for a day, or None."""
    for currency in sorted(pair):
        try:
            quote = find_rate(SessionReader(db.session), currency, on)
        except SameCurrency:  # this is the currency of the books, so the other one is asked for
            continue
        except RateMissing:
            return None
        return quote if {quote.base, quote.quote} == pair else None
    return None


def _booked_rates(pair: frozenset[str], *, besides: frozenset[UUID]) -> list[tuple[str, Decimal]]:
    """Return the last booked exchange rates as pairs of base currency and rate.

    They are the rates of the last 25 posted invoices and of the last 25 posted bills that have a
    rate between the currencies and are not void.
    """
    rates = []
    for model in (Invoice, Bill):
        statement = (
            select(model.rate_base, model.rate)
            .where(
                model.currency.in_(pair),
                model.rate_base.in_(pair),
                model.rate_quote.in_(pair),
                model.status.not_in(("draft", "void")),
                model.id.not_in(besides),
            )
            .order_by(model.issue_date.desc(), model.id.desc())
            .limit(RATES_MAX)
        )
        rates += [(base, rate) for base, rate in db.session.execute(statement) if base and rate]
    return rates
