"""The hand-over of the built-in planner: before the first tool of a desk, once a turn, told in the
events, kept in the journal and shown on the page.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.assistant.conftest import Talk, kinds, of_kind
from tests.assistant.phrasings import AFTER_SEARCH, LOOKED_UP, ON_TRIP, PLAIN, TODAY
from tests.people import Person
from voyagent.assistant import tasks
from voyagent.assistant.desks import FrontDesk
from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    Decision,
    Outcome,
    Played,
    Say,
)

assert tasks.TOOLS
WISHES = [
    ("trial balance", PLAIN, "accounting"),
    ("who owes us", PLAIN, "accounting"),
    ("invoice Deepa Krishnan 45,000 for Dubai visa", PLAIN, "accounting"),
    ("Deepa Krishnan paid 20,000", PLAIN, "accounting"),
    ("flights from Mumbai to Dubai on 12 Dec for 2 adults", PLAIN, "ticketing_visa"),
    ("do Indians need a visa for Thailand", PLAIN, "ticketing_visa"),
    ("issue the tickets", PLAIN, "ticketing_visa"),
    ("file a UAE visa for Deepa Krishnan", PLAIN, "ticketing_visa"),
    ("hold the second one", AFTER_SEARCH, "ticketing_visa"),
    ("hotels in Dubai 12–18 Dec for 2 adults", PLAIN, "hotels_holidays"),
    ("book the Marina Palace", AFTER_SEARCH, "hotels_holidays"),
    ("cancel the hotel", PLAIN, "hotels_holidays"),
]
AT_EVERY_DESK = [
    "show new enquiries",
    "log an enquiry from Ravi Menon: Bali, 2 adults",
    "show the trip",
    "add passenger Ravi Menon",
]


def handed(said: str, context: Context, goal: str) -> Played:
    move = FrontDesk().next_move(Conversation(said, context))
    assert isinstance(move, Call), move
    assert move.tool == "handoff"
    assert move.arguments["goal"] == goal
    return Played(move, Outcome(dict(move.arguments)))


@pytest.mark.parametrize(("said", "context", "domain"), WISHES, ids=[row[0] for row in WISHES])
def test_a_wish_goes_to_its_desk_and_then_to_the_tool(
    said: str, context: Context, domain: str
) -> None:
    first = handed(said, context, said)
    assert isinstance(first.move, Call)
    assert first.move.arguments["domain"] == domain
    second = FrontDesk().next_move(Conversation(said, context, (first,)))
    assert isinstance(second, Call), second
    assert second.tool != "handoff"


@pytest.mark.parametrize("said", AT_EVERY_DESK)
def test_what_every_desk_has_at_hand_is_not_handed_over(said: str) -> None:
    move = FrontDesk().next_move(Conversation(said, PLAIN))
    assert isinstance(move, Call), move
    assert move.tool != "handoff"


def test_a_question_is_asked_before_anybody_is_bothered_and_its_answer_is_handed_over() -> None:
    question = FrontDesk().next_move(Conversation("flights to Dubai on 12 Dec for 2 adults", PLAIN))
    assert isinstance(question, Ask), question
    handed(
        "Kochi",
        Context(TODAY, question=question),
        "Search flights by IATA codes, days and passengers; offers are good for twenty minutes.",
    )


def test_a_turn_is_handed_over_once_however_many_tools_it_takes() -> None:
    said, found, tool, arguments = next(row for row in LOOKED_UP if row[2] == "issue_ticket")
    played = (handed(said, PLAIN, said),)
    look_up = FrontDesk().next_move(Conversation(said, PLAIN, played))
    assert look_up == Call("show_trip", {})
    assert isinstance(found, dict)
    act = FrontDesk().next_move(
        Conversation(said, PLAIN, (*played, Played(look_up, Outcome(found))))
    )
    assert isinstance(act, Call), act
    assert (act.tool, act.arguments) == (tool, arguments)
    assert found == ON_TRIP


def test_a_hand_over_that_was_refused_is_not_tried_again() -> None:
    refused = Played(
        Call("handoff", {"domain": "accounting", "goal": "trial balance"}),
        Outcome(error="forbidden_role"),
    )
    assert FrontDesk().next_move(Conversation("trial balance", PLAIN, (refused,))) == Call(
        "trial_balance", {}
    )


def test_the_desk_that_proposed_goes_on_after_the_decision() -> None:
    output = {
        "invoice_id": "i-1",
        "customer_name": "Deepa Krishnan",
        "total_amount": "45000.00",
        "currency": "INR",
    }
    decision = Decision(
        "ap-1", "draft_invoice", granted=True, arguments={}, outcome=Outcome(output)
    )
    move = FrontDesk().next_move(Conversation("", PLAIN, decision=decision))
    assert isinstance(move, Call), move
    assert move.tool == "issue_invoice"


def test_words_alone_are_handed_to_nobody() -> None:
    assert isinstance(FrontDesk().next_move(Conversation("thanks", PLAIN)), Say)


def test_the_events_tell_the_hand_over_before_the_tool(talk: Talk, alice: Person) -> None:
    events = talk.say(alice, talk.begin(alice), "trial balance")
    assert kinds(events) == [
        "tool_use",
        "tool_result",
        "tool_use",
        "tool_result",
        "text_delta",
        "final",
    ]
    used: list[dict[str, Any]] = of_kind(events, "tool_use")
    assert [event["tool_name"] for event in used] == ["handoff", "trial_balance"]
    wish = {"domain": "accounting", "goal": "trial balance"}
    assert used[0]["tool_input"] == wish
    assert of_kind(events, "tool_result")[0]["tool_output"] == wish
    assert len({event["tool_call_id"] for event in used}) == 2


def test_a_turn_that_was_handed_over_plays_again_byte_for_byte(
    talk: Talk, app: Flask, alice: Person
) -> None:
    events = talk.say(alice, talk.begin(alice), "balance of trade receivables")
    done = app.test_cli_runner().invoke(args=["replay", events[0]["turn_id"]])
    assert (done.exit_code, done.output) == (
        0,
        f"{events[0]['turn_id']}: {len(events)} events, byte for byte the same.\n",
    )


def test_the_page_shows_the_hand_over_as_a_line(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "trial balance")
    page = alice.browser.get(f"/assistant/{session_id}").text
    assert page.index("Passed to the accounts desk") < page.index("Read the trial balance")
    assert "<summary" in page
    assert '<summary><i class="bi bi-arrow-return-right"' not in page
