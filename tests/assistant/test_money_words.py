"""What the planner does with money that it cannot reckon: tax, percentages, sums that are taken
off; and with what comes on top of a trip.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.phrasings import BILL_ROW, INVOICE_ROW, PLAIN
from voyagent.assistant.moves import Ask, Call, Conversation, Move, Outcome, Played, Say
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand

JsonObject = dict[str, Any]
NO_TAX = "I cannot add tax or a percentage"
TRIP = {
    "trip_id": "t-1",
    "title": "Dubai in December",
    "passengers": [],
    "charges": [
        {"description": "Flight EK 501", "cost": "60000", "price": "62900", "currency": "INR"},
        {
            "description": "Marina Palace, 6 nights",
            "cost": "45000",
            "price": "48000",
            "currency": "INR",
        },
    ],
}


def after(said: str, output: JsonObject) -> Move:
    first = understand(said, PLAIN)
    assert isinstance(first, Call), first
    return BuiltInPlanner().next_move(Conversation(said, PLAIN, (Played(first, Outcome(output)),)))


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("invoice Rajan Nair 1.2 lakh plus 5% GST for a Dubai package", "Dubai package"),
        ("invoice Rajan Nair 10,000 + 18% GST for visa service", "Visa service"),
        ("invoice Rajan Nair 10,000 plus GST for visa service", "Visa service"),
        ("invoice Rajan Nair 10,000 for visa service, GST extra", "Visa service"),
        ("invoice Rajan Nair for visa service 10,000 with 18 percent tax", "Visa service"),
    ],
)
def test_tax_is_not_swallowed_the_whole_amount_is_asked_for(said: str, what: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Ask), move
    assert move.text.startswith(NO_TAX)
    assert (move.missing, move.known["line_items"]) == ("amount", [{"description": what}])
    again = understand("10,000 plus 18% GST", replace(PLAIN, question=move))
    assert isinstance(again, Ask), again
    assert again.missing == "amount"
    done = understand("11,800", replace(PLAIN, question=again))
    assert isinstance(done, Call), done
    assert done.arguments["line_items"] == [
        {"description": what, "quantity": 1, "unit_price": "11800", "currency": "INR"}
    ]


@pytest.mark.parametrize(
    "said",
    [
        "enter a bill from BSP India, B-7, 8,000 plus 18% GST for settlement",
        "create invoice 2026-27/000013 for Deepa Krishnan, 45,000 + 5% GST for Dubai visa",
    ],
)
def test_nor_on_a_bill_or_a_numbered_invoice(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Ask), move
    assert move.missing == "amount"
    assert move.text.startswith(NO_TAX)


def test_an_invoice_is_for_a_firm_with_an_and_in_its_name() -> None:
    move = understand("invoice Cox and Kings 5,000 for visa", PLAIN)
    assert isinstance(move, Call), move
    assert (
        move.arguments["customer_name"],
        [line["description"] for line in move.arguments["line_items"]],
    ) == ("Cox and Kings", ["Visa"])


def test_an_amount_with_the_tax_in_it_is_whole() -> None:
    move = understand("invoice Rajan Nair 10,000 including 18% GST for visa service", PLAIN)
    assert isinstance(move, Call), move
    assert [line["unit_price"] for line in move.arguments["line_items"]] == ["10000"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("invoice Deepa Krishnan minus 500 for discount", "“minus 500”"),
        ("invoice Deepa Krishnan 45,000 for visa less 500 discount", "“less 500”"),
        ("invoice Deepa Krishnan 45,000 for visa, discount 500", "“discount”"),
        ("invoice Rajan Nair 10,000 for visa and 5,000 for hotel plus 5% GST", NO_TAX),
        ("invoice the trip plus 5% GST", NO_TAX),
        ("invoice the trip plus 3000 service charge and 5% GST", NO_TAX),
        ("invoice the trip plus 3000", "Say what is added to the trip"),
        ("invoice the trip less 500", "“less 500”"),
        ("Deepa Krishnan paid minus 500", "above zero"),
        ("we paid BSP India -500", "above zero"),
        ("Deepa Krishnan paid 20,000 in cash and 5,000 by card", "One payment at a time"),
    ],
)
def test_what_an_invoice_cannot_hold_is_refused_in_words(said: str, words: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say), move
    assert words in move.text


@pytest.mark.parametrize(
    "said",
    [
        "invoice Deepa Krishnan for the trip plus 3000 service charge",
        "invoice Deepa Krishnan for the trip and 3,000 for service charge",
    ],
)
def test_what_comes_on_top_of_a_trip_is_one_more_line(said: str) -> None:
    move = after(said, TRIP)
    assert isinstance(move, Call), move
    assert [
        (line["description"], line["unit_price"], line["currency"])
        for line in move.arguments["line_items"]
    ] == [
        ("Flight EK 501", "62900", "INR"),
        ("Marina Palace, 6 nights", "48000", "INR"),
        ("Service charge", "3000", "INR"),
    ]
    assert set(move.arguments) == {
        "customer_name",
        "issue_date",
        "due_date",
        "line_items",
        "trip_id",
    }


def test_what_comes_on_top_in_another_currency_is_refused() -> None:
    move = after("invoice Deepa Krishnan for the trip plus AED 300 service charge", TRIP)
    assert isinstance(move, Say), move
    assert "INR" in move.text
    assert "AED" in move.text


IN_DOLLARS = {"open": {"amount": "1000.00", "currency": "USD"}}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            "received 85,000 rupees for invoice 2026-27/000012 (USD 1,000)",
            {"count": 1, "invoices": [INVOICE_ROW | IN_DOLLARS]},
        ),
        (
            "received USD 1,000 for invoice 2026-27/000012, 85,000 rupees",
            {"count": 1, "invoices": [INVOICE_ROW | IN_DOLLARS]},
        ),
        ("Deepa Krishnan paid ₹85,000", {"count": 1, "invoices": [INVOICE_ROW | IN_DOLLARS]}),
        ("we paid BSP India ₹85,000", {"count": 1, "bills": [BILL_ROW | IN_DOLLARS]}),
    ],
)
def test_money_in_another_currency_than_its_document_is_sent_to_the_page_that_takes_both_amounts(
    said: str, found: dict[str, Any]
) -> None:
    move = after(said, found)
    assert isinstance(move, Say), move
    assert "is in USD" in move.text
    assert "Payments, New payment" in move.text


def test_money_in_the_currency_of_its_document_is_proposed_as_before() -> None:
    move = after(
        "received USD 1,000 for invoice 2026-27/000012",
        {"count": 1, "invoices": [INVOICE_ROW | IN_DOLLARS]},
    )
    assert isinstance(move, Call), move
    assert (move.arguments["amount"], move.arguments["currency"]) == ("1000", "USD")
