"""Money: decimals, parsing, rounding and serialization."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from voyagent.kernel.money import (
    BIGINT_MAX,
    InvalidAmount,
    MixedCurrencies,
    Money,
    UnknownCurrency,
    currency_codes,
    exponent,
    grouped,
    is_currency,
    spoken,
    wire_amount,
)

PLACES = {
    0: ("JPY", "KRW", "VND", "ISK", "CLP", "UGX", "XAF", "XOF"),
    2: ("INR", "USD", "EUR", "GBP", "AED", "SGD", "THB", "LKR", "HUF"),
    3: ("KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"),
    4: ("CLF", "UYW"),
}


@pytest.mark.parametrize(
    ("currency", "places"),
    [(currency, places) for places, currencies in PLACES.items() for currency in currencies],
)
def test_decimals_are_those_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize("code", ["XAU", "XXX", "inr", "IN", "INRR", "ABC", "", "₹", "IN1"])
def test_an_unsupported_currency_is_refused(code: str) -> None:
    assert not is_currency(code)
    assert code not in currency_codes()
    with pytest.raises(UnknownCurrency):
        Money.parse("1", code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1", "INR", 100),
        ("285721.00", "INR", 28572100),
        ("-0.05", "INR", -5),
        ("0", "INR", 0),
        ("1000", "JPY", 1000),
        ("1000.00", "JPY", 1000),
        ("1.234", "KWD", 1234),
        ("1.200000", "INR", 120),
        (Decimal("92233720368547758.07"), "INR", BIGINT_MAX),
        (Decimal("1E+3"), "INR", 100000),
        (7, "INR", 700),
    ],
)
def test_an_amount_is_parsed_exactly(text: str | Decimal | int, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0.005", "INR"),
        ("0.5", "JPY"),
        ("1.2345", "KWD"),
        ("NaN", "INR"),
        ("Infinity", "INR"),
        ("1e3", "INR"),
        ("1,000", "INR"),
        (" 1", "INR"),
        ("+1", "INR"),
        ("", "INR"),
        (".5", "INR"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "INR"),
        ("1" * 19, "INR"),
        (Decimal("92233720368547758.08"), "INR"),
        (Decimal("NaN"), "INR"),
        (Decimal("-Infinity"), "INR"),
        (Decimal("1E+999999"), "INR"),
        (Decimal("1E-999999"), "INR"),
        (Decimal("1." + "0" * 40 + "1"), "INR"),
        (Decimal("1." + "0" * 1500 + "1"), "INR"),
        (0.5, "INR"),
    ],
)
def test_an_amount_with_too_many_decimals_is_refused(text: str | Decimal, currency: str) -> None:
    with pytest.raises(InvalidAmount):
        Money.parse(text, currency)


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("2.345", "INR", 235),
        ("-2.345", "INR", -235),
        ("2.344", "INR", 234),
        ("2.5", "JPY", 3),
        ("0.0005", "KWD", 1),
        ("1E-9999", "INR", 0),
        ("2.3449" + "9" * 60, "INR", 234),
    ],
)
def test_tax_is_rounded_half_away_from_zero(value: str, currency: str, minor: int) -> None:
    assert Money.rounded(Decimal(value), currency) == Money(minor, currency)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+30", "1E+999999", "92233720368547758.08"])
def test_an_amount_beyond_the_range_is_refused_before_rounding(value: str) -> None:
    with pytest.raises(InvalidAmount):
        Money.rounded(Decimal(value), "INR")


@pytest.mark.parametrize(
    ("minor", "currency", "wire"),
    [
        (28572100, "INR", "285721.00"),
        (-5, "INR", "-0.05"),
        (0, "INR", "0.00"),
        (1000, "JPY", "1000.00"),
        (1234, "KWD", "1.234"),
        (12345, "CLF", "1.2345"),
        (123456750, "INR", "1234567.50"),
        (BIGINT_MAX, "INR", "92233720368547758.07"),
    ],
)
def test_serialized_amounts_are_texts_with_at_least_two_decimals(
    minor: int, currency: str, wire: str
) -> None:
    assert wire_amount(minor, currency) == wire
    assert Money(minor, currency).wire == wire
    assert Money.parse(wire, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("wire", "currency", "expected"),
    [
        ("1234567.50", "INR", "INR 12,34,567.50"),
        ("-1234567.50", "INR", "INR -12,34,567.50"),
        ("1234567.50", "USD", "USD 1,234,567.50"),
        ("1000.00", "JPY", "JPY 1,000"),
        ("1234.567", "KWD", "KWD 1,234.567"),
    ],
)
def test_rupees_are_grouped_by_lakhs_and_other_money_by_thousands(
    wire: str, currency: str, expected: str
) -> None:
    assert spoken(wire, currency) == expected


def test_minus_zero_is_written_as_zero() -> None:
    grouped.cache_clear()
    assert spoken("-0.00", "INR") == spoken("0.00", "INR") == "INR 0.00"


@pytest.mark.parametrize(
    ("money", "weights", "parts"),
    [
        (Money(10_000, "INR"), [1, 1, 1], [3334, 3333, 3333]),
        (Money(-10_000, "INR"), [1, 1, 1], [-3334, -3333, -3333]),
        (Money(10_001, "INR"), [1, 1, 1], [3334, 3334, 3333]),
        (Money(100, "JPY"), [1, 1, 1], [34, 33, 33]),
        (Money(1000, "KWD"), [Decimal("33.3"), Decimal("33.3"), Decimal("33.4")], [333, 333, 334]),
        (
            Money(4_500_000, "INR"),
            [Decimal("33.3333"), Decimal("33.3333"), Decimal("33.3334")],
            [1_499_999, 1_499_998, 1_500_003],
        ),
        (Money(2, "INR"), [1, 1, 1], [1, 1, 0]),
        (Money(10, "INR"), [1, 0, 2], [3, 0, 7]),
        (Money(0, "INR"), [1, 1], [0, 0]),
        (Money(BIGINT_MAX, "INR"), [1, 1], [BIGINT_MAX // 2 + 1, BIGINT_MAX // 2]),
    ],
)
def test_parts_of_an_amount_add_up_in_their_order(
    money: Money, weights: list[Decimal | int], parts: list[int]
) -> None:
    assert [part.amount_minor for part in money.split(weights)] == parts
    assert sum(part.amount_minor for part in money.split(weights)) == money.amount_minor
    assert {part.currency for part in money.split(weights)} == {money.currency}


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any),
)
def test_no_part_is_off_by_a_whole_minor_unit(minor: int, weights: list[int]) -> None:
    parts = Money(minor, "INR").split(weights)
    assert sum(part.amount_minor for part in parts) == minor
    assert all(
        abs(part.amount_minor - minor * weight / sum(weights)) < 1.001
        for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [2, -1]])
def test_invalid_weights_are_refused(weights: list[Decimal | int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100, "INR").split(weights)


def test_only_amounts_of_one_currency_can_be_added() -> None:
    assert Money(150, "INR") + Money(-50, "INR") == Money(100, "INR")
    assert Money(150, "INR") - Money(50, "INR") == Money(100, "INR")
    assert -Money(5, "INR") == Money(-5, "INR")
    assert not Money(0, "INR")
    with pytest.raises(MixedCurrencies):
        Money(1, "INR") + Money(1, "AED")
    with pytest.raises(MixedCurrencies):
        Money(1, "INR") - Money(1, "AED")
