"""Rooms: the rate by the value of a room for a night."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.billing.papers import draft
from tests.billing.test_line_amounts import CUSTOMER, TYPED, send
from tests.billing.test_taxes import HERE, ON, charged, taxed
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.kernel.money import Money
from voyagent.taxes.rules import calculation
from voyagent.taxes.rules.calculation import NoRateForPrice

NOW = date(2026, 11, 10)


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def taxes(
    amount: str, on: date = NOW, *, treatment: str = "room", **more: Any
) -> list[tuple[str, str, str]]:
    return [
        (f"{one.percent:f}", one.taxable.wire, one.amount.wire)
        for one in calculation.tax_on(
            "IN", treatment, Money.parse(amount, "INR"), on=on, supply="same_state", **more
        )
    ]


@pytest.mark.parametrize(
    ("amount", "nights", "on", "percent", "tax"),
    [
        ("22500.00", "3", NOW, "2.5", "562.50"),
        ("22500.03", "3", NOW, "9", "2025.00"),
        ("7500.00", "1.5", NOW, "2.5", "187.50"),
        ("8000", "1", date(2018, 8, 1), "14", "1120.00"),
        ("7499.99", "1", date(2018, 8, 1), "9", "675.00"),
        ("2499.99", "1", date(2018, 8, 1), "6", "150.00"),
        ("8000", "1", date(2019, 11, 1), "9", "720.00"),
        ("7000", "1", date(2021, 3, 1), "6", "420.00"),
        ("900", "1", date(2022, 8, 1), "6", "54.00"),
    ],
)
def test_the_value_of_a_night_decides_the_rate(
    amount: str, nights: str, on: date, percent: str, tax: str
) -> None:
    value = f"{Decimal(amount):.2f}"
    assert taxes(amount, on, quantity=Decimal(nights)) == [(percent, value, tax)] * 2


@pytest.mark.parametrize(
    ("amount", "percent", "value", "tax"),
    [("7875", "2.5", "7500.00", "187.50"), ("8850.02", "9", "7500.02", "675.00")],
)
def test_a_price_with_tax_has_the_rate_that_fits_the_value_before_tax(
    amount: str, percent: str, value: str, tax: str
) -> None:
    assert taxes(amount, is_included=True) == [(percent, value, tax)] * 2


@pytest.mark.parametrize(
    ("amount", "on", "more"),
    [
        ("7875.02", NOW, {"is_included": True}),  # 5 % gives more than 7,500, 18 % less
        ("8850", NOW, {"is_included": True}),
        ("999.99", date(2018, 8, 1), {}),  # exempt
        ("1000", date(2021, 3, 1), {}),
        ("7500.01", NOW, {"treatment": "room_up_to_7500"}),
        ("7500", NOW, {"treatment": "room_above_7500"}),
    ],
)
def test_a_price_without_a_rate_is_refused(amount: str, on: date, more: dict[str, Any]) -> None:
    with pytest.raises(NoRateForPrice):
        taxes(amount, on, **more)


def test_the_rate_of_a_draft_follows_quantity_and_discount(agency: Person) -> None:
    for line, percent in (
        (taxed("15000", "room"), "9.000"),
        (taxed("15000", "room", quantity=2), "9.000"),
        (taxed("7600", "room", quantity=2, discount="200"), "2.500"),
    ):
        made = draft(agency, line, place_of_supply="27", **ON)
        assert {one[2] for one in charged(agency, made)} == {percent}
        assert agency.api.get(f"/invoices/{made}").json["line_items"][0]["sac"] == "996311"


def test_form_and_api_refuse_a_room_whose_price_does_not_fit_its_tax(agency: Person) -> None:
    typed = TYPED | CUSTOMER | {"tax": ["room_above_7500"], "place_of_supply": "27"}
    for then in ({}, {"then": "look"}):
        answer = send(agency, "/invoices/new", **typed, **then)
        assert answer.status_code == (200 if then else 422)
        assert "The price of one unit does not fit this tax" in Page(answer).words()
    line = {"description": "Room", "quantity": 1, "unit_price": "100", "tax": "room_above_7500"}
    body = CUSTOMER | {"issue_date": "2026-06-10", "currency": "INR", "line_items": [line]}
    refused = agency.api.post("/invoices", json=body | {"place_of_supply": "27"})
    assert (refused.status_code, refused.json["detail"]) == (409, "tax_rate_not_for_price")
