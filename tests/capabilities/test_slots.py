"""Fields are read from a text by the kind of their slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from voyagent import catalogue
from voyagent.billing.payments.capabilities import record_receipt
from voyagent.capabilities.capability import Choice, Lookup, Reader as Kind
from voyagent.capabilities.slots import FROM_RECORDS, READERS, Context, fill
from voyagent.kernel.money import Money
from voyagent.trips.capabilities import search_hotels

TODAY = date(2026, 11, 30)
BY_NAME = {capability.name: capability for capability in catalogue.CAPABILITIES}
OPEN = (
    Choice("i1", "000020, Zachariah Kurian", "2026-27/000020", Money(8_000_000, "INR")),
    Choice("i2", "000031, Zachariah Kurian", "2026-27/000031", Money(17_275_000, "INR")),
)


def open_documents(_lookup: Lookup, _text: str) -> Sequence[Choice]:
    return OPEN


CONTEXT = Context(TODAY, names=("Zachariah Kurian", "Al Noor Trading"), look_up=open_documents)


def values(name: str, text: str, context: Context = CONTEXT) -> dict[str, Any]:
    return fill(BY_NAME[name], text, context).values


def test_each_kind_of_slot_has_a_reader() -> None:
    by_fill = {"date", "date_or_today", "flag", "invoice", "status"}
    assert set(get_args(Kind)) == by_fill | FROM_RECORDS | set(READERS)
    assert not FROM_RECORDS & set(READERS)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("record_receipt", "got rs 50,000 in cash", {"amount": "50000", "account": "cash"}),
        ("record_receipt", "received $200 by gpay", {"currency": "USD", "account": "bank"}),
        ("record_receipt", "5000 by neft, UTR HDFC0001234", {"reference": "HDFC0001234"}),
        ("record_receipt", "5000 received yesterday", {"paid_on": "2026-11-29"}),
        ("record_receipt", "5000 received", {"paid_on": "2026-11-30", "currency": "INR"}),
        ("create_enquiry", "Priya Nair wants Bali, 4 people", {"customer_name": "Priya Nair"}),
        ("create_enquiry", "lead: mail a@b.com, 98470 12345", {"customer_email": "a@b.com"}),
        ("create_enquiry", "lead, Mumbai to Dubai", {"origin": "Mumbai", "destination": "Dubai"}),
        (
            "create_enquiry",
            "lead, Goa 10 March for 4 nights",
            {"depart_date": "2027-03-10", "return_date": "2027-03-14"},
        ),
        (
            "search_flights",
            "Kochi to Doha 20 Dec, return 5 Jan, 2 adults 1 child, business",
            {
                "origin": "COK",
                "destination": "DOH",
                "outbound_date": "2026-12-20",
                "return_date": "2027-01-05",
                "passengers": {"adult": 2, "child": 1},
                "cabin": "business",
            },
        ),
        (
            "add_passenger",
            "passport valid till 1 Jan 2030, dob 5 May 1990",
            {"passport_expiry": "2030-01-01", "date_of_birth": "1990-05-05"},
        ),
        ("add_transfer", "pick up 5 Dec at 5:30 pm", {"on": "2026-12-05", "at": "17:30"}),
        ("read_pnr", "open pnr K7PQ2M", {"locator": "K7PQ2M"}),
        ("send_itinerary", "mail it in hindi to a@b.com", {"locale": "hi", "to": "a@b.com"}),
        ("visa_requirements", "visa for Indian to Turkey", {"nationality": "IN"}),
        ("create_enquiry", "lead Delhi se Manali, char log", {"origin": "Delhi", "pax_count": 4}),
        ("create_enquiry", "honeymoon couple, Bali", {"pax_count": 2, "destination": "Bali"}),
        ("search_flights", "bom dxb 12 feb", {"origin": "BOM", "destination": "DXB"}),
        ("search_hotels", "hotel in Rome for 2", {"city": "Rome", "country": "IT", "guests": 2}),
        ("receive_bill", "bill no 812 of Akbar Travels, 5000", {"vendor_reference": "812"}),
        ("list_receivables", "who owes more than 1 lakh", {"more_than": "100000"}),
        ("list_receivables", "who owes 50,000 or more", {"at_least": "50000"}),
        ("list_receivables", "overdue more than 30 days", {"overdue_days": 31}),
        ("list_receivables", "what is overdue", {"overdue_only": True}),
        ("search_flights", "non stop to Doha", {"direct_only": True}),
        ("send_itinerary", "mail it without the prices", {"prices": False}),
        ("trial_balance", "TB with zero accounts", {"include_zero": True}),
        ("add_passenger", "add Arjun, 7 years old", {"full_name": "Arjun", "kind": "child"}),
        ("add_passenger", "baby Diya Nair, 12/03/2026", {"date_of_birth": "2026-03-12"}),
        (
            "add_passenger",
            "Diya Nair, 12/03/1996, passport expired 04/05/2020",
            {"date_of_birth": "1996-03-12", "passport_expiry": "2020-05-04"},
        ),
        ("find_invoices", "the part paid ones", {"status": "partially_paid"}),
        ("find_enquiries", "leads not answered", {"status": "open"}),
        ("update_enquiry", "her new phone is 98470 12345", {"status": None}),
        ("find_enquiries", "leads that came yesterday", {
            "created_from": "2026-11-29", "created_to": "2026-11-29",
        }),
        ("find_enquiries", "who travels next month", {"depart_from": "2026-12-01"}),
        ("find_bills", "bills due by 10 Dec", {"due_from": None, "due_to": "2026-12-10"}),
        ("fetch_bsp_statement", "BSP of last fortnight", {"period_start": "2026-11-01"}),
        ("draft_invoice", "bill Joseph 500, 15 days credit", {"due_date": "2026-12-15"}),
        ("draft_invoice", "invoice Joseph 500 by 10 Dec, due 12 Dec", {"due_date": "2026-12-12"}),
        ("draft_invoice", "invoice Joseph 500 dated 15 nov", {"issue_date": "2026-11-15"}),
        ("write_off_invoice", "write off 000042 on 28 nov", {"written_off_on": "2026-11-28"}),
        ("search_flights", "DEL BKK 14 Feb return 20", {"return_date": "2027-02-20"}),
        ("search_flights", "mumbai london 5 May", {"origin": "BOM", "destination": "LON"}),
        ("search_flights", "दिल्ली से दुबई", {"origin": "DEL", "destination": "DXB"}),
        ("create_enquiry", "couple with 2 kids, Bali", {"pax_count": 4}),
        ("create_enquiry", "Goa, 2 bade 2 bachche", {"pax_count": 4, "budget_amount": None}),
        ("search_hotels", "rooms in Munnar for 5", {"country": "IN", "guests": 5}),
        ("add_transfer", "hotel se airport, shaam 6 baje", {"origin": "Hotel", "at": "18:00"}),
        ("write_off_invoice", "write off 000042, company closed", {"reason": "company closed"}),
        ("cancel_sale", "cancel 000042, he fell ill, keep 5000", {
            "reason": "he fell ill", "kept": "5000", "cancelled_on": "2026-11-30",
        }),
        ("cancel_sale", "Deepa cancelled her tour, refund the rest by bank on 28 nov", {
            "reason": "Deepa cancelled her tour", "pays_back": True, "account": "bank",
            "cancelled_on": "2026-11-28",
        }),
        ("cancel_sale", "000031 radd karo, visa nahi mila, 3000 kaat lo", {
            "reason": "visa nahi mila", "kept": "3000", "pays_back": None,
        }),
        ("cancel_sale", "इनवॉइस 000042 रद्द करो, 500 काट कर बाकी वापस करो", {"pays_back": True}),
        ("record_supplier_refund", "got 600 back on 28 nov utr HDFC9912, rest is lost", {
            "amount": "600", "received_on": "2026-11-28", "reference": "HDFC9912",
            "give_up_rest": True,
        }),
        ("record_supplier_refund", "Akbar refunded 600", {"give_up_rest": None}),
        ("visa_requirements", "visa for Nepal passport holder to UK", {"nationality": "NP"}),
        ("receive_bill", "bill of Taj Resort no 8, 500", {"vendor_name": "Taj Resort"}),
        ("create_enquiry", "me and my husband, Bali", {"pax_count": 2}),
        ("search_flights", "DEL BOM 2adt+1chd", {"passengers": {"adult": 2, "child": 1}}),
        ("read_account_balance", "balance in petty cash a/c", {"account_id": "petty cash"}),
        ("read_account_balance", "office rent ka balance", {"account_id": "office rent"}),
        ("read_account_balance", "how much cash do we have", {"account_id": "cash"}),
        ("record_receipt", "5000 by imps 993812345678", {"reference": "993812345678"}),
    ],
)  # fmt: skip
def test_fields_are_read_from_a_text(name: str, text: str, expected: dict[str, Any]) -> None:
    found = values(name, text)
    assert {field: found.get(field) for field in expected} == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("new enquiry from Anitha and Ravi Menon, Bali", "Anitha and Ravi Menon"),
        ("bill Meera & Tarun Kapoor 45,000 for the cruise", "Meera & Tarun Kapoor"),
        ("log lead Sunita aur Ramesh Verma, Goa", "Sunita aur Ramesh Verma"),
        ("lead Mr and Mrs Menon, Bali", "Mr and Mrs Menon"),
        ("invoice Shah and Sons 3000 for visa", "Shah and Sons"),
        ("lead from Deepa and Ravi for Bali", "Deepa"),
        ("invoice Deepa 20000 and Ravi Menon 5000", "Deepa"),
    ],
)
def test_a_couple_is_one_customer(text: str, name: str) -> None:
    context = Context(TODAY)
    assert values("draft_invoice", text, context)["customer_name"] == name


def test_a_couple_is_two_passengers() -> None:
    found = values("add_passenger", "add Anitha and Ravi Menon to the trip", Context(TODAY))
    assert found["full_name"] == "Ravi Menon"


DIRHAMS = Choice("i3", "000050, Al Noor Trading", "2026-27/000050", Money(900_000, "AED"))


@pytest.mark.parametrize(
    ("name", "text", "currency"),
    [
        ("record_receipt", "Al Noor paid 4000 for 000050", "AED"),
        ("record_receipt", "got 2,500 by neft against invoice 50", "AED"),
        ("record_receipt", "Al Noor has cleared 000050", "AED"),
        ("pay_bill", "paid 3000 for bill 50", "AED"),
        ("record_receipt", "Al Noor paid $4000 for 000050", "USD"),
        ("record_receipt", "Al Noor paid 4000 inr for 000050", "INR"),
    ],
)
def test_an_amount_is_in_the_currency_of_its_document(name: str, text: str, currency: str) -> None:
    context = replace(CONTEXT, look_up=lambda _lookup, _text: (DIRHAMS, *OPEN))
    assert values(name, text, context)["currency"] == currency


def test_a_value_that_the_text_does_not_have_stays_empty() -> None:
    assert values("list_receivables", "who owes us money") == {}


def test_an_invoice_is_read_with_its_number_lines_and_address() -> None:
    found = values(
        "create_invoice",
        "create invoice 2026-27/000043 for Joseph, AED 900 for hotel, billed to 7 Creek Road, UAE",
    )
    assert found["invoice"] == {
        "invoice_number": "2026-27/000043",
        "issue_date": "2026-11-30",
        "currency": "AED",
        "lines": [{"description": "Hotel", "quantity": 1, "unit_price": "900"}],
        "billing_address": {"lines": ["7 Creek Road"], "country": "AE"},
    }


def test_a_due_date_is_only_a_date_that_is_called_due() -> None:
    found = values("receive_bill", "bill of Akbar dated 1 Nov, 5000, due 20 Dec")
    assert found["due_date"] == "2026-12-20"
    assert "due_date" not in values("receive_bill", "bill of Akbar, 5000, 1 Nov")


def test_an_amount_per_person_is_no_total() -> None:
    assert "budget_amount" not in values("create_enquiry", "lead, Bali, 50,000 per head")


def test_a_known_name_takes_precedence_over_the_words_around_it() -> None:
    assert values("create_enquiry", "lead from zacharia kurian")["customer_name"] == (
        "Zachariah Kurian"
    )


def test_the_words_of_a_known_name_are_those_of_the_text() -> None:
    filled = fill(BY_NAME["create_enquiry"], "lead from zacharia kurian", CONTEXT)
    assert filled.words["customer_name"] == "zacharia kurian"


def test_a_new_name_with_a_known_surname_stays_as_written() -> None:
    assert values("create_enquiry", "lead from Rohan Kurian, Bali")["customer_name"] == (
        "Rohan Kurian"
    )


@pytest.mark.parametrize("name", ["find_invoices", "list_receivables"])
def test_a_query_for_an_unknown_name_offers_similar_ones(name: str) -> None:
    filled = fill(BY_NAME[name], "invoices of Rohan Kurian", CONTEXT)
    assert "customer_name" not in filled.values
    assert [row.label for row in filled.choices["customer_name"]] == ["Zachariah Kurian"]


def test_a_record_of_a_similar_name_is_never_taken_without_asking() -> None:
    near = OPEN[0]._replace(is_near=True)
    context = Context(TODAY, look_up=lambda _lookup, _text: [near])
    filled = fill(BY_NAME["record_receipt"], "received 80,000 from Rohan Kurian", context)
    assert (filled.values.get("invoice_id"), filled.choices["invoice_id"]) == (None, (near,))


def test_several_known_names_are_offered_as_choices() -> None:
    context = Context(TODAY, names=("Anil Das", "Anil Kumar"))
    filled = fill(BY_NAME["create_enquiry"], "new lead Anil", context)
    assert [row.label for row in filled.choices["customer_name"]] == ["Anil Das", "Anil Kumar"]


@pytest.mark.parametrize(
    "text",
    ["received 500 for invoice 000031", "received 1,72,750 from Zachariah"],
)
def test_the_document_with_the_number_or_the_exact_amount_is_taken(text: str) -> None:
    assert values("record_receipt", text)["invoice_id"] == "i2"


def test_other_documents_are_offered_as_choices() -> None:
    filled = fill(BY_NAME["record_receipt"], "received 500 from Zachariah", CONTEXT)
    assert filled.choices == {"invoice_id": OPEN}
    assert "invoice_id" not in filled.values


def test_the_right_record_is_in_the_list_of_choices() -> None:
    context = Context(TODAY, look_up=lambda _lookup, _text: [Choice("p1", "Anil Das")])
    assert values("book_hotel", "book it for Anil", context)["passenger_ids"] == ["p1"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("received 25k from Zachariah against invoice 57", "b"),
        ("received 25k from Zachariah against invoice 58", None),
        ("received 25k from Zachariah against inv no. 000020", "a"),
    ],
)
def test_a_document_with_another_number_is_never_chosen(text: str, meant: str | None) -> None:
    rows = [Choice("a", "Zachariah", "2026-27/000020"), Choice("b", "Zachariah", "2026-27/000057")]
    context = Context(date(2026, 11, 30), look_up=lambda _lookup, _text: rows)
    filled = fill(record_receipt.CAPABILITY, text, context)
    assert filled.values.get("invoice_id") == meant
    assert bool(filled.choices.get("invoice_id")) == (meant is None)
    alone = replace(context, look_up=lambda _lookup, _text: rows[:1])
    assert fill(record_receipt.CAPABILITY, text, alone).values.get("invoice_id") == (
        "a" if meant == "a" else None
    )


def test_a_number_of_people_is_no_amount() -> None:
    filled = fill(
        search_hotels.CAPABILITY, "hotels in dubai 12-15 dec for 4", Context(date(2026, 11, 30))
    )
    assert filled.values["guests"] == 4
    assert "budget_max" not in filled.values


def test_an_impossible_date_is_asked_for_and_not_replaced_by_today() -> None:
    context = Context(date(2026, 11, 30))
    unclear = fill(record_receipt.CAPABILITY, "Thomas paid 1.5 lakh neft on 30 Feb", context)
    assert "paid_on" not in unclear.values
    silent = fill(record_receipt.CAPABILITY, "Thomas paid 1.5 lakh neft", context)
    assert silent.values["paid_on"] == "2026-11-30"


def test_a_write_off_date_without_a_year_is_in_the_past() -> None:
    given = values("write_off_invoice", "write off 500 of 000020 on 25 Nov, rounding")
    assert given["written_off_on"] == "2026-11-25"
