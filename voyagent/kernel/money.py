"""Money as an integer of minor units and a currency; exponents come from ISO 4217."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Self

from babel.numbers import format_decimal
from iso4217 import Currency

from voyagent.kernel.errors import N_, Invalid, Unprocessable

BIGINT_MAX = 2**63 - 1
AMOUNTS_KEPT = 4096
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")
_GROUPED = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3})(?:\.[0-9]*)?"
)
_DIGITS_MAX = 27
_EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN)

SCHEMA: dict[str, Any] = {
    "title": "Money",
    "type": "object",
    "additionalProperties": False,
    "required": ["amount", "currency"],
    "properties": {
        "amount": {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"^[+-]?[0-9]+(\.[0-9]+)?$"},
            ]
        },
        "currency": {"type": "string", "minLength": 3, "maxLength": 3, "pattern": "^[A-Z]{3}$"},
    },
}
"""An amount on the wire.

A client may send a JSON number; what we send is always a string, so that no float is between.
"""


class UnknownCurrency(Invalid):
    """Three letters that ISO 4217 does not list."""

    code = "invalid_currency"
    message = N_("That is not a currency code. Use three capitals such as INR.")


class InvalidAmount(Unprocessable):
    """Not a number, too many places for the currency, or beyond what the books hold."""

    code = "invalid_amount"
    message = N_("That is not an amount of this currency.")


class AmountTooFine(InvalidAmount):
    """More decimals than the currency has."""

    message = N_("That has more decimals than the currency has.")


class AmountTooLarge(InvalidAmount):
    """Beyond what the books hold."""

    message = N_("That is more than the books can hold.")


class AmountNegative(InvalidAmount):
    """Below zero, where nothing is owed the other way round."""

    message = N_("An amount must not be negative.")


class AmountZero(InvalidAmount):
    """Nothing, where there has to be something."""

    message = N_("The amount must be above zero.")


class MixedCurrencies(Invalid):
    """Two currencies in one sum."""

    code = "mixed_currency"
    message = N_("Amounts of different currencies cannot be added.")


@cache
def exponent(currency: str) -> int:
    """Decimal places of a currency (JPY 0, INR 2, KWD 3). Raises UnknownCurrency."""
    if re.fullmatch(r"[A-Z]{3}", currency) is None:
        raise UnknownCurrency
    try:
        places = Currency(currency).exponent
    except ValueError:
        raise UnknownCurrency from None
    if places is None:
        raise UnknownCurrency
    return int(places)


def is_currency(code: str) -> bool:
    """Whether a code names a currency that has minor units."""
    try:
        exponent(code)
    except UnknownCurrency:
        return False
    return True


@cache
def currency_codes() -> tuple[str, ...]:
    """Every currency that can be booked, by code."""
    return tuple(sorted(c.value for c in Currency if c.exponent is not None))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (paise, fils) of one currency; adding two currencies raises
    MixedCurrencies.
    """

    amount_minor: int
    currency: str

    @classmethod
    def parse(cls, text: str | Decimal | int, currency: str) -> Self:
        """Read a plain decimal; one place more than the currency has is refused, never rounded.

        Raises InvalidAmount, UnknownCurrency.
        """
        places = exponent(currency)
        if isinstance(text, float) or (isinstance(text, str) and _DECIMAL.fullmatch(text) is None):
            raise InvalidAmount
        value = _short(Decimal(text))
        minor = value.scaleb(places)
        if abs(minor) > BIGINT_MAX:
            raise AmountTooLarge
        if minor != minor.to_integral_value():
            raise AmountTooFine
        return cls(int(minor), currency)

    @classmethod
    def rounded(cls, value: Decimal, currency: str) -> Self:
        """Round half away from zero to the currency's places, as tax rules do per line and
        component. Raises InvalidAmount beyond what the books hold.
        """
        if not value.is_finite() or value.adjusted() > _DIGITS_MAX:
            raise InvalidAmount
        minor = value.quantize(
            Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP, context=_EXACT
        ).scaleb(exponent(currency))
        if abs(minor) > BIGINT_MAX:
            raise AmountTooLarge
        return cls(int(minor), currency)

    def within(self, least: int, most: int = BIGINT_MAX) -> Self:
        """The amount itself, where it is no less than `least` minor units, 0 or 1, and no more than
        `most`.

        Raises AmountNegative, AmountZero, AmountTooLarge, each of which is an InvalidAmount.
        """
        if self.amount_minor < 0:
            raise AmountNegative
        if self.amount_minor < least:
            raise AmountZero
        if self.amount_minor > most:
            raise AmountTooLarge
        return self

    def split(self, weights: Sequence[Decimal | int]) -> list[Self]:
        """The amount in parts by weights, such as equal ones or percents, which add up to it again
        to the last minor unit.

        Each part is rounded towards zero, and what is left over goes by one minor unit each to
        those that were rounded most, the earlier of equal ones first (the largest remainder):
        100.00 in three equal parts is 33.34, 33.33, 33.33. Raises ValueError for weights below zero
        or that are all zero.
        """
        ratios = [Fraction(weight) for weight in weights]
        whole = sum(ratios)
        if min(ratios, default=Fraction(0)) < 0 or not whole:
            raise ValueError("weights are not below zero, and not all zero")
        sign = -1 if self.amount_minor < 0 else 1
        exact = [abs(self.amount_minor) * ratio / whole for ratio in ratios]
        parts = [int(part) for part in exact]
        left = abs(self.amount_minor) - sum(parts)
        for place in sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))[:left]:
            parts[place] += 1
        return [type(self)(sign * part, self.currency) for part in parts]

    @property
    def exponent(self) -> int:
        """Places of the currency."""
        return exponent(self.currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.amount_minor).scaleb(-self.exponent)

    @property
    def wire(self) -> str:
        """The amount as the JSON API writes it: a decimal string with max(2, exponent) places."""
        return wire_amount(self.amount_minor, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other).amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other).amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise MixedCurrencies
        return other


