"""What a clerk types in passing: who wants to travel, what they wish for, and what is said where
nothing has a price yet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.phrasings import ABOUT_DEEPA, PLAIN
from voyagent.assistant.moves import Ask, Call, Context, Conversation, Outcome, Played, Say
from voyagent.assistant.planner import telling
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand

PRIYA = "Priya Nair wants two adults Mumbai to Dubai next Friday, back a week later"
NOTHING = {"amount": "0.00", "currency": "INR"}
PRICE = {"amount": "45000.00", "currency": "INR"}


def told_after(said: str, output: dict[str, Any], context: Context = PLAIN) -> str:
    first = understand(said, context)
    assert isinstance(first, Call), first
    told = BuiltInPlanner().next_move(
        Conversation(said, context, (Played(first, Outcome(output)),))
    )
    assert isinstance(told, Say), told
    return told.text


def test_a_line_on_who_wants_to_travel_is_logged_and_shows_which_words_gave_each_field() -> None:
    lines = told_after(PRIYA, {"customer_name": "Priya Nair"}).splitlines()
    assert lines[0] == "Logged as a new enquiry from Priya Nair."
    assert "• origin: Mumbai (“Mumbai to Dubai”)" in lines
    assert "• departure: 4 Dec 2026 (“next Friday”)" in lines
    assert "• return: 11 Dec 2026 (“next Friday + a week later”)" in lines
    assert "• people: 2 (“two adults”)" in lines


def test_a_customer_without_a_name_is_asked_for_it() -> None:
    asked = understand("a customer wants 2 tickets mumbai to dubai 12 dec", PLAIN)
    assert isinstance(asked, Ask), asked
    assert (asked.tool, asked.missing) == ("create_enquiry", "customer_name")
    move = understand("Priya Nair", replace(PLAIN, question=asked))
    assert isinstance(move, Call), move
    assert move.arguments["customer_name"] == "Priya Nair"
    assert move.arguments["depart_date"] == "2026-12-12"


@pytest.mark.parametrize(
    "said",
    [
        "Deepa wants the second one",
        "who wants to go to the Maldives",
        "does Ravi need a visa for Thailand",
        "what does Deepa Krishnan want",
        "Ravi wants to cancel his Goa hotel",
        "Priya Nair wants an invoice for the Dubai trip",
        "everybody wants to go to Goa in May",
        "is Deepa planning to go to Bali",
    ],
)
def test_what_is_no_wish_to_travel_is_not_logged(said: str) -> None:
    move = understand(said, PLAIN)
    assert not (isinstance(move, Call | Ask) and move.tool == "create_enquiry"), move


def test_of_the_customer_in_view_no_second_enquiry_is_logged() -> None:
    told = understand("Deepa wants to go to Bali", ABOUT_DEEPA)
    assert isinstance(told, Say), told
    assert "about the enquiry of Deepa Krishnan" in told.text
    other = understand("Ravi Menon wants to go to Bali", ABOUT_DEEPA)
    assert isinstance(other, Call), other
    assert other.arguments["customer_name"] == "Ravi Menon"


def test_wishes_are_kept_in_the_notes_and_named() -> None:
    said = (
        "log an enquiry from Priya Nair: Mumbai to Dubai, 19-25 Dec, 2 adults, no red-eye, veg"
        " meal, window seat, wheelchair for mother, visa?"
    )
    told = told_after(said, {"customer_name": "Priya Nair"})
    assert (
        "Their wishes stand in the notes: “no red-eye”, “veg meal”, “window seat”, “wheelchair”,"
        " “visa?”." in told.splitlines()
    )
    first = understand(said, PLAIN)
    assert isinstance(first, Call)
    assert first.arguments["notes"].endswith(
        "no red-eye, veg meal, window seat, wheelchair for mother, visa?"
    )
    assert "wishes" not in told_after(PRIYA, {"customer_name": "Priya Nair"})


def line(name: str, price: dict[str, str], status: str = "planned") -> dict[str, Any]:
    return {"name": name, "starts_on": None, "status": status, "price": price}


def trip(*lines: dict[str, Any], total: str) -> dict[str, Any]:
    return {
        "title": "Dubai",
        "passengers": [],
        "lines": list(lines),
        "totals": [{"price": total, "currency": "INR"}],
        "findings": [],
    }


def test_what_has_no_price_yet_is_said_to_have_none() -> None:
    bare = telling.tell("show_trip", {}, trip(line("Visa", NOTHING), total="0.00"))
    assert bare is not None
    assert bare.splitlines()[1:] == ["• Visa, planned, no price yet", "There is no price yet."]
    part = telling.tell(
        "show_trip",
        {},
        trip(line("Visa", NOTHING), line("Hotel", PRICE, "booked"), total="45000.00"),
    )
    assert part is not None
    assert (
        part.splitlines()[-1] == "The customer pays INR 45,000.00. A part of it has no price yet."
    )
    whole = telling.tell(
        "show_trip",
        {},
        trip(line("Visa", NOTHING, "cancelled"), line("Hotel", PRICE, "booked"), total="45000.00"),
    )
    assert whole is not None
    assert whole.splitlines()[-1] == "The customer pays INR 45,000.00."


def test_an_itinerary_and_a_transfer_without_a_price_say_so() -> None:
    visa = {"country": "AE", "status": "draft"}
    itinerary = {
        "passengers": [],
        "flights": [],
        "hotels": [],
        "transfers": [],
        "visas": [visa],
        "totals": [{"amount": "0.00", "currency": "INR"}],
    }
    told = telling.tell("read_itinerary", {}, itinerary)
    assert told is not None
    assert told.splitlines()[-1] == "There is no price yet."
    ride = telling.tell(
        "add_transfer", {}, {"name": "Airport – hotel", "on": "2026-12-12", "price": NOTHING}
    )
    assert ride == "Planned: Airport – hotel on 12 Dec 2026, no price yet."


FLIGHTS = "flights from Mumbai to Dubai for 2 adults"


@pytest.mark.parametrize(
    "wrong", ["30 Feb", "31/11/2026", "32 Dec", "29/02/2027", "Feb 30th", "2026-02-30"]
)
def test_a_day_that_does_not_exist_is_named_and_asked_for_as_often_as_it_takes(wrong: str) -> None:
    first = understand(f"flights from Mumbai to Dubai on {wrong} for 2 adults", PLAIN)
    question = understand(FLIGHTS, PLAIN)
    assert isinstance(question, Ask)
    again = understand(wrong, replace(PLAIN, question=replace(question, again=1)))
    for asked in (first, again):
        assert isinstance(asked, Ask), asked
        assert asked.text == f"There is no {wrong}. On which day do they leave?"
        assert not asked.again
        assert asked.known == question.known
        move = understand("12 Dec", replace(PLAIN, question=asked))
        assert isinstance(move, Call), move
        assert move.arguments["outbound_date"] == "2026-12-12"
    later = understand(
        "some day", replace(PLAIN, question=first if isinstance(first, Ask) else None)
    )
    assert isinstance(later, Ask), later
    assert (
        later.text
        == "I do not understand “some day” as an answer. On which day do they leave? Such as “12"
        " Dec” or “next Friday”. Or say “never mind”."
    )


@pytest.mark.parametrize(
    ("said", "missing", "words", "answer"),
    [
        (
            "flights from Mumbai to Dubai on 12 Oct 2025 for 2 adults",
            "outbound_date",
            "12 Oct 2025 is past.",
            "12 Dec",
        ),
        (
            "flights from Mumbai to Dubai 18 Dec 2026 to 12 Dec 2026 for 2 adults",
            "outbound_date",
            "before they leave",
            "12-18 Dec",
        ),
        (
            "hotels in Dubai 12 Nov 2026 to 14 Nov 2026 for 2 adults",
            "check_in",
            "12 Nov 2026 is past.",
            "12-14 Dec",
        ),
        (
            "hotels in Dubai 14 Dec 2026 to 12 Dec 2026 for 2 adults",
            "check_in",
            "not behind the day they come",
            "12-14 Dec",
        ),
        (
            "add a transfer from Dubai airport to Hotel Atlantis on 10 Jan 2026",
            "on",
            "10 Jan 2026 is past.",
            "10 Jan",
        ),
    ],
)
def test_days_that_cannot_be_are_asked_for_anew_with_all_the_rest_kept(
    said: str, missing: str, words: str, answer: str
) -> None:
    asked = understand(said, PLAIN)
    assert isinstance(asked, Ask), asked
    assert asked.missing == missing
    assert words in asked.text
    move = understand(answer, replace(PLAIN, question=asked))
    assert isinstance(move, Call), move
    assert move.tool == asked.tool
    past = understand("12 Jan 2025", replace(PLAIN, question=asked))
    assert isinstance(past, Ask), past
    assert "12 Jan 2025 is past." in past.text


@pytest.mark.parametrize(
    "said",
    [
        "who owes us money as on 30 Feb",
        "Deepa Krishnan paid 20,000 on 31 Nov",
        "we paid BSP India 8,000 on 30 Feb",
    ],
)
def test_nothing_is_done_or_reported_for_a_day_that_does_not_exist(said: str) -> None:
    told = understand(said, PLAIN)
    assert isinstance(told, Say), told
    assert told.text.startswith("There is no 3")
    assert "I have done nothing" in told.text


def test_of_a_customers_words_a_day_that_does_not_exist_stays_open_in_the_notes() -> None:
    told = told_after(
        "log an enquiry from Ravi Menon: trip to Bali on 31 Feb", {"customer_name": "Ravi Menon"}
    )
    assert "Left open, it stands in the notes: “31 Feb”." in told.splitlines()


@pytest.mark.parametrize(
    ("who", "words"),
    [("Meera Nair", "Say “add passenger Meera Nair” first"), ("Krishnan", "Say the whole name")],
)
def test_a_visa_is_filed_for_one_who_travels_and_else_the_next_step_is_said(
    who: str, words: str
) -> None:
    people = [
        {"id": str(number), "full_name": name}
        for number, name in enumerate(("Deepa Krishnan", "Ravi Krishnan"))
    ]
    assert words in told_after(
        f"open a visa file for {who} for Singapore", {"passengers": people, "lines": []}
    )
