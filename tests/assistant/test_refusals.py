"""What the planner does not understand gets the next step that fits the words or the conversation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.assistant.phrasings import ABOUT_DEEPA, PLAIN, WITH_DRAFT
from voyagent.assistant.planner.builtin import understand
from voyagent.assistant.planner.moves import Call, Context, Say

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
        ("our profit", PLAIN, "trial balance"),
        ("the vendors", PLAIN, "pay bill BSP-7 in full"),
        ("carry on", PLAIN, "who owes us more than 50,000"),
    ],
)
def test_the_next_step_fits(words: str, context: Context, step: str) -> None:
    assert step in said(words, context)


def test_no_tickets_are_offered_where_none_is_held() -> None:
    assert "issue the tickets" not in said("do the needful with the tickets")


@pytest.mark.parametrize("words", ["show the rest", "more", "the rest please", "show me all of them", "next page"])
def test_a_list_that_cannot_go_on_says_so(words: str) -> None:
    assert "the first 8 of a list" in said(words)


def test_a_due_day_after_a_proposal_is_set_with_its_button() -> None:
    assert "“Edit”" in said("due 5 jan")


@pytest.mark.parametrize("words", ["how much does Al Noor Trading owe us in rupees", "who owes us in INR?"])
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
