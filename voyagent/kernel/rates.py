"""Exchange rates as quoted: currency pair, direction, date, source and buffer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.money import Money, exponent

DECIMALS = 8
SOURCE_MAX = 64
"""Maximum length of a rate's source, in characters."""
RATE_SHAPE = r"^\d{1,9}(\.\d{1,8})?$"
"""Regular expression of a rate in the API."""
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
    """An exchange rate without a direction: one `base` costs `rate` of `quote`.

    An amount in `base` is multiplied by the rate, and an amount in `quote` is divided by it. The
    rate is never inverted, because the inverse of a rounded rate is another rate.
    """

    base: str
    quote: str
    rate: Decimal
    on: date
    source: str

    def is_inverse_for(self, currency: str) -> bool:
        """Return True if an amount in `currency` is divided by the rate."""
        return currency == self.quote

    def convert(self, amount: Money) -> Money:
        """Convert an amount in one of the two currencies into the other.

        The result is rounded once, half up, away from zero. Raises InvalidRate, UnknownCurrency,
        RateOfOtherMoney, InvalidAmount.
        """
        return self.changing(amount.currency).convert(amount)

    def changing(self, taken: str) -> ExchangeRate:
        """Return the rate that converts amounts in `taken`, one currency of the pair.

        Amounts are converted into the other currency. Raises InvalidRate, UnknownCurrency.
        """
        return ExchangeRate(
            self.base,
            self.quote,
            self.rate,
            "into_quote" if taken == self.base else "into_base",
            self.on,
            self.source,
        )


def plain_rate(rate: Decimal) -> str:
    """Return an exchange rate without trailing zeros, such as `83` or `0.0121`."""
    return f"{rate.normalize():f}"
