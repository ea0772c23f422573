"""A hold that is put right takes the place of the earlier one, which is given back with what was
asked for it; and a hold goes by words.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.assistant.conftest import Event, Talk, of_kind, text
from tests.assistant.test_holding import FARES, SHOWN
from tests.people import Person
from tests.trips.test_supplies import suppliers
from voyagent.approvals import queries as approvals, service as deciding
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
from voyagent.kernel import clock
from voyagent.trips import service as trips


def held(number: int, locator: str, fare: dict[str, Any]) -> dict[str, Any]:
    at = {
        "held_at": f"2026-11-24T12:0{number}:00.000000Z",
        "expires_at": "2026-11-25T12:30:00.000000Z",
    }
    return {
        "id": f"l-{number}",
        "locator": locator,
        "flights": fare["flights"],
        "departs_at": fare["departs_at"],
        **at,
    }


FIRST, SECOND = held(1, "K7PQ2M", FARES[0]), held(2, "Q7X2LM", FARES[1])
PEOPLE = [{"id": "p-1", "full_name": "Isha Paul", "nationality": ""}]


def holding(*bookings: dict[str, Any], fares: int = 3) -> Context:
    offers = {**SHOWN.offers, "fares": FARES[:fares]}
    return replace(
        SHOWN,
        offers=offers,
        trip={"passengers": PEOPLE, "held": list(bookings)},
        timezone="Asia/Kolkata",
    )


def after(said: str, context: Context, *played: tuple[Call, Outcome]) -> Move:
    return BuiltInPlanner().next_move(
        Conversation(said, context, tuple(Played(call, outcome) for call, outcome in played))
    )


def taken(fare: str, locator: str = "Z9Z9ZZ") -> tuple[Call, Outcome]:
    output = {
        "locator": locator,
        "held": True,
        "pnr_id": "l-9",
        "expires_at": "2026-11-25T13:30:00.000000Z",
        "still_held": [],
        "budget": None,
    }
    return Call("hold_flight", {"fare_id": fare}), Outcome(output)


@pytest.mark.parametrize(
    ("said", "fare"),
    [
        ("no, the second one", "f-2"),
        ("no, hold the second", "f-2"),
        ("sorry, flight 2", "f-2"),
        ("no, IX 3976 / IX 3979", "f-2"),
        ("the third instead", "f-3"),
        ("hold the third instead", "f-3"),
        ("make it the third one", "f-3"),
        ("rather the last one", "f-3"),
        ("switch to the second", "f-2"),
    ],
)
def test_a_hold_put_right_holds_the_other_and_then_lets_the_earlier_go(
    said: str, fare: str
) -> None:
    context = holding(FIRST)
    assert understand(said, context) == Call("hold_flight", {"fare_id": fare})
    assert after(said, context, taken(fare)) == Call("release_flight", {"pnr_id": "l-1"})


@pytest.mark.parametrize("said", ["no, the second one", "the third instead", "hold the second"])
def test_where_nothing_of_the_search_is_held_or_more_is_wanted_nothing_goes(said: str) -> None:
    elsewhere = FIRST | {"flights": ["EK 501"]}
    contexts = [SHOWN, holding(elsewhere)] if said != "hold the second" else [holding(FIRST)]
    for context in contexts:
        fare = "f-3" if "third" in said else "f-2"
        move = after(said, context, taken(fare))
        assert isinstance(move, Say), move
        assert "Held as Z9Z9ZZ" in move.text


def test_both_are_told_the_one_that_goes_and_the_one_that_is_held() -> None:
    gone = (
        Call("release_flight", {"pnr_id": "l-1"}),
        Outcome({"released": True, "locator": "K7PQ2M", "pnr_id": "l-1", "withdrawn": 1}),
    )
    told = after("no, the second one", holding(FIRST), taken("f-2"), gone)
    assert isinstance(told, Say)
    for part in (
        "K7PQ2M is let go",
        "The request to issue its tickets is withdrawn",
        "Held as Z9Z9ZZ, unpaid, until 25 Nov 2026 19:00",
    ):
        assert part in told.text
    assert "earlier hold" not in told.text


def test_a_hold_that_cannot_be_given_back_is_told_to_stand() -> None:
    refused = (
        Call("release_flight", {"pnr_id": "l-1"}),
        Outcome(error="upstream_timeout", message="The supplier did not answer in time."),
    )
    told = after("no, the second one", holding(FIRST), taken("f-2"), refused)
    assert isinstance(told, Say)
    for part in (
        "did not answer",
        "Held as Z9Z9ZZ",
        "The earlier hold K7PQ2M stands until 25 Nov 2026 18:00",
        "Say “release K7PQ2M”",
    ):
        assert part in told.text


def test_a_second_hold_beside_the_first_names_the_first() -> None:
    told = after("hold the second", holding(FIRST), taken("f-2"))
    assert isinstance(told, Say)
    assert "The earlier hold K7PQ2M stands until 25 Nov 2026 18:00" in told.text


def test_what_is_sold_out_leaves_the_earlier_hold_as_it_is() -> None:
    sold = (
        Call("hold_flight", {"fare_id": "f-2"}),
        Outcome(error="sold_out", message="It is sold out."),
    )
    told = after("no, the second one", holding(FIRST), sold)
    assert isinstance(told, Say)
    assert "K7PQ2M" in told.text
    assert "Nothing has changed" in told.text


def test_at_another_price_one_yes_holds_and_the_earlier_goes_then() -> None:
    dearer = (
        Call("hold_flight", {"fare_id": "f-2"}),
        Outcome(
            {
                "held": False,
                "reason": "price_changed",
                "detail": "…",
                "fare": {"fare_id": "f-new", "price": {"amount": "31999.00", "currency": "INR"}},
            }
        ),
    )
    asked = after("no, the second one", holding(FIRST), dearer)
    assert isinstance(asked, Ask), asked
    answering = replace(holding(FIRST), question=asked)
    assert understand("yes", answering) == Call("hold_flight", {"fare_id": "f-new"})
    assert after("yes", answering, taken("f-new")) == Call("release_flight", {"pnr_id": "l-1"})


def test_the_other_is_the_only_other_or_it_is_asked_which() -> None:
    for said in ("no, the other", "the other one", "no, the other one please"):
        assert understand(said, holding(FIRST, fares=2)) == Call("hold_flight", {"fare_id": "f-2"})
        asked = understand(said, holding(FIRST))
        assert isinstance(asked, Ask), asked
        assert "1. " not in asked.text
        answering = replace(holding(FIRST), question=asked)
        assert understand("3", answering) == Call("hold_flight", {"fare_id": "f-3"})
        assert after("3", answering, taken("f-3")) == Call("release_flight", {"pnr_id": "l-1"})


def test_the_newest_hold_is_the_one_put_right_and_what_is_held_is_not_held_twice() -> None:
    both = holding(SECOND, FIRST)
    assert after("no, the third one", both, taken("f-3")) == Call(
        "release_flight", {"pnr_id": "l-2"}
    )
    assert understand("no, the first one", both) == Call("release_flight", {"pnr_id": "l-2"})
    same = understand("no, the second one", both)
    assert isinstance(same, Say), same
    assert "Q7X2LM" in same.text


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("release K7PQ2M", "l-1"),
        ("give back the hold on k7pq2m", "l-1"),
        ("cancel the hold on Q7X2LM please", "l-2"),
        ("let go of the hold Q7X2LM", "l-2"),
        ("release IX 3974", "l-1"),
        ("cancel flight IX3979", "l-2"),
    ],
)
def test_of_two_holds_the_one_that_is_named_goes(said: str, line: str) -> None:
    assert understand(said, holding(FIRST, SECOND)) == Call("release_flight", {"pnr_id": line})


@pytest.mark.parametrize(
    "said", ["release the hold on abc123", "cancel flight EK 501", "release Z9Z9ZZ"]
)
def test_a_hold_of_another_name_is_not_the_one_that_goes(said: str) -> None:
    move = understand(said, holding(FIRST))
    assert isinstance(move, Say), move
    assert "changed nothing" in move.text


def test_of_two_holds_it_is_asked_which_goes() -> None:
    asked = understand("cancel the hold", holding(FIRST, SECOND))
    assert isinstance(asked, Ask), asked
    assert "K7PQ2M" in asked.text
    assert "Q7X2LM" in asked.text
    assert understand("Q7X2LM", replace(holding(FIRST, SECOND), question=asked)) == Call(
        "release_flight", {"pnr_id": "l-2"}
    )


def right_behind(context: Context) -> Context:
    return replace(
        context,
        last={
            "tool": "hold_flight",
            "arguments": {},
            "ids": [],
            "held": context.trip["held"][-1]["locator"],
        },
    )


@pytest.mark.parametrize(
    ("said", "fare"),
    [
        ("the second one", "f-2"),
        ("option 3", "f-3"),
        ("I'll take the third", "f-3"),
        ("the last one", "f-3"),
    ],
)
def test_another_fare_named_right_behind_a_hold_takes_its_place(said: str, fare: str) -> None:
    context = right_behind(holding(FIRST))
    assert understand(said, context) == Call("hold_flight", {"fare_id": fare})
    assert after(said, context, taken(fare)) == Call("release_flight", {"pnr_id": "l-1"})
    same = understand("the cheapest", context)
    assert isinstance(same, Say)
    assert "That is the one that is held, as K7PQ2M" in same.text


@pytest.mark.parametrize(
    "said", ["book the second one", "please book flight 2", "reserve the second"]
)
@pytest.mark.parametrize("behind", [True, False])
def test_book_behind_a_hold_is_asked_about(said: str, behind: bool) -> None:
    asked = understand(said, right_behind(holding(FIRST)) if behind else holding(FIRST))
    assert isinstance(asked, Ask), asked
    assert "“instead” or “both”" in asked.text
    same = understand("book the cheapest", holding(FIRST))
    assert isinstance(same, Say), same
    assert "That is the one that is held, as K7PQ2M" in same.text


def test_another_fare_named_later_is_asked_about() -> None:
    asked = understand("the second one", holding(FIRST))
    assert isinstance(asked, Ask), asked
    for part in ("IX 3974 / IX 3977 is held as K7PQ2M", "“instead” or “both”"):
        assert part in asked.text
    answering = replace(holding(FIRST), question=asked)
    for said in ("instead", "replace it", "in its place"):
        assert after(said, answering, taken("f-2")) == Call("release_flight", {"pnr_id": "l-1"}), (
            said
        )
    for said in ("both", "hold both", "as well"):
        assert understand(said, answering) == Call("hold_flight", {"fare_id": "f-2"}), said
        assert isinstance(after(said, answering, taken("f-2")), Say), said


def test_which_fare_said_by_its_place_still_lets_the_earlier_go() -> None:
    asked = understand("no, the other", holding(FIRST))
    assert isinstance(asked, Ask), asked
    answering = replace(holding(FIRST), question=asked)
    assert after("the third one", answering, taken("f-3")) == Call(
        "release_flight", {"pnr_id": "l-1"}
    )


def test_a_question_between_a_correction_and_its_hold_still_lets_the_earlier_go() -> None:
    people = [
        {"id": f"p-{name}", "full_name": f"{name} Nair", "nationality": "", "kind": "adult"}
        for name in ("Rajesh", "Aarav")
    ]
    context = holding(FIRST)
    context = replace(
        context,
        offers={
            **context.offers,
            "fares_search": {"outbound_date": "2026-12-12", "passengers": {"adult": 1, "child": 1}},
        },
    )
    context = replace(context, trip={**context.trip, "passengers": people})
    young = understand("no, the second one", context)
    assert isinstance(young, Ask), young
    assert young.missing == "young"
    answering, added = (
        replace(context, question=young),
        (
            Call("add_passenger", {"full_name": "Aarav Nair", "kind": "child"}),
            Outcome({"added": True}),
        ),
    )
    for said in ("Aarav", "Aarav is the child"):
        assert understand(said, answering) == added[0]
        assert after(said, answering, added) == Call("hold_flight", {"fare_id": "f-2"})
        assert after(said, answering, added, taken("f-2")) == Call(
            "release_flight", {"pnr_id": "l-1"}
        )
    third = understand("no, the third one", answering)
    assert isinstance(third, Ask), third
    assert third.known == {"fare_id": "f-3", "instead_of": "l-1"}


def begun(talk: Talk, person: Person) -> tuple[UUID, str]:
    """A conversation with one flight held, and its booking's number."""
    session_id, day = talk.begin(person), clock.today("UTC") + timedelta(days=40)
    talk.say(person, session_id, f"flights Kochi to Doha {day:%d %b %Y} for 1 adult")
    talk.say(person, session_id, "hold the first")
    found = talk.say(person, session_id, "Isha Paul")
    return session_id, of_kind(found, "tool_result")[-1]["tool_output"]["locator"]


