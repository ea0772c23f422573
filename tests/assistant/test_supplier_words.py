"""Suppliers as staff speak of them: paid without the word bill, with an `and` in the name, and
bills that are told without a verb.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.phrasings import PLAIN
from voyagent.assistant.moves import Ask, Call
from voyagent.assistant.planner import telling
from voyagent.assistant.planner.builtin import understand


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        ("pay Taj Malabar Resort in full", {"vendor_name": "Taj Malabar Resort"}),
        ("pay 20,000 to Taj Malabar Resort", {"vendor_name": "Taj Malabar Resort"}),
        ("we paid Cox and Kings 8,000", {"vendor_name": "Cox and Kings"}),
        (
            "record a payment of 50,000 to Cardamom County Resorts",
            {"vendor_name": "Cardamom County Resorts"},
        ),
        ("bills from Cox and Kings", {"vendor_name": "Cox and Kings"}),
        ("bill from Cox and Kings, number CK-771", {"vendor_reference": "CK-771"}),
    ],
)
def test_the_bills_of_a_supplier_are_looked_for(said: str, arguments: dict[str, Any]) -> None:
    assert understand(said, PLAIN) == Call("find_bills", arguments)


def test_money_from_somebody_is_a_receipt() -> None:
    said = "record a payment of 50,000 from Cardamom County Resorts"
    assert understand(said, PLAIN) == Call(
        "find_invoices", {"status": "open", "customer_name": "Cardamom County Resorts"}
    )


@pytest.mark.parametrize(
    "said",
    [
        "record a bill from Cox and Kings Wholesale number CK-771 for 85,000 for hotels",
        "enter a bill from Cox and Kings Wholesale, number CK-771, 85,000 for hotels",
        "bill from Cox and Kings Wholesale, number CK-771, 85,000 for hotels",
    ],
)
def test_a_bill_is_entered_under_the_whole_name_of_its_firm(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["vendor_name"], move.arguments["vendor_reference"]) == (
        "receive_bill",
        "Cox and Kings Wholesale",
        "CK-771",
    )
    assert move.arguments["line_items"] == [
        {"description": "Hotels", "quantity": 1, "unit_price": "85000", "currency": "INR"}
    ]


def test_a_firm_with_an_and_answers_for_the_supplier() -> None:
    question = understand("enter a bill number CK-771 for 85,000 for hotels", PLAIN)
    assert isinstance(question, Ask)
    assert question.missing == "vendor_name"
    move = understand("Cox and Kings", replace(PLAIN, question=question))
    assert isinstance(move, Call), move
    assert move.arguments["vendor_name"] == "Cox and Kings"


def test_a_bill_that_is_not_there_comes_with_the_way_to_enter_one() -> None:
    assert "enter a bill from" in str(
        telling.tell("find_bills", {"vendor_reference": "CK-771"}, {"count": 0, "bills": []})
    )
