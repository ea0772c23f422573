"""Messages of staff in a hurry, with typing errors and Hindi words."""

from __future__ import annotations

from tests.assistant.phrasings import PLAIN, JsonObject
from voyagent.capabilities.slots import Context

RIYA: JsonObject = {
    "customer_name": "Riya Shah",
    "origin": "Kochi",
    "destination": "Dubai",
    "depart_date": "2026-12-12",
    "return_date": "2026-12-18",
    "pax_count": 2,
    "budget_amount": "120000",
    "budget_currency": "INR",
}
CLERKS: list[tuple[str, Context, str, JsonObject]] = [
    (
        "tkts bom dxb 12 dec 2 pax",
        PLAIN,
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-12-12",
            "passengers": {"adult": 2},
        },
    ),
    (
        "need 2 tkts frm mumbai to dubai on 12th dec",
        PLAIN,
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-12-12",
            "passengers": {"adult": 2},
        },
    ),
    (
        "mumbai dubai flight kal 1 pax",
        PLAIN,
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-11-25",
            "passengers": {"adult": 1},
        },
    ),
    (
        "flights from Delhi to Singapore tmrw for 1 adult",
        PLAIN,
        "search_flights",
        {
            "origin": "DEL",
            "destination": "SIN",
            "outbound_date": "2026-11-25",
            "passengers": {"adult": 1},
        },
    ),
    (
        "flights del-sin 5th jan retun 12th jan 2 adults 1 infant",
        PLAIN,
        "search_flights",
        {
            "origin": "DEL",
            "destination": "SIN",
            "outbound_date": "2027-01-05",
            "return_date": "2027-01-12",
            "passengers": {"adult": 2, "infant": 1},
        },
    ),
    (
        "one way fare COK to DOH 20 Dec 1 adult",
        PLAIN,
        "search_flights",
        {
            "origin": "COK",
            "destination": "DOH",
            "outbound_date": "2026-12-20",
            "passengers": {"adult": 1},
        },
    ),
    (
        "cheapest fare to Bangkok from Kolkata on 3 Jan for 4",
        PLAIN,
        "search_flights",
        {
            "origin": "CCU",
            "destination": "BKK",
            "outbound_date": "2027-01-03",
            "passengers": {"adult": 4},
        },
    ),
    (
        "flights from Mumbai to Dubai parso for 2 adults",
        PLAIN,
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-11-26",
            "passengers": {"adult": 2},
        },
    ),
    (
        "flight from Mumbai to Dubai coming sunday 2 adults",
        PLAIN,
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-11-29",
            "passengers": {"adult": 2},
        },
    ),
    (
        "hotel in Goa 24 to 27 dec 2 adults 1 kid",
        PLAIN,
        "search_hotels",
        {
            "city": "Goa",
            "country": "IN",
            "check_in": "2026-12-24",
            "check_out": "2026-12-27",
            "guests": 3,
        },
    ),
    (
        "htl in Singapore 2nd jan 4 nights 2 pax",
        PLAIN,
        "search_hotels",
        {
            "city": "Singapore",
            "country": "SG",
            "check_in": "2027-01-02",
            "check_out": "2027-01-06",
            "guests": 2,
        },
    ),
    (
        "need hotel in dubai for 3 nights from 12 Dec for 2 guests",
        PLAIN,
        "search_hotels",
        {
            "city": "Dubai",
            "country": "AE",
            "check_in": "2026-12-12",
            "check_out": "2026-12-15",
            "guests": 2,
        },
    ),
    (
        "is visa reqd for Thailand for Indians",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "TH"},
    ),
    (
        "how much is UAE visa fee for Indians",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "AE"},
    ),
    (
        "raise invoice for Deepa Krishnan 45000 dubai visa",
        PLAIN,
        "draft_invoice",
        {
            "customer_name": "Deepa Krishnan",
            "issue_date": "2026-11-24",
            "due_date": "2026-11-24",
            "line_items": [
                {
                    "description": "Dubai visa",
                    "quantity": 1,
                    "unit_price": "45000",
                    "currency": "INR",
                }
            ],
        },
    ),
    (
        "make bill to Deepa Krishnan of Rs 45,000 for Goa package",
        PLAIN,
        "draft_invoice",
        {
            "customer_name": "Deepa Krishnan",
            "issue_date": "2026-11-24",
            "due_date": "2026-11-24",
            "line_items": [
                {
                    "description": "Goa package",
                    "quantity": 1,
                    "unit_price": "45000",
                    "currency": "INR",
                }
            ],
        },
    ),
    (
        "inv Deepa Krishnan 45k visa",
        PLAIN,
        "draft_invoice",
        {
            "customer_name": "Deepa Krishnan",
            "issue_date": "2026-11-24",
            "due_date": "2026-11-24",
            "line_items": [
                {"description": "Visa", "quantity": 1, "unit_price": "45000", "currency": "INR"}
            ],
        },
    ),
    (
        "invoice ravi menon rs.12500/- for air tickets due in 7 days",
        PLAIN,
        "draft_invoice",
        {
            "customer_name": "Ravi Menon",
            "issue_date": "2026-11-24",
            "due_date": "2026-12-01",
            "line_items": [
                {
                    "description": "Air tickets",
                    "quantity": 1,
                    "unit_price": "12500",
                    "currency": "INR",
                }
            ],
        },
    ),
    (
        "invoice Ravi Menon 12,500 for tickets and 2,000 for service charge",
        PLAIN,
        "draft_invoice",
        {
            "customer_name": "Ravi Menon",
            "issue_date": "2026-11-24",
            "due_date": "2026-11-24",
            "line_items": [
                {"description": "Tickets", "quantity": 1, "unit_price": "12500", "currency": "INR"},
                {
                    "description": "Service charge",
                    "quantity": 1,
                    "unit_price": "2000",
                    "currency": "INR",
                },
            ],
        },
    ),
    (
        "rcvd 20000 from Deepa Krishnan by upi",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "Deepa Krishnan paid 20k gpay",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "deepa krishnan ne 20000 diya",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "recd cheque of 45000 from Ravi Menon",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "got 5,000 cash from Deepa Krishnan today",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "Deepa paid full amount",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "BSP India bill B-77 1,20,000 for tickets",
        PLAIN,
        "receive_bill",
        {
            "vendor_name": "BSP India",
            "vendor_reference": "B-77",
            "issue_date": "2026-11-24",
            "due_date": "2026-11-24",
            "line_items": [
                {"description": "Tickets", "quantity": 1, "unit_price": "120000", "currency": "INR"}
            ],
        },
    ),
    (
        "purchase bill from Emirates EK-9 85,000 for tickets",
        PLAIN,
        "receive_bill",
        {
            "vendor_name": "Emirates",
            "vendor_reference": "EK-9",
            "issue_date": "2026-11-24",
            "due_date": "2026-11-24",
            "line_items": [
                {"description": "Tickets", "quantity": 1, "unit_price": "85000", "currency": "INR"}
            ],
        },
    ),
    ("paid emirates 85000 by neft", PLAIN, "pay_bill", {}),
    ("pay BSP India 50000", PLAIN, "pay_bill", {}),
    ("jv dr office expenses cr cash 1200 stationery", PLAIN, "post_journal_entry", {}),
    ("journal: debit 5500 credit 1010 1200 for stationery", PLAIN, "post_journal_entry", {}),
    ("pass entry dr rent cr bank 25000 for november rent", PLAIN, "post_journal_entry", {}),
    ("bank balance kitna hai", PLAIN, "read_account_balance", {}),
    ("how much cash in hand", PLAIN, "read_account_balance", {}),
    ("cash balance", PLAIN, "read_account_balance", {}),
    ("what is bank balance today", PLAIN, "read_account_balance", {}),
    ("TB as on 31 Oct", PLAIN, "trial_balance", {"as_of": "2026-10-31"}),
    ("outstanding list", PLAIN, "list_receivables", {}),
    ("pending payments", PLAIN, "list_receivables", {}),
    ("who all have not paid", PLAIN, "list_receivables", {}),
    ("overdue more than 30 days", PLAIN, "list_receivables", {"overdue_days": 31}),
    (
        "total invoices this month",
        PLAIN,
        "find_invoices",
        {"issued_from": "2026-11-01", "issued_to": "2026-11-30"},
    ),
    (
        "show enquiries of today",
        PLAIN,
        "find_enquiries",
        {"created_from": "2026-11-24", "created_to": "2026-11-24"},
    ),
    (
        "aaj ki enquiries dikhao",
        PLAIN,
        "find_enquiries",
        {"created_from": "2026-11-24", "created_to": "2026-11-24"},
    ),
    ("kitni new enquiries hain", PLAIN, "find_enquiries", {"status": "new"}),
    ("pending enquiries", PLAIN, "find_enquiries", {"status": "open"}),
    ("enquiry of Deepa", PLAIN, "find_enquiries", {"q": "Deepa"}),
    ("status of Deepa's enquiry", PLAIN, "summarise_enquiry", {"customer_name": "Deepa"}),
    ("show invoice 2026-27/000012", PLAIN, "find_invoices", {"number": "2026-27/000012"}),
    ("print the itinerary", PLAIN, "read_itinerary", {}),
    ("mail itinery to deepa@example.com", PLAIN, "send_itinerary", {}),
    ("add pax Ravi Menon", PLAIN, "add_passenger", {"full_name": "Ravi Menon"}),
    ("pnr status K7PQ2M", PLAIN, "read_pnr", {"locator": "K7PQ2M"}),
    (
        "draft an invoice for Meera Nair: 2 x Visa fee at ₹4,500, due 20 December 2026",
        PLAIN,
        "draft_invoice",
        {
            "customer_name": "Meera Nair",
            "issue_date": "2026-11-24",
            "due_date": "2026-12-20",
            "line_items": [
                {"description": "Visa fee", "quantity": 2, "unit_price": "4500", "currency": "INR"}
            ],
        },
    ),
    (
        "Hi, this is Riya Shah, 2 adults Kochi to Dubai 12-18 Dec budget 1.2 lakh.",
        PLAIN,
        "create_enquiry",
        RIYA
        | {"notes": "Hi, this is Riya Shah, 2 adults Kochi to Dubai 12-18 Dec budget 1.2 lakh."},
    ),
    (
        (
            "New customer message: Hi, this is Riya Shah. We are 2 adults going Kochi to Dubai"
            " 12-18 Dec, budget 1.2 lakh."
        ),
        PLAIN,
        "create_enquiry",
        RIYA
        | {
            "notes": (
                "New customer message: Hi, this is Riya Shah. We are 2 adults going Kochi to Dubai"
                " 12-18 Dec, budget 1.2 lakh."
            )
        },
    ),
    (
        "We received 50,000 from Deepa Krishnan by UPI today",
        PLAIN,
        "record_receipt",
        {},
    ),
    ("pay Emirates 1,20,000 from bank", PLAIN, "pay_bill", {}),
]