def lines_of(talk: Talk, person: Person, session_id: UUID) -> Event:
    return dict(
        of_kind(talk.say(person, session_id, "show the trip"), "tool_result")[-1]["tool_output"]
    )


def test_no_the_second_one_lets_the_first_go_and_its_tickets_are_asked_for_no_more(
    talk: Talk, bob: Person
) -> None:
    session_id, first = begun(talk, bob)
    talk.say(bob, session_id, "issue the tickets")
    (waiting,) = talk.pending(bob, session_id)
    told = talk.say(bob, session_id, "no, the second one")
    second = next(
        one["tool_output"]["locator"]
        for one in of_kind(told, "tool_result")
        if "held" in one["tool_output"]
    )
    for part in (
        f"{first} is let go",
        "request to issue its tickets is withdrawn",
        f"Held as {second}, unpaid, until ",
    ):
        assert part in text(told)
    assert not talk.pending(bob, session_id)
    with bob.acting():
        old = approvals.get_approval(waiting["approval_id"])
        assert (old.status, (old.reason or "")[:21]) == ("expired", "The hold was released")
    trip = lines_of(talk, bob, session_id)
    assert {(line["supplier_ref"], line["status"]) for line in trip["lines"]} == {
        (first, "cancelled"),
        (second, "held"),
    }
    kept = sum(
        float(line["price"]["amount"]) for line in trip["lines"] if line["supplier_ref"] == second
    )
    assert [float(total["price"]) for total in trip["totals"]] == [kept]
    talk.say(bob, session_id, "issue the tickets")
    (asked,) = talk.pending(bob, session_id)
    assert second in asked["summary"]


