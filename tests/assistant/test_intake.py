"""A customer's own words as an enquiry: what is found, from which words, and what is left empty rather than made up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from voyagent.assistant.planner import intake
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.assistant.planner.moves import Ask, Call, Context, Conversation, Outcome, Played, Say

TODAY = date(2026, 11, 24)
CONTEXT = Context(TODAY)
MAIL = """From: Deepa Krishnan <deepa.krishnan@example.in>
Subject: Dubai in December
Date: Mon, 23 Nov 2026

Dear team,
we are a family of four (2 adults, 2 children, 7 and 11) and want to fly from Kochi to Dubai from 19 Dec to 25 Dec.
Our budget is around 3 lakhs. My number is 98470 12345. Aarav's passport expires on 2 May 2027.
Regards,
Deepa"""
ROUTE = {"origin": "Kochi", "destination": "Dubai"}


def read(message: str, currency: str = "INR") -> dict[str, Any]:
    words = intake.pasted(message)
    assert words is not None, "not seen as an enquiry"
    found = intake.read(words, today=TODAY, currency=currency, dictated=intake.is_dictated(message))
    assert found.notes == words
    return {field.name: field.value for field in found.fields}


CASES = [
    (
        MAIL,
        {
            "customer_name": "Deepa Krishnan",
            "customer_email": "deepa.krishnan@example.in",
            "customer_phone": "+91 98470 12345",
            **ROUTE,
            "depart_date": "2026-12-19",
            "return_date": "2026-12-25",
            "pax_count": 4,
            "budget_amount": "300000",
            "budget_currency": "INR",
        },
    ),
    (
        "[24/11/26, 10:12] Fatima Sheikh: Hi, looking for honeymoon package Maldives in January, 5 nights, AED 48,000 max",
        {"customer_name": "Fatima Sheikh", "destination": "Maldives", "budget_amount": "48000", "budget_currency": "AED"},
    ),
    (
        "log an enquiry from Ravi Menon: COK-DXB 19 Dec for 6 nights, 2 adults 1 child",
        {"customer_name": "Ravi Menon", "origin": "COK", "destination": "DXB", "depart_date": "2026-12-19", "return_date": "2026-12-25", "pax_count": 3},
    ),
    (
        "hi team need 2 tickets bom to lhr on 3rd feb back 17th feb, 2k usd. thx sunil",
        {
            "customer_name": "Sunil",
            "origin": "BOM",
            "destination": "LHR",
            "depart_date": "2027-02-03",
            "return_date": "2027-02-17",
            "budget_amount": "2000",
            "budget_currency": "USD",
        },
    ),
    (
        "Add a lead: John Smith john@smith.co.uk +44 20 7946 0958 London to Goa 28 Dec - 4 Jan 2 adults £2,500",
        {
            "customer_name": "John Smith",
            "customer_email": "john@smith.co.uk",
            "customer_phone": "+44 20 7946 0958",
            "origin": "London",
            "destination": "Goa",
            "depart_date": "2026-12-28",
            "return_date": "2027-01-04",
            "pax_count": 2,
            "budget_amount": "2500",
            "budget_currency": "GBP",
        },
    ),
    (
        "log enquiry from ravi menon, bali, family of four, ₹45,000",
        {"customer_name": "Ravi Menon", "destination": "Bali", "pax_count": 4, "budget_amount": "45000", "budget_currency": "INR"},
    ),
    (
        "We live in Kochi and would like a trip to Leh. Thanks, Meera Nair, meera@example.in",
        {"customer_name": "Meera Nair", "customer_email": "meera@example.in", "destination": "Leh"},
    ),
    (
        "log an enquiry from Ravi Menon: Bali 19 Dec to 25 Dec 2027",
        {"customer_name": "Ravi Menon", "destination": "Bali", "depart_date": "2027-12-19", "return_date": "2027-12-25"},
    ),
    (
        "log an enquiry from Ravi Menon: Bali 28 Dec to 4 Jan 2028",
        {"customer_name": "Ravi Menon", "destination": "Bali", "depart_date": "2027-12-28", "return_date": "2028-01-04"},
    ),
    ("log an enquiry: Anita wants to go to Goa on 05/06/2027", {"customer_name": "Anita", "destination": "Goa", "depart_date": "2027-06-05"}),
]


@pytest.mark.parametrize(("message", "fields"), CASES, ids=[c[0][:40] for c in CASES])
def test_a_message_gives_exactly_the_fields_that_it_states(message: str, fields: dict[str, Any]) -> None:
    assert read(message) == fields


@pytest.mark.parametrize(
    "words",
    [
        "next month",
        "around Diwali",
        "in December",
        "on 12/25",
        "on 31 Feb",
        "19 Dec or 26 Dec",
        "next Friday",
        "on 3 Jan 2025",
        "the 5th",
        "at a date to be fixed",
    ],
)
def test_a_date_without_enough_information_stays_empty(words: str) -> None:
    fields = read(f"log an enquiry from Ravi Menon: trip to Bali {words}")
    assert fields == {"customer_name": "Ravi Menon", "destination": "Bali"}


@pytest.mark.parametrize("words", ["2-3 lakh", "50k per person", "between 2 and 3 lakh", "a reasonable budget", "budget 0", "we paid INR 5,000 last time"])
def test_a_budget_that_is_no_single_amount_stays_empty(words: str) -> None:
    assert "budget_amount" not in read(f"log an enquiry from Ravi Menon: trip to Bali, {words}")


def test_what_was_left_open_is_told_with_its_words() -> None:
    found = intake.read("Ravi Menon: trip to Bali next month, 50k per person", today=TODAY, currency="INR", dictated=True)
    assert found.left_open == ("next month", "50k per person")


def test_a_return_before_the_departure_is_no_pair_of_dates() -> None:
    assert "depart_date" not in read("log an enquiry from Ravi Menon: Bali, depart 19 Dec 2026, return 12 Dec 2026")


def test_the_summary_names_the_words_that_gave_each_field() -> None:
    call = understand(MAIL, CONTEXT)
    assert isinstance(call, Call)
    assert call.tool == "create_enquiry"
    assert call.arguments["notes"] == MAIL
    told = BuiltInPlanner().next_move(Conversation(MAIL, CONTEXT, (Played(call, Outcome({"customer_name": "Deepa Krishnan"})),)))
    assert isinstance(told, Say)
    for words in ("“3 lakhs”", "“19 Dec”", "“2 adults, 2 children”", "INR 3,00,000.00", "19 Dec 2026", "the agency’s"):
        assert words in told.text, words


def test_a_message_without_a_name_is_asked_for_it_and_kept() -> None:
    question = understand("hi need 2 tickets bom to lhr on 3rd feb, please quote", CONTEXT)
    assert isinstance(question, Ask)
    answered = understand("Sunil Rao", Context(TODAY, question=question))
    assert isinstance(answered, Call)
    assert answered.arguments["customer_name"] == "Sunil Rao"
    assert answered.arguments["origin"] == "BOM"
    played = (Played(answered, Outcome({"customer_name": "Sunil Rao"})),)
    told = BuiltInPlanner().next_move(Conversation("Sunil Rao", Context(TODAY, question=question), played))
    assert isinstance(told, Say)
    assert "3 Feb 2027" in told.text


@pytest.mark.parametrize(
    "message", ["show new enquiries to Dubai", "what does Deepa Krishnan want", "who wants to go to Bali?", "invoice Deepa 45,000 for a Dubai package trip"]
)
def test_our_own_questions_are_no_customer(message: str) -> None:
    move = understand(message, CONTEXT)
    assert not (isinstance(move, Call) and move.tool == "create_enquiry")


@pytest.mark.parametrize("seed", ["a ", "1,", "Dubai, ", "\n", "from ", "2 adults ", "12 Dec ", "who ", "regards\n", "12,34,"])
def test_a_long_message_is_read_in_a_moment(seed: str) -> None:
    import time  # noqa: PLC0415

    message = ("Hi we want a trip " + seed * 32_000)[:32_000]
    began = time.process_time()
    understand(message, CONTEXT)
    assert time.process_time() - began < 3
