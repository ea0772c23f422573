"""Of what was shown the one that was meant is held, and where the words mean none or several the
person is asked; what is not named is not cancelled.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.people import Person
from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    EnquiryInView,
    Move,
    Outcome,
    Played,
    Say,
)
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.kernel import clock

FARES: list[dict[str, Any]] = [
    {
        "fare_id": "f-1",
        "flights": ["IX 3974", "IX 3977"],
        "departs_at": "2026-12-12T05:00",
        "price": {"amount": "30000.00", "currency": "INR"},
    },
    {
        "fare_id": "f-2",
        "flights": ["IX 3976", "IX 3979"],
        "departs_at": "2026-12-12T09:00",
        "price": {"amount": "31000.00", "currency": "INR"},
    },
    {
        "fare_id": "f-3",
        "flights": ["IX 3976", "IX 3977"],
        "departs_at": "2026-12-12T09:00",
        "price": {"amount": "32000.00", "currency": "INR"},
    },
]
RATES = [{"rate_key": "k-1", "hotel": "Amber Court"}, {"rate_key": "k-2", "hotel": "Marina Palace"}]
DEEPA = EnquiryInView(
    "0190a0a0-0000-7000-8000-000000000001",
    "Deepa Krishnan",
    "Dubai",
    "Kochi",
    "2026-12-19",
    "2026-12-25",
    2,
)
BEFORE = Context(date(2026, 11, 24), enquiry=DEEPA)
SHOWN = replace(BEFORE, offers={"fares": FARES, "newest": "fares"})
HELD = {
    "id": "l-3",
    "held_at": "2026-11-24T12:00:00.000000Z",
    "locator": "K7PQ2M",
    "expires_at": "2026-11-25T12:30:00.000000Z",
    "flights": ["IX 3976", "IX 3977"],
    "departs_at": "2026-12-12T09:00",
}


@pytest.mark.parametrize(
    ("said", "fare"),
    [
        ("hold flight 2", "f-2"),
        ("hold flight 3", "f-3"),
        ("hold flight number 3 please", "f-3"),
        ("hold option 3", "f-3"),
        ("hold no. 3", "f-3"),
        ("hold #2", "f-2"),
        ("hold 2", "f-2"),
        ("hold the second one", "f-2"),
        ("hold the cheapest", "f-1"),
        ("flight 2", "f-2"),
        ("option 3", "f-3"),
        ("number 2", "f-2"),
        ("no. 3", "f-3"),
        ("the cheapest", "f-1"),
        ("make it the second one", "f-2"),
        ("choose the second", "f-2"),
        ("I'll take the third", "f-3"),
        ("hold the 2nd flight for them", "f-2"),
        ("book flight 2", "f-2"),
        ("book the second one", "f-2"),
        ("hold IX 3976 / IX 3977", "f-3"),
        ("hold IX3976 and IX3979", "f-2"),
        ("hold IX 3974", "f-1"),
        ("hold the last one", "f-3"),
        ("the last flight please", "f-3"),
        ("hold flight two", "f-2"),
        ("take option three", "f-3"),
    ],
)
def test_what_is_held_is_what_was_shown(said: str, fare: str) -> None:
    move = understand(said, SHOWN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("hold_flight", {"fare_id": fare})


@pytest.mark.parametrize(
    ("said", "fare"),
    [
        ("no, the third one", "f-3"),
        ("hold option 2 for Deepa", "f-2"),
        ("hold option 2 for Deepa Krishnan please", "f-2"),
    ],
)
def test_a_correction_and_a_name_leave_the_number_standing(said: str, fare: str) -> None:
    alone = replace(
        SHOWN,
        trip={
            "passengers": [{"id": "p-1", "full_name": "Deepa Krishnan", "nationality": ""}],
            "held": [],
        },
    )
    move = understand(said, alone)
    assert isinstance(move, Call), move
    assert move.arguments == {"fare_id": fare}


@pytest.mark.parametrize("said", ["cancel K7PQ2M", "release K7PQ2M"])
def test_a_cancel_order_with_a_number_is_no_never_mind(said: str) -> None:
    asked = Ask(
        "There are several on this trip. Say which one by its number.",
        tool="issue_ticket",
        known={},
        missing="supplier_ref",
    )
    told = understand(
        said, replace(BEFORE, trip={"passengers": [], "held": [HELD]}, question=asked)
    )
    assert told == Call("release_flight", {"pnr_id": "l-3"})
    dropped = understand("never mind", replace(BEFORE, question=asked))
    assert isinstance(dropped, Say)
    assert "left it" in dropped.text


@pytest.mark.parametrize(
    "said", ["cancel the trip", "cancel the booking", "please cancel everything"]
)
def test_nothing_is_cancelled_whole(said: str) -> None:
    told = understand(said, BEFORE)
    assert isinstance(told, Say)
    assert "Nothing is cancelled whole" in told.text


def test_the_second_one_in_a_talk_about_hotels_is_no_flight() -> None:
    asked = Ask(
        "For how many guests?", tool="search_hotels", known={"city": "Singapore"}, missing="guests"
    )
    move = understand("book the second one", replace(SHOWN, question=asked))
    assert not (isinstance(move, Call) and move.tool == "hold_flight"), move


def test_a_fare_is_held_for_all_who_travel_or_for_nobody() -> None:
    people = [
        {"id": "p-1", "full_name": "Deepa Krishnan", "nationality": ""},
        {"id": "p-2", "full_name": "Meera Krishnan", "nationality": ""},
    ]
    both, alone = (
        replace(SHOWN, trip={"passengers": who, "held": []}) for who in (people, people[1:])
    )
    told = understand("hold option 2 for Meera", both)
    assert isinstance(told, Say)
    assert "all 2 who travel" in told.text
    assert "Meera Krishnan alone" in told.text
    for said, context in (
        ("hold option 2 for Meera", alone),
        ("hold option 2 for Krishnan", both),
        ("hold option 2", both),
    ):
        move = understand(said, context)
        assert isinstance(move, Call), (said, move)
        assert move.arguments == {"fare_id": "f-2"}


@pytest.mark.parametrize(
    "said",
    [
        "hold it",
        "hold a flight",
        "hold flight 9",
        "hold IX 3976",
        "hold EK 501",
        "hold flight 2 and 3",
        "book it",
    ],
)
def test_where_several_or_none_fit_nothing_is_held(said: str) -> None:
    move = understand(said, SHOWN)
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing) == ("hold_flight", "pick")
    answer = understand("2", replace(SHOWN, question=move))
    assert isinstance(answer, Call), answer
    assert answer.arguments == {"fare_id": "f-2"}


def test_the_only_one_that_was_shown_is_it() -> None:
    move = understand("hold it", replace(BEFORE, offers={"fares": FARES[:1], "newest": "fares"}))
    assert isinstance(move, Call), move
    assert move.arguments == {"fare_id": "f-1"}


@pytest.mark.parametrize("said", ["hold flight 3", "hold the second", "hold a flight"])
def test_a_number_of_a_list_that_was_never_shown_chooses_nothing(said: str) -> None:
    first = understand(said, BEFORE)
    assert isinstance(first, Call), first
    assert first.tool == "search_flights"
    then = after(said, BEFORE, first, {"count": 3, "fares": FARES})
    assert isinstance(then, Ask), then
    assert "3. IX 3976 / IX 3977, 12 Dec 2026 09:00, back 25 Dec 2026, INR 32,000.00" in then.text


def test_of_two_lists_the_newest_is_meant() -> None:
    move = understand(
        "option 2", replace(BEFORE, offers={"fares": FARES, "rates": RATES, "newest": "rates"})
    )
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("check_hotel_rate", {"rate_key": "k-2"})


def test_the_same_flights_are_held_twice_only_after_a_yes() -> None:
    context = replace(SHOWN, trip={"passengers": [], "held": [HELD]})
    asked = understand("hold the third", context)
    assert isinstance(asked, Ask), asked
    assert "K7PQ2M" in asked.text
    yes = understand("yes", replace(context, question=asked))
    assert isinstance(yes, Call), yes
    assert yes.arguments == {"fare_id": "f-3"}
    assert isinstance(understand("no", replace(context, question=asked)), Say)
    other = understand("hold the second", context)
    assert isinstance(other, Call), other


def test_fares_for_more_than_travel_are_not_held() -> None:
    search = {"passengers": {"adult": 2, "child": 2}}
    people = [{"id": str(number), "full_name": "Nair", "nationality": ""} for number in range(4)]
    context = replace(
        SHOWN,
        offers={**SHOWN.offers, "fares_search": search},
        trip={"passengers": people[:2], "held": []},
    )
    move = understand("hold flight 2", context)
    assert isinstance(move, Ask), move
    assert (move.missing, move.text.split(". ")[1]) == (
        "who",
        "Who else travels? Say their names, or search again for those who go.",
    )
    assert isinstance(
        understand("hold flight 2", replace(context, trip={"passengers": people, "held": []})), Call
    )
    told = understand(
        "hold flight 2", replace(context, trip={"passengers": [*people, people[0]], "held": []})
    )
    assert isinstance(told, Say), told
    assert "Nothing is held" in told.text


def test_of_a_list_with_gaps_the_number_is_meant_and_the_first_is_asked_about() -> None:
    rates = [rate | {"number": number} for number, rate in zip((3, 7), RATES, strict=True)]
    context = replace(BEFORE, offers={"rates": rates, "newest": "rates"})
    for said in ("check the rate of the first", "book the first one", "book it", "book hotel 1"):
        asked = understand(said, context)
        assert isinstance(asked, Ask), (said, asked)
        assert "3, 7" in asked.text
    answer = understand(
        "7", replace(context, question=understand("check the rate of the first", context))
    )  # type: ignore[arg-type]
    assert isinstance(answer, Call), answer
    assert (answer.tool, answer.arguments) == ("check_hotel_rate", {"rate_key": "k-2"})
    fares = [fare | {"number": number} for number, fare in zip((9, 10, 12), FARES, strict=True)]
    flown = replace(BEFORE, offers={"fares": fares, "newest": "fares"})
    assert isinstance(understand("hold the second", flown), Ask)
    tenth = understand("hold flight 10", flown)
    assert isinstance(tenth, Call), tenth
    assert tenth.arguments == {"fare_id": "f-2"}


def test_a_hold_is_told_with_its_flights_their_day_the_price_and_its_end() -> None:
    context = replace(SHOWN, timezone="Asia/Kolkata")
    call = understand("hold flight 2", context)
    assert isinstance(call, Call)
    told = after(
        "hold flight 2",
        context,
        call,
        {"locator": "K7PQ2M", "held": True, "expires_at": "2026-11-25T12:30:00.000000Z"},
    )
    assert isinstance(told, Say)
    for part in (
        "K7PQ2M",
        "25 Nov 2026 18:00",
        "IX 3976 / IX 3979",
        "12 Dec 2026 09:00",
        "INR 31,000.00",
    ):
        assert part in told.text


@pytest.mark.parametrize(
    "said",
    [
        "cancel the hold",
        "release K7PQ2M",
        "cancel K7PQ2M",
        "cancel the hold K7PQ2M",
        "release the seats",
        "cancel the flight",
    ],
)
def test_a_hold_that_is_to_go_is_given_back_and_the_enquiry_stays(said: str) -> None:
    move = understand(
        said, replace(SHOWN, trip={"passengers": [], "held": [HELD]}, timezone="Asia/Kolkata")
    )
    assert move == Call("release_flight", {"pnr_id": "l-3"})


@pytest.mark.parametrize(
    "said", ["cancel the hold", "release Q7X2LM", "cancel my last request", "cancel everything"]
)
def test_what_is_not_there_or_not_named_changes_nothing(said: str) -> None:
    assert isinstance(understand(said, SHOWN), Say)


def test_an_enquiry_is_cancelled_by_its_name_after_one_yes() -> None:
    asked = understand("cancel the enquiry", BEFORE)
    assert isinstance(asked, Ask), asked
    assert "Deepa Krishnan" in asked.text
    yes = understand("yes", replace(BEFORE, question=asked))
    assert isinstance(yes, Call), yes
    assert (yes.tool, yes.arguments) == (
        "update_enquiry",
        {"enquiry_id": DEEPA.id, "status": "cancelled"},
    )


def test_a_flight_of_the_newest_list_is_held_and_told_from_beginning_to_end(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    first = clock.today("UTC") + timedelta(days=40)
    talk.say(alice, session_id, f"flights from Kochi to Dubai on {first.isoformat()} for 1 adult")
    found = talk.say(
        alice,
        session_id,
        f"flights from Kochi to Dubai on {first.isoformat()} for 1 adult in business",
    )
    fares = of_kind(found, "tool_result")[-1]["tool_output"]["fares"]
    talk.say(alice, session_id, "add passenger Deepa Krishnan, born 12 May 1990")
    held = talk.say(alice, session_id, "hold flight 2")
    assert of_kind(held, "tool_use")[-1]["tool_input"] == {"fare_id": fares[1]["fare_id"]}
    assert " / ".join(fares[1]["flights"]) in text(held)
    assert "unpaid, until " in text(held)
    locator = of_kind(held, "tool_result")[-1]["tool_output"]["locator"]
    again = talk.say(alice, session_id, "hold flight 2")
    assert not of_kind(again, "tool_use")
    assert locator in text(again)
    assert "It is still the one hold" in text(talk.say(alice, session_id, "yes"))
    gone = talk.say(alice, session_id, "cancel the hold")
    assert of_kind(gone, "tool_use")[-1]["tool_name"] == "release_flight"
    assert f"{locator} is let go" in text(gone)
    assert "No flight is held" in text(talk.say(alice, session_id, "cancel the hold"))
    anew = talk.say(alice, session_id, "hold flight 2")
    assert "unpaid, until " in text(anew), "the fare that was given back is held anew"
    assert of_kind(anew, "tool_result")[-1]["tool_output"]["locator"] != locator


def after(said: str, context: Context, call: Call, output: dict[str, Any]) -> Move:
    return BuiltInPlanner().next_move(Conversation(said, context, (Played(call, Outcome(output)),)))


SEARCH = {
    "origin": "BOM",
    "destination": "DXB",
    "outbound_date": "2026-12-12",
    "passengers": {"adult": 2},
}
SEARCHED = replace(SHOWN, offers={**SHOWN.offers, "fares_search": SEARCH})


@pytest.mark.parametrize(
    "said",
    [
        "cheapest one direct",
        "the cheapest direct one",
        "cheapest non-stop please",
        "which is the cheapest direct flight?",
    ],
)
def test_the_cheapest_direct_one_is_searched_for_and_stands_first(said: str) -> None:
    move = understand(said, SEARCHED)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("search_flights", SEARCH | {"direct_only": True})


@pytest.mark.parametrize(
    "said", ["hold the cheapest direct one", "book the cheapest direct flight"]
)
def test_a_direct_one_is_held_only_from_a_search_of_such(said: str) -> None:
    first = understand(said, SEARCHED)
    assert isinstance(first, Call), first
    assert (first.tool, first.arguments) == ("search_flights", SEARCH | {"direct_only": True})
    then = after(said, SEARCHED, first, {"count": 1, "fares": FARES[2:]})
    assert isinstance(then, Call), then
    assert (then.tool, then.arguments) == ("hold_flight", {"fare_id": "f-3"})
    direct = replace(SHOWN, offers={**SHOWN.offers, "fares_search": SEARCH | {"direct_only": True}})
    known = understand(said, direct)
    assert isinstance(known, Call), known
    assert (known.tool, known.arguments) == ("hold_flight", {"fare_id": "f-1"})


def test_at_another_price_nothing_is_held_and_one_yes_takes_the_fare_of_now() -> None:
    dearer = {"fare_id": "f-new", "price": {"amount": "30210.00", "currency": "INR"}}
    held = Played(
        Call("hold_flight", {"fare_id": "f-1"}),
        Outcome({"held": False, "reason": "price_changed", "detail": "…", "fare": dearer}),
    )
    asked = BuiltInPlanner().next_move(Conversation("hold the first one", SEARCHED, (held,)))
    assert isinstance(asked, Ask), asked
    assert "INR 30,210.00" in asked.text
    taken = understand("yes", replace(SEARCHED, question=asked))
    assert isinstance(taken, Call), taken
    assert (taken.tool, taken.arguments) == ("hold_flight", {"fare_id": "f-new"})
