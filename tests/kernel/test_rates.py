"""Exchange rates: as quoted, in one direction, with a buffer, rounded once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency
from voyagent.kernel.rates import ExchangeRate, InvalidRate, RateOfOtherMoney

DOLLAR = ExchangeRate(
    "USD", "INR", Decimal("83.25"), "into_quote", date(2026, 11, 26), "The bank's card"
)


def test_exchange_buffers_match_the_published_table() -> None:
    """Tourwriter prints 1.73195545 with a buffer of 5 percent as 1.81855322."""
    rate = replace(DOLLAR, base="EUR", quote="NZD", rate=Decimal("1.73195545"), buffer=Decimal(5))
    assert rate.buffered == Decimal("1.81855322")
    assert replace(rate, buffer=Decimal(0)).buffered == Decimal("1.73195545")


@pytest.mark.parametrize(
    ("rate", "minor", "currency", "change", "comes_to"),
    [
        (DOLLAR, 10_000, "USD", {}, Money(832_500, "INR")),
        (DOLLAR, 1, "USD", {}, Money(83, "INR")),  # 0.8325
        (DOLLAR, -10_000, "USD", {}, Money(-832_500, "INR")),
        (DOLLAR, 832_500, "INR", {"direction": "into_base"}, Money(10_000, "USD")),
        (DOLLAR, 100_000, "INR", {"direction": "into_base"}, Money(1201, "USD")),  # 12.012…
        (
            DOLLAR,
            100,
            "KWD",
            {"base": "KWD", "rate": Decimal(270)},
            Money(2700, "INR"),
        ),  # 0.100 dinars
        (
            DOLLAR,
            100,
            "USD",
            {"quote": "JPY", "rate": Decimal("151.5")},
            Money(152, "JPY"),
        ),  # half up, to whole yen
        (DOLLAR, 5, "JPY", {"base": "JPY", "rate": Decimal("0.55")}, Money(275, "INR")),
    ],
)
def test_money_is_converted_at_the_quoted_rate_and_rounded_once(
    rate: ExchangeRate, minor: int, currency: str, change: dict[str, Any], comes_to: Money
) -> None:
    assert replace(rate, **change).convert(Money(minor, currency)) == comes_to


def test_a_rate_converts_in_one_direction() -> None:
    """The inverse of a rate is not the rate that a bank would quote."""
    back = replace(DOLLAR, direction="into_base")
    for rate, money in ((DOLLAR, "INR"), (back, "USD"), (DOLLAR, "AED"), (back, "AED")):
        for act in (rate.convert, rate.price):
            with pytest.raises(RateOfOtherMoney):
                act(Money(100, money))
    assert not hasattr(DOLLAR, "inverse")


def test_the_exchange_buffer_raises_the_price_in_both_directions() -> None:
    into_rupees, into_dollars = (
        replace(DOLLAR, direction=way, buffer=Decimal(5)) for way in ("into_quote", "into_base")
    )
    assert (into_rupees.convert(Money(10_000, "USD")), into_rupees.price(Money(10_000, "USD"))) == (
        Money(832_500, "INR"),
        Money(874_125, "INR"),
    )
    assert (
        into_dollars.convert(Money(832_500, "INR")),
        into_dollars.price(Money(832_500, "INR")),
    ) == (Money(10_000, "USD"), Money(10_500, "USD"))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"rate": Decimal(0)}, InvalidRate),
        ({"rate": Decimal(-1)}, InvalidRate),
        ({"rate": Decimal("NaN")}, InvalidRate),
        ({"rate": Decimal("Infinity")}, InvalidRate),
        ({"rate": Decimal("1.123456789")}, InvalidRate),
        ({"rate": Decimal("1e9")}, InvalidRate),
        ({"quote": "USD"}, InvalidRate),
        ({"buffer": Decimal("-0.01")}, InvalidRate),
        ({"buffer": Decimal("100.01")}, InvalidRate),
        ({"buffer": Decimal("NaN")}, InvalidRate),
        ({"direction": "both"}, InvalidRate),
        ({"source": " "}, InvalidRate),
        ({"base": "XXX"}, UnknownCurrency),
        ({"quote": "rupees"}, UnknownCurrency),
    ],
)
def test_an_invalid_rate_is_refused(change: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        replace(DOLLAR, **change)


def test_the_smallest_rate_does_not_become_zero() -> None:
    tiny = replace(DOLLAR, direction="into_base", rate=Decimal("0.00000001"), buffer=Decimal(100))
    assert tiny.buffered == Decimal("0.00000001"), "half up"
    assert tiny.price(Money(1, "INR")) == Money(100_000_000, "USD")


def test_an_amount_beyond_the_maximum_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        replace(DOLLAR, rate=Decimal(999999999)).convert(Money(2**62, "USD"))


@given(
    minor=st.integers(0, 10**12),
    rate=st.decimals(
        Decimal("0.00000001"), Decimal(10**6), places=8, allow_nan=False, allow_infinity=False
    ),
)
def test_a_converted_amount_is_exact_within_half_a_paisa(minor: int, rate: Decimal) -> None:
    changed = replace(DOLLAR, rate=rate).convert(Money(minor, "USD"))
    assert abs(changed.decimal - Decimal(minor).scaleb(-2) * rate) <= Decimal("0.005")
