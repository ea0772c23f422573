"""Where several documents are open it is asked which one, and the answer is taken with all that was
said before: the amount, the way and the day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import PLAIN, SHOWN
from tests.billing.papers import issued, line, receive
from tests.people import Person
from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    Move,
    Outcome,
    Played,
    Say,
)
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand

JsonObject = dict[str, Any]


def document(key: str, reference: str, amount: str, on: str, currency: str = "INR") -> JsonObject:
    kind = (
        {"number": reference, "customer_name": "Cardamom County Resorts"}
        if "/" in reference
        else {"vendor_reference": reference, "vendor_name": "BSP India"}
    )
    return {
        "id": key,
        **kind,
        "open": {"amount": amount, "currency": currency},
        "issue_date": on,
        "status": "issued",
    }


INVOICES: JsonObject = {
    "count": 3,
    "invoices": [
        document("i-3", "2026-27/000021", "90000.00", "2026-11-20"),
        document("i-2", "2026-27/000015", "240000.00", "2026-10-02"),
        document("i-1", "2026-27/000009", "130000.00", "2026-09-11"),
    ],
}
BILLS: JsonObject = {
    "count": 2,
    "bills": [
        document("b-1", "BSP-7", "8000.00", "2026-11-01"),
        document("b-2", "BSP-71", "9000.00", "2026-11-11"),
    ],
}
RECEIVED = "received 1.2 lakh from Cardamom County Resorts by cheque 118 yesterday"
SAID: JsonObject = {
    "amount": "120000",
    "currency": "INR",
    "paid_on": "2026-11-23",
    "account": "bank",
    "reference": "118",
}


def looked_up(said: str, found: JsonObject, context: Context = PLAIN) -> Move:
    first = understand(said, context)
    assert isinstance(first, Call), first
    return BuiltInPlanner().next_move(Conversation(said, context, (Played(first, Outcome(found)),)))


def answered(asked: str, said: str, found: JsonObject, context: Context = PLAIN) -> Move:
    question = looked_up(asked, found, context)
    assert isinstance(question, Ask), question
    assert question.missing == "document"
    return looked_up(said, found, replace(context, question=question))


@pytest.mark.parametrize(
    ("said", "meant", "more"),
    [
        ("2026-27/000015", "i-2", {}),
        ("invoice 2026-27/000015 please", "i-2", {}),
        ("000015", "i-2", {}),
        ("15", "i-2", {}),
        ("2", "i-2", {}),
        ("the first", "i-3", {}),
        ("the first one please", "i-3", {}),
        ("the last", "i-1", {}),
        ("the oldest", "i-1", {}),
        ("against the oldest invoice", "i-1", {}),
        ("the newest", "i-3", {}),
        ("the largest", "i-2", {}),
        ("the smallest one", "i-3", {}),
        ("2026-27/000015, 70,000 in cash", "i-2", {"amount": "70000", "account": "cash"}),
        ("the oldest in full", "i-1", {"amount": "130000.00"}),
    ],
)
def test_the_one_that_is_said_is_taken_with_what_was_said_before(
    said: str, meant: str, more: JsonObject
) -> None:
    move = answered(RECEIVED, said, INVOICES)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("record_receipt", SAID | more | {"invoice_id": meant})


@pytest.mark.parametrize(
    ("said", "meant"),
    [("BSP-7", "b-1"), ("bill bsp-71", "b-2"), ("the oldest", "b-1"), ("the second", "b-2")],
)
def test_a_payment_to_a_supplier_does_so_too(said: str, meant: str) -> None:
    move = answered("we paid BSP India 5,000 in cash on 20 Nov", said, BILLS)
    assert isinstance(move, Call), move
    assert move.tool == "pay_bill"
    assert move.arguments == {
        "bill_id": meant,
        "amount": "5000",
        "currency": "INR",
        "paid_on": "2026-11-20",
        "account": "cash",
    }


def test_a_write_off_does_so_too() -> None:
    move = answered(
        "write off 500 of what Cardamom County Resorts owes, too small to chase",
        "the oldest",
        INVOICES,
    )
    assert isinstance(move, Call), move
    assert (move.arguments["invoice_id"], move.arguments["amount"], move.arguments["reason"]) == (
        "i-1",
        "500",
        "Too small to chase",
    )


def test_money_of_one_currency_is_for_a_document_in_it() -> None:
    dirhams = [
        document("i-8", "2026-27/000030", "3000.00", "2026-11-20", "AED"),
        document("i-9", "2026-27/000031", "4000.00", "2026-11-21", "AED"),
    ]
    one = looked_up(
        "received AED 1,000 from Cardamom County Resorts",
        {"count": 4, "invoices": [*INVOICES["invoices"], dirhams[0]]},
    )
    assert isinstance(one, Call), one
    assert (one.arguments["invoice_id"], one.arguments["currency"]) == ("i-8", "AED")
    two = {"count": 5, "invoices": [*INVOICES["invoices"], *dirhams]}
    move = answered("received AED 1,000 from Cardamom County Resorts", "the oldest", two)
    assert isinstance(move, Call), move
    assert (move.arguments["invoice_id"], move.arguments["amount"], move.arguments["currency"]) == (
        "i-8",
        "1000",
        "AED",
    )


def test_the_first_is_that_of_the_question_and_no_fare_of_a_search_before_it() -> None:
    searched = replace(PLAIN, offers={**SHOWN, "newest": "fares"})
    move = answered(RECEIVED, "the first", INVOICES, searched)
    assert isinstance(move, Call), move
    assert move.tool == "record_receipt"


@pytest.mark.parametrize(
    "said", ["9999", "the fifth", "whichever you like", "1 of them", "the first passenger is Ravi"]
)
def test_words_that_choose_none_are_asked_about_again(said: str) -> None:
    question = looked_up(RECEIVED, INVOICES)
    assert isinstance(question, Ask)
    again = understand(said, replace(PLAIN, question=question))
    assert not isinstance(again, Call) or again.tool != "find_invoices", again


def test_digits_that_may_be_a_number_or_a_place_choose_none() -> None:
    two = {
        "count": 2,
        "invoices": [
            document("i-2", "2026-27/000002", "9.00", "2026-11-20"),
            document("i-1", "2026-27/000001", "9.00", "2026-09-11"),
        ],
    }
    question = looked_up(RECEIVED, two)
    assert isinstance(question, Ask)
    assert isinstance(understand("1", replace(PLAIN, question=question)), Ask)
    assert isinstance(understand("000001", replace(PLAIN, question=question)), Call)


def test_a_request_goes_before_the_question() -> None:
    question = looked_up(RECEIVED, INVOICES)
    assert isinstance(question, Ask)
    move = understand("who owes us", replace(PLAIN, question=question))
    assert isinstance(move, Call), move
    assert move.tool == "list_receivables"
    assert isinstance(understand("never mind", replace(PLAIN, question=question)), Say)


def test_a_receipt_is_asked_for_once_the_invoice_is_said(alice: Person, talk: Talk) -> None:
    for price in ("90000.00", "120000.00"):
        issued(alice, line(price, quantity=2), customer_name="Cardamom County Resorts")
    receive(alice, line("4000.00", quantity=1), vendor_name="BSP India", vendor_reference="BSP-7")
    receive(alice, line("9000.00", quantity=1), vendor_name="BSP India", vendor_reference="BSP-71")
    session_id = talk.begin(alice)
    asked = text(
        talk.say(
            alice, session_id, "received 1.2 lakh from Cardamom County Resorts by cheque yesterday"
        )
    )
    assert "Several are open. Which one?" in asked
    number = asked.split("1. ")[1].split(" ")[0]
    told = text(talk.say(alice, session_id, number))
    assert "INR 1,20,000.00" in told
    assert number in told
    assert "Several are open" in text(talk.say(alice, session_id, "we paid BSP India 3,000"))
    assert "BSP-7 of BSP India" in text(talk.say(alice, session_id, "BSP-7"))
    assert len(talk.pending(alice, session_id)) == 2
