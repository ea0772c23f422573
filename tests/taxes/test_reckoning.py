"""Taxes of lines: rates, rounding, changes by date, and TCS on overseas packages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.taxes.rules import calculation, numbers, tables

TODAY = date(2026, 11, 26)


def inr(text: str) -> Money:
    return Money.parse(text, "INR")


def taxed(
    treatment: str, base: str, supply: tables.Supply | None, on: date = TODAY
) -> list[tuple[str, str, str]]:
    return [
        (one.component, one.taxable.wire, one.amount.wire)
        for one in calculation.tax_on("IN", treatment, inr(base), on=on, supply=supply)
    ]


def test_each_component_of_a_tax_is_rounded_separately() -> None:
    assert taxed("service_fee", "100.05", "same_state") == [
        ("cgst", "100.05", "9.00"),
        ("sgst", "100.05", "9.00"),
    ]
    assert taxed("service_fee", "100.05", "other_state") == [("igst", "100.05", "18.01")]


def test_only_the_taxable_share_of_a_fare_is_taxed() -> None:
    assert taxed("air_domestic", "3000", "other_state") == [("igst", "150.00", "27.00")]
    assert taxed("air_domestic", "3000", "same_state") == [
        ("cgst", "150.00", "13.50"),
        ("sgst", "150.00", "13.50"),
    ]
    assert taxed("air_international", "3000", "other_state") == [("igst", "300.00", "54.00")]
    assert [
        calculation.is_on_fare("IN", name, TODAY)
        for name in ("air_domestic", "air_international", "service_fee")
    ] == [True, True, False]


def test_half_a_paisa_is_rounded_up() -> None:
    assert taxed("service_fee", "0.50", "same_state") == [
        ("cgst", "0.50", "0.05"),
        ("sgst", "0.50", "0.05"),
    ]  # 4.5 paise
    assert taxed("tour_without_credit", "0.10", "other_state") == [
        ("igst", "0.10", "0.01")
    ]  # half of one


@pytest.mark.parametrize(
    ("treatment", "price", "before", "after"),
    [
        ("flight_economy", "1", "5", "5"),
        ("flight_other_cabin", "1", "12", "18"),
        ("cab_with_credit", "1", "12", "18"),
        ("cab_without_credit", "1", "5", "5"),
        ("room", "7500", "12", "5"),
        ("room_up_to_7500", "7500", "12", "5"),
        ("room_above_7500", "7500.01", "18", "18"),
    ],
)
def test_rates_change_on_their_effective_date(
    treatment: str, price: str, before: str, after: str
) -> None:
    percents = [
        tax.percent
        for day in (date(2025, 9, 21), date(2025, 9, 22))
        for tax in calculation.tax_on("IN", treatment, inr(price), on=day, supply="other_state")
    ]
    assert percents == [Decimal(before), Decimal(after)]


def test_no_date_has_two_rates_of_one_component() -> None:
    for country in ("IN", "AE"):
        for treatment in tables.treatments(country):
            for day in (date(2018, 1, 1), date(2025, 9, 21), date(2025, 9, 22), TODAY):
                rows = tables.rates_on(country, treatment, day)
                assert len({(row.component, row.supply, row.slab) for row in rows}) == len(rows)
                is_zero = not tables.is_taxable(treatment)
                assert all((row.percent == 0) == is_zero for row in rows)
                assert all(row.source and 0 < row.share <= 100 for row in rows)
                if is_zero:
                    continue
                if tables.recipient_of(treatment) != "any":
                    assert {row.component for row in rows} == {"igst"}
                    continue
                within = sum(row.percent for row in rows if row.supply == "same_state")
                assert within == sum(row.percent for row in rows if row.supply == "other_state")


def test_a_treatment_outside_the_tables_is_refused() -> None:
    with pytest.raises(tables.UnknownTreatment):
        taxed("magic", "1", "same_state")
    with pytest.raises(tables.NoRateThen):
        taxed("service_fee", "1", "same_state", date(2017, 6, 30))
    with pytest.raises(calculation.PlaceOfSupplyMissing):
        taxed("service_fee", "1", None)
    with pytest.raises(tables.UnknownTreatment):
        calculation.collected_on(
            "AE", "overseas_package", inr("1"), before=inr("0"), on=TODAY, has_pan=True
        )
    with pytest.raises(tables.NoRateThen):
        calculation.collected_on(
            "IN", "overseas_package", inr("1"), before=inr("0"), on=date(2020, 9, 30), has_pan=True
        )


def test_no_state_is_required_in_a_country_without_state_taxes() -> None:
    aed = Money.parse("200", "AED")
    assert [
        (tax.component, tax.amount.wire)
        for tax in calculation.tax_on("AE", "standard", aed, on=TODAY, supply=None)
    ] == [("vat", "10.00")]


@pytest.mark.parametrize(
    ("home", "place", "supply"),
    [
        ("32", "32", "same_state"),
        ("32", "27", "other_state"),
        (None, "27", None),
        ("32", None, None),
        ("32", "", None),
    ],
)
def test_the_states_of_seller_and_buyer_decide_the_tax(
    home: str | None, place: str | None, supply: str | None
) -> None:
    assert calculation.supply_between(home, place) == supply


@pytest.mark.parametrize(
    ("on", "before", "amount", "has_pan", "collected"),
    [
        (date(2022, 5, 1), "0", "900000", True, ["45000.00"]),
        (date(2023, 10, 1), "0", "700000", True, ["35000.00"]),
        (date(2024, 1, 1), "600000", "200000", True, ["5000.00", "20000.00"]),
        (date(2024, 1, 1), "700000", "100000", True, ["20000.00"]),
        (date(2024, 1, 1), "0", "100000", False, ["10000.00"]),
        (date(2025, 4, 1), "0", "1000000", True, ["50000.00"]),
        (date(2025, 4, 1), "999999", "2", True, ["0.05", "0.20"]),
        (TODAY, "5000000", "100000", True, ["2000.00"]),
    ],
)
def test_tax_collected_on_packages_depends_on_the_buyers_year(
    on: date, before: str, amount: str, has_pan: bool, collected: list[str]
) -> None:
    found = calculation.collected_on(
        "IN", "overseas_package", inr(amount), before=inr(before), on=on, has_pan=has_pan
    )
    assert [one.amount.wire for one in found] == collected
    assert sum(one.taxable.amount_minor for one in found) == inr(amount).amount_minor


def test_a_buyers_year_in_another_currency_is_refused() -> None:
    with pytest.raises(MixedCurrencies):
        calculation.collected_on(
            "IN",
            "overseas_package",
            inr("1"),
            before=Money.parse("1", "USD"),
            on=TODAY,
            has_pan=True,
        )


OLD, NEW = date(2025, 9, 20), date(2025, 9, 25)


@pytest.mark.parametrize(
    ("invoice", "payment", "service", "day"),
    [
        (OLD, OLD, NEW, OLD),
        (OLD, NEW, OLD, OLD),
        (NEW, OLD, OLD, OLD),
        (OLD, NEW, NEW, NEW),
        (NEW, NEW, OLD, NEW),
        (OLD, None, NEW, NEW),
        (OLD, None, OLD, OLD),
        (OLD, None, None, OLD),
        (NEW, OLD, None, NEW),
    ],
)
def test_the_tax_rate_around_a_change_depends_on_two_of_three_dates(
    invoice: date, payment: date | None, service: date | None, day: date
) -> None:
    assert calculation.day_of_supply(invoice, payment=payment, service=service) == day


def test_every_character_of_a_gstin_is_checked() -> None:
    number = "27AACCN6194P1ZP"
    assert numbers.read_gstin(" 27aaccn6194p1zp ") == number
    assert (numbers.state_of(number), numbers.pan_of(number)) == ("27", "AACCN6194P")
    assert numbers.read_pan("aaccn6194p") == "AACCN6194P"
    for at, old in enumerate(number):
        for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            if other != old:
                with pytest.raises(numbers.InvalidTaxNumber):
                    numbers.read_gstin(number[:at] + other + number[at + 1 :])
    with pytest.raises(numbers.InvalidTaxNumber):
        numbers.read_pan("AACCN6194")