def _short(value: Decimal) -> Decimal:
    """The value, when its digits fit the arithmetic below without rounding.

    Raises InvalidAmount.
    """
    if not value.is_finite() or len(value.as_tuple().digits) > _EXACT.prec:
        raise InvalidAmount
    value = value.normalize(_EXACT)
    if len(value.as_tuple().digits) > _DIGITS_MAX or abs(value.adjusted()) > _DIGITS_MAX:
        raise InvalidAmount
    return value


@lru_cache(maxsize=AMOUNTS_KEPT)
def wire_amount(amount_minor: int, currency: str) -> str:
    """Minor units as a plain decimal string with max(2, exponent) places: `"1000.00"` for JPY,
    `"1.234"` for KWD.

    The last ones are kept: of the hundreds in a list most are nothing, or what stands beside them.
    """
    places = exponent(currency)
    digits = str(abs(int(amount_minor))).zfill(
        places + 1
        # figures and a point: a list writes hundreds, and a Decimal takes four times as long for each
    )
    whole = len(digits) - places
    return f"{'-' if amount_minor < 0 else ''}{digits[:whole]}.{digits[whole:]:0<2}"


def ungrouped(text: str) -> str:
    """A number as people write it, without what groups it, in thousands (`1,234,567.50`) or in
    lakhs (`12,34,567.50`); spaces only group.

    Commas behind which no group of three figures ends (`12,34`, `22500,50`) group nothing, so they
    stay, and no amount is read from it.
    """
    figures = "".join(text.split())
    return figures.replace(",", "") if _GROUPED.fullmatch(figures) else figures


def spoken(amount: str, currency: str) -> str:
    """A wire amount in the words of a sentence, the same in every language: `INR 2,85,721.00`."""
    pattern = ("#,##,##0" if currency == "INR" else "#,##0") + (
        "." + "0" * exponent(currency) if exponent(currency) else ""
    )
    return f"{currency} {format_decimal(Decimal(amount), format=pattern, locale='en')}"
