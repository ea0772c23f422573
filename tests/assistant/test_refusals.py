"""What the planner does not understand gets the next step that fits the words or the conversation."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import ABOUT_DEEPA, PLAIN, WITH_DRAFT
from tests.people import Person
from voyagent.assistant.moves import Call, Context, Conversation, Outcome, Played, Say
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.enquiries import service as enquiries

HELD = replace(PLAIN, trip={"passengers": [], "held": [{"locator": "ABC123"}]})


def said(words: str, context: Context = PLAIN) -> str:
    move = understand(words, context)
    assert isinstance(move, Say), move
    return move.text


@pytest.mark.parametrize(
    ("words", "context", "step"),
    [
        ("do the needful with the ticketing of tickets", HELD, "issue the tickets"),
        ("carry on", HELD, "issue the tickets"),
        ("carry on", WITH_DRAFT, "issue the draft"),
        ("carry on", ABOUT_DEEPA, "summarise this enquiry"),
        ("upgrade the room", PLAIN, "hotels in Goa"),
        ("the embassy wants a letter", PLAIN, "do Indians need a visa"),
        ("our expenses", PLAIN, "trial balance"),
        ("the vendors", PLAIN, "pay bill BSP-7 in full"),
        ("carry on", PLAIN, "who owes us more than 50,000"),
    ],
)
def test_the_next_step_fits(words: str, context: Context, step: str) -> None:
    assert step in said(words, context)


def test_no_tickets_are_offered_where_none_is_held() -> None:
    assert "issue the tickets" not in said("do the needful with the tickets")


MORE = ["show the rest", "more", "the rest please", "show me all of them", "next page"]
LISTED = replace(
    PLAIN, listed={"tool": "find_bills", "arguments": {"vendor_name": "BSP"}, "told": 8, "of": 11}
)
BILL = {
    "vendor_name": "BSP India",
    "open": {"amount": "8000.00", "currency": "INR"},
    "due_date": "2026-12-25",
}


@pytest.mark.parametrize("words", MORE)
def test_a_list_that_is_not_there_cannot_go_on(words: str) -> None:
    assert "no list here" in said(words)


@pytest.mark.parametrize("words", MORE)
def test_a_list_goes_on_behind_what_was_told(words: str) -> None:
    move = understand(words, LISTED)
    assert move == Call("find_bills", {"vendor_name": "BSP"})
    output = {
        "count": 11,
        "bills": [{**BILL, "vendor_reference": f"B-{number}"} for number in range(1, 12)],
    }
    then = BuiltInPlanner().next_move(Conversation(words, LISTED, (Played(move, Outcome(output)),)))
    assert isinstance(then, Say), then
    head, *lines = then.text.splitlines()
    assert head == "9–11 of 11:"
    assert [line.split(",")[0] for line in lines] == ["• B-9", "• B-10", "• B-11"]


def test_the_next_answer_goes_on_behind_both(talk: Talk, alice: Person) -> None:
    for number in range(20):
        alice.does(
            lambda actor, number=number: enquiries.create(
                actor, customer_name=f"Customer {number}", destination="Dubai"
            )
        )
    session_id = talk.begin(alice)
    told = [
        text(talk.say(alice, session_id, words))
        for words in ("show new enquiries to Dubai", "show the rest", "more")
    ]
    assert told[0].endswith("and 12 more")
    assert "9–16 of 20:" in told[1]
    assert told[1].endswith("and 4 more")
    assert "17–20 of 20:" in told[2]
    names = re.findall(r"• (Customer \d+)", "\n".join(told))
    assert len(names) == len(set(names)) == 20


def test_a_due_day_where_nothing_waits_is_not_understood() -> None:
    assert "I cannot do that yet" in said("due 5 jan")


@pytest.mark.parametrize(
    "words",
    [
        "receivables converted into INR",
        "who owes us everything in INR?",
        "who owes us more than AED 5,000 in INR",
    ],
)
def test_amounts_are_not_converted_and_that_is_said(words: str) -> None:
    move = understand(words, PLAIN)
    assert isinstance(move, Call), move
    assert move.words == "I do not convert into INR: each amount stands in its own currency."


def test_hindi_is_answered_in_hindi_with_english_examples(app: Flask) -> None:
    with app.test_request_context():
        told = said("दीपा का इनवॉइस बनाओ")
    head, *steps = told.splitlines()
    assert "अंग्रेज़ी" in head
    assert steps
    assert all(step.isascii() or step.startswith("• ") for step in steps)
