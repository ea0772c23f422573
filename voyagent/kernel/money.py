"""Amounts of money: an integer of minor units and an ISO 4217 currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Self

from babel.core import Locale
from babel.numbers import NumberPattern, parse_pattern
from iso4217 import Currency

from voyagent.kernel.errors import N_, Invalid, Unprocessable

BIGINT_MAX = 2**63 - 1
AMOUNTS_CACHED = 4096
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
"""JSON schema of an amount.

A client may send a JSON number. Responses always contain a string, so that no program reads the
amount as a float.
"""


class UnknownCurrency(Invalid):
    """The code is not a currency of ISO 4217."""

    code = "invalid_currency"
    message = N_("Enter a currency code of three capital letters, such as INR.")


class InvalidAmount(Unprocessable):
    """The text is not a number, has too many decimals, or is too large."""

    code = "invalid_amount"
    message = N_("This is not a valid amount in this currency.")


class AmountTooFine(InvalidAmount):
    """The amount has more decimals than its currency."""

    message = N_("This has more decimals than the currency allows.")


class AmountTooLarge(InvalidAmount):
    """The amount is larger than the ledger's database columns allow."""

    message = N_("This amount is above the ledger’s limit.")


class AmountNegative(InvalidAmount):
    """The amount is negative where only amounts of zero or more are allowed."""

    message = N_("The amount can’t be negative.")


class AmountZero(InvalidAmount):
    """The amount is zero where it must be positive."""

    message = N_("The amount must be above zero.")


class MixedCurrencies(Invalid):
    """An operation combines amounts of two currencies."""

    code = "mixed_currency"
    message = N_("Amounts in different currencies can’t be added.")


@cache
def exponent(currency: str) -> int:
    """Return the decimals of a currency: JPY 0, INR 2, KWD 3. Raises UnknownCurrency."""
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
    """Return True if ISO 4217 defines a number of decimals for the currency `code`.

    For JPY this number is 0. The result is False for codes without such a number, such as XAU for
    gold.
    """
    try:
        exponent(code)
    except UnknownCurrency:
        return False
    return True


@cache
def currency_codes() -> tuple[str, ...]:
    """Return the codes of all currencies that `is_currency` accepts, sorted."""
    return tuple(sorted(c.value for c in Currency if c.exponent is not None))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (such as paise or fils) of one currency.

    Adding amounts of two currencies raises MixedCurrencies.
    """

    amount_minor: int
    currency: str

    @classmethod
    def parse(cls, text: str | Decimal | int, currency: str) -> Self:
        """Read a plain decimal number; too many decimals are refused and never rounded.

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
        """Return a decimal rounded half away from zero to the decimals of the currency.

        Tax rules require this rounding. Raises InvalidAmount if the amount is larger than the
        ledger's database columns allow.
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
        """Return the amount if it is between `least` and `most` minor units.

        `least` is 0 or 1. Raises AmountNegative, AmountZero or AmountTooLarge, which are subclasses
        of InvalidAmount.
        """
        if self.amount_minor < 0:
            raise AmountNegative
        if self.amount_minor < least:
            raise AmountZero
        if self.amount_minor > most:
            raise AmountTooLarge
        return self

    def split(self, weights: Sequence[Decimal | int]) -> list[Self]:
        """Divide the amount in proportion to weights, into parts whose sum is the amount.

        Largest remainder method: each part is rounded towards zero. Then the parts with the largest
        remainders get one more minor unit each. If remainders are equal, the earlier part comes
        first. For example, 100.00 in three equal parts is 33.34, 33.33, 33.33. Raises ValueError if
        a weight is negative or all weights are zero.
        """
        ratios = [Fraction(weight) for weight in weights]
        whole = sum(ratios)
        if min(ratios, default=Fraction(0)) < 0 or not whole:
            raise ValueError("weights must be zero or more, and one of them above zero")
        sign = -1 if self.amount_minor < 0 else 1
        exact = [abs(self.amount_minor) * ratio / whole for ratio in ratios]
        parts = [int(part) for part in exact]
        left = abs(self.amount_minor) - sum(parts)
        for place in sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))[:left]:
            parts[place] += 1
        return [type(self)(sign * part, self.currency) for part in parts]

    @property
    def exponent(self) -> int:
        """Return the number of decimals of the currency."""
        return exponent(self.currency)

    @property
    def decimal(self) -> Decimal:
        """Return the exact amount in major units, such as 12.34 for INR 1234 minor units."""
        return Decimal(self.amount_minor).scaleb(-self.exponent)

    @property
    def wire(self) -> str:
        """Return the amount for the JSON API as a decimal string.

        The string has two decimals, or more if the currency has more.
        """
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
    if not value.is_finite() or len(value.as_tuple().digits) > _EXACT.prec:
        raise InvalidAmount
    value = value.normalize(_EXACT)
    if len(value.as_tuple().digits) > _DIGITS_MAX or abs(value.adjusted()) > _DIGITS_MAX:
        raise InvalidAmount
    return value


@lru_cache(maxsize=AMOUNTS_CACHED)
def wire_amount(amount_minor: int, currency: str) -> str:
    """Return minor units as a decimal string with at least two decimals.

    1000 minor units are `"1000.00"` in JPY, and 1234 are `"1.234"` in KWD.
    """
    places = exponent(currency)
    # With Decimal this takes four times as long.
    digits = str(abs(int(amount_minor))).zfill(places + 1)
    whole = len(digits) - places
    return f"{'-' if amount_minor < 0 else ''}{digits[:whole]}.{digits[whole:]:0<2}"


def ungrouped(text: str) -> str:
    """Remove spaces and thousands separators from a number that somebody typed.

    Separators may group thousands (`1,234,567.50`) or lakhs (`12,34,567.50`). Commas at other
    positions (`12,34`, `22500,50`) are not removed, so that the text is not a valid amount.
    """
    figures = "".join(text.split())
    return figures.replace(",", "") if _GROUPED.fullmatch(figures) else figures


def currency_locale(currency: str) -> str | None:
    """Return the locale that sets the digit grouping of a currency, or None.

    Rupees are always grouped in lakhs. None means that the language of the page decides.
    """
    return "en_IN" if currency == "INR" else None


def counts_lakhs(locale: str) -> bool:
    """Return True if a locale groups digits in lakhs (`12,34,567`)."""
    return _pattern(locale, 0)[0].grouping == (3, 2)


@lru_cache(maxsize=AMOUNTS_CACHED)
def grouped(value: Decimal | int, places: int, locale: str) -> str:
    """Return a number with the digit grouping of a locale, such as `12,34,567.50`.

    `places` is the number of decimals in the result.
    """
    pattern, parsed = _pattern(locale, places)
    text: str = pattern.apply(value or 0, parsed)  # -0.00 and 0.00 share a cache entry
    return text


@cache
def _pattern(locale: str, places: int) -> tuple[NumberPattern, Locale]:
    # Babel has a currency's decimals from CLDR, which differs from ISO 4217: IQD has 0, not 3.
    parsed = Locale.parse(locale.replace("-", "_"))
    whole = parsed.decimal_formats[None].pattern.partition(".")[0]
    return parse_pattern(f"{whole}.{'0' * places}" if places else whole), parsed


def spoken(amount: str, currency: str) -> str:
    """Return an amount for a sentence in any language, such as `INR 2,85,721.00`.

    `amount` is a decimal string.
    """
    digits = grouped(Decimal(amount), exponent(currency), currency_locale(currency) or "en")
    return f"{currency} {digits}"
