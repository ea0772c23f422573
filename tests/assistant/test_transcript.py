"""Every tool has a card with an icon and sentences in both languages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask_babel import force_locale

from voyagent import catalogue
from voyagent.assistant.views.transcript import given_fields, tool_head
from voyagent.capabilities import registry

ICONS = Path(__file__).parents[2] / "static/vendor/bootstrap-icons.min.css"
INR = {"currency": "INR"}
PRICE = {"amount": "45000.00", **INR}
INVOICE = {
    "invoice_id": "i-1",
    "number": "2026-27/000012",
    "total_amount": "45000.00",
    "customer_name": "Deepa Krishnan",
    **INR,
}

# tool, input, output, the sentence while it runs (or waits), the sentence when it has run, the note
DONE: list[tuple[str, dict[str, Any], dict[str, Any], str, str, str]] = [
    (
        "update_enquiry",
        {"enquiry_id": "e"},
        {"enquiry": {"customer_name": "Ravi Menon"}},
        "Change the enquiry",
        "Changed the enquiry of Ravi Menon",
        "",
    ),
    (
        "list_receivables",
        {"customer_name": "Ravi"},
        {"count": 1},
        *["Looked up the balance of Ravi"] * 2,
        "1 found",
    ),
    (
        "list_payables",
        {},
        {"count": 2},
        "Looked up payables",
        "Looked up payables",
        "2 found",
    ),
    (
        "list_payables",
        {"vendor_name": "BSP India"},
        {"count": 1},
        *["Looked up payables to BSP India"] * 2,
        "1 found",
    ),
    (
        "find_invoices",
        {"number": "2026-27/000012"},
        {"count": 1},
        *["Searched for invoice 2026-27/000012"] * 2,
        "1 found",
    ),
    (
        "find_invoices",
        {"status": "open", "customer_name": "Deepa"},
        {"count": 1},
        *["Searched invoices for Deepa"] * 2,
        "1 found",
    ),
    (
        "draft_invoice",
        {"customer_name": "Deepa"},
        {"drafted": True, **INVOICE},
        "Draft invoice for Deepa",
        "Draft invoice for Deepa Krishnan",
        "INR 45,000.00",
    ),
    (
        "issue_invoice",
        {"invoice_id": "i-1"},
        {"issued": True, **INVOICE},
        "Issue invoice",
        "Issued invoice 2026-27/000012",
        "INR 45,000.00",
    ),
    (
        "create_invoice",
        {"invoice": {"invoice_number": "2026-27/000012"}},
        {"created": True, "invoice_number": "2026-27/000012", **INVOICE},
        "Create invoice 2026-27/000012",
        "Created invoice 2026-27/000012",
        "INR 45,000.00",
    ),
    (
        "record_receipt",
        {"invoice_id": "i-1"},
        {
            "recorded": True,
            "party_name": "Deepa",
            "number": "2026-27/000012",
            "amount": "20000.00",
            **INR,
        },
        "Record payment",
        "Recorded a payment of Deepa for 2026-27/000012",
        "INR 20,000.00",
    ),
    (
        "write_off_invoice",
        {"invoice_id": "i-1"},
        {
            "written_off": True,
            "party_name": "Deepa",
            "number": "2026-27/000012",
            "amount": "20.00",
            **INR,
        },
        "Write off an invoice",
        "Wrote off a part of 2026-27/000012",
        "INR 20.00",
    ),
    (
        "find_bills",
        {"due_to": "2026-12-05"},
        {"count": 2},
        "Searched open bills by due date",
        "Searched open bills by due date",
        "2 found",
    ),
    (
        "find_bills",
        {"vendor_reference": "B-7"},
        {"count": 1},
        "Searched for bill B-7",
        "Searched for bill B-7",
        "1 found",
    ),
    (
        "receive_bill",
        {"vendor_name": "BSP India", "vendor_reference": "B-7"},
        {"received": True, "total_amount": "8000.00", **INR},
        "Enter bill B-7 of BSP India",
        "Entered bill B-7 of BSP India",
        "INR 8,000.00",
    ),
    (
        "pay_bill",
        {"bill_id": "b-1"},
        {
            "paid": True,
            "party_name": "BSP India",
            "vendor_reference": "B-7",
            "amount": "8000.00",
            **INR,
        },
        "Record a bill payment",
        "Recorded a payment to BSP India for bill B-7",
        "INR 8,000.00",
    ),
    (
        "post_journal_entry",
        {"entry": {"narration": "Tea"}},
        {"posted": True},
        "Post a journal entry",
        "Posted a journal entry: Tea",
        "",
    ),
    (
        "fetch_bsp_statement",
        {"period_start": "2026-11-01", "period_end": "2026-11-15"},
        {"fetched": False, "reason": "capability_not_supported", "detail": "No."},
        *["Requested the BSP statement, 1 Nov 2026 – 15 Nov 2026"] * 2,
        "not offered",
    ),
    (
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-12-12",
            "return_date": "2026-12-18",
        },
        {"count": 20, "fares": []},
        *["Searched flights BOM → DXB, 12 Dec 2026 – 18 Dec 2026"] * 2,
        "20 found",
    ),
    (
        "release_flight",
        {"pnr_id": "l"},
        {"locator": "K7PQ2M"},
        "Release a held flight",
        "Released flight booking K7PQ2M",
        "",
    ),
    (
        "hold_flight",
        {"fare_id": "f"},
        {"locator": "K7PQ2M"},
        "Hold a flight",
        "Held flight booking K7PQ2M",
        "not paid yet",
    ),
    (
        "read_pnr",
        {"locator": "K7PQ2M"},
        {"locator": "K7PQ2M", "status": "ticketed"},
        "Viewed booking K7PQ2M",
        "Viewed booking K7PQ2M",
        "ticketed",
    ),
    (
        "issue_ticket",
        {"pnr_id": "p"},
        {"locator": "K7PQ2M", "tickets": []},
        "Issue the tickets",
        "Issued the tickets of K7PQ2M",
        "",
    ),
    (
        "visa_requirements",
        {"destination": "TH"},
        {"kind": "electronic"},
        *["Looked up the visa rules of Thailand"] * 2,
        "",
    ),
    (
        "file_visa",
        {"destination": "AE"},
        {"receipt": "V-1"},
        "File a visa for United Arab Emirates",
        "Filed the visa, receipt V-1",
        "",
    ),
    (
        "search_hotels",
        {"city": "Dubai", "check_in": "2026-12-12", "check_out": "2026-12-18"},
        {"count": 3},
        *["Searched hotels in Dubai, 12 Dec 2026 – 18 Dec 2026"] * 2,
        "3 found",
    ),
    (
        "check_hotel_rate",
        {"rate_key": "k"},
        {"hotel": "Amber Court", "price": PRICE},
        "Checked a hotel rate",
        "Checked the rate at Amber Court",
        "INR 45,000.00",
    ),
    (
        "read_hotel_booking",
        {"booking_id": "b"},
        {"supplier_ref": "H-1", "status": "booked"},
        "Viewed a hotel booking",
        "Viewed hotel booking H-1",
        "booked",
    ),
    (
        "book_hotel",
        {"rate_key": "k"},
        {"supplier_ref": "H-1"},
        "Book a hotel",
        "Booked the hotel, number H-1",
        "",
    ),
    (
        "cancel_hotel_booking",
        {"booking_id": "b"},
        {"cancelled": True},
        "Cancel a hotel booking",
        "Cancelled the hotel booking",
        "",
    ),
    (
        "show_trip",
        {},
        {"title": "Dubai", "passengers": [1, 2]},
        "Viewed the trip",
        "Viewed the trip: Dubai",
        "2 people",
    ),
    (
        "read_itinerary",
        {},
        {"passengers": [1]},
        "Viewed the itinerary",
        "Viewed the itinerary",
        "one person",
    ),
    (
        "send_itinerary",
        {"to": "d@example.com"},
        {"sent": True, "to": "d@example.com"},
        "E-mail the itinerary to d@example.com",
        "E-mailed the itinerary to d@example.com",
        "",
    ),
    (
        "add_passenger",
        {"full_name": "Ravi"},
        {"full_name": "Ravi"},
        "Added Ravi to the trip",
        "Added Ravi to the trip",
        "",
    ),
    (
        "remove_passenger",
        {"full_name": "ravi"},
        {"full_name": "Ravi"},
        "Removed ravi from the trip",
        "Removed Ravi from the trip",
        "",
    ),
    (
        "add_transfer",
        {"origin": "A", "destination": "B"},
        {"price": PRICE},
        *["Planned a transfer from A to B"] * 2,
        "INR 45,000.00",
    ),
]


GLYPHS = {one.name: one.card.icon for one in catalogue.CAPABILITIES}


@pytest.fixture(autouse=True)
def reading(app: Flask) -> Any:
    with app.test_request_context(), force_locale("en"):
        yield


def test_every_tool_has_its_own_card() -> None:
    ours = {tool.name for tool in registry.every() if not tool.name.startswith("probe_")}
    assert set(GLYPHS) == ours
    drawn = ICONS.read_text()
    assert [glyph for glyph in GLYPHS.values() if f".bi-{glyph}:" not in drawn] == []


@pytest.mark.parametrize("tool", sorted(GLYPHS))
def test_an_unknown_tool_has_a_general_card(tool: str) -> None:
    card = tool_head({"tool_name": tool, "input": {}, "output": None})
    assert card.line == card.line.strip(" ,→") != "", "no sentence with a hole in it"
    assert tool.replace("_", " ") != card.line
    refused = tool_head(
        {"tool_name": tool, "input": {}, "output": {"error": "forbidden_role", "message": "No."}}
    )
    assert (refused.note, refused.failed) == ("not done", True)


def test_a_search_without_results_is_an_answer_and_a_refused_act_a_failure() -> None:
    nothing = {"error": "trip_not_found", "message": "This conversation has no trip yet."}
    looked = tool_head({"tool_name": "show_trip", "input": {}, "output": nothing})
    assert (looked.note, looked.failed) == ("no results", False)
    for tool in ("remove_passenger", "book_hotel", "a_tool_of_old"):
        card = tool_head({"tool_name": tool, "input": {}, "output": nothing})
        assert (card.note, card.failed) == ("not done", True), tool


@pytest.mark.parametrize(
    ("tool", "given", "output", "before", "after", "note"),
    DONE,
    ids=[f"{row[0]} {json.dumps(row[1])[:40]}" for row in DONE],
)
def test_a_card_states_the_act(
    tool: str, given: dict[str, Any], output: dict[str, Any], before: str, after: str, note: str
) -> None:
    assert tool_head({"tool_name": tool, "input": given, "output": None}).line == before
    card = tool_head({"tool_name": tool, "input": given, "output": output})
    assert (card.line, card.note) == (after, note)


@pytest.mark.parametrize("row", DONE, ids=[f"{row[0]} {json.dumps(row[1])[:40]}" for row in DONE])
def test_a_card_is_in_hindi_for_a_hindi_reader(row: Any) -> None:
    tool, given, output, *_ = row
    with force_locale("hi"):
        lines = [
            tool_head({"tool_name": tool, "input": given, "output": shown}).line
            for shown in (None, output)
        ]
    for line in lines:
        assert re.search("[\u0900-\u097f]", line), line


@pytest.mark.parametrize(
    ("took_s", "expected"),
    [
        (None, ""),
        (0.0, "0.1 s"),
        (2.09, "2.1 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125.4, "2 min 5 s"),
    ],
)
def test_a_card_shows_start_and_duration(took_s: float | None, expected: str) -> None:
    stored = {"at": "2026-11-26T09:52:00.250000Z"} | ({} if took_s is None else {"took_s": took_s})
    card = tool_head(
        {"tool_name": "trial_balance", "input": {}, "output": {"as_of": "2026-11-26"}, **stored}
    )
    assert (card.at, card.took) == (datetime(2026, 11, 26, 9, 52, 0, 250_000, tzinfo=UTC), expected)


def test_a_card_without_stored_times_shows_none() -> None:
    card = tool_head({"tool_name": "trial_balance", "input": {}, "output": {"as_of": "2026-11-26"}})
    assert (card.at, card.took) == (None, "")


def test_the_name_of_an_unknown_tool_is_shown_unchanged() -> None:
    assert tool_head({"tool_name": "make_tea", "input": {}, "output": None}).line == "make tea"
    handed = {"tool_name": "handoff", "input": {"domain": "accounting"}, "output": {}}
    assert tool_head(handed).line == "Passed on", "a block of an older release"


def test_the_input_of_a_tool_is_shown_as_texts_without_ids() -> None:
    given = {
        "country": "AE",
        "city": "Dubai",
        "check_in": "2026-12-19",
        "guests": 2,
        "currency": "INR",
        "budget_max": "120000",
        "trip_id": str(uuid4()),
    }
    fields = dict(given_fields({"tool_name": "search_hotels", "input": given, "output": None}))
    assert fields == {
        "Country": "United Arab Emirates",
        "City": "Dubai",
        "Check-in": "19 Dec 2026",
        "Guests": "2",
        "Budget": "INR 1,20,000.00",
    }
