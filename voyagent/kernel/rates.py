"""A rate of exchange as somebody has quoted it: of which pair, for changing which way, on which
day, by whom, and with what buffer on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.money import Money, exponent

PLACES = 8
_STEP = Decimal(1).scaleb(-PLACES)
_RATE_MAX = Decimal(10) ** 9
_EXACT = Context(prec=60)
Direction = Literal["into_quote", "into_base"]


class InvalidRate(Invalid):
    """Nothing above zero, more than eight places, a pair of one currency, a buffer outside 0 to 100
    percent, or nobody who has quoted it.
    """

    code = "invalid_rate"
    message = N_(
        "That is not a rate of exchange: a number above zero with at most eight places, between two"
        " currencies, with the day and who quoted it."
    )


class RateOfOtherMoney(Invalid):
    """Money that the rate does not change: of another currency, or to be changed the other way."""

    code = "rate_of_other_money"
    message = N_(
        "This rate is not for that money. Changing it the other way needs a rate of its own."
    )


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """One `base` costs `rate` of `quote`, as `source` has it on a day; `direction` is which way
    money is changed at it, `buffer` percent are put on top.

    What buys a currency and what sells it are two rates, and the inverse of one is not the other:
    so a rate changes money one way alone, by the figure as it was quoted, and is never turned
    round. Raises InvalidRate, UnknownCurrency.
    """

    base: str
    quote: str
    rate: Decimal
    direction: Direction
    on: date
    source: str
    buffer: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        """See that it is a rate."""
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
        """The rate with the buffer, to eight places, half up: so much dearer is what it changes
        into, whichever way that is.
        """
        more = _EXACT.add(1, _EXACT.divide(self.buffer, 100))
        with_buffer = (
            _EXACT.multiply(self.rate, more)
            if self.direction == "into_quote"
            else _EXACT.divide(self.rate, more)
        )
        return with_buffer.quantize(_STEP, rounding=ROUND_HALF_UP, context=_EXACT)

    def convert(self, amount: Money) -> Money:
        """What money comes to at the rate as it was quoted, for the books; rounded once, half up.

        Raises RateOfOtherMoney, InvalidAmount.
        """
        return self._at(self.rate, amount)

    def price(self, amount: Money) -> Money:
        """What money comes to with the buffer, for a quotation.

        Raises RateOfOtherMoney, InvalidAmount.
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
    """A rate as it stands on paper, of which nothing says yet which way money is changed: one
    `base` costs `rate` of `quote`, as `source` has it on a day.
    """

    base: str
    quote: str
    rate: Decimal
    on: date
    source: str

    def changing(self, taken: str) -> ExchangeRate:
        """The rate for changing money of one of its two currencies into the other.

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
