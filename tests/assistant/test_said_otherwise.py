"""The same things said otherwise: days and places, one line of several, one request of several that
wait, and what no rule would let happen.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import PLAIN, bill, invoice
from tests.assistant.test_corrections import BILLED, PAID, PAYING, WAITING, WAITS
from tests.billing.papers import issued
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context, Say
from voyagent.assistant.planner import passengers, visas
from voyagent.assistant.planner.builtin import understand
from voyagent.assistant.planner.completion import after_lookup
from voyagent.assistant.planner.fulfilment import wished
from voyagent.assistant.planner.wishes import Wish
from voyagent.kernel.text import stations

SAID: list[tuple[str, str, dict[str, Any]]] = [
    (
        "write off 5,000 of the invoice of Zachariah Kurian because he left",
        "find_invoices",
        {"status": "open", "customer_name": "Zachariah Kurian"},
    ),
    (
        "write off the rest of Kurian's invoice, too small",
        "find_invoices",
        {"status": "open", "customer_name": "Kurian"},
    ),
    (
        "Zachariah Kurian paid invoice 2026-27/000020 in full",
        "find_invoices",
        {"number": "2026-27/000020"},
    ),
    (
        "paid Creek Side Hotel CRE-0044 in full",
        "find_bills",
        {"vendor_name": "Creek Side Hotel", "vendor_reference": "CRE-0044"},
    ),
    (
        "we paid Creek Side Hotel CRE-0044 in full",
        "find_bills",
        {"vendor_name": "Creek Side Hotel", "vendor_reference": "CRE-0044"},
    ),
    (
        "flights on 12 dec for 2 adults kochi to dubai",
        "search_flights",
        {
            "origin": "COK",
            "destination": "DXB",
            "outbound_date": "2026-12-12",
            "passengers": {"adult": 2},
        },
    ),
]


@pytest.mark.parametrize(("said", "tool", "arguments"), SAID)
def test_it_is_understood(said: str, tool: str, arguments: dict[str, Any]) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert (
        move.tool,
        {
            name: value
            for name, value in move.arguments.items()
            if name != "status" or tool == "find_invoices"
        },
    ) == (tool, arguments)


@pytest.mark.parametrize(
    ("said", "code"), [("the", None), ("The", None), ("THE", "THE"), ("not", None), ("dxb", "DXB")]
)
def test_a_small_word_is_no_airport(said: str, code: str | None) -> None:
    assert stations.code_of(said) == code


LEAVING: dict[str, Any] = {
    "destination": "DXB",
    "outbound_date": "2026-12-12",
    "passengers": {"adult": 2},
}
STAYING: dict[str, Any] = {"check_in": "2026-12-12", "check_out": "2026-12-15", "guests": 2}
WHERE = replace(
    PLAIN,
    question=Ask("From where do they fly?", tool="search_flights", known=LEAVING, missing="origin"),
)
CITY = replace(
    PLAIN, question=Ask("In which city?", tool="search_hotels", known=STAYING, missing="city")
)


@pytest.mark.parametrize(
    ("said", "context", "day"),
    [
        ("no, the 19th", WHERE, "2026-12-19"),
        ("no, 20 Dec", WHERE, "2026-12-20"),
        ("no, 13 Dec", CITY, "2026-12-13"),
    ],
)
def test_another_day_of_a_search_is_noted_and_the_question_stays(
    said: str, context: Context, day: str
) -> None:
    move = understand(said, context)
    assert isinstance(move, Ask), move
    assert context.question
    assert (move.missing, day in (move.known.get("outbound_date"), move.known.get("check_in"))) == (
        context.question.missing,
        True,
    )
    assert move.text.startswith("Noted: ")


def test_a_place_in_a_list_is_no_place_to_fly_from() -> None:
    move = understand("no, the third one", WHERE)
    assert not isinstance(move, Call), move
    assert "THE" not in str(getattr(move, "known", {}))


TWO = invoice("Deepa Krishnan", bill("Dubai visa", "30000"), bill("Flight tickets", "52000"))
OF_TWO = replace(PLAIN, waiting=[WAITS | {"arguments": TWO}])


@pytest.mark.parametrize(
    "said",
    [
        "no, the visa is 40,000",
        "make the visa 40,000",
        "no, visa 40000",
        "no, the visa should be ₹40,000",
    ],
)
def test_one_line_of_two_is_set_right_by_its_name(said: str) -> None:
    move = understand(said, OF_TWO)
    assert isinstance(move, Call), move
    assert move.replaces == "a-1"
    assert move.arguments["line_items"] == [
        bill("Dubai visa", "40000"),
        bill("Flight tickets", "52000"),
    ]


def test_a_line_that_is_not_there_changes_nothing() -> None:
    move = understand("no, the insurance is 40,000", OF_TWO)
    assert not isinstance(move, Call), move


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("due tomorrow", "2026-11-25"),
        ("no, due tomorrow", "2026-11-25"),
        ("due on friday", "2026-11-27"),
    ],
)
def test_a_due_day_by_its_name(said: str, due: str) -> None:
    move = understand(said, WAITING)
    assert isinstance(move, Call), move
    assert move.arguments["due_date"] == due


def test_a_due_day_that_is_past_is_asked_for_and_not_moved_to_next_year() -> None:
    move = understand("invoice Deepa Krishnan 45,000 for Dubai visa due 12 Nov", PLAIN)
    assert isinstance(move, Ask), move
    assert (
        move.text
        == "On which day is it due? “12 Nov” does not name a day on or after the day of issue."
    )
    told = understand("12 Dec", replace(PLAIN, question=move))
    assert isinstance(told, Call), told
    assert told.arguments["due_date"] == "2026-12-12"
    soon = understand("invoice Deepa Krishnan 45,000 for Dubai visa due 12 Mar", PLAIN)
    assert isinstance(soon, Call), soon
    assert soon.arguments["due_date"] == "2027-03-12"


STAYS = {
    "lines": [
        {
            "id": "l-1",
            "kind": "hotel",
            "name": "Copper Palace",
            "status": "booked",
            "supplier_ref": "QNWK5Z",
        },
        {
            "id": "l-2",
            "kind": "hotel",
            "name": "Creek Side Hotel",
            "status": "booked",
            "supplier_ref": "HJTVZW",
        },
    ]
}


@pytest.mark.parametrize(
    ("said", "booking"),
    [
        ("the second one", "l-1"),
        ("the first", "l-2"),
        ("Copper Palace", "l-1"),
        ("the copper palace", "l-1"),
        ("hjtvzw", "l-2"),
    ],
)
def test_which_of_two_hotels_is_said_by_its_place_its_name_or_its_number(
    said: str, booking: str
) -> None:
    asked = after_lookup(
        Wish("cancel_hotel_booking", {}), Call("show_trip", {}), {"show_trip": STAYS}, PLAIN
    )
    assert isinstance(asked, Ask), asked
    assert "HJTVZW (Creek Side Hotel), QNWK5Z (Copper Palace)" in asked.text
    rates = {
        "newest": "rates",
        "rates": [
            {"rate_key": "k-1", "hotel": "Elsewhere"},
            {"rate_key": "k-2", "hotel": "Nowhere"},
        ],
    }
    asking = replace(PLAIN, question=asked, offers=rates)
    move = understand(said, asking)
    assert move == Call("show_trip", {}), move
    chosen = understand(said, asking)
    assert isinstance(chosen, Call)
    wish = wished(said, asking)
    assert isinstance(wish, Wish)
    found = after_lookup(wish, Call("show_trip", {}), {"show_trip": STAYS}, asking)
    assert isinstance(found, Call), found
    assert found.arguments == {"booking_id": booking}


VISA = {
    "id": "a-1",
    "tool": "file_visa",
    "arguments": {"passenger_id": "p-1", "destination": "AE"},
    "summary": "File a visa",
}
ALONG = {
    "id": "t-1",
    "passengers": [
        {"id": "p-1", "full_name": "Rahul Menon", "nationality": "IN"},
        {"id": "p-2", "full_name": "Priya Menon", "nationality": "IN"},
    ],
    "held": [],
}
FILING = replace(PLAIN, waiting=[VISA], trip=ALONG)


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        ("no, for Priya", {"passenger_id": "p-2", "destination": "AE"}),
        ("no, for Thailand", {"passenger_id": "p-1", "destination": "TH"}),
    ],
)
def test_a_filing_that_waits_is_turned_to_somebody_or_somewhere_else(
    said: str, arguments: dict[str, Any]
) -> None:
    move = understand(said, FILING)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments, move.replaces) == ("file_visa", arguments, "a-1")
    assert "in place of the earlier request" in move.words


def test_a_visa_that_is_filed_is_not_asked_for_again() -> None:
    line = {
        "kind": "visa",
        "supplier_ref": "V-1",
        "status": "booked",
        "country": "AE",
        "traveller": "Rahul Menon",
    }
    assert visas.is_filed(line, "Rahul Menon", "AE")
    for other in (
        {"traveller": "Priya Menon"},
        {"country": "TH"},
        {"status": "cancelled"},
        {"supplier_ref": None},
    ):
        assert not visas.is_filed(line | other, "Rahul Menon", "AE"), other
    trip = {"passengers": [{"id": "p-1", "full_name": "Rahul Menon"}], "lines": [line]}
    move = after_lookup(
        Wish("file_visa", {"full_name": "Rahul", "destination": "AE"}),
        Call("show_trip", {}),
        {"show_trip": trip},
        FILING,
    )
    assert isinstance(move, Say), move
    assert "is filed already" in move.text


WHOLE = {"invoice_id": "i-1", "reason": "Dead", "written_off_on": "2026-11-24"}


def test_a_part_takes_the_place_of_the_whole_that_is_written_off() -> None:
    move = understand(
        "no, 6,000",
        replace(
            PLAIN,
            waiting=[
                {
                    "id": "a-1",
                    "tool": "write_off_invoice",
                    "arguments": WHOLE,
                    "summary": "Write off",
                }
            ],
        ),
    )
    assert isinstance(move, Call), move
    assert (move.arguments, move.replaces) == (WHOLE | {"amount": "6000", "currency": "INR"}, "a-1")


BOTH = replace(
    PLAIN,
    waiting=[
        {
            **PAYING.waiting[0],
            "id": "a-1",
            "summary": "Record INR 20,000 of Deepa Krishnan",
            "is_aside": True,
        },
        {**BILLED.waiting[0], "id": "a-2", "summary": "Enter bill EK-77 of Emirates"},
    ],
)


@pytest.mark.parametrize(
    "said",
    [
        "change the payment of Deepa to 8,000",
        "no, the payment of Deepa Krishnan is 8,000",
        "make the receipt from Deepa: 8,000",
    ],
)
def test_the_older_of_two_requests_is_changed_by_its_name(said: str) -> None:
    move = understand(said, BOTH)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments, move.replaces) == (
        "record_receipt",
        PAID | {"amount": "8000"},
        "a-1",
    )


def test_a_name_that_no_request_has_changes_none() -> None:
    move = understand("change the payment of Meera to 8,000", BOTH)
    assert not isinstance(move, Call) or not move.replaces, move


def test_the_way_it_was_paid_is_noted_while_it_is_asked_which_document() -> None:
    among = [
        {
            "id": f"i-{n}",
            "reference": f"2026-27/00002{n}",
            "open": {"amount": "900.00", "currency": "INR"},
            "issue_date": "",
        }
        for n in (1, 2)
    ]
    known = {
        "customer_name": "Deepa Krishnan",
        "amount": "500",
        "currency": "",
        "paid_on": "2026-11-24",
        "among": among,
    }
    asked = Ask(
        "Several are open. Which one?", tool="record_receipt", known=known, missing="document"
    )
    wish = wished("from cash", replace(PLAIN, question=asked))
    assert isinstance(wish, Wish), wish
    assert (wish.known["account"], wish.known["amount"], wish.known["customer_name"]) == (
        "cash",
        "500",
        "Deepa Krishnan",
    )


def test_what_a_rule_would_refuse_is_said_at_once_and_what_waits_stays(
    alice: Person, talk: Talk
) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid 500 in cash")
    (first,) = talk.pending(alice, session_id)
    told = text(talk.say(alice, session_id, "no, 9,99,000"))
    assert "What waits stays as it is." in told
    assert talk.pending(alice, session_id) == [first]
    other = talk.begin(alice)
    talk.say(alice, other, "Zachariah Kurian paid 9,99,000 in cash")
    assert talk.pending(alice, other) == []


def test_words_before_and_behind_a_tool_are_paragraphs(alice: Person, talk: Talk) -> None:
    session_id = talk.begin(alice)
    told = text(talk.say(alice, session_id, "show the invoices over 50,000"))
    assert "these fit all the rest.\n\n" in told


def test_a_payment_that_waits_is_edited_to_cash_by_choosing(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid 500 yesterday")
    (asked,) = talk.pending(alice, session_id)
    page = Page(alice.browser.get(f"/approvals/{asked['approval_id']}?step=edit"))
    (chosen,) = page.all(".//form[@id='edit']//select")
    assert [(one.attrib["value"], one.text, "selected" in one.attrib) for one in chosen] == [
        ("bank", "Bank", True),
        ("cash", "Cash", False),
    ]
    assert "a.account" not in {
        one.attrib["name"] for one in page.all(".//form[@id='edit']//input[@type='text']")
    }


def test_the_card_of_an_entry_names_its_accounts(alice: Person, talk: Talk) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "journal entry: debit cash, credit bank 4,000 for petty cash")
    (asked,) = talk.pending(alice, session_id)
    card = Page(alice.browser.get(f"/assistant/{session_id}")).words(
        f".//*[@id='ask-{asked['approval_id']}']"
    )
    assert re.findall(r"(Debit|Credit)(\d{4}) [^,]*, [^,]*, INR4,000", card) == [
        ("Credit", "1100")
    ], card
    assert re.findall(r"(Debit|Credit)(\d{4}) [^,]*, INR4,000", card)[0] == ("Debit", "1010"), card


def test_a_title_is_no_part_of_a_travellers_name() -> None:
    people = passengers.people_in("Mr Rahul Menon, Mrs. Priya Menon and Dr Asha Pillai", PLAIN)
    assert [one["full_name"] for one in people] == ["Rahul Menon", "Priya Menon", "Asha Pillai"]
