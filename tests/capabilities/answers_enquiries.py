"""Results of the capabilities of enquiries, with their answers and records."""

from __future__ import annotations

from typing import Any

from tests.capabilities.answer_cases import Case, Empty, rupees
from voyagent.capabilities.capability import Choice

BRIEF: dict[str, Any] = {
    "id": "e1",
    "customer_name": "Deepa Krishnan",
    "origin": "Kochi",
    "destination": "Dubai",
    "depart_date": "2026-12-12",
    "return_date": "2026-12-18",
    "pax_count": 2,
    "budget": rupees("150000.00"),
    "status": "quoted",
}
BARE: dict[str, Any] = {
    **dict.fromkeys(BRIEF),
    "id": "e2",
    "customer_name": "Ravi Menon",
    "pax_count": 1,
    "status": "new",
}
FULL = {
    **BRIEF,
    "customer_email": "deepa@example.com",
    "customer_phone": None,
    "notes": "sea view,\nplease",
    "created_at": "2026-11-20T09:00:00Z",
}
LINE = "Deepa Krishnan, Kochi → Dubai, 12 Dec 2026 – 18 Dec 2026, 2 people, quoted"
BARE_LINE = "Ravi Menon, one person, new"

CASES: list[Case] = [
    (
        "find_enquiries",
        {},
        {"total": 40, "enquiries": [BRIEF, BARE]},
        ["40 enquiries.", f"1. {LINE}", f"2. {BARE_LINE}", "and 38 more"],
        [Choice("e1", LINE), Choice("e2", BARE_LINE)],
    ),
    (
        "find_enquiries",
        {"status": "new"},
        {"total": 1, "enquiries": [BARE]},
        ["One new enquiry.", f"1. {BARE_LINE}"],
        [Choice("e2", BARE_LINE)],
    ),
    (
        "summarise_enquiry",
        {"customer_name": "Deepa"},
        {"found": 1, "enquiry": FULL},
        [
            f"{LINE}.",
            "Budget INR 1,50,000.00.",
            "Contact: deepa@example.com.",
            "Not known: phone.",
            "Notes: “sea view, please”",
        ],
        [Choice("e1", LINE)],
    ),
    (
        "summarise_enquiry",
        {"customer_name": "Deepa"},
        {"found": 2, "enquiries": [BRIEF, BARE]},
        ["2 enquiries match. Which one?", f"1. {LINE}", f"2. {BARE_LINE}"],
        [Choice("e1", LINE), Choice("e2", BARE_LINE)],
    ),
    (
        "update_enquiry",
        {"enquiry_id": "e1", "budget_amount": "150000"},
        {"updated": True, "enquiry_id": "e1", "enquiry": FULL, "fields": ["budget_amount"]},
        [f"Enquiry updated: {LINE}. Budget INR 1,50,000.00."],
        [Choice("e1", LINE)],
    ),
    (
        "update_enquiry",
        {"enquiry_id": "e1", "pax_count": 2},
        {"updated": True, "enquiry_id": "e1", "enquiry": FULL, "fields": ["pax_count"]},
        [f"Enquiry updated: {LINE}."],
        [Choice("e1", LINE)],
    ),
    (
        "create_enquiry",
        {
            "customer_name": "Deepa Krishnan",
            "destination": "Dubai",
            "depart_date": "2026-12-12",
            "pax_count": 2,
            "budget_amount": "150000",
            "budget_currency": "INR",
        },
        {
            "created": True,
            "enquiry_id": "e1",
            "customer_name": "Deepa Krishnan",
            "status": "new",
        },
        [
            "Logged as a new enquiry from Deepa Krishnan.",
            "- destination: Dubai",
            "- departure: 12 Dec 2026",
            "- budget: INR 1,50,000.00",
            "- people: 2",
            "Not known: e-mail, phone, origin, return.",
        ],
        [Choice("e1", "Deepa Krishnan")],
    ),
]
EMPTY: list[Empty] = [
    (
        "find_enquiries",
        {"destination": "Bali"},
        {"total": 0, "enquiries": []},
        "No enquiries match this search. Search with fewer filters, or log a new enquiry.",
    ),
    (
        "summarise_enquiry",
        {"customer_name": "Depa"},
        {"found": 0, "enquiries": []},
        "No enquiry of Depa was found. Check the spelling of the name.",
    ),
]
