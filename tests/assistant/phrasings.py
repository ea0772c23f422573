"""Messages of 24 November 2026, with the capability and fields of each.

That day is a Tuesday. `LOOKED_UP` need a record, so their ids are not compared.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from voyagent.capabilities.capability import Choice
from voyagent.capabilities.slots import Context

TODAY = date(2026, 11, 24)
DEEPA = "0190a0a0-0000-7000-8000-000000000001"
DRAFT = "0190a0a0-0000-7000-8000-000000000002"
PLAIN = Context(TODAY)
ABOUT_DEEPA = Context(TODAY, known={"enquiry_id": DEEPA, "customer_name": "Deepa Krishnan"})
WITH_DRAFT = Context(TODAY, known={"invoice_id": DRAFT})
IN_DUBAI = Context(TODAY, currency="AED")
LISTED = (
    Choice("k-1", "Amber Court"),
    Choice("k-2", "Marina Palace"),
)
"""The records that were shown before the messages of `AFTER_SEARCH`."""
AFTER_SEARCH = Context(TODAY, known={"passenger_ids": [DEEPA]})
OF_THREE = {
    "origin": "BOM",
    "destination": "DXB",
    "outbound_date": "2026-12-12",
    "passengers": {"adult": 2, "child": 1},
}
VISA_COUNTRY_KNOWN = Context(TODAY, known={"destination": "AE"})
HOLDING = Context(TODAY, known={"pnr_id": DRAFT})

JsonObject = dict[str, Any]


def bill(description: str, price: str, currency: str = "INR") -> JsonObject:
    return {"description": description, "quantity": 1, "unit_price": price, "currency": currency}


def invoice(name: str, *lines: JsonObject, due: str = "2026-11-24") -> JsonObject:
    return {
        "customer_name": name,
        "issue_date": "2026-11-24",
        "due_date": due,
        "line_items": list(lines),
    }


def entered(
    name: str, reference: str, line: JsonObject, due: str = "2026-11-24", issued: str = "2026-11-24"
) -> JsonObject:
    return {
        "vendor_name": name,
        "vendor_reference": reference,
        "issue_date": issued,
        "due_date": due,
        "line_items": [line],
    }


def created(
    number: str, line: JsonObject, address: JsonObject, due: str = "2026-11-24", client: str = DEEPA
) -> JsonObject:
    currency = line.pop("currency")
    dated = {
        "invoice_number": number,
        "client_id": client,
        "issue_date": "2026-11-24",
        "due_date": due,
        "currency": currency,
    }
    return {"invoice": {**dated, "lines": [line], "billing_address": address}}


def wanted(
    notes: str,
    name: str,
    origin: str,
    destination: str,
    depart: str = "",
    back: str = "",
    pax: int = 0,
) -> JsonObject:
    fields = {
        "customer_name": name,
        "origin": origin,
        "destination": destination,
        "depart_date": depart,
        "return_date": back,
        "pax_count": pax,
        "notes": notes,
    }
    return {field: value for field, value in fields.items() if value}


PHRASINGS: list[tuple[str, Context, str, JsonObject]] = [
    # Finding enquiries
    ("show new enquiries", PLAIN, "find_enquiries", {"status": "new"}),
    ("list all enquiries", PLAIN, "find_enquiries", {}),
    ("any open leads?", PLAIN, "find_enquiries", {"status": "open"}),
    ("how many booked enquiries do we have", PLAIN, "find_enquiries", {"status": "booked"}),
    ("enquiries to Bali", PLAIN, "find_enquiries", {"destination": "Bali"}),
    (
        "enquiries from Kochi to Dubai",
        PLAIN,
        "find_enquiries",
        {"origin": "Kochi", "destination": "Dubai"},
    ),
    (
        "show enquiries from BOM to DXB",
        PLAIN,
        "find_enquiries",
        {"origin": "BOM", "destination": "DXB"},
    ),
    (
        "which enquiries depart in January",
        PLAIN,
        "find_enquiries",
        {"depart_from": "2027-01-01", "depart_to": "2027-01-31"},
    ),
    (
        "enquiries travelling next month",
        PLAIN,
        "find_enquiries",
        {"depart_from": "2026-12-01", "depart_to": "2026-12-31"},
    ),
    (
        "what came in yesterday",
        PLAIN,
        "find_enquiries",
        {"created_from": "2026-11-23", "created_to": "2026-11-23"},
    ),
    ("enquiries of the last 7 days", PLAIN, "find_enquiries", {"created_from": "2026-11-17"}),
    ("show Deepa Krishnan", PLAIN, "find_enquiries", {"q": "Deepa Krishnan"}),
    ("which enquiries have no answer", PLAIN, "find_enquiries", {"status": "new"}),
    ("search for Pillai", PLAIN, "find_enquiries", {"q": "Pillai"}),
    ("find deepa@example.com", PLAIN, "find_enquiries", {"q": "deepa@example.com"}),
    ("cancelled enquiries", PLAIN, "find_enquiries", {"status": "cancelled"}),
    (
        "quoted enquiries to Singapore",
        PLAIN,
        "find_enquiries",
        {"status": "quoted", "destination": "Singapore"},
    ),
    ("enquiries from Deepa Krishnan", PLAIN, "find_enquiries", {"q": "Deepa Krishnan"}),
    ("who wants to go to the Maldives", PLAIN, "find_enquiries", {"destination": "Maldives"}),
    # Reading one
    (
        "what does Deepa Krishnan want",
        PLAIN,
        "summarise_enquiry",
        {"customer_name": "Deepa Krishnan"},
    ),
    ("summarise Ravi Menon's enquiry", PLAIN, "summarise_enquiry", {"customer_name": "Ravi Menon"}),
    (
        "tell me about deepa krishnan",
        PLAIN,
        "summarise_enquiry",
        {"customer_name": "Deepa Krishnan"},
    ),
    (
        "details of Joseph Varghese",
        PLAIN,
        "summarise_enquiry",
        {"customer_name": "Joseph Varghese"},
    ),
    ("what is this about", ABOUT_DEEPA, "summarise_enquiry", {"enquiry_id": DEEPA}),
    ("what do they want", ABOUT_DEEPA, "summarise_enquiry", {"enquiry_id": DEEPA}),
    # Changing one
    (
        "mark the enquiry as quoted",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "status": "quoted"},
    ),
    (
        "set this enquiry to booked",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "status": "booked"},
    ),
    (
        "change the budget to 1.2 lakh",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "budget_amount": "120000", "budget_currency": "INR"},
    ),
    (
        "set the budget to AED 1,500",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "budget_amount": "1500", "budget_currency": "AED"},
    ),
    ("change pax to 3", ABOUT_DEEPA, "update_enquiry", {"enquiry_id": DEEPA, "pax_count": 3}),
    (
        "make it 2 adults and a child",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "pax_count": 3},
    ),
    (
        "move the departure to 12 Dec",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "depart_date": "2026-12-12"},
    ),
    (
        "move the dates to 12–18 Dec",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "depart_date": "2026-12-12", "return_date": "2026-12-18"},
    ),
    (
        "change the return to next Friday",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "return_date": "2026-12-04"},
    ),
    (
        "change the destination to Bali",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "destination": "Bali"},
    ),
    (
        "update the e-mail to deepa@example.com",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "customer_email": "deepa@example.com"},
    ),
    (
        "change the phone to 98470 12345",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "customer_phone": "+91 98470 12345"},
    ),
    (
        "mark Ravi Menon's enquiry as quoted",
        PLAIN,
        "update_enquiry",
        {"status": "quoted"},
    ),
    (
        "set the enquiry of Joseph Varghese to booked",
        PLAIN,
        "update_enquiry",
        {"status": "booked"},
    ),
    (
        "change the number of people to 5",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "pax_count": 5},
    ),
    (
        "mark the Krishnan enquiry as booked",
        PLAIN,
        "update_enquiry",
        {"status": "booked"},
    ),
    ("reopen the enquiry", ABOUT_DEEPA, "update_enquiry", {"enquiry_id": DEEPA, "status": "new"}),
    ("mark it as booked", ABOUT_DEEPA, "update_enquiry", {"enquiry_id": DEEPA, "status": "booked"}),
    (
        "change Deepa's budget to ₹45,000",
        ABOUT_DEEPA,
        "update_enquiry",
        {"enquiry_id": DEEPA, "budget_amount": "45000", "budget_currency": "INR"},
    ),
    # Logging one
    (
        "log an enquiry from Deepa Krishnan: Kochi to Dubai, 19-25 Dec, 2 adults",
        PLAIN,
        "create_enquiry",
        {
            "customer_name": "Deepa Krishnan",
            "origin": "Kochi",
            "destination": "Dubai",
            "depart_date": "2026-12-19",
            "return_date": "2026-12-25",
            "pax_count": 2,
            "notes": "Deepa Krishnan: Kochi to Dubai, 19-25 Dec, 2 adults",
        },
    ),
    (
        "new enquiry from Ravi Menon, Bali, 4 people, budget 2.5 lakh",
        PLAIN,
        "create_enquiry",
        {
            "customer_name": "Ravi Menon",
            "destination": "Bali",
            "pax_count": 4,
            "budget_amount": "250000",
            "budget_currency": "INR",
            "notes": "Ravi Menon, Bali, 4 people, budget 2.5 lakh",
        },
    ),
    (
        "Priya Nair wants two adults Mumbai to Dubai next Friday, back a week later",
        PLAIN,
        "create_enquiry",
        wanted(
            "Priya Nair wants two adults Mumbai to Dubai next Friday, back a week later",
            "Priya Nair",
            "Mumbai",
            "Dubai",
            "2026-12-04",
            "2026-12-11",
            2,
        ),
    ),
    (
        "priya nair needs 2 tickets mumbai to dubai 12 dec",
        PLAIN,
        "create_enquiry",
        wanted(
            "priya nair needs 2 tickets mumbai to dubai 12 dec",
            "Priya Nair",
            "Mumbai",
            "Dubai",
            "2026-12-12",
            "",
            2,
        ),
    ),
    (
        "Mr and Mrs Nair want a Bali package for a week from 10 Jan",
        PLAIN,
        "create_enquiry",
        wanted(
            "Mr and Mrs Nair want a Bali package for a week from 10 Jan",
            "Mr and Mrs Nair",
            "",
            "Bali",
            "2027-01-10",
            "2027-01-17",
        ),
    ),
    (
        "Mrs Sharma called, Goa, 2 adults, 12-15 Dec",
        PLAIN,
        "create_enquiry",
        wanted(
            "Mrs Sharma called, Goa, 2 adults, 12-15 Dec",
            "Mrs Sharma",
            "",
            "Goa",
            "2026-12-12",
            "2026-12-15",
            2,
        ),
    ),
    # Receivables
    ("who owes us", PLAIN, "list_receivables", {}),
    (
        "who owes us more than ₹45,000",
        PLAIN,
        "list_receivables",
        {"more_than": "45000", "currency": "INR"},
    ),
    (
        "who owes us over 2.5k",
        IN_DUBAI,
        "list_receivables",
        {"more_than": "2500", "currency": "AED"},
    ),
    (
        "who owes us at least 1.2 lakh",
        PLAIN,
        "list_receivables",
        {"at_least": "120000", "currency": "INR"},
    ),
    ("what is overdue", PLAIN, "list_receivables", {"overdue_only": True}),
    ("receivables as of 31 October", PLAIN, "list_receivables", {"as_of": "2026-10-31"}),
    ("unpaid invoices", PLAIN, "list_receivables", {}),
    ("how much does she owe", ABOUT_DEEPA, "list_receivables", {"customer_name": "Deepa Krishnan"}),
    (
        "how much does Al Noor Trading owe us",
        PLAIN,
        "list_receivables",
        {"customer_name": "Al Noor Trading"},
    ),
    (
        "tell me how much Al Noor still owes",
        PLAIN,
        "list_receivables",
        {"customer_name": "Al Noor"},
    ),
    ("who has not paid yet", PLAIN, "list_receivables", {}),
    ("outstanding of Ravi Menon", PLAIN, "list_receivables", {"customer_name": "Ravi Menon"}),
    # Payables
    ("whom do we owe", PLAIN, "list_payables", {}),
    ("what do we owe", PLAIN, "list_payables", {}),
    ("payables", PLAIN, "list_payables", {}),
    ("payables as of 31 March", PLAIN, "list_payables", {"as_of": "2026-03-31"}),
    ("how much do we owe BSP India", PLAIN, "list_payables", {"vendor_name": "BSP India"}),
    ("do we owe Emirates anything?", PLAIN, "list_payables", {"vendor_name": "Emirates"}),
    (
        "which suppliers do we owe more than 50,000",
        PLAIN,
        "list_payables",
        {"more_than": "50000", "currency": "INR"},
    ),
    ("overdue payables", PLAIN, "list_payables", {"overdue_only": True}),
    # Invoices
    ("show the drafts", PLAIN, "find_invoices", {"status": "draft"}),
    ("draft invoices", PLAIN, "find_invoices", {"status": "draft"}),
    ("show overdue invoices", PLAIN, "find_invoices", {"status": "overdue"}),
    ("list open invoices", PLAIN, "find_invoices", {"status": "open"}),
    ("which invoices are paid", PLAIN, "find_invoices", {"status": "paid"}),
    ("partly paid invoices", PLAIN, "find_invoices", {"status": "partially_paid"}),
    (
        "show invoices of Deepa Krishnan",
        PLAIN,
        "find_invoices",
        {"customer_name": "Deepa Krishnan"},
    ),
    ("list her invoices", ABOUT_DEEPA, "find_invoices", {"customer_name": "Deepa Krishnan"}),
    (
        "show paid invoices of Deepa",
        PLAIN,
        "find_invoices",
        {"status": "paid", "customer_name": "Deepa"},
    ),
    ("show Ravi Menon's invoices", PLAIN, "find_invoices", {"customer_name": "Ravi Menon"}),
    (
        "any drafts for Joseph Varghese?",
        PLAIN,
        "find_invoices",
        {"status": "draft", "customer_name": "Joseph Varghese"},
    ),
    ("find invoice 2026-27/000012", PLAIN, "find_invoices", {"number": "2026-27/000012"}),
    (
        "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec",
        PLAIN,
        "draft_invoice",
        invoice("Deepa Krishnan", bill("Dubai visa", "45000"), due="2026-12-10"),
    ),
    (
        "bill Al Noor Trading AED 1,500 for hotel",
        PLAIN,
        "draft_invoice",
        invoice("Al Noor Trading", bill("Hotel", "1500", "AED")),
    ),
    (
        "raise an invoice for Ravi Menon for 1.2 lakh for Bali package",
        PLAIN,
        "draft_invoice",
        invoice("Ravi Menon", bill("Bali package", "120000")),
    ),
    (
        "invoice Deepa 2.5k for insurance due tomorrow",
        PLAIN,
        "draft_invoice",
        invoice("Deepa", bill("Insurance", "2500"), due="2026-11-25"),
    ),
    (
        "invoice Deepa 2500 for insurance due next Friday",
        PLAIN,
        "draft_invoice",
        invoice("Deepa", bill("Insurance", "2500"), due="2026-12-04"),
    ),
    (
        "invoice Deepa 2500 for insurance due tomorrow week",
        PLAIN,
        "draft_invoice",
        invoice("Deepa", bill("Insurance", "2500"), due="2026-12-02"),
    ),
    ("issue the draft", WITH_DRAFT, "issue_invoice", {"invoice_id": DRAFT}),
    ("ok, issue it", WITH_DRAFT, "issue_invoice", {"invoice_id": DRAFT}),
    (
        "issue the invoice for Joseph Varghese",
        PLAIN,
        "issue_invoice",
        {},
    ),
    ("issue the invoice", WITH_DRAFT, "issue_invoice", {"invoice_id": DRAFT}),
    (
        (
            "create invoice 2026-27/13, ₹45,000 for Dubai visa, due next Friday, billed to 12 MG"
            " Road, Kochi 682001"
        ),
        ABOUT_DEEPA,
        "create_invoice",
        created(
            "2026-27/000013",
            bill("Dubai visa", "45000"),
            {"lines": ["12 MG Road", "Kochi 682001"], "country": "IN"},
            due="2026-12-04",
        ),
    ),
    (
        (
            "raise invoice no. 2026-27/000014 for Deepa, 1.2 lakh for Bali package, billing address"
            " 5 Marine Drive, Dubai, UAE"
        ),
        ABOUT_DEEPA,
        "create_invoice",
        created(
            "2026-27/000014",
            bill("Bali package", "120000"),
            {"lines": ["5 Marine Drive", "Dubai"], "country": "AE"},
        ),
    ),
    # Receipts
    ("Deepa Krishnan paid 20,000", PLAIN, "record_receipt", {}),
    ("Deepa Krishnan has paid in full", PLAIN, "record_receipt", {}),
    ("record Deepa's payment of 45,000 by UPI today", PLAIN, "record_receipt", {}),
    (
        "record a payment of 45,000 from Deepa Krishnan",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "received AED 1,500 from Al Noor Trading yesterday",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "note a receipt of 1.2 lakh from Ravi Menon on 20 Nov",
        PLAIN,
        "record_receipt",
        {},
    ),
    (
        "payment received from Joseph Varghese ₹45,000",
        PLAIN,
        "record_receipt",
        {},
    ),
    ("mark invoice 2026-27/000012 as paid", PLAIN, "record_receipt", {}),
    (
        "record payment of 20000 against invoice 2026-27/000012",
        PLAIN,
        "record_receipt",
        {},
    ),
    ("record a payment of 20,000", ABOUT_DEEPA, "record_receipt", {}),
    (
        "Ravi Menon paid ₹45,000 by cheque 00123 last Monday",
        PLAIN,
        "record_receipt",
        {},
    ),
    ("log a payment from Anita Pillai, 2.5k", PLAIN, "record_receipt", {}),
    # Bills
    ("open bills", PLAIN, "find_bills", {}),
    ("show unpaid bills", PLAIN, "find_bills", {}),
    ("bills from BSP India", PLAIN, "find_bills", {"vendor_name": "BSP India"}),
    (
        "list the bills of Emirates Holidays",
        PLAIN,
        "find_bills",
        {"vendor_name": "Emirates Holidays"},
    ),
    ("find bill BSP-7", PLAIN, "find_bills", {"vendor_reference": "BSP-7"}),
    ("we paid BSP India 8,000", PLAIN, "pay_bill", {}),
    (
        "we paid Emirates Holidays in full yesterday",
        PLAIN,
        "pay_bill",
        {},
    ),
    ("pay bill BSP-7 in full", PLAIN, "pay_bill", {}),
    ("record a payment of 8,000 to BSP India", PLAIN, "pay_bill", {}),
    (
        "enter a bill from BSP India, B-7, 8,000 for settlement, due 25 Dec",
        PLAIN,
        "receive_bill",
        entered("BSP India", "B-7", bill("Settlement", "8000"), due="2026-12-25"),
    ),
    (
        "record bill EK-2211 from Emirates Holidays, AED 1,500 for hotel nights",
        PLAIN,
        "receive_bill",
        entered("Emirates Holidays", "EK-2211", bill("Hotel nights", "1500", "AED")),
    ),
    (
        "we received a bill from Taj Hotels, INV/441, ₹45,000 for rooms due next Friday",
        PLAIN,
        "receive_bill",
        entered("Taj Hotels", "INV/441", bill("Rooms", "45000"), due="2026-12-04"),
    ),
    ("paid bill EK-2211 in full", PLAIN, "pay_bill", {}),
    ("which bills are open", PLAIN, "find_bills", {}),
    (
        "bills due next week",
        PLAIN,
        "find_bills",
        {"due_from": "2026-11-30", "due_to": "2026-12-06"},
    ),
    (
        "which bills are due this week",
        PLAIN,
        "find_bills",
        {"due_from": "2026-11-23", "due_to": "2026-11-29"},
    ),
    (
        "show bills due in the next 10 days",
        PLAIN,
        "find_bills",
        {"due_from": "2026-11-24", "due_to": "2026-12-04"},
    ),
    (
        "bills due next month",
        PLAIN,
        "find_bills",
        {"due_from": "2026-12-01", "due_to": "2026-12-31"},
    ),
    ("show overdue bills", PLAIN, "find_bills", {"due_to": "2026-11-23"}),
    ("bills due by 5 Dec", PLAIN, "find_bills", {"due_to": "2026-12-05"}),
    ("bills due tomorrow", PLAIN, "find_bills", {"due_from": "2026-11-25", "due_to": "2026-11-25"}),
    (
        "bills from BSP India due before 10 Dec",
        PLAIN,
        "find_bills",
        {"vendor_name": "BSP India", "due_to": "2026-12-10"},
    ),
    # Journal
    (
        "post a journal entry: debit 5500, credit 1010, 500 for tea",
        PLAIN,
        "post_journal_entry",
        {},
    ),
    (
        "debit Rent and utilities credit Bank 20,000 for November rent",
        PLAIN,
        "post_journal_entry",
        {},
    ),
    ("journal entry dr cash cr bank 5k for petty cash", PLAIN, "post_journal_entry", {}),
    # Books
    ("chart of accounts", PLAIN, "list_ledger_accounts", {}),
    ("which ledger accounts do we have", PLAIN, "list_ledger_accounts", {}),
    ("bank balance", PLAIN, "read_account_balance", {}),
    ("balance of trade payables", PLAIN, "read_account_balance", {}),
    ("what's in 1200", PLAIN, "read_account_balance", {}),
    ("cash balance as of 31 March", PLAIN, "read_account_balance", {}),
    ("trial balance", PLAIN, "trial_balance", {}),
    ("trial balance as of 31/03/2026", PLAIN, "trial_balance", {"as_of": "2026-03-31"}),
    ("show the tb with zeros", PLAIN, "trial_balance", {"include_zero": True}),
    ("how much money do we have in the bank", PLAIN, "read_account_balance", {}),
    ("balance of account 2100 on 30 September", PLAIN, "read_account_balance", {}),
    ("trial balance at the end of October 31", PLAIN, "trial_balance", {"as_of": "2026-10-31"}),
    # Settlement plan
    (
        "fetch the BSP statement for 1–15 Nov",
        PLAIN,
        "fetch_bsp_statement",
        {"country": "IN", "period_start": "2026-11-01", "period_end": "2026-11-15"},
    ),
    (
        "get the bsp report 2026-10-16 to 2026-10-31",
        IN_DUBAI,
        "fetch_bsp_statement",
        {"country": "AE", "period_start": "2026-10-16", "period_end": "2026-10-31"},
    ),
    # Flights
    (
        "flights from Mumbai to Dubai on 12 Dec for 2 adults and a child",
        PLAIN,
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-12-12",
            "passengers": {"adult": 2, "child": 1},
        },
    ),
    (
        "BOM DXB 12–18 Dec 2 adults business",
        PLAIN,
        "search_flights",
        {
            "origin": "BOM",
            "destination": "DXB",
            "outbound_date": "2026-12-12",
            "return_date": "2026-12-18",
            "passengers": {"adult": 2},
            "cabin": "business",
        },
    ),
    (
        "find direct flights Kochi to Doha next Friday for 1 adult",
        PLAIN,
        "search_flights",
        {
            "origin": "COK",
            "destination": "DOH",
            "outbound_date": "2026-12-04",
            "passengers": {"adult": 1},
            "direct_only": True,
        },
    ),
    (
        "cheapest fare from Delhi to London tomorrow week, 3 people",
        PLAIN,
        "search_flights",
        {
            "origin": "DEL",
            "destination": "LON",
            "outbound_date": "2026-12-02",
            "passengers": {"adult": 3},
        },
    ),
    (
        (
            "show me flights from Bengaluru to Singapore 20 Dec returning 27 Dec for 2 adults, 1"
            " child and an infant"
        ),
        PLAIN,
        "search_flights",
        {
            "origin": "BLR",
            "destination": "SIN",
            "outbound_date": "2026-12-20",
            "return_date": "2026-12-27",
            "passengers": {"adult": 2, "child": 1, "infant": 1},
        },
    ),
    ("how does booking K7PQ2M stand", PLAIN, "read_pnr", {"locator": "K7PQ2M"}),
    ("show pnr Q7X2LM", PLAIN, "read_pnr", {"locator": "Q7X2LM"}),
    # Visas
    (
        "do Indians need a visa for Thailand",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "TH"},
    ),
    (
        "visa requirements for the UAE, Indian passport",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "AE"},
    ),
    (
        "visa for an Indian to the UAE",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "AE"},
    ),
    (
        "a visa to the U.K. for an Indian",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "GB"},
    ),
    (
        "Schengen visa for an Indian",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "FR"},
    ),
    (
        "do Indians need a visa for the US",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "US"},
    ),
    ("status of the trip", PLAIN, "show_trip", {}),
    ("how is the trip doing", PLAIN, "show_trip", {}),
    ("how's the trip going?", PLAIN, "show_trip", {}),
    ("where do we stand with the trip", PLAIN, "show_trip", {}),
    ("what's pending on this trip", PLAIN, "show_trip", {}),
    ("hi, show the trip", PLAIN, "show_trip", {}),
    ("hi, need 2 adults 1 child mumbai to dubai 12 dec", PLAIN, "search_flights", OF_THREE),
    ("need 2 adults 1 child mumbai to dubai 12 dec", PLAIN, "search_flights", OF_THREE),
    ("2 adults 1 child mumbai to dubai 12 dec", PLAIN, "search_flights", OF_THREE),
    ("hi, 2 adults 1 child BOM to DXB 12 dec", PLAIN, "search_flights", OF_THREE),
    ("file it", VISA_COUNTRY_KNOWN, "file_visa", {}),
    ("go ahead and file", VISA_COUNTRY_KNOWN, "file_visa", {}),
    (
        "indian passport, visa requirements singapore",
        PLAIN,
        "visa_requirements",
        {"nationality": "IN", "destination": "SG"},
    ),
    (
        "I need a flight from Kochi to Dubai on 5 Jan, one adult",
        PLAIN,
        "search_flights",
        {
            "origin": "COK",
            "destination": "DXB",
            "outbound_date": "2027-01-05",
            "passengers": {"adult": 1},
        },
    ),
    (
        "hotels in Singapore 12-19 Jan for 2",
        PLAIN,
        "search_hotels",
        {
            "city": "Singapore",
            "country": "SG",
            "check_in": "2027-01-12",
            "check_out": "2027-01-19",
            "guests": 2,
        },
    ),
    (
        "add passenger Aarav Nair born 10 March 2026",
        PLAIN,
        "add_passenger",
        {"full_name": "Aarav Nair", "date_of_birth": "2026-03-10", "kind": "infant"},
    ),
    (
        "add passenger Tara Nair born 1 May 2019",
        PLAIN,
        "add_passenger",
        {"full_name": "Tara Nair", "date_of_birth": "2019-05-01", "kind": "child"},
    ),
    (
        "what documents does a Nepali need for a Singapore visa",
        PLAIN,
        "visa_requirements",
        {"nationality": "NP", "destination": "SG"},
    ),
    ("issue the tickets", PLAIN, "issue_ticket", {}),
    (
        "hold the cheapest flight from BOM to DXB on 12 Dec for 2 adults",
        PLAIN,
        "hold_flight",
        {},
    ),
    ("cancel the hotel", PLAIN, "cancel_hotel_booking", {}),
    ("file a UAE visa for Deepa Krishnan", PLAIN, "file_visa", {}),
    # Hotels
    (
        "hotels in Dubai 12–18 Dec for 2 adults",
        PLAIN,
        "search_hotels",
        {
            "city": "Dubai",
            "country": "AE",
            "check_in": "2026-12-12",
            "check_out": "2026-12-18",
            "guests": 2,
        },
    ),
    (
        "find a hotel in Singapore from 20 Dec for 3 nights for 2 adults and a child under 60,000",
        PLAIN,
        "search_hotels",
        {
            "city": "Singapore",
            "country": "SG",
            "check_in": "2026-12-20",
            "check_out": "2026-12-23",
            "guests": 3,
            "budget_max": "60000",
            "currency": "INR",
        },
    ),
    (
        "hotels in Goa next Friday for 3 nights, 2 guests",
        PLAIN,
        "search_hotels",
        {
            "city": "Goa",
            "country": "IN",
            "check_in": "2026-12-04",
            "check_out": "2026-12-07",
            "guests": 2,
        },
    ),
    (
        "check the rate of the Marina Palace in Dubai 12–18 Dec for 2 adults",
        PLAIN,
        "check_hotel_rate",
        {},
    ),
    ("check the rate of the second one", AFTER_SEARCH, "check_hotel_rate", {"rate_key": "k-2"}),
    ("is the Marina Palace still available", AFTER_SEARCH, "check_hotel_rate", {"rate_key": "k-2"}),
    ("what does the first hotel cost now", AFTER_SEARCH, "check_hotel_rate", {"rate_key": "k-1"}),
    ("book the cheapest hotel in Dubai 12–18 Dec", PLAIN, "book_hotel", {}),
    ("book the Marina Palace", AFTER_SEARCH, "book_hotel", {}),
    ("how does the hotel booking stand", PLAIN, "read_hotel_booking", {}),
    ("hold the second one", AFTER_SEARCH, "hold_flight", {"fare_id": DRAFT}),
    ("hold EK 501", AFTER_SEARCH, "hold_flight", {"fare_id": DEEPA}),
    (
        "hold EK 501 for Asha Nair and Ravi Menon",
        AFTER_SEARCH,
        "hold_flight",
        {},
    ),
    (
        "book the Marina Palace for Asha Nair and Ravi Menon",
        AFTER_SEARCH,
        "book_hotel",
        {},
    ),
    ("please hold AI911", AFTER_SEARCH, "hold_flight", {"fare_id": DRAFT}),
    ("give back the hold", HOLDING, "release_flight", {"pnr_id": DRAFT}),
    ("release K7PQ2M please", HOLDING, "release_flight", {"pnr_id": DRAFT}),
    ("cancel the held flight", HOLDING, "release_flight", {"pnr_id": DRAFT}),
    # The trip
    ("show the trip", PLAIN, "show_trip", {}),
    ("what is in this trip", PLAIN, "show_trip", {}),
    ("who is travelling", PLAIN, "show_trip", {}),
    ("is anything wrong with this trip", PLAIN, "show_trip", {}),
    ("list the passengers", PLAIN, "show_trip", {}),
    (
        "the passengers are Deepa Krishnan and Suresh Krishnan",
        PLAIN,
        "add_passenger",
        {"full_name": "Deepa Krishnan"},
    ),
    ("passengers: Asha Nair, Ravi Menon", PLAIN, "add_passenger", {"full_name": "Asha Nair"}),
    ("Ravi Menon is travelling too", PLAIN, "add_passenger", {"full_name": "Ravi Menon"}),
    ("what does the trip cost", PLAIN, "show_trip", {}),
    ("show the itinerary", PLAIN, "read_itinerary", {}),
    ("itinerary", PLAIN, "read_itinerary", {}),
    ("what does the itinerary look like", PLAIN, "read_itinerary", {}),
    ("add passenger Deepa Krishnan", PLAIN, "add_passenger", {"full_name": "Deepa Krishnan"}),
    ("add Ravi Menon to the trip", PLAIN, "add_passenger", {"full_name": "Ravi Menon"}),
    (
        "add Asha Menon as a child to the trip",
        PLAIN,
        "add_passenger",
        {"full_name": "Asha Menon", "kind": "child"},
    ),
    (
        "add infant Anu Menon, born 3 Mar 2026, to the trip",
        PLAIN,
        "add_passenger",
        {"full_name": "Anu Menon", "kind": "infant", "date_of_birth": "2026-03-03"},
    ),
    (
        "add traveller Joseph Varghese, Indian, passport valid until 12 Aug 2031",
        PLAIN,
        "add_passenger",
        {"full_name": "Joseph Varghese", "nationality": "IN", "passport_expiry": "2031-08-12"},
    ),
    (
        "add passenger Deepa Krishnan, passport no Z1234567",
        PLAIN,
        "add_passenger",
        {"full_name": "Deepa Krishnan"},
    ),
    (
        "include senior Kamala Pillai, born 12/05/1955, on the trip",
        PLAIN,
        "add_passenger",
        {"full_name": "Kamala Pillai", "kind": "senior", "date_of_birth": "1955-05-12"},
    ),
    ("make a trip for Sunil Thomas", PLAIN, "add_passenger", {"full_name": "Sunil Thomas"}),
    ("new trip for Sunil Thomas to Dubai", PLAIN, "add_passenger", {"full_name": "Sunil Thomas"}),
    (
        "create a trip for Sunil Thomas and Asha Thomas",
        PLAIN,
        "add_passenger",
        {"full_name": "Sunil Thomas"},
    ),
    ("remove Ravi Menon from the trip", PLAIN, "remove_passenger", {"full_name": "Ravi Menon"}),
    ("remove passenger Asha Menon", PLAIN, "remove_passenger", {"full_name": "Asha Menon"}),
    ("Ravi Menon is not coming", PLAIN, "remove_passenger", {"full_name": "Ravi Menon"}),
    (
        "add a transfer from Dubai airport to Hotel Atlantis on 10 Jan at 9:30",
        PLAIN,
        "add_transfer",
        {
            "origin": "Dubai airport",
            "destination": "Hotel Atlantis",
            "on": "2027-01-10",
            "at": "09:30",
        },
    ),
    (
        "transfer from airport to hotel on 12 Dec at 4pm 1500",
        PLAIN,
        "add_transfer",
        {
            "origin": "Airport",
            "destination": "Hotel",
            "on": "2026-12-12",
            "at": "16:00",
            "price": "1500",
            "currency": "INR",
        },
    ),
    (
        "book a cab from Hotel Atlantis to DXB next Friday at 6 pm for ₹2,500",
        PLAIN,
        "add_transfer",
        {
            "origin": "Hotel Atlantis",
            "destination": "DXB",
            "on": "2026-12-04",
            "at": "18:00",
            "price": "2500",
            "currency": "INR",
        },
    ),
    (
        "plan a pickup from Kochi airport to Munnar tomorrow week at noon",
        PLAIN,
        "add_transfer",
        {"origin": "Kochi airport", "destination": "Munnar", "on": "2026-12-02", "at": "12:00"},
    ),
    (
        "transfer from Marina to airport on Friday AED 150",
        PLAIN,
        "add_transfer",
        {
            "origin": "Marina",
            "destination": "Airport",
            "on": "2026-11-27",
            "price": "150",
            "currency": "AED",
        },
    ),
]

OPEN = {"amount": "45000.00", "currency": "INR"}
INVOICE_ROW = {
    "id": DEEPA,
    "number": "2026-27/000012",
    "customer_name": "Deepa Krishnan",
    "open": OPEN,
    "status": "issued",
}
BILL_ROW = {
    "id": DRAFT,
    "vendor_reference": "BSP-7",
    "vendor_name": "BSP India",
    "open": {"amount": "8000.00", "currency": "INR"},
    "status": "received",
}
INVOICES = {"count": 1, "invoices": [INVOICE_ROW]}
BILLS = {"count": 1, "bills": [BILL_ROW]}
ENQUIRY = {"found": 1, "enquiry": {"id": DEEPA, "customer_name": "Ravi Menon"}}
ACCOUNTS = {
    "accounts": [
        {"id": DEEPA, "code": "1010", "name": "Cash in hand", "type": "asset"},
        {"id": DRAFT, "code": "1100", "name": "Bank, current account", "type": "asset"},
        {
            "id": "0190a0a0-0000-7000-8000-000000000003",
            "code": "5500",
            "name": "Communication and office",
            "type": "expense",
        },
    ]
}


def moved(
    key: str, which: str, amount: str, on: str = "2026-11-24", currency: str = "INR", **more: str
) -> JsonObject:
    return {
        key: which,
        "amount": amount,
        "currency": currency,
        "paid_on": on,
        "account": "bank",
        **more,
    }


ON_TRIP = {
    "trip_id": DRAFT,
    "title": "Dubai",
    "passengers": [
        {"id": DEEPA, "full_name": "Deepa Krishnan"},
        {"id": DRAFT, "full_name": "Ravi Menon"},
    ],
    "lines": [
        {"id": DEEPA, "kind": "flight", "status": "held", "supplier_ref": "K7PQ2M"},
        {"id": DRAFT, "kind": "flight", "status": "held", "supplier_ref": "K7PQ2M"},
        {"id": DRAFT, "kind": "hotel", "status": "booked", "supplier_ref": "H-1"},
    ],
}
RATES = {
    "count": 2,
    "results": [
        {"rate_key": key, "hotel": name, "room": "Double", "price": OPEN}
        for key, name in (("k-1", "Amber Court"), ("k-2", "Marina Palace"))
    ],
}
TWO_STAYS = {
    **ON_TRIP,
    "lines": [
        *ON_TRIP["lines"],
        {"id": DEEPA, "kind": "hotel", "status": "booked", "supplier_ref": "H-2"},
    ],
}
CLIENT = {"found": 1, "enquiry": {"id": DRAFT, "customer_name": "Ravi Menon"}}
LOOKED_UP: list[tuple[str, JsonObject | list[JsonObject], str, JsonObject]] = [
    ("bank balance", ACCOUNTS, "read_account_balance", {"account_id": DRAFT}),
    (
        "cash balance as of 31 March",
        ACCOUNTS,
        "read_account_balance",
        {"account_id": DEEPA, "as_of": "2026-03-31"},
    ),
    ("what's in 1100", ACCOUNTS, "read_account_balance", {"account_id": DRAFT}),
    (
        "book the cheapest hotel in Dubai 12–18 Dec",
        [ON_TRIP, RATES],
        "book_hotel",
        {"rate_key": "k-1", "passenger_ids": [DEEPA, DRAFT]},
    ),
    (
        "book a room at the Marina Palace in Dubai next Friday for 3 nights",
        [ON_TRIP, RATES],
        "book_hotel",
        {"rate_key": "k-2", "passenger_ids": [DEEPA, DRAFT]},
    ),
    (
        "reserve the second hotel in Dubai 12/12 to 18/12, under ₹60,000",
        [ON_TRIP, RATES],
        "book_hotel",
        {"rate_key": "k-2", "passenger_ids": [DEEPA, DRAFT]},
    ),
    (
        "check the rate of the Marina Palace in Dubai 12–18 Dec for 2 adults",
        RATES,
        "check_hotel_rate",
        {"rate_key": "k-2"},
    ),
    (
        "send the itinerary to deepa@example.com",
        ON_TRIP,
        "send_itinerary",
        {"trip_id": DRAFT, "to": "deepa@example.com"},
    ),
    (
        "please mail the itinerary in Hindi to ravi.menon@example.in without prices",
        ON_TRIP,
        "send_itinerary",
        {"trip_id": DRAFT, "to": "ravi.menon@example.in", "locale": "hi", "prices": False},
    ),
    ("how does the hotel booking stand", ON_TRIP, "read_hotel_booking", {"booking_id": DRAFT}),
    ("is the hotel booked", ON_TRIP, "read_hotel_booking", {"booking_id": DRAFT}),
    ("status of hotel booking H-2", TWO_STAYS, "read_hotel_booking", {"booking_id": DEEPA}),
    ("cancel hotel booking H-1", TWO_STAYS, "cancel_hotel_booking", {"booking_id": DRAFT}),
    (
        (
            "create invoice 2026-27/000015 for Ravi Menon: AED 1,500 for hotel, billed to 7 Creek"
            " Road, Dubai, UAE"
        ),
        CLIENT,
        "create_invoice",
        created(
            "2026-27/000015",
            bill("Hotel", "1500", "AED"),
            {"lines": ["7 Creek Road", "Dubai"], "country": "AE"},
            client=DRAFT,
        ),
    ),
    (
        "hold AI 911 from BOM to DXB next Friday for 2 adults",
        {
            "count": 2,
            "fares": [
                {"fare_id": DEEPA, "flights": ["EK 501"]},
                {"fare_id": DRAFT, "flights": ["AI 911"]},
            ],
        },
        "hold_flight",
        {"fare_id": DRAFT},
    ),
    ("issue the tickets", ON_TRIP, "issue_ticket", {"pnr_id": DEEPA}),
    (
        "hold the cheapest flight from BOM to DXB on 12 Dec for 2 adults",
        {"count": 1, "fares": [{"fare_id": DRAFT}]},
        "hold_flight",
        {"fare_id": DRAFT},
    ),
    ("please issue the ticket", ON_TRIP, "issue_ticket", {"pnr_id": DEEPA}),
    ("cancel the hotel", ON_TRIP, "cancel_hotel_booking", {"booking_id": DRAFT}),
    (
        "file a UAE visa for Deepa Krishnan",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DEEPA, "destination": "AE"},
    ),
    (
        "open a visa file for Ravi Menon for Singapore",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "SG"},
    ),
    (
        "start visa application for Ravi Menon Singapore",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "SG"},
    ),
    (
        "visa file for Ravi Menon for UK",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "GB"},
    ),
    (
        "new visa application for Ravi Menon, the UK",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "GB"},
    ),
    (
        "UK visa file for Ravi Menon",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "GB"},
    ),
    (
        "file a visa for Ravi Menon to the Emirates",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "AE"},
    ),
    (
        "file a visa to the United States for Ravi Menon",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "US"},
    ),
    (
        "file a Schengen visa for Ravi Menon to Italy",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "IT"},
    ),
    (
        "file visa for Deepa Krishnan, UAE",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DEEPA, "destination": "AE"},
    ),
    (
        "apply for a visa to Thailand for Ravi Menon",
        ON_TRIP,
        "file_visa",
        {"passenger_id": DRAFT, "destination": "TH"},
    ),
    ("Deepa Krishnan paid 20,000", INVOICES, "record_receipt", moved("invoice_id", DEEPA, "20000")),
    (
        "deepa krishnan ne 20000 diya",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "20000"),
    ),
    (
        "Deepa Krishnan paid 20,000 kal",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "20000", "2026-11-23"),
    ),
    ("Deepa paid full amount", INVOICES, "record_receipt", moved("invoice_id", DEEPA, "45000.00")),
    ("paid BSP India 8000 by neft", BILLS, "pay_bill", moved("bill_id", DRAFT, "8000")),
    (
        "Deepa Krishnan paid 20k in cash today",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "20000", account="cash"),
    ),
    (
        "received 20,000 cash from Deepa Krishnan",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "20000", account="cash"),
    ),
    (
        "Deepa Krishnan paid 20,000 by cheque 118",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "20000", reference="118"),
    ),
    (
        "we paid BSP India 8,000 in cash",
        BILLS,
        "pay_bill",
        moved("bill_id", DRAFT, "8000", account="cash"),
    ),
    (
        "Deepa Krishnan has paid in full",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "45000.00"),
    ),
    (
        "received 20k from Deepa Krishnan yesterday, UTR 9912",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "20000", "2026-11-23", reference="9912"),
    ),
    (
        "record a payment of 45,000 from Deepa Krishnan on 20 Nov",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "45000", "2026-11-20"),
    ),
    (
        "mark invoice 2026-27/000012 as paid",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "45000.00"),
    ),
    (
        "record payment of 20000 against invoice 2026-27/000012",
        INVOICES,
        "record_receipt",
        moved("invoice_id", DEEPA, "20000"),
    ),
    (
        "write off the rest of 2026-27/000012 because he cannot be traced",
        INVOICES,
        "write_off_invoice",
        {"invoice_id": DEEPA, "reason": "He cannot be traced", "written_off_on": "2026-11-24"},
    ),
    (
        "please write off 500 of what Deepa Krishnan owes, too small to chase",
        INVOICES,
        "write_off_invoice",
        {
            "invoice_id": DEEPA,
            "reason": "Too small to chase",
            "written_off_on": "2026-11-24",
            "amount": "500",
            "currency": "INR",
        },
    ),
    (
        "write off INR 45,000 on invoice 2026-27/000012 on 20 Nov - customer is insolvent",
        INVOICES,
        "write_off_invoice",
        {
            "invoice_id": DEEPA,
            "reason": "Customer is insolvent",
            "written_off_on": "2026-11-20",
            "amount": "45000",
            "currency": "INR",
        },
    ),
    (
        "write off Deepa Krishnan's balance because of the dispute",
        INVOICES,
        "write_off_invoice",
        {"invoice_id": DEEPA, "reason": "The dispute", "written_off_on": "2026-11-24"},
    ),
    ("we paid BSP India 8,000", BILLS, "pay_bill", moved("bill_id", DRAFT, "8000")),
    ("pay bill BSP-7 in full", BILLS, "pay_bill", moved("bill_id", DRAFT, "8000.00")),
    ("pay BSP India bill 8,000", BILLS, "pay_bill", moved("bill_id", DRAFT, "8000")),
    (
        "we paid BSP India 5,000 last Monday",
        BILLS,
        "pay_bill",
        moved("bill_id", DRAFT, "5000", "2026-11-23"),
    ),
    (
        "mark Ravi Menon's enquiry as quoted",
        ENQUIRY,
        "update_enquiry",
        {"enquiry_id": DEEPA, "status": "quoted"},
    ),
    (
        "post a journal entry: debit 5500, credit 1010, 500 for tea",
        ACCOUNTS,
        "post_journal_entry",
        {
            "entry": {
                "narration": "Tea",
                "entry_date": "2026-11-24",
                "lines": [
                    {
                        "account_id": "0190a0a0-0000-7000-8000-000000000003",
                        "currency": "INR",
                        "debit_amount": "500",
                    },
                    {"account_id": DEEPA, "currency": "INR", "credit_amount": "500"},
                ],
            }
        },
    ),
    (
        "journal entry dr cash cr bank 5k for petty cash",
        ACCOUNTS,
        "post_journal_entry",
        {
            "entry": {
                "narration": "Petty cash",
                "entry_date": "2026-11-24",
                "lines": [
                    {"account_id": DEEPA, "currency": "INR", "debit_amount": "5000"},
                    {"account_id": DRAFT, "currency": "INR", "credit_amount": "5000"},
                ],
            }
        },
    ),
]
