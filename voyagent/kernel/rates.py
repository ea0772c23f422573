"""Exchange rates as quoted: currency pair, direction, date, source and buffer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.money import Money, exponent

DECIMALS = 8
_STEP = Decimal(1).scaleb(-DECIMALS)
_RATE_MAX = Decimal(10) ** 9
_EXACT = Context(prec=60)
Direction = Literal["into_quote", "into_base"]


class InvalidRate(Invalid):
    """The rate, its currencies, its buffer or its source is invalid.

    A rate must be positive and have at most eight decimals.
    """

    code = "invalid_rate"
    message = N_(
        "This exchange rate is not valid. It needs two currencies, a rate above zero "
        "with at most eight decimals, a date and a source."
    )


class RateOfOtherMoney(Invalid):
    """The amount is not in the currency that this rate converts from."""

    code = "rate_of_other_money"
    message = N_("This rate is for other currencies. Enter a rate for this pair.")


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """An exchange rate for one direction of conversion.

    One unit of `base` costs `rate` units of `quote`. `direction` says whether an amount in `base`
    is converted into `quote`, or an amount in `quote` into `base`. `buffer` is a percentage that is
    added for quotations. A rate applies in one direction only.

    Raises InvalidRate, UnknownCurrency.
    """

    base: str
    quote: str
    rate: Decimal
    direction: Direction
    on: date
    source: str
    buffer: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        for currency in (self.base, self.quote):
            exponent(currency)
        is_number = (
            self.rate.is_finite()
            and 0 < self.rate < _RATE_MAX
            and self.rate == self.rate.quantize(_STEP, context=_EXACT)
        )
        has_buffer = self.buffer.is_finite() and 0 <= self.buffer <= 100
        if not (
            is_number
            and has_buffer
            and self.base != self.quote
            and self.direction in ("into_quote", "into_base")
            and self.source.strip()
        ):
            raise InvalidRate

    @property
    def buffered(self) -> Decimal:
        """Return the rate with its buffer, rounded half up to eight decimals."""
        more = _EXACT.add(1, _EXACT.divide(self.buffer, 100))
        with_buffer = (
            _EXACT.multiply(self.rate, more)
            if self.direction == "into_quote"
            else _EXACT.divide(self.rate, more)
        )
        return with_buffer.quantize(_STEP, rounding=ROUND_HALF_UP, context=_EXACT)

    def convert(self, amount: Money) -> Money:
        """Convert an amount without the buffer, for the ledger.

        The result is rounded once, half up. Raises RateOfOtherMoney, InvalidAmount.
        """
        return self._at(self.rate, amount)

    def price(self, amount: Money) -> Money:
        """Convert an amount with the buffer, for a quotation.

        The result is rounded once, half up. Raises RateOfOtherMoney, InvalidAmount.
        """
        return self._at(self.buffered, amount)

    def _at(self, rate: Decimal, amount: Money) -> Money:
        taken, given = (
            (self.base, self.quote) if self.direction == "into_quote" else (self.quote, self.base)
        )
        if amount.currency != taken:
            raise RateOfOtherMoney
        value = (
            _EXACT.multiply(amount.decimal, rate)
            if self.direction == "into_quote"
            else _EXACT.divide(amount.decimal, rate)
        )
        return Money.rounded(value, given)


@dataclass(frozen=True, slots=True)
class Quote:
    """An exchange rate without a direction: one `base` costs `rate` of `quote`."""

    base: str
    quote: str
    rate: Decimal
    on: date
    source: str

    def changing(self, taken: str) -> ExchangeRate:
        """Return the rate for converting an amount in the currency `taken` into the other.

        Raises InvalidRate, UnknownCurrency.
        """
        return ExchangeRate(
            self.base,
            self.quote,
            self.rate,
            "into_quote" if taken == self.base else "into_base",
            self.on,
            self.source,
        )
