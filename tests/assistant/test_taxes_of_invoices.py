"""Answers about the taxes of an invoice.

The invoice is named by its number, its customer or the conversation.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.test_tool_answers import use as use_tools
from tests.billing.papers import draft, issued
from tests.people import Person
from voyagent.billing.core.service.pricing import LineItem

use = use_tools
ON = {
    "issue_date": date(2026, 6, 10),
    "due_date": date(2026, 6, 25),
    "place_of_supply": "27",
}
FEE = LineItem(
    description="Visa fee", quantity=1, unit_price="1000.00", currency="INR", tax="service_fee"
)
TAXES = [
    {"words": "CGST 9 %", "amount": "90.00", "currency": "INR"},
    {"words": "SGST 9 %", "amount": "90.00", "currency": "INR"},
]


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    answer = alice.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZP"})
    assert answer.status_code == 200
    return alice


def rupees(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "INR"}


def test_an_invoice_is_found_by_its_number_and_its_customer(use: Any, agency: Person) -> None:
    taxed = issued(agency, FEE, **ON)
    plain = draft(agency, customer_name="Ravi Menon")
    given: list[tuple[dict[str, str], str]] = [
        ({"number": "1"}, str(taxed)),
        ({"customer_name": "deepa"}, str(taxed)),
        ({"customer_name": "Ravi Menon"}, str(plain)),
    ]
    found = {one: use("show_taxes", **arguments)["invoices"] for arguments, one in given}
    assert [(one["net"], one["taxes"], one["total"]) for one in found[str(taxed)]] == [
        (rupees("1000.00"), TAXES, rupees("1180.00"))
    ]
    assert [(one["id"], one["taxes"], one["total"]) for one in found[str(plain)]] == [
        (str(plain), [], rupees("45000.00"))
    ]
    assert use("show_taxes", customer_name="Nobody") == {"count": 0, "invoices": []}


def test_without_a_name_the_invoice_of_the_conversation_is_meant(
    use: Any, talk: Talk, agency: Person
) -> None:
    draft(agency, customer_name="Ravi Menon")
    assert use("show_taxes") == {"count": 0, "invoices": []}
    line = {"description": "Visa fee", "quantity": 1, "unit_price": "1000.00", "currency": "INR"}
    made = [
        use(
            "draft_invoice",
            customer_name=name,
            issue_date="2026-06-10",
            due_date="2026-06-25",
            place_of_supply="27",
            line_items=[line | {"tax": "service_fee"}],
        )["invoice_id"]
        for name in ("Deepa Krishnan", "Kiran Desai")
    ]
    assert [one["id"] for one in use("show_taxes")["invoices"]] == made[1:]
    assert use("show_taxes")["invoices"][0]["taxes"] == TAXES


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("Is GST included?", "The price of an invoice line is before tax,"),
        ("kya isme GST shamil hai", "The price of an invoice line is before tax,"),
        ("how much GST is in the invoice of Deepa Krishnan", "CGST 9 % INR 90.00, SGST 9 %"),
    ],
)
def test_the_built_in_assistant_answers(
    talk: Talk, agency: Person, message: str, answer: str
) -> None:
    issued(agency, FEE, **ON)
    assert answer in text(talk.say(agency, talk.begin(agency), message))


def test_another_agency_sees_none(talk: Talk, agency: Person, charlie: Person) -> None:
    issued(agency, FEE, **ON)
    told = text(talk.say(charlie, talk.begin(charlie), "how much GST is in invoice 000001"))
    assert "No such invoice was found" in told
