"""Dates in a conversation follow the rule table: answers, refusals, and what is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from voyagent.assistant.moves import Ask, Call, Context, Move
from voyagent.assistant.planner.builtin import understand

SUNDAY = Context(date(2026, 11, 29))
FLIGHTS = "flights from Mumbai to Dubai for 2 adults"


def answered(first: str, answer: str) -> Move:
    question = understand(first, SUNDAY)
    assert isinstance(question, Ask), question
    return understand(answer, replace(SUNDAY, question=question))


@pytest.mark.parametrize(
    ("answer", "day"),
    [
        ("15", "2026-12-15"),
        ("the 5th", "2026-12-05"),
        ("kal", "2026-11-30"),
        ("next Friday", "2026-12-04"),
        ("29 Feb", "2028-02-29"),
        ("25 Dec 27", "2027-12-25"),
    ],
)
def test_an_answer_to_a_question_for_a_date_is_read_as_in_a_field(answer: str, day: str) -> None:
    move = answered(FLIGHTS, answer)
    assert isinstance(move, Call), move
    assert move.arguments["outbound_date"] == day


def test_a_date_with_the_month_first_is_refused_and_the_other_reading_is_offered() -> None:
    for move in (
        understand("flights from Mumbai to Dubai on 03/15/2027 for 2 adults", SUNDAY),
        answered(FLIGHTS, "03/15/2027"),
    ):
        assert isinstance(move, Ask), move
        assert move.text == (
            "There is no 03/15/2027, for the day stands before the month. Do you mean"
            " Mon 15 Mar 2027? On which day do they leave?"
        )


def test_a_date_beside_another_weekday_is_refused() -> None:
    move = understand("flights from Mumbai to Dubai on Saturday 4 Dec for 2 adults", SUNDAY)
    assert isinstance(move, Ask), move
    assert "“Saturday 4 Dec” does not fit: that day is Fri 4 Dec 2026." in move.text


@pytest.mark.parametrize("words", ["in December", "jan 2nd week", "around Diwali", "12/2026"])
def test_words_that_leave_the_day_open_are_asked_about(words: str) -> None:
    move = understand(f"flights from Mumbai to Dubai {words} for 2 adults", SUNDAY)
    assert isinstance(move, Ask), move
    assert move.missing == "outbound_date"


def test_the_range_of_a_stay_goes_over_the_new_year() -> None:
    move = understand("hotels in Dubai 31 Dec – 5 Jan for 2 adults", SUNDAY)
    assert isinstance(move, Call), move
    assert (move.arguments["check_in"], move.arguments["check_out"]) == ("2026-12-31", "2027-01-05")


@pytest.mark.parametrize(
    ("words", "issued", "due"),
    [
        ("dated 25 Dec 25", "2025-12-25", "2025-12-25"),
        ("dated 25 Dec 25 due 10 Jan", "2025-12-25", "2026-01-10"),
        ("due 12 Mar", "2026-11-29", "2027-03-12"),
        ("due next Friday", "2026-11-29", "2026-12-04"),
        ("due kal", "2026-11-29", "2026-11-30"),
    ],
)
def test_the_dates_of_an_invoice_have_their_kinds(words: str, issued: str, due: str) -> None:
    move = understand(f"invoice Deepa Krishnan 45,000 for Dubai visa {words}", SUNDAY)
    assert isinstance(move, Call), move
    assert (move.arguments["issue_date"], move.arguments["due_date"]) == (issued, due)


def test_a_birth_without_its_year_is_asked_for() -> None:
    move = understand("add passenger Ravi Menon born 3 Mar", SUNDAY)
    assert isinstance(move, Call), move
    assert move.arguments == {"full_name": "Ravi Menon"}
    assert move.words == "Say the date of birth with its year: “3 Mar” leaves it open."
    dated = understand("add passenger Ravi Menon born 3/3/85", SUNDAY)
    assert isinstance(dated, Call), dated
    assert dated.arguments["date_of_birth"] == "1985-03-03"
    assert dated.words == ""


def test_kal_is_no_part_of_a_name() -> None:
    move = understand("received 5000 from Deepa kal", SUNDAY)
    assert isinstance(move, Call), move
    assert move.arguments["customer_name"] == "Deepa"


def test_an_amount_for_each_is_no_total() -> None:
    move = understand("pay Al Noor 500 each", SUNDAY)
    assert "amount" not in (move.known if isinstance(move, Ask) else move.arguments)  # type: ignore[union-attr]
