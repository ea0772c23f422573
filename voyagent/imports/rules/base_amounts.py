"""Base amount or exchange rate of a row in a foreign currency."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from decimal import Decimal

from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import InvalidAmount, Money
from voyagent.kernel.rates import DECIMALS, RATE_SHAPE, InvalidRate, Quote

SOURCE = "Opening balance"
"""The source recorded for exchange rates that come from a file."""
ERROR_FIELDS = {
    "base_amount_and_rate": "exchange_rate",
    "base_amount_inexact": "base_amount",
    **dict.fromkeys(("invalid_rate", "rate_of_other_money", "rate_missing"), "exchange_rate"),
}


class BaseAmountAndRate(Unprocessable):
    """A row has both a base amount and an exchange rate."""

    code = "base_amount_and_rate"
    message = N_("Enter either base_amount or exchange_rate, not both.")


class BaseAmountInexact(Unprocessable):
    """No rate with eight decimals converts the amount to the base amount."""

    code = "base_amount_inexact"
    message = N_("No exchange rate gives this base amount. Check it, or enter exchange_rate.")


def quote_of_row(
    amount: Money, books: str, on: date, *, rate: str | None, base: Money | None
) -> Quote | None:
    """Return the rate that a row states, or None.

    `rate` is the price of one unit of the amount's currency in the currency `books`. `base` is the
    amount in `books`. A row in the currency `books` may state a base amount that equals its amount.
    A rate from a base amount is quoted in the direction that gives the base amount exactly.

    Raises BaseAmountAndRate, BaseAmountInexact, InvalidRate.
    """
    if rate is not None and base is not None:
        raise BaseAmountAndRate
    if rate is not None:
        return rate_of_cell(rate, amount, books, on)
    if base is None or base == amount:
        return None
    for one, other in ((amount, base), (base, amount)):
        if not one:
            continue
        price = round(other.decimal / one.decimal, DECIMALS)
        quote = Quote(one.currency, other.currency, price, on, SOURCE)
        with suppress(InvalidRate, InvalidAmount):
            if quote.convert(amount) == base:
                return quote
    raise BaseAmountInexact


def rate_of_cell(cell: str, amount: Money, books: str, on: date) -> Quote:
    """Return the rate of a cell: the price of one unit of the amount's currency.

    Raises InvalidRate.
    """
    if re.fullmatch(RATE_SHAPE, cell) is None:
        raise InvalidRate
    return Quote(amount.currency, books, Decimal(cell), on, SOURCE)
