"""The number of a passport that somebody types in a talk: masked before anything is kept, told so
in a sentence, with the form that takes it.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.assistant.phrasings import PLAIN
from tests.people import Person
from voyagent.assistant import service
from voyagent.assistant.moves import Call, Conversation, Outcome, Played, Say
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.chat.queries import sessions as chats
from voyagent.trips.service.passports import hidden_in

SAID = "add passenger Priya Nair, passport Z1234567, expiring 3 May 2031"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("passport no Z1234567 for Priya", "passport no ••••4567 for Priya"),
        (
            "Priya's passport is z1234567 valid till 12/05/2031",
            "Priya's passport is ••••4567 valid till 12/05/2031",
        ),
        ("Z 1234567 is the passport number", "••••4567 is the passport number"),
        ("pp no: AB1234567", "pp no: ••••4567"),
        ("pasport number 123456789", "pasport number ••••6789"),
        ("Passports: Priya Z1234567, Arun Y7654321", "Passports: Priya ••••4567, Arun ••••4321"),
    ],
)
def test_a_number_near_the_word_passport_is_masked(said: str, kept: str) -> None:
    assert hidden_in(said) == kept
    assert hidden_in(kept) == kept


@pytest.mark.parametrize(
    "said",
    [
        "enter a bill from BSP India, B1234567, 8,000 for settlement",
        "my passport expires on 12/05/2031, call 98470 12345",
        "passport of Priya, phone +91 9847012345",
        "invoice 2026-27/000012 for a passport photo, 500",
        f"passport lost. {'x' * 80} booking H1234567",
        "",
    ],
)
def test_every_other_number_stays_as_it_is(said: str) -> None:
    assert hidden_in(said) == said


def test_what_is_kept_and_told_of_a_talk_has_no_number(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, SAID)
    added = of_kind(events, "tool_result")[-1]["tool_output"]
    assert f"[Priya Nair](/trips/{added['trip_id']}/passengers/{added['passenger_id']})" in text(
        events
    )
    assert "have masked the one you said" in text(events)
    everything = json.dumps(
        [talk.events(alice, session_id), talk.messages(alice, session_id)],
        default=str,
        ensure_ascii=False,
    )
    assert "Z1234567" not in everything
    assert "passport ••••4567" in everything
    with alice.acting():
        session = chats.get_session(session_id)
        turn = chats.newest_turn(session_id)
        assert turn is not None
        assert "Z1234567" not in f"{session.title} {turn.message}"
        assert "••••4567" in turn.message


def test_what_is_said_in_other_words_is_masked_too(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    first = talk.say(alice, session_id, "show the trip")
    with alice.acting() as actor:
        service.ask_again(actor, session_id, first[0]["turn_id"], message=SAID)
    talk.drain()
    everything = json.dumps(
        [talk.events(alice, session_id), talk.messages(alice, session_id)],
        default=str,
        ensure_ascii=False,
    )
    assert "Z1234567" not in everything
    assert "passport ••••4567" in everything


def test_a_number_alone_leads_to_the_form_of_whoever_is_named() -> None:
    people = [
        {"id": "p-1", "full_name": "Priya Nair", "nationality": ""},
        {"id": "p-2", "full_name": "Arun Varma", "nationality": ""},
    ]
    on_trip = replace(PLAIN, trip={"id": "t-1", "passengers": people, "held": []})
    named = understand("Priya's passport is ••••4567 valid till 12/05/2031", on_trip)
    assert isinstance(named, Say), named
    assert named.text.splitlines() == [
        (
            "I take no passport’s number by words, and have masked the one you said. It goes in on"
            " the passenger’s form:"
        ),
        "• [Priya Nair](/trips/t-1/passengers/p-1)",
    ]
    nobody = understand("passport no ••••4567", on_trip)
    assert isinstance(nobody, Say), nobody
    assert len(nobody.text.splitlines()) == 3
    bare = understand("passport no ••••4567", PLAIN)
    assert isinstance(bare, Say), bare
    assert "Say “add passenger Deepa Krishnan” first" in bare.text


def test_of_a_customers_words_the_masked_number_is_named() -> None:
    said = "log an enquiry from Priya Nair: Mumbai to Dubai, 19-25 Dec, passport ••••4567"
    first = understand(said, PLAIN)
    assert isinstance(first, Call), first
    told = BuiltInPlanner().next_move(
        Conversation(said, PLAIN, (Played(first, Outcome({"customer_name": "Priya Nair"})),))
    )
    assert isinstance(told, Say), told
    assert "have masked the one you said" in told.text
