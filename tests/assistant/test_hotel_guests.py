"""A hotel that is to be booked before there is a list, or anybody who stays in it: what is missing
is asked for, and the answer goes on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.assistant.conftest import Talk
from tests.assistant.phrasings import PLAIN
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context, Conversation, Move, Outcome, Played
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.kernel import clock
from voyagent.trips.words import BOARD_WORDS

NO_TRIP = Outcome(error="trip_not_found", message="This conversation has no trip yet.")
SHOWN = {
    "newest": "rates",
    "rates": [
        {"rate_key": "k-1", "hotel": "Amber Court", "number": 1},
        {"rate_key": "k-2", "hotel": "Marina Palace", "number": 2},
    ],
}


def turn(said: str, context: Context, *outcomes: Outcome) -> Move:
    """The move of a turn behind so many outcomes."""
    conversation, move = Conversation(said, context), understand(said, context)
    for outcome in outcomes:
        assert isinstance(move, Call), move
        conversation = replace(conversation, played=(*conversation.played, Played(move, outcome)))
        move = BuiltInPlanner().next_move(conversation)
    return move


def test_a_hotel_to_be_booked_is_searched_first() -> None:
    city = understand("book a hotel", PLAIN)
    assert isinstance(city, Ask), city
    days = understand("in Dubai", replace(PLAIN, question=city))
    assert isinstance(days, Ask), days
    guests = turn("12-18 Dec", replace(PLAIN, question=days), NO_TRIP)
    assert isinstance(guests, Ask), guests
    assert guests.text == "I search first. For how many guests?"
    search = understand("2 adults", replace(PLAIN, question=guests))
    assert isinstance(search, Call), search
    wanted: dict[str, Any] = {
        "city": "Dubai",
        "country": "AE",
        "check_in": "2026-12-12",
        "check_out": "2026-12-18",
        "guests": 2,
    }
    assert (search.tool, search.arguments) == ("search_hotels", wanted)
    whole = turn("book a hotel in Dubai 12-18 Dec for 2 adults", PLAIN, NO_TRIP)
    assert isinstance(whole, Call), whole
    assert (whole.tool, whole.arguments) == ("search_hotels", wanted)


def test_who_stays_is_asked_and_they_are_taken_along() -> None:
    context = replace(PLAIN, offers=SHOWN)
    who = turn("book the second", context, NO_TRIP)
    assert isinstance(who, Ask), who
    assert (who.text, who.known["rate_key"]) == ("Who stays there? Say their names.", "k-2")
    asked = replace(context, question=who)
    said = "Deepa Krishnan and Ravi Menon"
    assert turn(said, asked) == Call("add_passenger", {"full_name": "Deepa Krishnan"})
    assert turn(said, asked, Outcome({"added": True})) == Call(
        "add_passenger", {"full_name": "Ravi Menon"}
    )
    both = (Outcome({"added": True}), Outcome({"added": True}))
    assert turn(said, asked, *both) == Call("show_trip", {})
    trip = {
        "passengers": [
            {"id": "p-1", "full_name": "Deepa Krishnan"},
            {"id": "p-2", "full_name": "Ravi Menon"},
        ]
    }
    booked = turn(said, asked, *both, Outcome(trip))
    assert isinstance(booked, Call), booked
    assert (booked.tool, booked.arguments) == (
        "book_hotel",
        {"rate_key": "k-2", "passenger_ids": ["p-1", "p-2"]},
    )


def test_a_list_of_rates_says_what_meals_each_has(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    first = clock.today("Asia/Kolkata") + timedelta(days=40)
    talk.say(
        alice,
        session_id,
        f"hotels in Dubai {first:%d %b %Y} to {first + timedelta(days=2):%d %b %Y} for 2 adults",
    )
    page = Page(alice.browser.get(f"/assistant/{session_id}"))
    table = next(
        one
        for one in page.all(".//table")
        if "Meals" in ["".join(head.itertext()) for head in one.iter("th")]
    )
    meals = {"".join(row[2].itertext()) for row in table.iter("tr") if row[0].tag == "td"}
    assert meals, "there are rates"
    assert meals <= {str(words) for words in BOARD_WORDS.values()}
