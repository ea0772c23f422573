"""All who are named are added, each under the whole name and with what was said of each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.people import Person
from voyagent.assistant.moves import Call, Context, Conversation, Outcome, Played
from voyagent.assistant.planner.builtin import BuiltInPlanner

PLAIN = Context(date(2026, 11, 24))
MEERA = {"full_name": "Meera Nair", "date_of_birth": "1986-02-02"}
ARUN = {"full_name": "Arun Nair", "date_of_birth": "1984-09-09"}
ROWS: list[tuple[str, list[dict[str, Any]]]] = [
    ("add passengers Meera Nair born 2 Feb 1986 and Arun Nair born 9 Sep 1984", [MEERA, ARUN]),
    ("add passengers Meera Nair, born 2 Feb 1986, Arun Nair, born 9 Sep 1984", [MEERA, ARUN]),
    ("add Meera Nair (born 2 Feb 1986) & Arun Nair (born 9 Sep 1984) to the trip", [MEERA, ARUN]),
    (
        "add passengers meera nair and arun nair",
        [{"full_name": "Meera Nair"}, {"full_name": "Arun Nair"}],
    ),
    (
        "add passengers Meera Nair, Arun Nair and Baby Nair",
        [
            {"full_name": "Meera Nair"},
            {"full_name": "Arun Nair"},
            {"full_name": "Baby Nair", "kind": "infant"},
        ],
    ),
    (
        "add children Tom Kurian and Ann Kurian",
        [
            {"full_name": "Tom Kurian", "kind": "child"},
            {"full_name": "Ann Kurian", "kind": "child"},
        ],
    ),
    ("add passenger Meera Nair born 2 Feb 1986 and Indian", [MEERA | {"nationality": "IN"}]),
    (
        "add infant Baby Kurian born 3 Mar 2026",
        [{"full_name": "Baby Kurian", "kind": "infant", "date_of_birth": "2026-03-03"}],
    ),
    (
        "add Rashid Beevi dob 03/01/1985 passport N7654321",
        [{"full_name": "Rashid Beevi", "date_of_birth": "1985-01-03"}],
    ),
    *(
        (
            f"add passenger Meera Nair, passport M1234567 {words} 14 Aug 2030",
            [{"full_name": "Meera Nair", "passport_expiry": "2030-08-14"}],
        )
        for words in (
            "valid till",
            "valid until",
            "valid to",
            "expires",
            "expires on",
            "expiry",
            "expiry date",
            "exp",
            "exp.",
            "good until",
        )
    ),
]


@pytest.mark.parametrize(("said", "people"), ROWS, ids=[row[0] for row in ROWS])
def test_each_who_is_named_is_added(said: str, people: list[dict[str, Any]]) -> None:
    played: tuple[Played, ...] = ()
    for person in people:
        move = BuiltInPlanner().next_move(Conversation(said, PLAIN, played))
        assert isinstance(move, Call), move
        assert (move.tool, move.arguments) == ("add_passenger", person)
        played = (
            *played,
            Played(
                move,
                Outcome({"full_name": person["full_name"], "trip_id": "t", "passenger_id": "p"}),
            ),
        )
    told = BuiltInPlanner().next_move(Conversation(said, PLAIN, played))
    assert told.kind == "say"
    assert all(person["full_name"] in told.text for person in people)


def test_whoever_is_behind_a_refusal_is_named_as_not_added() -> None:
    said = ROWS[0][0]
    move = BuiltInPlanner().next_move(Conversation(said, PLAIN))
    assert isinstance(move, Call)
    told = BuiltInPlanner().next_move(
        Conversation(said, PLAIN, (Played(move, Outcome(error="invalid", message="Born later.")),))
    )
    assert told.kind == "say"
    assert "Born later." in told.text
    assert "Not added yet: Arun Nair" in told.text


def test_two_are_on_the_trip_after_one_sentence(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    said = talk.say(alice, session_id, ROWS[0][0])
    assert [one["tool_output"]["full_name"] for one in of_kind(said, "tool_result")] == [
        "Meera Nair",
        "Arun Nair",
    ]
    assert "Meera Nair, Arun Nair" in text(said)
