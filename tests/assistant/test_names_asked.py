"""A name that nobody bears and that comes near somebody's is asked about before it goes into the
books.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import PLAIN
from tests.billing.papers import issued, receive
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
    context_from,
    kept,
)
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.enquiries import service as enquiries

NEAR = {
    "deepa krishnen": {"is_known": False, "near": ["Deepa Krishnan"]},
    "deepa": {"is_known": False, "near": ["Deepa Nair", "Deepa Krishnan"]},
    "deepa krishnan": {"is_known": True, "near": []},
    "arun pillai": {"is_known": False, "near": []},
    "emirate": {"is_known": False, "near": ["Emirates"]},
}
KNOWING = replace(PLAIN, names=NEAR)
INVOICE = "invoice {} 45,000 for Dubai visa"
BILL = "enter a bill from {}, EK-7, 8,000 for tickets"


def talked(*said: str, context: Context = KNOWING) -> Move:
    move: Move = Say("")
    for words in said:
        move = understand(words, context)
        context = replace(context, question=move if isinstance(move, Ask) else None)
    return move


def test_a_slip_is_asked_about_before_anything_is_proposed() -> None:
    move = talked(INVOICE.format("Deepa Krishnen"))
    assert isinstance(move, Ask), move
    assert move.text == "Did you mean Deepa Krishnan, or is Deepa Krishnen a new customer?"
    move = talked(INVOICE.format("Deepa"))
    assert isinstance(move, Ask), move
    assert move.text == "Did you mean Deepa Nair or Deepa Krishnan, or is Deepa a new customer?"


@pytest.mark.parametrize("name", ["Deepa Krishnan", "Arun Pillai", "Meera Pillai"])
def test_a_name_that_is_known_or_near_nobodys_is_taken(name: str) -> None:
    move = talked(INVOICE.format(name))
    assert isinstance(move, Call), move
    assert move.arguments["customer_name"] == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("yes", "Deepa Krishnan"),
        ("Yes please.", "Deepa Krishnan"),
        ("Krishnan", "Deepa Krishnan"),
        ("I meant Deepa Krishnan", "Deepa Krishnan"),
        ("new", "Deepa Krishnen"),
        ("no, new", "Deepa Krishnen"),
        ("she is a new customer", "Deepa Krishnen"),
        ("Deepa Krishnen", "Deepa Krishnen"),
        ("Arun Pillai", "Arun Pillai"),
    ],
)
def test_yes_and_new_and_a_name_are_answers(said: str, name: str) -> None:
    move = talked(INVOICE.format("Deepa Krishnen"), said)
    assert isinstance(move, Call), move
    assert (
        move.tool,
        move.arguments["customer_name"],
        move.arguments["line_items"][0]["unit_price"],
    ) == ("draft_invoice", name, "45000")


def test_of_two_yes_chooses_none_and_a_part_of_one_does() -> None:
    again = talked(INVOICE.format("Deepa"), "yes")
    assert isinstance(again, Ask), again
    assert again.again
    move = talked(INVOICE.format("Deepa"), "yes", "Nair")
    assert isinstance(move, Call), move
    assert move.arguments["customer_name"] == "Deepa Nair"


def test_no_alone_leaves_it() -> None:
    move = talked(INVOICE.format("Deepa Krishnen"), "no")
    assert isinstance(move, Say), move
    assert move.text == "All right, I left it."


def test_what_is_still_missing_is_asked_for_behind_the_name() -> None:
    move = talked("invoice Deepa Krishnen for visa", "yes", "45,000 due 10 Dec")
    assert isinstance(move, Call), move
    assert (move.arguments["customer_name"], move.arguments["due_date"]) == (
        "Deepa Krishnan",
        "2026-12-10",
    )


@pytest.mark.parametrize(
    ("said", "name"), [("yes", "Emirates"), ("new supplier", "Emirate"), ("Emirates", "Emirates")]
)
def test_a_supplier_is_asked_about_too(said: str, name: str) -> None:
    asked = talked(BILL.format("Emirate"))
    assert isinstance(asked, Ask), asked
    assert asked.text == "Did you mean Emirates, or is Emirate a new supplier?"
    move = talked(BILL.format("Emirate"), said)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["vendor_name"]) == ("receive_bill", name)


@pytest.mark.parametrize(
    ("said", "text", "tool", "arguments"),
    [
        (
            "Deepa Krishnen paid 20,000",
            "Nobody is called Deepa Krishnen in the books. Did you mean Deepa Krishnan?",
            "find_invoices",
            {"status": "open", "customer_name": "Deepa Krishnan"},
        ),
        ("we paid Emirate 8,000", "", "find_bills", {"vendor_name": "Emirate"}),
    ],
)
def test_a_payment_is_looked_for_under_the_name_that_is_meant(
    said: str, text: str, tool: str, arguments: dict[str, Any]
) -> None:
    move = talked(said)
    if text:
        assert isinstance(move, Ask), move
        assert move.text == text
        move = talked(said, "yes")
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (
        tool,
        arguments,
    )  # a part of a name finds what is open by itself


def test_a_search_that_finds_nobody_names_who_comes_near() -> None:
    said = Conversation("find enquiry of Deepa Krishnen", KNOWING)
    first = BuiltInPlanner().next_move(said)
    assert isinstance(first, Call), first
    assert first.arguments == {"q": "Deepa Krishnen"}
    told = BuiltInPlanner().next_move(
        replace(said, played=(Played(first, Outcome({"total": 0, "enquiries": []})),))
    )
    assert isinstance(told, Say), told
    assert told.text.endswith("Names that come near: Deepa Krishnan.")


def test_what_is_known_of_names_is_kept_with_the_turn() -> None:
    assert context_from(kept(KNOWING)) == KNOWING
    older = {name: value for name, value in kept(PLAIN).items() if name != "names"}
    assert context_from(older) == PLAIN


def test_the_names_of_the_agency_are_read_when_a_turn_begins(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    receive(alice, vendor_name="Emirates Holidays")
    alice.does(lambda actor: enquiries.create(actor, customer_name="Harbinder Singh Gill").id)
    session_id = talk.begin(alice)

    def said(words: str) -> str:
        return text(talk.say(alice, session_id, words))

    assert "Did you mean Zachariah Kurian, or is Zachary Kurian a new customer?" in said(
        "invoice Zachary Kurian 45,000 for Dubai visa"
    )
    assert talk.pending(alice, session_id) == []
    said("yes")
    assert [
        "for Zachariah Kurian" in row["summary"] for row in talk.pending(alice, session_id)
    ] == [True]
    assert "Did you mean Harbinder Singh Gill" in said("invoice Harbinder 45,000 for Dubai visa")
    said("new")
    assert any("for Harbinder," in row["summary"] for row in talk.pending(alice, session_id))
    assert "or is Emirates a new supplier?" in said(
        "enter a bill from Emirates, EK-7, 8,000 for tickets"
    )
    assert "Names that come near: Harbinder Singh Gill." in said("find enquiry of Harbindar Gill")
    assert said("the balance of Zachariah Kuriann").endswith(
        "Names that come near: Zachariah Kurian."
    )
    assert said("what is the balance of Emirate Holidays?").endswith(
        "Names that come near: Emirates Holidays."
    )
    assert "come near" not in said("balance of Trade Receivables")
