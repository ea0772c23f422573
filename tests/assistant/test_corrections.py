"""What was proposed, searched, logged or told is set right in a few words, and a corrected request
takes the place of the one that waits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import DEEPA, PLAIN, SHOWN, bill, invoice
from tests.billing.papers import issued
from tests.people import Person
from voyagent.approvals import service as approvals
from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    EnquiryInView,
    Say,
    context_from,
    kept,
)
from voyagent.assistant.planner.builtin import understand

VISA = invoice("Deepa Krishnan", bill("Dubai visa", "45000"))
WAITS = {
    "id": "a-1",
    "tool": "draft_invoice",
    "arguments": VISA,
    "summary": "Draft an invoice for Deepa Krishnan",
}
WAITING = replace(PLAIN, waiting=[WAITS])
WAY: dict[str, Any] = {
    "origin": "COK",
    "destination": "DXB",
    "outbound_date": "2026-12-12",
    "passengers": {"adult": 2},
}
FLOWN = replace(
    PLAIN,
    offers={"newest": "fares", "fares": SHOWN["fares"], "fares_search": WAY},
    last={"tool": "search_flights", "arguments": WAY},
)
ROOM: dict[str, Any] = {
    "city": "Dubai",
    "country": "AE",
    "check_in": "2026-12-12",
    "check_out": "2026-12-15",
    "guests": 2,
}
SLEPT = replace(
    PLAIN,
    offers={"newest": "rates", "rates": SHOWN["rates"], "rates_search": ROOM},
    last={"tool": "search_hotels", "arguments": ROOM},
)
ABOUT = replace(PLAIN, enquiry=EnquiryInView(DEEPA, "Anil Kumar", "Muscat", "Trivandrum"))
LISTED = replace(
    PLAIN,
    last={"tool": "find_enquiries", "arguments": {"destination": "Dubai"}, "ids": ["e-1", "e-2"]},
)
TOLD = replace(
    PLAIN,
    last={"tool": "visa_requirements", "arguments": {"destination": "AE", "nationality": "IN"}},
)
PAID: dict[str, Any] = {
    "invoice_id": "i-1",
    "amount": "20000",
    "currency": "INR",
    "paid_on": "2026-11-24",
    "account": "bank",
}
PAYING = replace(
    PLAIN,
    waiting=[
        {"id": "a-1", "tool": "record_receipt", "arguments": PAID, "summary": "Record a receipt"}
    ],
)
LINE = bill("Ticket EK 501", "45000")
BILL: dict[str, Any] = {
    "vendor_name": "Emirates",
    "vendor_reference": "EK-77",
    "issue_date": "2026-11-24",
    "due_date": "2026-11-24",
    "line_items": [LINE],
}
BILLED = replace(
    PLAIN,
    waiting=[{"id": "a-1", "tool": "receive_bill", "arguments": BILL, "summary": "Enter a bill"}],
)
MONEY: list[tuple[str, Context, dict[str, Any]]] = [
    ("no, 50,000", PAYING, PAID | {"amount": "50000"}),
    ("make it 1.2 lakh", PAYING, PAID | {"amount": "120000"}),
    ("no, yesterday", PAYING, PAID | {"paid_on": "2026-11-23"}),
    ("no, it was paid on 20 Nov", PAYING, PAID | {"paid_on": "2026-11-20"}),
    ("no, in cash", PAYING, PAID | {"account": "cash"}),
    (
        "no, 15,000 in cash yesterday",
        PAYING,
        PAID | {"amount": "15000", "account": "cash", "paid_on": "2026-11-23"},
    ),
    ("no, 50,000", BILLED, BILL | {"line_items": [LINE | {"unit_price": "50000"}]}),
    ("make it due 10 Dec", BILLED, BILL | {"due_date": "2026-12-10"}),
    ("no, dated 20 Nov", BILLED, BILL | {"issue_date": "2026-11-20"}),
    ("no, number EK-78", BILLED, BILL | {"vendor_reference": "EK-78"}),
    (
        "no, for two tickets EK 501",
        BILLED,
        BILL | {"line_items": [LINE | {"description": "Two tickets EK 501"}]},
    ),
    ("no, from Emirates Holidays", BILLED, BILL | {"vendor_name": "Emirates Holidays"}),
]
CORRECTED: list[tuple[str, Context, str, dict[str, Any]]] = [
    (
        "no, for Harbinder Singh Gill",
        WAITING,
        "draft_invoice",
        VISA | {"customer_name": "Harbinder Singh Gill"},
    ),
    ("sorry, for Meera Nair", WAITING, "draft_invoice", VISA | {"customer_name": "Meera Nair"}),
    (
        "no, 50,000",
        WAITING,
        "draft_invoice",
        invoice("Deepa Krishnan", bill("Dubai visa", "50000")),
    ),
    (
        "make it 90k",
        WAITING,
        "draft_invoice",
        invoice("Deepa Krishnan", bill("Dubai visa", "90000")),
    ),
    (
        "no, AED 500",
        WAITING,
        "draft_invoice",
        invoice("Deepa Krishnan", bill("Dubai visa", "500", "AED")),
    ),
    (
        "no, Bali visa",
        WAITING,
        "draft_invoice",
        invoice("Deepa Krishnan", bill("Bali visa", "45000")),
    ),
    ("make it due 10 Dec", WAITING, "draft_invoice", VISA | {"due_date": "2026-12-10"}),
    ("no, from Mumbai", FLOWN, "search_flights", WAY | {"origin": "BOM"}),
    ("no, to Goa", FLOWN, "search_flights", WAY | {"destination": "GOI"}),
    ("Sharjah instead of Dubai", FLOWN, "search_flights", WAY | {"destination": "SHJ"}),
    ("what about the 20th?", FLOWN, "search_flights", WAY | {"outbound_date": "2026-12-20"}),
    ("the day after instead", FLOWN, "search_flights", WAY | {"outbound_date": "2026-12-13"}),
    ("no, the day before", FLOWN, "search_flights", WAY | {"outbound_date": "2026-12-11"}),
    ("no, 3 adults", FLOWN, "search_flights", WAY | {"passengers": {"adult": 3}}),
    (
        "no, 14 Dec returning 18 Dec",
        FLOWN,
        "search_flights",
        WAY | {"outbound_date": "2026-12-14", "return_date": "2026-12-18"},
    ),
    ("no, in Goa", SLEPT, "search_hotels", ROOM | {"city": "Goa", "country": "IN"}),
    ("no, 3 guests", SLEPT, "search_hotels", ROOM | {"guests": 3}),
    (
        "no, 14-16 Dec",
        SLEPT,
        "search_hotels",
        ROOM | {"check_in": "2026-12-14", "check_out": "2026-12-16"},
    ),
    (
        "no, 20 Dec",
        SLEPT,
        "search_hotels",
        ROOM | {"check_in": "2026-12-20", "check_out": "2026-12-23"},
    ),
    (
        "no, Salalah instead of Muscat",
        ABOUT,
        "update_enquiry",
        {"enquiry_id": DEEPA, "destination": "Salalah"},
    ),
    (
        "Kochi instead of Trivandrum",
        ABOUT,
        "update_enquiry",
        {"enquiry_id": DEEPA, "origin": "Kochi"},
    ),
    ("only the new ones", LISTED, "find_enquiries", {"destination": "Dubai", "status": "new"}),
    ("open the first", LISTED, "summarise_enquiry", {"enquiry_id": "e-1"}),
    ("open the last one", LISTED, "summarise_enquiry", {"enquiry_id": "e-2"}),
    ("what about Thailand", TOLD, "visa_requirements", {"destination": "TH", "nationality": "IN"}),
    ("and for Singapore?", TOLD, "visa_requirements", {"destination": "SG", "nationality": "IN"}),
]


@pytest.mark.parametrize(
    ("said", "context", "tool", "arguments"), CORRECTED, ids=[row[0] for row in CORRECTED]
)
def test_a_few_words_set_right_what_came_before(
    said: str, context: Context, tool: str, arguments: dict[str, Any]
) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)
    assert move.replaces == ("a-1" if tool == "draft_invoice" else "")


@pytest.mark.parametrize(
    ("said", "context", "tool", "arguments"), CORRECTED, ids=[row[0] for row in CORRECTED]
)
def test_where_there_is_nothing_to_set_right_nothing_is_made_up(
    said: str, context: Context, tool: str, arguments: dict[str, Any]
) -> None:
    move = understand(said, PLAIN)
    assert not isinstance(move, Call), (move, context, tool, arguments)


@pytest.mark.parametrize(
    ("said", "context", "arguments"),
    MONEY,
    ids=[f"{row[1].waiting[0]['tool']} {row[0]}" for row in MONEY],
)
def test_a_bill_or_a_payment_that_waits_is_set_right_and_takes_the_old_ones_place(
    said: str, context: Context, arguments: dict[str, Any]
) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments, move.replaces) == (
        context.waiting[0]["tool"],
        arguments,
        "a-1",
    )
    assert "once approved" in move.words
    assert not isinstance(understand(said, PLAIN), Call)


@pytest.mark.parametrize(
    "said",
    [
        "no, show invoices",
        "actually, who owes us",
        "no, 20,000",
        "no, to somebody else entirely",
        "what about 50,000 people",
        "no, 50,000 people",
    ],
)
@pytest.mark.parametrize("context", [PAYING, BILLED], ids=["payment", "bill"])
def test_what_sets_nothing_of_a_payment_right_replaces_nothing(said: str, context: Context) -> None:
    move = understand(said, context)
    same = said == "no, 20,000" and context is BILLED
    assert not (isinstance(move, Call) and move.replaces) or same, move


@pytest.mark.parametrize(
    ("said", "tool"),
    [("no, show invoices", "find_invoices"), ("actually, who owes us", "list_receivables")],
)
def test_a_request_behind_a_no_is_no_name_on_the_invoice_that_waits(said: str, tool: str) -> None:
    move = understand(said, WAITING)
    assert not isinstance(move, Call) or move.tool == tool, move


def test_a_corrected_name_that_nobody_bears_is_asked_about_and_still_takes_the_place() -> None:
    context = replace(WAITING, names={"deepa": {"is_known": False, "near": ["Deepa Nair"]}})
    asked = understand("no, for Deepa", context)
    assert isinstance(asked, Ask), asked
    move = understand("yes", replace(context, question=asked))
    assert isinstance(move, Call), move
    assert (move.arguments["customer_name"], move.replaces) == ("Deepa Nair", "a-1")


def test_no_with_something_else_corrects_an_open_question_and_no_alone_leaves_it() -> None:
    first = understand("invoice Deepa", PLAIN)
    assert isinstance(first, Ask), first
    again = understand("no, for Deepa Krishnan", replace(PLAIN, question=first))
    assert isinstance(again, Ask), again
    assert (again.missing, again.known["customer_name"]) == (first.missing, "Deepa Krishnan")
    for said in ("no", "no thanks", "never mind", "No, leave it."):
        left = understand(said, replace(PLAIN, question=first))
        assert isinstance(left, Say), left
        assert left.text == "All right, I left it."
    flight = understand("flights from Kochi", PLAIN)
    assert isinstance(flight, Ask), flight
    turned = understand("no, from Mumbai", replace(PLAIN, question=flight))
    assert isinstance(turned, Ask), turned
    assert turned.known == {"origin": "BOM"}


def test_what_was_told_last_is_kept_with_the_turn() -> None:
    assert context_from(kept(LISTED)) == LISTED


def test_the_corrected_request_waits_alone(alice: Person, talk: Talk) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "invoice Deepa Krishnan 45,000 for Dubai visa")
    (first,) = talk.pending(alice, session_id)
    talk.say(alice, session_id, "no, 50,000")
    (second,) = talk.pending(alice, session_id)
    assert second["approval_id"] != first["approval_id"]
    assert "50,000" in second["summary"]
    with pytest.raises(approvals.ApprovalAlreadyResolved):
        alice.does(lambda actor: approvals.replace(actor, session_id, first["approval_id"]))
    other = talk.begin(alice)
    with pytest.raises(approvals.ApprovalAlreadyResolved):
        alice.does(lambda actor: approvals.replace(actor, other, second["approval_id"]))
    assert [row["approval_id"] for row in talk.pending(alice, session_id)] == [
        second["approval_id"]
    ]


@pytest.mark.parametrize("said", ["no, AED 500", "make it USD", "no, in dirhams"])
def test_a_payment_that_waits_stays_in_the_currency_of_its_document(said: str) -> None:
    move = understand(said, PAYING)
    assert isinstance(move, Say), move
    assert "The document is in INR" in move.text


def test_a_corrected_payment_waits_alone(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid 500 today")
    (first,) = talk.pending(alice, session_id)
    assert "in place of the earlier request" in text(talk.say(alice, session_id, "no, 700 in cash"))
    (second,) = talk.pending(alice, session_id)
    assert second["approval_id"] != first["approval_id"]
    assert "700" in second["summary"]


def test_enquiries_that_were_listed_are_narrowed_and_opened(alice: Person, talk: Talk) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "log an enquiry from Anil Kumar: Trivandrum to Muscat, 2 adults")
    other = talk.begin(alice)
    talk.say(alice, other, "enquiries to Muscat")
    assert "Anil Kumar" in text(talk.say(alice, other, "only the new ones"))
    assert "Trivandrum" in text(talk.say(alice, other, "open the first"))
