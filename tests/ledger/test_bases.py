"""Base amounts of the lines of an entry: conversion, exchange and differences."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service.bases import BasedLine, complete, wanted_rates
from voyagent.ledger.service.errors import EntryUnbalancedInBase, TooManyCurrencies

DAY = date(2026, 11, 18)


def line(account: str, amount: str, currency: str = "USD", base: str | None = None) -> BasedLine:
    """Return a line; a debit is positive. `base` is in rupees."""
    return BasedLine(
        account,
        Money.parse(amount, currency),
        is_exchange=account == "1160",
        base=None if base is None else Money.parse(base, "INR"),
    )


def rates(base: str = "INR", **given: str) -> dict[str, Quote]:
    """Return rates by currency: one unit of it costs so much of the base currency."""
    return {one: Quote(one, base, Decimal(rate), DAY, "FBIL") for one, rate in given.items()}


def bases(
    lines: list[BasedLine], given: dict[str, Quote] | None = None, base: str = "INR", **more: Any
) -> list[tuple[str, str | None]]:
    """Return accounts and base amounts of the completed lines."""
    return [
        (str(one.account), None if one.base is None else one.base.wire)
        for one in complete(lines, base, given or {}, **more)
    ]


def test_a_currency_is_converted_once_and_split() -> None:
    """V1: the revenue is the sum of its parts, so no rest is left."""
    fees = [line("4200", part) for part in ("-33.33", "-33.33", "-33.34")]
    assert bases([line("1200", "100"), *fees], rates(USD="84.205")) == [
        ("1200", "8420.50"),
        ("4200", "-2806.55"),
        ("4200", "-2806.55"),
        ("4200", "-2807.40"),
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "base"),
    [
        ("100000", "JPY", "0.5621", "56210.00"),
        ("12.345", "KWD", "273.10", "3371.42"),
        ("0.50", "IDR", "0.0053", "0.00"),
    ],
)
def test_currencies_of_other_decimals_are_converted(
    amount: str, currency: str, rate: str, base: str
) -> None:
    """V2: a base amount of zero beside an amount is allowed."""
    lines = [line("1100", amount, currency), line("2200", f"-{amount}", currency)]
    assert bases(lines, rates(**{currency: rate}))[0] == ("1100", base)


def test_a_rate_is_divided_by_and_not_inverted() -> None:
    """V3: one dirham costs 22.93 rupees, and the books are in dirhams."""
    lines = [line("5100", "10000", "INR"), line("2100", "-10000", "INR")]
    quote = Quote("AED", "INR", Decimal("22.93"), DAY, "FBIL")
    assert bases(lines, {"INR": quote}, base="AED") == [("5100", "436.11"), ("2100", "-436.11")]


def test_a_line_in_the_base_currency_has_its_own_amount() -> None:
    done = complete([line("1100", "5", "INR"), line("2200", "-5", "INR")], "INR", {})
    assert [(one.base, one.basis, one.quote) for one in done] == [
        (Money(500, "INR"), "own", None),
        (Money(-500, "INR"), "own", None),
    ]


def test_a_line_without_a_rate_has_no_base_amount() -> None:
    lines = [line("1200", "5"), line("4200", "-5"), line("1100", "5", "INR")]
    lines += [line("2200", "-5", "INR")]
    assert [base for _account, base in bases(lines)] == [None, None, "5.00", "-5.00"]
    assert wanted_rates(lines, "INR", {}) == ["USD"]
    assert wanted_rates(lines, "INR", rates(USD="84")) == []


@pytest.mark.parametrize("is_turned", [False, True])
def test_what_was_exchanged_is_worth_the_base_money(*, is_turned: bool) -> None:
    """V4: 268,000 rupees pay a bill of USD 3,150 booked at 84.20, without a rate."""
    lines = [
        line("1100", "-268000", "INR"),
        line("1160", "265230", "INR"),
        line("5920", "2770", "INR"),
        line("1160", "-3150"),
        line("2100", "3150"),
    ]
    lines = lines[::-1] if is_turned else lines
    assert wanted_rates(lines, "INR", {}) == []
    done = dict(bases(lines, rates(USD="85.10")))
    assert done["2100"] == "265230.00"
    exchange = [one for one in complete(lines, "INR", {}) if one.is_exchange]
    assert {one.base and one.base.wire for one in exchange} == {"265230.00", "-265230.00"}
    assert {one.basis for one in exchange} == {"own", "given"}


def test_money_bought_costs_the_base_money_that_was_given() -> None:
    """V13."""
    lines = [
        line("1110", "1000"),
        line("1160", "-1000"),
        line("1160", "84500", "INR"),
        line("1100", "-84500", "INR"),
    ]
    assert bases(lines)[0] == ("1110", "84500.00")


def test_a_carried_amount_leaves_an_exchange_difference() -> None:
    """V6: an advance of USD 500, carried at 84.20, settles 42,000 rupees."""
    lines = [
        line("2200", "500", base="42100"),
        line("1160", "-500"),
        line("1160", "42000", "INR"),
        line("1200", "-42000", "INR"),
    ]
    assert bases(lines, differences="gains") == [
        ("2200", "42100.00"),
        ("1160", "-42000.00"),
        ("1160", "42000.00"),
        ("1200", "-42000.00"),
        ("gains", "-100.00"),
    ]
    with pytest.raises(EntryUnbalancedInBase):
        complete(lines, "INR", {})


def test_money_of_the_same_currency_leaves_an_exchange_difference() -> None:
    """V8: USD 60 arrive at 84.50 for an invoice booked at 84.20."""
    lines = [line("1110", "60"), line("1200", "-60", base="-5052")]
    done = complete(lines, "INR", rates(USD="84.50"), "gains")
    assert done[2] == BasedLine(
        "gains", Money(0, "USD"), base=Money(-1800, "INR"), basis="difference"
    )
    assert [one.basis for one in done] == ["rate", "given", "difference"]


def test_the_second_of_two_foreign_currencies_is_worth_the_first() -> None:
    """V14: USD 272.30 at 84.40 pay a bill of AED 1,000 that was booked at 22.95."""
    lines = [
        line("1110", "-272.30"),
        line("1160", "272.30"),
        line("1160", "-1000", "AED"),
        line("2100", "1000", "AED", base="22950"),
    ]
    assert wanted_rates(lines, "INR", {}) == ["USD"]
    assert bases(lines, rates(USD="84.40"), differences="losses") == [
        ("1110", "-22982.12"),
        ("1160", "22982.12"),
        ("1160", "-22982.12"),
        ("2100", "22950.00"),
        ("losses", "32.12"),
    ]
    assert bases(lines)[2] == ("1160", None)  # nobody knows what the dollars were worth
    free = [*lines[:3], line("2100", "1000", "AED")]
    assert wanted_rates(free, "INR", rates(AED="22.95")) == []
    assert bases(free, rates(AED="22.95"))[0] == ("1110", "-22950.00")


@pytest.mark.parametrize(
    ("taxes", "difference"), [(["757.85", "757.85"], "0.01"), (["1515.69"], None)]
)
def test_taxes_in_rupees_leave_a_rest_of_rounding(taxes: list[str], difference: str | None) -> None:
    """V15: a fee of USD 100 at 84.205, with taxes computed on its value in rupees."""
    share = {1: "-18", 2: "-9"}[len(taxes)]
    lines = [
        line("1200", "118"),
        line("4200", "-100"),
        *(line("2310", share, base=f"-{tax}") for tax in taxes),
    ]
    done = bases(lines, rates(USD="84.205"))
    assert done[:2] == [("1200", "9936.19"), ("4200", "-8420.50")]
    assert dict(done).get(DIFFERENCES) == difference


def test_given_base_amounts_that_differ_are_refused() -> None:
    """V18: at most one minor unit for each line counts as rounding."""
    with pytest.raises(EntryUnbalancedInBase):
        complete([line("1", "10", base="842"), line("2", "-10", base="-841")], "INR", {})
    near = [line("1", "10", base="842"), line("2", "-10", base="-841.98")]
    assert bases(near)[2] == (DIFFERENCES, "-0.02")


def test_an_exchange_needs_both_of_its_currencies() -> None:
    lines = [line("1110", "10"), line("1160", "-10")]
    with pytest.raises(EntryUnbalancedInBase):
        complete(lines, "INR", rates(USD="84"))
    both = [*lines, line("1100", "840", "INR"), line("1160", "-840", "INR")]
    with pytest.raises(EntryUnbalancedInBase):
        complete(both, "INR", {})
    three = [
        one
        for currency in ("USD", "AED", "INR")
        for one in (line("1", "1", currency), line("1160", "-1", currency))
    ]
    with pytest.raises(TooManyCurrencies):
        complete(three, "INR", rates(USD="84", AED="23"))


AMOUNTS = st.integers(1, 10**12)
RATE = st.decimals("0.00000001", "99999", places=8).map(
    lambda rate: Quote("USD", "INR", rate, DAY, "FBIL")
)


@given(st.lists(AMOUNTS, min_size=1, max_size=5), st.lists(AMOUNTS, max_size=5), RATE)
def test_parts_add_up_to_the_converted_whole(
    some: list[int], more: list[int], quote: Quote
) -> None:
    debits, credited = [*some, *more], [sum(some), *more]
    lines = [BasedLine("d", Money(minor, "USD")) for minor in debits]
    lines += [BasedLine("c", Money(-minor, "USD")) for minor in credited]
    done = complete(lines, "INR", {"USD": quote})
    assert len(done) == len(lines)
    whole = quote.convert(Money(sum(debits), "USD")).amount_minor
    known = [one.base.amount_minor for one in done if one.base is not None]
    assert sum(known[: len(debits)]) == whole
    assert sum(known) == 0
    for one, base in zip(done, known, strict=True):
        assert base * one.amount.amount_minor >= 0
        assert abs(base - one.amount.amount_minor * quote.rate) <= Decimal("1.5")
    turned = complete([BasedLine(one.account, -one.amount) for one in lines], "INR", {"USD": quote})
    assert [one.base for one in turned] == [-one.base for one in done if one.base is not None]


@given(AMOUNTS, AMOUNTS, st.integers(0, 10**12))
def test_an_exchange_balances_in_base_without_a_rate(
    dollars: int, rupees: int, beside: int
) -> None:
    """Also where the entry has other lines in the exchanged currency."""
    lines = [
        BasedLine("2100", Money(dollars, "USD")),
        BasedLine("1160", Money(-dollars, "USD"), is_exchange=True),
        BasedLine("1160", Money(rupees, "INR"), is_exchange=True),
        BasedLine("1100", Money(-rupees, "INR")),
    ]
    if beside:
        lines += [BasedLine("1", Money(beside, "USD")), BasedLine("2", Money(-beside, "USD"))]
    done = complete(lines, "INR", {})
    assert len(done) == len(lines)
    assert sum(one.base.amount_minor for one in done if one.base is not None) == 0
    assert done[1].base == Money(-rupees, "INR")


def test_lines_beside_an_exchange_do_not_change_it() -> None:
    """They are converted on their own, to the nearest minor unit."""
    exchanged = [
        line("2100", "0.05"),
        line("1160", "-0.05"),
        line("1160", "0.01", "INR"),
        line("1100", "-0.01", "INR"),
    ]
    beside = [line("1", "0.03"), *(line("2", "-0.01") for _time in range(3))]
    assert [base for _account, base in bases([*exchanged, *beside])] == [
        *("0.01", "-0.01", "0.01", "-0.01"),
        *("0.01", "-0.01", "0.00", "0.00"),
    ]
