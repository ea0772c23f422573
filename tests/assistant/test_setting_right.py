"""A correction while a question of ours is open sets right what the question is about; what waits, or was shown before it, stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import PLAIN
from tests.assistant.test_corrections import BILLED, FLOWN, PAYING, SLEPT, WAITING
from tests.billing.papers import issued
from tests.people import Person
from voyagent.assistant.planner.builtin import understand
from voyagent.assistant.planner.moves import Ask, Call, Context, Move

NEAR = {
    "harbindar gil": {"is_known": False, "near": ["Harbinder Singh Gill"]},
    "emirats": {"is_known": False, "near": ["Emirates"]},
}
ASKING = {
    "whose invoice": "draft an invoice for Harbindar Gil, hotel in Dubai 45,000",
    "whose receipt": "record a payment of 45,000 from Harbindar Gil",
    "whose bill": "enter a bill from Emirats, EK-77, 45,000 for Dubai visa",
    "what for": "invoice Deepa Krishnan 45,000",
    "who paid": "record a payment of 45,000",
    "which number": "enter a bill from Emirates, 45,000 for Dubai visa",
    "which account": "journal entry: debit bank 45,000",
}
OLDER = {"receipt": PAYING, "bill": BILLED, "draft": WAITING, "fares": FLOWN, "rates": SLEPT}


def asked(first: str, older: Context = PLAIN) -> tuple[Ask, Context]:
    context = replace(older, names=NEAR)
    move = understand(ASKING[first], context)
    assert isinstance(move, Ask), move
    return move, replace(context, question=move)


def amount_of(known: dict[str, Any]) -> str:
    lines = known.get("line_items")
    return str(lines[0]["unit_price"] if lines else known["amount"])


@pytest.mark.parametrize("said", ["no, make it 54,000", "make it 54,000", "no, 54,000", "change the amount to 54,000", "sorry, 54,000"])
@pytest.mark.parametrize("first", ASKING)
@pytest.mark.parametrize("older", OLDER)
def test_the_amount_of_what_is_asked_about_is_set_right_whatever_waits(first: str, older: str, said: str) -> None:
    question, context = asked(first, OLDER[older])
    move = understand(said, context)
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing, amount_of(move.known)) == (question.tool, question.missing, "54000")
    assert move.text.startswith("Noted: ")
    assert "54,000" in move.text
    rest = {name: value for name, value in question.known.items() if name not in ("amount", "line_items")}
    assert {name: move.known[name] for name in rest} == rest


@pytest.mark.parametrize(
    ("first", "said", "known", "noted"),
    [
        ("whose invoice", "no, due 10 Dec", {"due_date": "2026-12-10"}, "10 Dec 2026"),
        ("whose receipt", "no, yesterday", {"paid_on": "2026-11-23"}, "23 Nov 2026"),
        ("whose receipt", "no, in cash", {"account": "cash"}, "in cash"),
        ("whose bill", "no, due 10 Dec", {"due_date": "2026-12-10"}, "10 Dec 2026"),
        ("which number", "no, for two tickets", {"description": "Two tickets"}, "Two tickets"),
        ("who paid", "no, AED 500 yesterday", {"amount": "500", "currency": "AED", "paid_on": "2026-11-23"}, "23 Nov 2026, AED 500.00"),
        ("which account", "no, yesterday", {"entry_date": "2026-11-23"}, "23 Nov 2026"),
    ],
)
def test_days_accounts_and_purposes_are_set_right_too(first: str, said: str, known: dict[str, Any], noted: str) -> None:
    question, context = asked(first, PAYING)
    move = understand(said, context)
    assert isinstance(move, Ask), move
    assert {name: move.known[name] for name in known} == known
    assert (move.missing, move.text.split(". ")[0]) == (question.missing, f"Noted: {noted}")


def test_what_is_sold_is_set_right_and_the_name_asked_for_again() -> None:
    _question, context = asked("whose invoice", PAYING)
    move = understand("no, Bali visa", context)
    assert isinstance(move, Ask), move
    assert move.known["line_items"][0]["description"] == "Bali visa"
    named = understand("no, for Meera Nair", replace(context, question=move))
    assert isinstance(named, Call), named
    assert (named.tool, named.arguments["customer_name"], named.replaces) == ("draft_invoice", "Meera Nair", "")
    assert named.arguments["line_items"][0]["description"] == "Bali visa"


def test_what_is_missing_is_answered_by_a_correction() -> None:
    question = understand("record a payment from Deepa Krishnan", PAYING)
    assert isinstance(question, Ask), question
    move = understand("no, make it 54,000", replace(PAYING, question=question))
    assert isinstance(move, Call), move
    assert (move.tool, move.replaces) == ("find_invoices", "")


@pytest.mark.parametrize("said", ["no, yesterday", "make it 3 adults", "no, from Mumbai", "make it cash"])
@pytest.mark.parametrize("older", OLDER)
def test_a_correction_that_fits_not_is_asked_about_and_reaches_nothing_older(older: str, said: str) -> None:
    question, context = asked("whose invoice", OLDER[older])
    move = understand(said, context)
    assert isinstance(move, Ask), move
    assert (move.missing, move.known, move.again) == (question.missing, question.known, 1)


def test_a_search_that_is_asked_about_leaves_what_waits_alone() -> None:
    question = understand("flights to Dubai 12 Dec", PAYING)
    assert isinstance(question, Ask), question
    move: Move = understand("no, make it 54,000", replace(PAYING, question=question))
    assert isinstance(move, Ask), move
    assert move.known == question.known


def test_the_receipt_that_waits_stays_and_the_invoice_gets_its_amount(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Harbinder Singh Gill")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Harbinder Singh Gill paid 1,000 today")
    (receipt,) = talk.pending(alice, session_id)
    assert "Did you mean Harbinder Singh Gill" in text(talk.say(alice, session_id, "draft an invoice for Harbindar Sing Gil, hotel in Dubai 45,000"))
    told = text(talk.say(alice, session_id, "no, make it 54,000"))
    assert "Noted: INR 54,000.00. Did you mean Harbinder Singh Gill" in told
    assert [row["approval_id"] for row in talk.pending(alice, session_id)] == [receipt["approval_id"]]
    talk.say(alice, session_id, "yes")
    waiting = {row["approval_id"]: row["summary"] for row in talk.pending(alice, session_id)}
    assert len(waiting) == 2
    assert receipt["approval_id"] in waiting
    (draft,) = (summary for key, summary in waiting.items() if key != receipt["approval_id"])
    assert "54,000" in draft
    assert "Harbinder Singh Gill" in draft
