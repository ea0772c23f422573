"""Rules of payments and bills: amounts never exceed the open amount."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import (
    DUE,
    ISSUED,
    advance,
    draft,
    issued,
    line,
    pay,
    receive,
    seen,
    untied,
)
from tests.chat.parallel import at_once
from tests.ledger.books import balances, stored
from tests.people import Person
from voyagent.billing.bills import errors as bill_errors, queries as bill_queries
from voyagent.billing.core import errors
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel import clock
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger.queries import entries as ledger_entries


def test_an_invoice_is_paid_in_two_parts(alice: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 1_000_000, date(2024, 6, 12))
    after = seen(alice, invoice_id)
    assert (after["status"], after["paid_minor"]) == ("partially_paid", 1_000_000)
    pay(alice, invoice_id, 3_500_000, date(2024, 6, 20))
    after = seen(alice, invoice_id)
    assert (after["status"], after["paid_minor"]) == ("paid", 4_500_000)
    assert balances(alice) == {
        ("bank", "INR"): 4_500_000,
        ("receivable", "INR"): 0,
        ("revenue_services", "INR"): -4_500_000,
    }
    assert balances(alice, date(2024, 6, 12))[("receivable", "INR")] == 3_500_000
    with alice.reading() as reader:
        document = invoice_queries.read_document(reader, invoice_id)
        entry, lines = ledger_entries.read_entry(reader, document.payments[0]["entry_id"])
    assert [(p["paid_on"], p["amount_minor"]) for p in document.payments] == [
        (date(2024, 6, 12), 1_000_000),
        (date(2024, 6, 20), 3_500_000),
    ]
    assert (entry["source_type"], entry["purpose"], entry["entry_date"]) == (
        "payment",
        "receipt",
        date(2024, 6, 12),
    )
    assert [(x["code"], x["debit_minor"], x["credit_minor"]) for x in lines] == [
        ("1100", 1_000_000, 0),
        ("1200", 0, 1_000_000),
    ]
    assert untied(alice) == []


@pytest.mark.parametrize(
    ("amount", "on", "error"),
    [
        (Money(4_500_001, "INR"), DUE, payment_errors.PaymentExceedsOpen),
        (Money(0, "INR"), DUE, InvalidAmount),
        (Money(-1, "INR"), DUE, InvalidAmount),
        (Money(100, "AED"), DUE, MixedCurrencies),
        (Money(100, "INR"), ISSUED - timedelta(days=1), errors.InvalidDate),
        (Money(100, "INR"), clock.today() + timedelta(days=2), errors.InvalidDate),
    ],
)
def test_an_invalid_receipt_is_refused(
    alice: Person, amount: Money, on: date, error: type[Exception]
) -> None:
    invoice_id = issued(alice)
    with pytest.raises(error):
        alice.does(payment_service.record_receipt, invoice_id, amount, on)
    assert seen(alice, invoice_id)["paid_minor"] == 0
    assert ("bank", "INR") not in balances(alice)


def test_the_payment_date_defaults_to_today(alice: Person) -> None:
    invoice_id = issued(alice)
    with alice.acting() as actor:
        assert payment_service.record_receipt(
            actor, invoice_id, Money(1, "INR")
        ).paid_on == clock.today(actor.timezone)


def test_drafts_and_paid_documents_cannot_be_paid(alice: Person) -> None:
    paid = issued(alice)
    pay(alice, paid, 4_500_000)
    for invoice_id in (draft(alice), paid):
        with pytest.raises(errors.DocumentNotOpen):
            pay(alice, invoice_id, 1)


def test_one_of_many_parallel_full_receipts_succeeds(alice: Person) -> None:
    invoice_id = issued(alice)
    results = at_once([lambda: pay(alice, invoice_id, 4_500_000)] * 6)
    assert sorted(type(result).__name__ for result in results) == ["DocumentNotOpen"] * 5 + ["UUID"]
    assert balances(alice)[("bank", "INR")] == 4_500_000
    assert untied(alice) == []


def test_parallel_partial_receipts_add_up(alice: Person) -> None:
    invoice_id = issued(alice)
    results = at_once([lambda: pay(alice, invoice_id, 1_000_000)] * 6)
    assert sum(isinstance(result, payment_errors.PaymentExceedsOpen) for result in results) == 2
    assert seen(alice, invoice_id)["paid_minor"] == 4_000_000
    assert untied(alice) == []


def test_other_agencies_and_viewers_record_no_payment(
    alice: Person, victor: Person, charlie: Person
) -> None:
    invoice_id = issued(alice)
    with pytest.raises(invoice_errors.InvoiceNotFound):
        pay(charlie, invoice_id, 1)
    with pytest.raises(Forbidden):
        pay(victor, invoice_id, 1)
    with pytest.raises(Forbidden):
        receive(victor)
    bill_id = receive(alice)
    with pytest.raises(bill_errors.BillNotFound):
        charlie.does(payment_service.pay_bill, bill_id, Money(1, "INR"), DUE)


def test_a_bill_is_posted_as_cost_and_payable(alice: Person) -> None:
    bill_id = receive(
        alice,
        line("5580.00", quantity=4),
        vendor_name=" BSP  India",
        vendor_reference=" BSP-2024-06 ",
    )
    with alice.acting():
        bill = bill_queries.get_bill(bill_id)
        assert (bill.status, bill.party_name, bill.vendor_reference, bill.total_minor) == (
            "received",
            "BSP India",
            "BSP-2024-06",
            2_232_000,
        )
        assert bill.open_minor == 2_232_000
    assert balances(alice) == {
        ("cost_of_services", "INR"): 2_232_000,
        ("payable", "INR"): -2_232_000,
    }
    alice.does(payment_service.pay_bill, bill_id, Money(232_000, "INR"), DUE)
    with alice.acting():
        assert bill_queries.get_bill(bill_id).status == "received", (
            "partly paid, and still to be paid"
        )
    alice.does(payment_service.pay_bill, bill_id, Money(2_000_000, "INR"), DUE)
    with alice.acting():
        assert bill_queries.get_bill(bill_id).status == "paid"
    assert balances(alice)[("payable", "INR")] == 0
    assert balances(alice)[("bank", "INR")] == -2_232_000
    assert untied(alice) == []
    with pytest.raises(errors.DocumentNotOpen):
        alice.does(payment_service.pay_bill, bill_id, Money(1, "INR"), DUE)


def test_a_suppliers_reference_is_entered_once(alice: Person, charlie: Person) -> None:
    results = at_once([lambda: receive(alice, vendor_reference="BSP-7")] * 4)
    assert sum(isinstance(result, bill_errors.VendorReferenceTaken) for result in results) == 3
    receive(charlie, vendor_reference="BSP-7")
    assert balances(alice)[("payable", "INR")] == -4_500_000


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"vendor_reference": " "}, bill_errors.VendorReferenceRequired),
        ({"vendor_reference": "x" * 65}, bill_errors.VendorReferenceRequired),
        ({"vendor_name": ""}, errors.CustomerNameRequired),
        ({"due_date": ISSUED - timedelta(days=1)}, errors.InvalidDate),
        ({"line_items": [line("-1")]}, InvalidAmount),
    ],
)
def test_an_invalid_bill_is_refused(
    alice: Person, given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        receive(alice, **given)
    assert balances(alice) == {}


@pytest.mark.parametrize(
    ("direction", "words"),
    [("in", "Receipt R/2024-25/000001"), ("out", "Payment P/2024-25/000001")],
)
def test_the_entry_of_a_payment_has_its_number(
    alice: Person, owner_engine: sa.Engine, direction: str, words: str
) -> None:
    payment_id = advance(alice, 10_000, direction=direction)
    entries = stored(
        owner_engine,
        "select narration from journal_entries where tenant_id = :t and source_id = :p",
        t=alice.actor.tenant_id,
        p=payment_id,
    )
    assert [row["narration"] for row in entries] == [f"{words}, Deepa Krishnan"]
