"""What was meant and nothing else: a bill's number is no amount, families travel as they are, and
newer words reach no older request unasked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import PLAIN
from tests.assistant.test_corrections import PAID, PAYING, SLEPT
from tests.billing.papers import issued
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context, Say
from voyagent.assistant.planner import passengers
from voyagent.assistant.planner.builtin import understand
from voyagent.assistant.planner.completion import after_lookup
from voyagent.assistant.planner.wishes import Wish
from voyagent.kernel.text.people import find_party


@pytest.mark.parametrize("said", ["pay bill BSP-0045", "pay the bill CRE-0044 of Creek Side Hotel"])
def test_the_number_of_a_bill_is_no_amount(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing) == ("pay_bill", "amount")


def test_an_amount_beside_a_bills_number_is_taken() -> None:
    move = understand("pay BSP India 10,000 for bill BSP-0045 in cash", PLAIN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["vendor_reference"]) == ("find_bills", "BSP-0045")


FAMILIES: list[tuple[str, dict[str, int]]] = [
    (
        (
            "We are a family of four - me, my husband Rahul, daughter Anya (9) and baby Kiaan (14"
            " months)"
        ),
        {"adult": 2, "child": 1, "infant": 1},
    ),
    (
        "We are 4: me, my husband, our daughter Anya (9) and baby Kiaan 14 months",
        {"adult": 2, "child": 1, "infant": 1},
    ),
    ("me, my wife and our baby", {"adult": 2, "infant": 1}),
    ("my husband and me, our son Ravi (14)", {"adult": 3}),
]


@pytest.mark.parametrize(("said", "party"), FAMILIES)
def test_a_family_is_searched_for_as_what_it_is(said: str, party: dict[str, int]) -> None:
    assert find_party(said) == party


@pytest.mark.parametrize(
    ("said", "people"),
    [
        (
            "Asha Pillai, Binu Pillai, child Chinnu Pillai and infant Deva Pillai",
            [
                ("Asha Pillai", None),
                ("Binu Pillai", None),
                ("Chinnu Pillai", "child"),
                ("Deva Pillai", "infant"),
            ],
        ),
        (
            "Priya Menon, her husband Rahul, Anya (9) and baby Kiaan 14 months",
            [("Priya Menon", None), ("Rahul", None), ("Anya", "child"), ("Kiaan", "infant")],
        ),
    ],
)
def test_everybody_who_is_named_is_taken_along_as_what_they_are(
    said: str, people: list[tuple[str, str | None]]
) -> None:
    assert [
        (one["full_name"], one.get("kind")) for one in passengers.people_in(said, PLAIN)
    ] == people


LIST = {"tool": "find_invoices", "arguments": {"customer_name": "Deepa Krishnan"}, "ids": []}
ASIDE = replace(PAYING, waiting=[{**PAYING.waiting[0], "is_aside": True}], last=LIST)


def test_a_request_behind_which_something_else_was_answered_is_changed_only_once_it_is_said_to_be_meant() -> (
    None
):
    asked = understand("no, 54,000", ASIDE)
    assert isinstance(asked, Ask), asked
    assert "Do you mean what waits already, “Record a receipt”?" in asked.text
    move = understand("yes", replace(ASIDE, question=asked))
    assert isinstance(move, Call), move
    assert (move.arguments, move.replaces) == (PAID | {"amount": "54000"}, "a-1")
    left = understand("no", replace(ASIDE, question=asked))
    assert isinstance(left, Say), left


def test_a_name_behind_a_list_is_of_the_list() -> None:
    move = understand("no, for Harbinder Singh Gill", ASIDE)
    assert move == Call("find_invoices", {"customer_name": "Harbinder Singh Gill"})


def test_a_list_between_a_payment_and_its_correction_makes_the_planner_ask(
    alice: Person, talk: Talk
) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid 500 yesterday in cash")
    (first,) = talk.pending(alice, session_id)
    talk.say(alice, session_id, "please prepare something for Zachariah")
    assert "Do you mean what waits already" in text(talk.say(alice, session_id, "no, 700"))
    assert talk.pending(alice, session_id) == [first]
    talk.say(alice, session_id, "yes")
    (second,) = talk.pending(alice, session_id)
    assert "700" in second["summary"]
    talk.say(alice, session_id, "who owes us")
    talk.say(alice, session_id, "no, for Meera Nair")
    assert talk.pending(alice, session_id) == [second]


BOOKING = {
    "id": "a-9",
    "tool": "book_hotel",
    "arguments": {"rate_key": "k-1", "passenger_ids": ["p-1"]},
    "summary": "Book the first",
}
STAYING: Context = replace(
    SLEPT, trip={"id": "t-1", "passengers": [{"id": "p-1", "full_name": "Priya Menon"}], "held": []}
)


def test_the_second_room_takes_the_place_of_the_first_that_waits() -> None:
    waits = replace(STAYING, waiting=[BOOKING])
    move = understand("no, the second one", waits)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments, move.replaces) == (
        "book_hotel",
        {"rate_key": "k-2", "passenger_ids": ["p-1"]},
        "a-9",
    )
    assert "for Priya Menon" in move.words


def test_who_is_not_known_is_asked_for_again_with_the_other_room() -> None:
    who = understand("book the first one for Rahul", STAYING)
    assert isinstance(who, Ask), who
    other = understand("no, the second one", replace(STAYING, question=who))
    assert isinstance(other, Ask), other
    assert (other.missing, other.known["rate_key"], "Rahul" in other.text) == ("who", "k-2", True)


@pytest.mark.parametrize(
    ("first", "said", "known"),
    [
        ("write off 2000 for Zachariah Kurian", "yesterday", {"written_off_on": "2026-11-23"}),
        ("journal entry: debit rent 40k credit bank", "yesterday", {"entry_date": "2026-11-23"}),
        (
            "enter a bill from Emirates, 45,000 for Dubai visa",
            "due 12 Dec",
            {"due_date": "2026-12-12"},
        ),
    ],
)
def test_a_day_alone_is_no_words_and_no_number(
    first: str, said: str, known: dict[str, Any]
) -> None:
    question = understand(first, PLAIN)
    assert isinstance(question, Ask), question
    move = understand(said, replace(PLAIN, question=question))
    assert isinstance(move, Ask), move
    assert (move.missing, {name: move.known.get(name) for name in known}) == (
        question.missing,
        known,
    )


def test_small_balance_is_a_reason() -> None:
    question = understand("write off 2000 for Zachariah Kurian", PLAIN)
    assert isinstance(question, Ask), question
    move = understand("small balance", replace(PLAIN, question=question))
    assert isinstance(move, Call), move
    assert move.tool == "find_invoices"


def test_an_entry_wants_two_accounts() -> None:
    accounts = [
        {"id": "a-1", "code": "1010", "name": "Cash in hand"},
        {"id": "a-2", "code": "1100", "name": "Bank"},
    ]
    known = {
        "debit": "1010",
        "credit": "cash in hand",
        "amount": "100",
        "currency": "INR",
        "narration": "Tea",
    }
    move = after_lookup(
        Wish("post_journal_entry", known),
        Call("list_ledger_accounts", {}),
        {"list_ledger_accounts": {"accounts": accounts}},
        PLAIN,
    )
    assert isinstance(move, Ask), move
    assert (move.missing, "the same account" in move.text, "credit" in move.known) == (
        "credit",
        True,
        False,
    )