def test_one_flight_is_held_however_the_second_one_is_said(talk: Talk, bob: Person) -> None:
    session_id, first = begun(talk, bob)
    told = talk.say(bob, session_id, "the second one")
    second = next(
        one["tool_output"]["locator"]
        for one in of_kind(told, "tool_result")
        if "held" in one["tool_output"]
    )
    assert f"{first} is let go" in text(told)
    assert f"{second} is let go" in text(talk.say(bob, session_id, "the third one"))
    talk.say(bob, session_id, "show the trip")
    assert "Say “instead” or “both”" in text(talk.say(bob, session_id, "the fourth one"))
    talk.say(bob, session_id, "instead")
    assert (
        len(
            {
                line["supplier_ref"]
                for line in lines_of(talk, bob, session_id)["lines"]
                if line["status"] == "held"
            }
        )
        == 1
    )


def test_who_the_child_is_asked_within_a_correction_and_one_flight_is_held(
    talk: Talk, bob: Person
) -> None:
    session_id, day = talk.begin(bob), clock.today("UTC") + timedelta(days=40)
    talk.say(bob, session_id, f"flights Kochi to Doha {day:%d %b %Y} for 2 adults")
    talk.say(bob, session_id, "hold the first for Rajesh Nair and Aarav Nair")
    (first,) = {line["supplier_ref"] for line in lines_of(talk, bob, session_id)["lines"]}
    flown = [line["name"] for line in lines_of(talk, bob, session_id)["lines"]]
    found = talk.say(
        bob, session_id, f"flights Kochi to Doha {day:%d %b %Y} for 1 adult and 1 child"
    )
    fares = of_kind(found, "tool_result")[-1]["tool_output"]["fares"]
    place = next(
        number
        for number, fare in enumerate(fares, 1)
        if not any(flight in name for flight in fare["flights"] for name in flown)
    )
    assert "Who is the young one?" in text(talk.say(bob, session_id, f"no, option {place}"))
    told = talk.say(bob, session_id, "Aarav, born 3 March 2019")
    assert f"{first} is let go" in text(told)
    assert (
        len(
            {
                line["supplier_ref"]
                for line in lines_of(talk, bob, session_id)["lines"]
                if line["status"] == "held"
            }
        )
        == 1
    )


def test_a_hold_whose_tickets_are_granted_is_not_given_back(
    talk: Talk, alice: Person, bob: Person
) -> None:
    session_id, first = begun(talk, bob)
    talk.say(bob, session_id, "issue the tickets")
    (waiting,) = talk.pending(bob, session_id)
    with alice.acting() as actor:
        line_id = UUID(str(approvals.get_approval(waiting["approval_id"]).payload["pnr_id"]))
        deciding.resolve(actor, waiting["approval_id"], granted=True)
    with pytest.raises(trips.TicketsUnderWay), bob.acting() as actor:
        trips.release_flight(suppliers(bob), actor, line_id)
    talk.drain()
    assert {
        (line["supplier_ref"], line["status"]) for line in lines_of(talk, bob, session_id)["lines"]
    } == {(first, "ticketed")}
