"""The invoice of a trip: asked for in a few words, with the trip's own lines and prices, and never
with what no invoice can say.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.people import Person
from tests.trips.things import BACK, CREEK, OUT, a_line, a_trip
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
from voyagent.assistant.planner import fulfilment
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.assistant.tools import registry
from voyagent.billing.invoices.queries import documents as invoice_queries

DEEPA = "0190a0a0-0000-7000-8000-000000000001"
TRIP = "0190a0a0-0000-7000-8000-000000000002"
PLAIN = Context(date(2026, 11, 24))
ABOUT_DEEPA = replace(PLAIN, enquiry=EnquiryInView(DEEPA, "Deepa Krishnan", "Dubai"))
FLIGHTS = {
    "description": "Flights EK 533, EK 532",
    "cost": "96000.00",
    "price": "104000.00",
    "currency": "INR",
}
STAY = {
    "description": "Marsa Creek Hotel",
    "cost": "62000.00",
    "price": "71000.50",
    "currency": "INR",
}


def trip(*charges: dict[str, Any]) -> dict[str, Any]:
    return {"trip_id": TRIP, "title": "Krishnan family, Dubai", "charges": list(charges)}


def drawn_up(said: str, found: dict[str, Any], context: Context = ABOUT_DEEPA) -> Move:
    looked = understand(said, context)
    assert looked == Call("show_trip", {}), looked
    return BuiltInPlanner().next_move(
        Conversation(said, context, (Played(looked, Outcome(found)),))
    )


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("invoice this trip", "2026-11-24"),
        ("invoice the trip due in 15 days", "2026-12-09"),
        ("please make the invoice for the trip, payable within 10 days", "2026-12-04"),
        ("create an invoice from this itinerary due 10 Dec", "2026-12-10"),
        ("bill the tickets", "2026-11-24"),
        ("invoice her for this trip", "2026-11-24"),
        ("invoice this trip to Deepa", "2026-11-24"),
    ],
)
def test_the_lines_and_prices_are_those_of_the_trip(said: str, due: str) -> None:
    move = drawn_up(said, trip(FLIGHTS, STAY))
    assert isinstance(move, Call), move
    assert move.tool == "draft_invoice"
    assert move.arguments == {
        "enquiry_id": DEEPA,
        "trip_id": TRIP,
        "customer_name": "Deepa Krishnan",
        "issue_date": "2026-11-24",
        "due_date": due,
        "line_items": [
            {
                "description": "Flights EK 533, EK 532",
                "quantity": 1,
                "unit_price": "104000.00",
                "currency": "INR",
            },
            {
                "description": "Marsa Creek Hotel",
                "quantity": 1,
                "unit_price": "71000.50",
                "currency": "INR",
            },
        ],
    }
    registry.get("draft_invoice").read(move.arguments)
    assert "Krishnan family, Dubai" in move.words
    assert "96,000" not in move.words


WITH_TRIP = replace(ABOUT_DEEPA, trip={"id": "t-1", "passengers": [], "held": []})


@pytest.mark.parametrize(
    "said",
    [
        *(
            "invoice it",
            "bill it",
            "please invoice it now",
            "invoice it please",
            "invoice everything",
            "invoice all of it",
            "make an invoice for it",
        ),
        *(
            "invoice her for it",
            "invoice Deepa for everything",
            "invoice it to Deepa",
            "invoice trip",
            "can you invoice this trip?",
            "invoice this",
        ),
    ],
)
def test_where_there_is_a_trip_it_is_the_trip(said: str) -> None:
    move = drawn_up(said, trip(FLIGHTS, STAY), WITH_TRIP)
    assert isinstance(move, Call), move
    assert move == drawn_up("invoice the trip", trip(FLIGHTS, STAY), WITH_TRIP)
    if said != "can you invoice this trip?":
        assert isinstance(understand(said, ABOUT_DEEPA), Ask), (
            "without one it is asked what is meant"
        )


RAJESH = {"id": "p-1", "full_name": "Rajesh Nair", "nationality": "IN"}
TRAVELLED = replace(
    PLAIN,
    trip={
        "id": "t-1",
        "passengers": [RAJESH, {**RAJESH, "id": "p-2", "full_name": "Asha Nair"}],
        "held": [],
    },
)


@pytest.mark.parametrize(
    "said",
    [
        "invoice them for it",
        "bill him for it",
        "invoice them for the trip",
        "invoice it",
        "invoice the trip",
    ],
)
def test_without_an_enquiry_it_is_for_the_first_traveller_and_that_is_said(said: str) -> None:
    move = drawn_up(said, trip(FLIGHTS), TRAVELLED)
    assert isinstance(move, Call), move
    assert (move.arguments["customer_name"], move.arguments["line_items"][0]["unit_price"]) == (
        "Rajesh Nair",
        "104000.00",
    )
    registry.get("draft_invoice").read(move.arguments)
    assert (
        "The customer is the first traveller of this conversation’s trip, Rajesh Nair."
        in move.words
    )
    of_enquiry = drawn_up(said, trip(FLIGHTS), replace(TRAVELLED, enquiry=ABOUT_DEEPA.enquiry))
    assert isinstance(of_enquiry, Call), of_enquiry
    assert of_enquiry.arguments["customer_name"] == "Deepa Krishnan"
    assert "first traveller" not in of_enquiry.words


def test_them_with_an_amount_are_the_first_traveller_too_and_a_name_goes_before() -> None:
    move = understand("invoice them 45,000 for visa", TRAVELLED)
    assert isinstance(move, Call), move
    assert (move.arguments["customer_name"], move.arguments["line_items"][0]["description"]) == (
        "Rajesh Nair",
        "Visa",
    )
    named = drawn_up("invoice Meera Pillai for it", trip(FLIGHTS), TRAVELLED)
    assert isinstance(named, Call), named
    assert named.arguments["customer_name"] == "Meera Pillai"
    assert "first traveller" not in named.words


@pytest.mark.parametrize(
    "said",
    [
        "invoice it 45,000",
        "invoice her",
        "invoice the hotel",
        "invoice Deepa Krishnan 45,000 for everything",
    ],
)
def test_what_names_an_amount_or_a_thing_is_not_the_trip(said: str) -> None:
    move = understand(said, WITH_TRIP)
    assert move != Call("show_trip", {}), move


@pytest.mark.parametrize(
    ("said", "cost", "told"),
    [
        ("invoice it", "104000.00", "Its price is what the trip costs: there is no margin in it."),
        ("invoice it", "105500.00", "Its price is below what the trip costs, by INR 1,500.00."),
        ("invoice it plus 3,000 service charge", "104000.00", ""),
        ("invoice it", "96000.00", ""),
    ],
)
def test_an_invoice_that_earns_nothing_says_so(said: str, cost: str, told: str) -> None:
    move = drawn_up(said, trip(FLIGHTS | {"cost": cost}), WITH_TRIP)
    assert isinstance(move, Call), move
    assert told in move.words
    assert ("what the trip costs" in move.words) == bool(told)


def test_somebody_else_than_the_enquirys_customer_may_pay() -> None:
    move = drawn_up("invoice Al Noor Trading for this trip", trip(FLIGHTS))
    assert isinstance(move, Call)
    assert move.arguments["customer_name"] == "Al Noor Trading"
    assert "enquiry_id" not in move.arguments


def test_whom_it_is_for_is_asked_where_nobody_knows() -> None:
    asked = understand("invoice this trip due 10 Dec", PLAIN)
    assert isinstance(asked, Ask)
    context = replace(PLAIN, question=asked)
    move = drawn_up("Deepa Krishnan", trip(FLIGHTS), context)
    assert isinstance(move, Call)
    assert (move.arguments["customer_name"], move.arguments["due_date"]) == (
        "Deepa Krishnan",
        "2026-12-10",
    )


@pytest.mark.parametrize(
    "said",
    [
        "invoice Deepa Krishnan 45,000 for the trip",
        "invoice this ticket 45,000",
        "invoice Deepa Krishnan for Dubai trip",
    ],
)
def test_with_words_or_an_amount_of_its_own_it_is_no_invoice_of_the_trip(said: str) -> None:
    assert fulfilment.recognise(said, ABOUT_DEEPA) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (trip(), "Nothing on this trip has a price"),
        (trip(FLIGHTS, {**STAY, "currency": "AED"}), "INR, AED"),
        (
            trip(FLIGHTS, {**STAY, "description": "Discount", "price": "-500.00"}),
            "“Discount” is below zero",
        ),
    ],
)
def test_what_no_invoice_can_say_is_said_instead(found: dict[str, Any], told: str) -> None:
    move = drawn_up("invoice this trip", found)
    assert isinstance(move, Say)
    assert told in move.text


def test_a_day_that_names_none_is_told() -> None:
    move = drawn_up("invoice this trip due whenever", trip(FLIGHTS))
    assert isinstance(move, Call)
    assert move.arguments["due_date"] == "2026-11-24"
    assert "“whenever” names no day" in move.words


def test_a_correction_leaves_it_an_invoice_of_the_trip(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    trip_id = a_trip(alice, session_id=session_id)
    a_line(alice, trip_id, CREEK, cost="62000", price="71000.50")
    talk.say(alice, session_id, "invoice Deepa Krishnan for this trip")
    asked = talk.say(alice, session_id, "add a service fee of 1,500")
    talk.decide(alice, of_kind(asked, "approval_request")[0]["approval_id"])
    with alice.reading() as reader:
        draft = invoice_queries.list_drafts(reader, "Deepa Krishnan", 10)[0]
    told = alice.api.get(f"/invoices/{draft['id']}").json
    assert (told["total_amount"], told["trip_id"]) == ("72500.50", str(trip_id))


def test_a_trip_is_invoiced_by_a_grant_with_its_own_total(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    trip_id = a_trip(alice, session_id=session_id)
    a_line(alice, trip_id, OUT, cost="96000", price="104000", supplier_ref="Q7X2LM")
    a_line(alice, trip_id, BACK, supplier_ref="Q7X2LM")
    a_line(alice, trip_id, CREEK, cost="62000", price="71000.50")
    asked = talk.say(alice, session_id, "invoice Deepa Krishnan for this trip")
    talk.decide(alice, of_kind(asked, "approval_request")[0]["approval_id"])
    with alice.reading() as reader:
        draft = invoice_queries.list_drafts(reader, "Deepa Krishnan", 10)[0]
    assert (draft["total_minor"], draft["currency"]) == (17_500_050, "INR")
    assert alice.api.get(f"/invoices/{draft['id']}").json["trip_id"] == str(trip_id)


def test_without_a_trip_it_says_so(talk: Talk, alice: Person) -> None:
    told = talk.say(alice, talk.begin(alice), "invoice Deepa Krishnan for this trip")
    assert "This conversation has no trip yet." in text(told)
