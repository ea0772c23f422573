"""What is wanted of a search is honoured or answered in words; a word on the newest search makes it
once more; what nobody sells is refused.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    EnquiryInView,
    Outcome,
    Played,
    Say,
)
from voyagent.assistant.planner import narrowing
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand

PLAIN = Context(date(2026, 11, 24))
WAY = {"origin": "COK", "destination": "DXB", "outbound_date": "2026-12-18"}
STAY = {
    "city": "Dubai",
    "country": "AE",
    "check_in": "2026-12-18",
    "check_out": "2026-12-20",
    "guests": 2,
}
FLOWN = replace(
    PLAIN,
    offers={
        "fares": [{"fare_id": "f-1", "flights": ["EK 501"]}],
        "newest": "fares",
        "fares_search": WAY | {"passengers": {"adult": 2}},
    },
)
SLEPT = replace(
    PLAIN,
    offers={
        "rates": [{"rate_key": "k-1", "hotel": "Amber Court"}],
        "newest": "rates",
        "rates_search": STAY,
        "checked": {"rate_key": "k-9"},
    },
)
TWO = {"adult": 2}


@pytest.mark.parametrize(
    ("said", "context", "tool", "arguments"),
    [
        (
            "Kochi to Dubai flights 18 Dec back 27 Dec, 2 adults",
            PLAIN,
            "search_flights",
            WAY | {"return_date": "2026-12-27", "passengers": TWO},
        ),
        (
            "tickets from Kochi to Dubai on the 18th, 3 pax",
            PLAIN,
            "search_flights",
            WAY | {"passengers": {"adult": 3}},
        ),
        (
            "flihgts frm kochi to dubay 18 dec 2 adults",
            PLAIN,
            "search_flights",
            WAY | {"passengers": TWO},
        ),
        (
            "flights Kochi to Dubai 18 Dec 2 adults and kids aged 3, 7 and 13",
            PLAIN,
            "search_flights",
            WAY | {"passengers": {"adult": 3, "child": 2}},
        ),
        (
            "flights Kochi to Dubai 18 Dec, 2 adults, 7 nights",
            PLAIN,
            "search_flights",
            WAY | {"return_date": "2026-12-25", "passengers": TWO},
        ),
        (
            "flights Kochi to Dubai 18 Dec, 2 adults, under 40,000, Emirates only",
            PLAIN,
            "search_flights",
            WAY | {"passengers": TWO},
        ),
        ("4 star hotels in Dubai 18-20 Dec for 2", PLAIN, "search_hotels", STAY),
        (
            "hotels in Dubai 18-20 Dec for 2 adults under 10,000 a night",
            PLAIN,
            "search_hotels",
            STAY,
        ),
        (
            "only direct flights, in business class",
            FLOWN,
            "search_flights",
            WAY | {"passengers": TWO, "direct_only": True, "cabin": "business"},
        ),
        (
            "in business class",
            FLOWN,
            "search_flights",
            WAY | {"passengers": TWO, "cabin": "business"},
        ),
        (
            "and for two children",
            FLOWN,
            "search_flights",
            WAY | {"passengers": {"adult": 2, "child": 2}},
        ),
        ("morning only", FLOWN, "search_flights", WAY | {"passengers": TWO}),
        ("only 5 star", SLEPT, "search_hotels", STAY),
    ],
)
def test_a_search_is_made_as_it_was_wanted(
    said: str, context: Context, tool: str, arguments: dict[str, Any]
) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)


@pytest.mark.parametrize(
    ("said", "hotels", "want"),
    [
        ("under 40,000", False, {"most": {"amount": "40000", "currency": "INR"}}),
        ("morning only, Emirates only", False, {"airlines": ["EK"], "hours": [300, 720]}),
        ("before 10 am, refundable", False, {"hours": [0, 601], "refundable": True}),
        ("under 10,000 a night", True, {"most": {"amount": "10000", "currency": "INR"}}),
        ("5 star only, breakfast", True, {"stars": 5, "board": "bed_and_breakfast"}),
        ("4 stars or more with a pool", True, {"stars": 4, "or_more": True, "left": ["pool"]}),
    ],
)
def test_what_is_wanted_of_offers_is_heard(said: str, hotels: bool, want: dict[str, Any]) -> None:
    assert narrowing.wanted(said, PLAIN, hotels=hotels) == want


def test_what_was_wanted_is_told_with_the_list() -> None:
    said = "flights Kochi to Dubai 18 Dec, 2 adults, under 40,000"
    call = understand(said, PLAIN)
    assert isinstance(call, Call)
    fares = [
        {
            "fare_id": str(number),
            "flights": ["EK 501"],
            "departs_at": "2026-12-18T08:00",
            "stops": 0,
            "refundable": False,
            "price": price,
        }
        for number, price in enumerate(
            ({"amount": "50000.00", "currency": "INR"}, {"amount": "39000.00", "currency": "INR"}),
            1,
        )
    ]
    told = BuiltInPlanner().next_move(
        Conversation(said, PLAIN, (Played(call, Outcome({"count": 2, "fares": fares})),))
    )
    assert isinstance(told, Say)
    assert "2. EK 501" in told.text
    assert "1. EK 501" not in told.text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("flights Kochi to Dubai 18 Dec back 12 Dec 2 adults", "before they leave"),
        ("flights Kochi to Kochi 18 Dec 2 adults", "the same place"),
        ("flights Kochi to Dubai 18 Dec 12 adults", "at most 9"),
        ("flights Kochi to Dubai 18 Dec 1 infant", "lap of an adult"),
        ("flights Kochi to Dubai 18 Nov 2026 2 adults", "is past"),
        ("flights from Kochi to Mumbai to Goa on 18 Dec", "one way at a time"),
        ("hotels in Munnar 18-20 Dec for 2", "No supplier here has hotels in Munnar"),
        ("hotels in Alleppey", "No supplier here has hotels in Alleppey"),
    ],
)
def test_what_nobody_sells_is_refused_with_its_reason(said: str, words: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say | Ask), move
    assert words in move.text


def test_between_two_days_the_day_is_asked_for() -> None:
    move = understand("flights Kochi to Dubai between 10 and 12 Jan for 2 adults, 7 nights", PLAIN)
    assert isinstance(move, Ask), move
    assert move.missing == "outbound_date"
    answer = understand("11 Jan", replace(PLAIN, question=move))
    assert isinstance(answer, Call), answer
    assert answer.arguments == {
        "origin": "COK",
        "destination": "DXB",
        "outbound_date": "2027-01-11",
        "return_date": "2027-01-18",
        "passengers": TWO,
    }


def test_children_of_an_enquiry_stay_children_and_where_words_and_number_differ_it_is_asked() -> (
    None
):
    family = EnquiryInView(
        "e", "Deepa", "Dubai", "Kochi", "2026-12-18", "", 4, party={"adult": 2, "child": 2}
    )
    move = understand("find flights", replace(PLAIN, enquiry=family))
    assert isinstance(move, Call), move
    assert move.arguments["passengers"] == {"adult": 2, "child": 2}
    asked = understand("find flights", replace(PLAIN, enquiry=replace(family, pax_count=5)))
    assert isinstance(asked, Ask)
    assert asked.missing == "passengers"


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("file the visa for Thailand", {"destination": "TH"}),
        ("file a visa to Thailand", {"destination": "TH"}),
        ("apply for a Schengen visa", {}),
    ],
)
def test_the_country_of_a_visa_is_heard_where_it_is_said(said: str, known: dict[str, Any]) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Ask), move
    assert move.known == known
    assert ("Schengen" in move.text) == ("Schengen" in said)


def test_what_the_conversation_knows_is_not_asked_for() -> None:
    trip = {"passengers": [{"id": "p", "full_name": "Lata Menon", "nationality": "IN"}], "held": []}
    visa = understand("visa checklist for Lata Menon for UAE", replace(PLAIN, trip=trip))
    assert isinstance(visa, Call), visa
    assert visa.arguments == {"nationality": "IN", "destination": "AE"}
    enquiry = EnquiryInView("e", "Deepa", customer_email="deepa@example.com")
    said, context, on_trip = (
        "send the itinerary to the customer",
        replace(PLAIN, enquiry=enquiry),
        {"trip_id": "t", "title": "Dubai", "passengers": [], "lines": []},
    )
    first = understand(said, context)
    assert isinstance(first, Call), first
    letter = BuiltInPlanner().next_move(
        Conversation(said, context, (Played(first, Outcome(on_trip)),))
    )
    assert isinstance(letter, Call), letter
    assert letter.arguments == {"trip_id": "t", "to": "deepa@example.com"}
    booked = understand("book it", SLEPT)
    assert isinstance(booked, Call), booked
    assert booked.tool == "show_trip"


HELD = [
    {"id": "l-1", "kind": "flight", "status": "held", "supplier_ref": "H4Z3Q7"},
    {"id": "l-2", "kind": "flight", "status": "held", "supplier_ref": "K7PQ2M"},
]


@pytest.mark.parametrize(
    "said", ["issue ticket H4Z3Q7", "issue the tickets for H4Z3Q7", "issue H4Z3Q7"]
)
def test_one_of_two_holds_is_ticketed_by_its_code(said: str) -> None:
    move = ticketed(said, PLAIN, HELD)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("issue_ticket", {"pnr_id": "l-1"})


def test_of_two_holds_the_code_is_asked_for_and_the_bare_code_is_an_answer() -> None:
    asked = ticketed("issue the tickets for everyone", PLAIN, HELD)
    assert isinstance(asked, Ask), asked
    for said in ("H4Z3Q7", "h4z3q7", "the one with H4Z3Q7"):
        move = ticketed(said, replace(PLAIN, question=asked), HELD)
        assert isinstance(move, Call), move
        assert move.arguments == {"pnr_id": "l-1"}


def test_another_code_than_the_only_hold_is_not_ticketed_in_its_place() -> None:
    asked = ticketed("issue ticket Q7X2LM", PLAIN, HELD[:1])
    assert isinstance(asked, Ask), asked
    assert "H4Z3Q7" in asked.text


def ticketed(said: str, context: Context, lines: list[dict[str, Any]]) -> Any:
    first = understand(said, context)
    assert isinstance(first, Call), first
    assert first.tool == "show_trip"
    return BuiltInPlanner().next_move(
        Conversation(said, context, (Played(first, Outcome({"lines": lines, "passengers": []})),))
    )
