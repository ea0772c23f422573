"""Acts of money that the assistant proposes: receipts, bills, payments, entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.audit.acts.work import (
    CONTINUED,
    NEW_PARTY,
    POSTED,
    _effect as effect,
    _granted as granted,
)
from tests.billing import papers
from tests.billing.test_payouts import body_of, gateway_of, paid_out, through
from tests.billing.test_taxes import HERE
from tests.ledger import books
from tests.ledger.test_journal import made, written
from tests.ledger.test_new_entry import typed
from tests.rates.entered import entered
from tests.trips.things import DESERT, a_line, a_trip
from voyagent.billing.accruals import service as accruals
from voyagent.billing.bills import service as bill_service
from voyagent.billing.bills.capabilities import receive_bill
from voyagent.billing.cancellations.capabilities import cancel_sale
from voyagent.billing.core.capabilities import post_journal_entry
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.capabilities import create_invoice
from voyagent.billing.payments.capabilities import pay_bill, record_receipt
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.means import Means
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.billing.write_offs.capabilities import write_off_invoice
from voyagent.enquiries import service as enquiries
from voyagent.kernel.money import Money
from voyagent.ledger.service import base_amounts, chart, entries, months

PAID = {"amount": "100.00", "currency": "INR", "paid_on": "2024-06-25"}


def _by_bob(*left: Left) -> tuple[Left, ...]:
    return tuple(replace(one, by="bob", via="assistant") for one in left)


@act(
    "approvals.run_effect",
    leaves=(
        *_by_bob(POSTED, Left("payment.received", ("invoice_id", "payment_id"))),
        effect(record_receipt.CAPABILITY.name),
        CONTINUED,
    ),
)
def note_a_receipt_by_a_grant(stage: Stage) -> Doing:
    return granted(
        stage, record_receipt.CAPABILITY.name, invoice_id=str(papers.issued(stage.alice)), **PAID
    )


FOLLOWED = Left("enquiry.updated", ("enquiry_id",))
DRAFTED, ISSUED = (
    Left("invoice.drafted", ("enquiry_id", "invoice_id")),
    Left("invoice.issued", ("enquiry_id", "invoice_id", "journal_entry_id")),
)


@act(
    "approvals.run_effect",
    leaves=(
        *_by_bob(NEW_PARTY, DRAFTED, POSTED, ISSUED, FOLLOWED),
        effect(create_invoice.CAPABILITY.name),
        CONTINUED,
    ),
)
def create_an_invoice_by_a_grant(stage: Stage) -> Doing:
    invoice = {
        "invoice_number": "2024-25/000001",
        "client_id": str(
            stage.alice.does(
                lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan").id
            )
        ),
        "issue_date": "2024-06-10",
        "currency": "INR",
        "lines": [{"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}],
        "billing_address": {"lines": ["12 MG Road"], "city": "Kochi", "country": "IN"},
    }
    return granted(stage, create_invoice.CAPABILITY.name, invoice=invoice)


@act(
    "approvals.run_effect",
    leaves=(
        *_by_bob(NEW_PARTY, POSTED, Left("bill.received", ("bill_id", "journal_entry_id"))),
        effect(receive_bill.CAPABILITY.name),
        CONTINUED,
    ),
)
def receive_a_bill_by_a_grant(stage: Stage) -> Doing:
    item = {"description": "Settlement", "quantity": 1, "unit_price": "22500.00", "currency": "INR"}
    given = {
        "vendor_name": "BSP India",
        "vendor_reference": "BSP-7",
        "issue_date": "2024-06-10",
        "due_date": "2024-06-25",
        "line_items": [item],
    }
    return granted(stage, receive_bill.CAPABILITY.name, **given)


@act(
    "approvals.run_effect",
    leaves=(
        *_by_bob(POSTED, Left("payment.made", ("bill_id", "payment_id"))),
        effect(pay_bill.CAPABILITY.name),
        CONTINUED,
    ),
)
def pay_a_bill_by_a_grant(stage: Stage) -> Doing:
    return granted(
        stage, pay_bill.CAPABILITY.name, bill_id=str(papers.receive(stage.alice)), **PAID
    )


@act(
    "approvals.run_effect",
    leaves=(*_by_bob(POSTED), effect(post_journal_entry.CAPABILITY.name), CONTINUED),
)
def post_an_entry_by_a_grant(stage: Stage) -> Doing:
    bank, cash = (str(books.account_id(stage.alice, purpose)) for purpose in ("bank", "cash"))
    lines = [
        {"account_id": cash, "currency": "INR", "debit_amount": "50"},
        {"account_id": bank, "currency": "INR", "credit_amount": "50"},
    ]
    return granted(
        stage,
        post_journal_entry.CAPABILITY.name,
        entry={"narration": "Petty cash", "entry_date": "2024-06-10", "lines": lines},
    )


WRITTEN_OFF = Left(
    "invoice.written_off",
    ("invoice_id", "journal_entry_id", "write_off_id"),
    says={"reason": "Cannot be traced", "amount": "100.00"},
)


@act(
    "approvals.run_effect",
    leaves=(*_by_bob(POSTED, WRITTEN_OFF), effect(write_off_invoice.CAPABILITY.name), CONTINUED),
)
def write_an_invoice_off_by_a_grant(stage: Stage) -> Doing:
    given = {
        "amount": "100.00",
        "currency": "INR",
        "reason": "Cannot be traced",
        "written_off_on": "2024-06-25",
    }
    return granted(
        stage,
        write_off_invoice.CAPABILITY.name,
        invoice_id=str(papers.issued(stage.alice)),
        **given,
    )


CANCELLED_SALE = Left(
    "cancellation.recorded",
    ("cancellation_id", "invoice_id"),
    says={"cancelled_on": "2024-06-25", "currency": "INR", "reason": "Not travelled"},
)


@act(
    "approvals.run_effect",
    leaves=(
        *_by_bob(
            POSTED,
            Left("credit_note.issued", ("credit_note_id", "invoice_id", "journal_entry_id")),
            CANCELLED_SALE,
        ),
        effect(cancel_sale.CAPABILITY.name),
        CONTINUED,
    ),
)
def cancel_a_sale_by_a_grant(stage: Stage) -> Doing:
    given = {"reason": "Not travelled", "cancelled_on": "2024-06-25"}
    return granted(
        stage,
        cancel_sale.CAPABILITY.name,
        invoice_id=str(papers.issued(stage.alice)),
        **given,
    )


# By people, over the API
# --------------------------------------------------------------------------------

INVOICE, BOOKED = ("invoice_id",), ("invoice_id", "journal_entry_id")
VISAS = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}
DRAWN = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [VISAS],
}
TOTAL = {"total": "45000.00", "currency": "INR", "issue_date": "2024-06-10"}


@act(
    "POST /api/invoices",
    leaves=(NEW_PARTY, Left("invoice.drafted", INVOICE, says=TOTAL)),
    answers=201,
)
def draft_an_invoice_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/invoices", json=DRAWN)


@act(
    "PATCH /api/invoices/<invoice_id>",
    leaves=Left(
        "invoice.revised", INVOICE, says={"fields": [{"field": "notes"}, {"field": "line_items"}]}
    ),
    answers=200,
)
def revise_a_draft_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.draft(stage.bob)
    return lambda: api.patch(
        f"/invoices/{invoice_id}",
        json={"notes": "One of them", "line_items": [VISAS | {"quantity": 1}]},
    )


@act(
    "DELETE /api/invoices/<invoice_id>",
    leaves=Left("invoice.discarded", INVOICE, says=TOTAL),
    answers=204,
)
def discard_a_draft_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.draft(stage.bob)
    return lambda: api.delete(f"/invoices/{invoice_id}")


@act(
    "POST /api/invoices/<invoice_id>/issue",
    leaves=(POSTED, Left("invoice.issued", BOOKED, says={"number": "2024-25/000001"})),
    answers=200,
)
def issue_a_draft_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.draft(stage.bob)
    return lambda: api.post(f"/invoices/{invoice_id}/issue")


@act(
    "POST /api/invoices/<invoice_id>/receipts",
    leaves=(
        POSTED,
        Left(
            "payment.received",
            ("invoice_id", "payment_id"),
            says={"amount": "100.00", "paid_on": "2024-06-25"},
        ),
    ),
    answers=201,
)
def note_a_receipt_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.issued(stage.alice)
    return lambda: api.post(
        f"/invoices/{invoice_id}/receipts", json={"amount": "100.00", "paid_on": "2024-06-25"}
    )


REVERSED = Left("journal.reversed", ("journal_entry_id", "source_type", "source_id"))
VOIDED = Left(
    "invoice.voided",
    BOOKED,
    says={"reason": "Billed twice", "total": "45000.00", "voided_on": "2024-06-25"},
)


@act("POST /api/invoices/<invoice_id>/void", leaves=(REVERSED, VOIDED), answers=200)
def void_an_invoice_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.issued(stage.alice)
    return lambda: api.post(
        f"/invoices/{invoice_id}/void", json={"reason": "Billed twice", "voided_on": "2024-06-25"}
    )


# Payments
# --------------------------------------------------------------------------------

BILL, BILL_BOOKED = ("bill_id",), ("bill_id", "journal_entry_id")
BILLED = {
    "vendor_name": "BSP India",
    "vendor_reference": "BSP-1",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [VISAS],
}
BILL_VOIDED = Left(
    "bill.voided",
    BILL_BOOKED,
    says={"reason": "Entered twice", "total": "45000.00", "voided_on": "2024-06-25"},
)


@act("POST /api/bills", leaves=(NEW_PARTY, Left("bill.drafted", BILL, says=TOTAL)), answers=201)
def draft_a_bill_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/bills", json=BILLED)


@act(
    "POST /api/invoices/from-trip",
    leaves=(NEW_PARTY, Left("invoice.drafted", ("invoice_id", "trip_id"))),
    answers=201,
)
def draft_an_invoice_of_a_trip(stage: Stage) -> Doing:
    api, trip_id = stage.alice.api, a_trip(stage.bob)
    a_line(stage.bob, trip_id, price="500.00")
    body = {"trip_id": str(trip_id), "customer_name": "Deepa Krishnan"}
    return lambda: api.post("/invoices/from-trip", json=body)


def an_expected_bill(stage: Stage) -> str:
    """Return the id of the expected bill of a booked service."""
    trip_id = a_trip(stage.bob)
    a_line(stage.bob, trip_id, status="booked", cost="500.00", supplier="BSP India")
    found = stage.bob.api.get(f"/bills/expected?trip_id={trip_id}").json["items"]
    return str(found[0]["id"])


MATCHED = Left("bill.matched", BILL)


@act(
    "POST /api/bills/from-expected",
    leaves=(Left("bill.drafted", (*BILL, "trip_id")), Left("bill.matched", (*BILL, "trip_id"))),
    answers=201,
)
def draft_an_expected_bill_over_the_api(stage: Stage) -> Doing:
    api, expected = stage.alice.api, an_expected_bill(stage)
    body = {"expected_bill_ids": [expected], "vendor_reference": "B", "issue_date": "2026-01-04"}
    return lambda: api.post("/bills/from-expected", json=body)


@act(
    "POST /bills/expected/draft",
    leaves=in_the_browser(
        Left("bill.drafted", (*BILL, "trip_id")), Left("bill.matched", (*BILL, "trip_id"))
    ),
    answers=303,
)
def draft_an_expected_bill_in_the_browser(stage: Stage) -> Doing:
    browser, expected = stage.alice.browser, an_expected_bill(stage)
    return lambda: stage.submit(
        browser,
        "/bills/expected/draft",
        expected=expected,
        vendor_reference="B",
        issue_date="4 Jan 2026",
    )


@act("POST /api/bills/<bill_id>/matches", leaves=MATCHED, answers=200)
def match_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.draft_bill(stage.bob)
    return lambda: api.post(f"/bills/{bill_id}/matches", json={"matches": []})


@act("POST /bills/<bill_id>/match", leaves=in_the_browser(MATCHED), answers=303)
def match_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.draft_bill(stage.bob)
    return lambda: stage.submit(browser, f"/bills/{bill_id}/match", **{"expected-0": ""})


@act("POST /api/bills/<bill_id>/rematch", leaves=MATCHED, answers=200)
def match_a_received_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.receive(stage.alice)
    return lambda: api.post(f"/bills/{bill_id}/rematch", json={"matches": []})


@act("POST /bills/<bill_id>/rematch", leaves=in_the_browser(MATCHED), answers=303)
def match_a_received_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.receive(stage.alice)
    return lambda: stage.submit(browser, f"/bills/{bill_id}/rematch", **{"expected-0": ""})


@act(
    "PATCH /api/bills/<bill_id>",
    leaves=Left("bill.revised", BILL, says={"fields": [{"field": "vendor_reference"}]}),
    answers=200,
)
def revise_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.draft_bill(stage.bob)
    return lambda: api.patch(f"/bills/{bill_id}", json={"vendor_reference": "BSP-2"})


@act("DELETE /api/bills/<bill_id>", leaves=Left("bill.discarded", BILL, says=TOTAL), answers=204)
def discard_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.draft_bill(stage.bob)
    return lambda: api.delete(f"/bills/{bill_id}")


@act(
    "POST /api/bills/<bill_id>/receive",
    leaves=(POSTED, Left("bill.received", BILL_BOOKED, says=TOTAL)),
    answers=200,
)
def receive_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.draft_bill(stage.bob)
    return lambda: api.post(f"/bills/{bill_id}/receive")


@act("POST /api/bills/<bill_id>/void", leaves=(REVERSED, BILL_VOIDED), answers=200)
def void_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.receive(stage.alice)
    return lambda: api.post(
        f"/bills/{bill_id}/void", json={"reason": "Entered twice", "voided_on": "2024-06-25"}
    )


SCHEDULED = Left("bill.scheduled", BILL, says={"pay_on": "2100-01-04"})
UNSCHEDULED = Left("bill.unscheduled", BILL, says={"was_to_be_paid_on": "2100-01-05"})


def scheduled(stage: Stage) -> UUID:
    bill_id = papers.receive(stage.alice)
    return stage.alice.does(
        lambda actor: bill_service.schedule_bill(actor, bill_id, pay_on=date(2100, 1, 5)).id
    )


@act("POST /api/bills/<bill_id>/schedule", leaves=SCHEDULED, answers=200)
def schedule_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.receive(stage.alice)
    return lambda: api.post(f"/bills/{bill_id}/schedule", json={"pay_on": "2100-01-04"})


@act("POST /api/bills/<bill_id>/unschedule", leaves=UNSCHEDULED, answers=200)
def unschedule_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, scheduled(stage)
    return lambda: api.post(f"/bills/{bill_id}/unschedule")


@act("POST /bills/<bill_id>/schedule", leaves=in_the_browser(SCHEDULED), answers=303)
def schedule_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.receive(stage.alice)
    return lambda: stage.submit(browser, f"/bills/{bill_id}/schedule", pay_on="4 Jan 2100")


@act("POST /bills/<bill_id>/unschedule", leaves=in_the_browser(UNSCHEDULED), answers=303)
def unschedule_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, scheduled(stage)
    return lambda: stage.submit(browser, f"/bills/{bill_id}/unschedule")


BILL_CREDITED = Left(
    "supplier_credit.entered",
    ("bill_id", "journal_entry_id", "supplier_credit_id"),
    says={"reason": "Not travelled", "total": "100.00", "issue_date": "2024-06-25"},
)


@act("POST /api/supplier-credits", leaves=(POSTED, BILL_CREDITED), answers=201)
def credit_a_bill_over_the_api(stage: Stage) -> Doing:
    api, bill_id = stage.alice.api, papers.receive(stage.alice)
    body = {
        "vendor_reference": "C-1",
        "reason": "Not travelled",
        "issue_date": "2024-06-25",
        "lines": [{"line_no": 1, "amount": "100"}],
    }
    return lambda: api.post("/supplier-credits", json=body | {"bill_id": str(bill_id)})


@act("POST /bills/<bill_id>/credit", leaves=in_the_browser(POSTED, BILL_CREDITED), answers=303)
def credit_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.receive(stage.alice)
    body = {
        "vendor_reference": "C-1",
        "reason": "Not travelled",
        "issue_date": "25 Jun 2024",
        "amount": "100",
    }
    return lambda: stage.submit(browser, f"/bills/{bill_id}/credit", **body)


PAYMENT, SETTLING = ("payment_id",), ("invoice_id", "journal_entry_id", "payment_id")
ADVANCE = {
    "party_name": "Deepa Krishnan",
    "amount": "100.00",
    "currency": "INR",
    "paid_on": "2024-06-25",
}


@act(
    "POST /api/payments",
    leaves=(
        NEW_PARTY,
        POSTED,
        Left("payment.received", PAYMENT, says={"amount": "100.00", "paid_on": "2024-06-25"}),
    ),
    answers=201,
)
def note_an_advance_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/payments", json=ADVANCE)


@act("POST /api/payments", leaves=(NEW_PARTY, POSTED, Left("payment.made", PAYMENT)), answers=201)
def note_what_a_supplier_is_paid_ahead_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/payments", json=ADVANCE | {"direction": "out"})


@act(
    "POST /api/payments/<payment_id>/allocate",
    leaves=(POSTED, Left("payment.allocated", SETTLING, says={"effective_on": "2024-06-26"})),
    answers=200,
)
def allocate_an_advance_over_the_api(stage: Stage) -> Doing:
    api, payment_id, invoice_id = (
        stage.alice.api,
        papers.advance(stage.alice, 10_000),
        papers.issued(stage.alice),
    )
    parts = [{"document_id": str(invoice_id), "amount": "60.00"}]
    return lambda: api.post(
        f"/payments/{payment_id}/allocate",
        json={"allocations": parts, "effective_on": "2024-06-26"},
    )


@act(
    "POST /api/payments/<payment_id>/allocations/<allocation_id>/unallocate",
    leaves=(POSTED, Left("payment.unallocated", SETTLING, says={"effective_on": "2024-06-26"})),
    answers=200,
)
def take_an_allocation_back_over_the_api(stage: Stage) -> Doing:
    api, payment_id = stage.alice.api, papers.pay(stage.alice, papers.issued(stage.alice), 10_000)
    allocation_id = api.get(f"/payments/{payment_id}").json["allocations"][0]["id"]
    return lambda: api.post(
        f"/payments/{payment_id}/allocations/{allocation_id}/unallocate",
        json={"effective_on": "2024-06-26"},
    )


@act(
    "POST /api/payments/<payment_id>/refund",
    leaves=(
        POSTED,
        Left(
            "payment.refunded",
            ("journal_entry_id", "payment_id"),
            says={"amount": "40.00", "refunded_on": "2024-06-26"},
        ),
    ),
    answers=201,
)
def refund_an_advance_over_the_api(stage: Stage) -> Doing:
    api, payment_id = stage.alice.api, papers.advance(stage.alice, 10_000)
    return lambda: api.post(
        f"/payments/{payment_id}/refund", json={"amount": "40.00", "refunded_on": "2024-06-26"}
    )


RETURNED = Left(
    "payment.refunded",
    ("journal_entry_id", "payment_id", "refund_id"),
    says={"number": "F/2024-25/000001", "amount": "40.00", "refunded_on": "2024-06-26"},
)


@act("POST /api/refunds", leaves=(POSTED, RETURNED), answers=201)
def refund_a_customer_over_the_api(stage: Stage) -> Doing:
    api, party_id = stage.alice.api, _payer(stage)
    body = {"party_id": party_id, "amount": "40.00", "currency": "INR"}
    return lambda: api.post("/refunds", json=body | {"refunded_on": "2024-06-26"})


@act("POST /parties/<party_id>/refund", leaves=in_the_browser(POSTED, RETURNED), answers=303)
def refund_a_customer_in_the_browser(stage: Stage) -> Doing:
    browser, party_id = stage.alice.browser, _payer(stage)
    return lambda: stage.submit(
        browser,
        f"/parties/{party_id}/refund",
        amount="40",
        currency="INR",
        refunded_on="2024-06-26",
        account="bank",
    )


def _payer(stage: Stage) -> str:
    """The id of a customer with an advance."""
    payment_id = papers.advance(stage.alice, 10_000)
    return str(stage.alice.api.get(f"/payments/{payment_id}").json["party_id"])


TAKEN_BACK = Left(
    "payment.reversed",
    ("journal_entry_id", "payment_id"),
    says={"reason": "Typed twice", "amount": "100.00", "reversed_on": "2024-06-26"},
)


@act("POST /api/payments/<payment_id>/reverse", leaves=(REVERSED, TAKEN_BACK), answers=200)
def reverse_a_payment_over_the_api(stage: Stage) -> Doing:
    api, payment_id = stage.alice.api, papers.advance(stage.alice, 10_000)
    return lambda: api.post(
        f"/payments/{payment_id}/reverse",
        json={"reason": "Typed twice", "reversed_on": "2024-06-26"},
    )


@act(
    "POST /payments/<payment_id>/reverse", leaves=in_the_browser(REVERSED, TAKEN_BACK), answers=303
)
def reverse_a_payment_in_the_browser(stage: Stage) -> Doing:
    browser, payment_id = stage.alice.browser, papers.advance(stage.alice, 10_000)
    return lambda: stage.submit(
        browser, f"/payments/{payment_id}/reverse", reason="Typed twice", reversed_on="2024-06-26"
    )


BOUNCED = Left(
    "payment.bounced",
    ("journal_entry_id", "payment_id"),
    says={"reason": "No money", "amount": "100.00", "charge": "3.00", "reversed_on": "2024-06-26"},
)
BOUNCE = {"reason": "No money", "reversed_on": "2024-06-26", "fee": "3.00"}


def _bounce_of(stage: Stage) -> str:
    """The path of a cheque that bounces."""
    means = Means(mode="cheque")
    return f"/payments/{papers.advance(stage.alice, 10_000, means=means)}/bounce"


@act("POST /api/payments/<payment_id>/bounce", leaves=(REVERSED, POSTED, BOUNCED), answers=200)
def record_a_bounced_cheque_over_the_api(stage: Stage) -> Doing:
    api, path = stage.alice.api, _bounce_of(stage)
    return lambda: api.post(path, json=BOUNCE)


@act(
    "POST /payments/<payment_id>/bounce",
    leaves=in_the_browser(REVERSED, POSTED, BOUNCED),
    answers=303,
)
def record_a_bounced_cheque_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, _bounce_of(stage)
    return lambda: stage.submit(browser, path, **BOUNCE)


CREDITED = Left("credit_note.issued", ("credit_note_id", "invoice_id", "journal_entry_id"))
CANCELLED = Left(
    "cancellation.recorded",
    ("cancellation_id", "invoice_id"),
    says={"cancelled_on": "2024-06-25", "currency": "INR", "reason": "Not travelled"},
)
CANCELLED_TRIP = replace(CANCELLED, refs=("cancellation_id", "invoice_id", "trip_id"))
CANCELLING = {"reason": "Not travelled", "cancelled_on": "2024-06-25"}


def _with_hash(stage: Stage, path: str) -> dict[str, Any]:
    """A cancellation with the hash of its preview."""
    preview = stage.alice.api.post(f"{path}/cancellations/preview", json=CANCELLING).json
    return CANCELLING | {"preview_hash": preview["preview_hash"]}


def _sold_trip(stage: Stage) -> UUID:
    trip_id = a_trip(stage.alice)
    papers.issued(stage.alice, trip_id=trip_id)
    return trip_id


@act(
    "POST /api/invoices/<invoice_id>/cancellations",
    leaves=(POSTED, CREDITED, CANCELLED),
    answers=201,
)
def cancel_an_invoice_over_the_api(stage: Stage) -> Doing:
    api, path = stage.alice.api, f"/invoices/{papers.issued(stage.alice)}"
    body = _with_hash(stage, path)
    return lambda: api.post(f"{path}/cancellations", json=body)


@act(
    "POST /api/trips/<trip_id>/cancellations",
    leaves=(POSTED, CREDITED, CANCELLED_TRIP),
    answers=201,
)
def cancel_a_trip_over_the_api(stage: Stage) -> Doing:
    api, path = stage.alice.api, f"/trips/{_sold_trip(stage)}"
    body = _with_hash(stage, path)
    return lambda: api.post(f"{path}/cancellations", json=body)


@act(
    "POST /invoices/<invoice_id>/cancel",
    leaves=in_the_browser(POSTED, CREDITED, CANCELLED),
    answers=303,
)
def cancel_an_invoice_in_the_browser(stage: Stage) -> Doing:
    invoice_id = papers.issued(stage.alice)
    body = _with_hash(stage, f"/invoices/{invoice_id}") | {"line": f"{invoice_id}.1"}
    browser, path = stage.alice.browser, f"/invoices/{invoice_id}/cancel"
    return lambda: stage.submit(browser, path, **body)


@act(
    "POST /trips/<trip_id>/cancel",
    leaves=in_the_browser(POSTED, CREDITED, CANCELLED_TRIP),
    answers=303,
)
def cancel_a_trip_in_the_browser(stage: Stage) -> Doing:
    trip_id = a_trip(stage.alice)
    invoice_id = papers.issued(stage.alice, trip_id=trip_id)
    body = _with_hash(stage, f"/trips/{trip_id}") | {"line": f"{invoice_id}.1"}
    browser, path = stage.alice.browser, f"/trips/{trip_id}/cancel"
    return lambda: stage.submit(browser, path, **body)


PAYOUT = ("bank_account_id", "journal_entry_id", "payout_id")
PAID_OUT = Left("payout.recorded", PAYOUT, says={"currency": "INR", "paid_on": "2024-06-27"})
NOT_PAID_OUT = Left(
    "payout.reversed", PAYOUT, says={"reason": "Typed twice", "reversed_on": "2024-06-28"}
)


def _in_gateway(stage: Stage) -> dict[str, Any]:
    """A payout of a payment in a gateway, as the API takes it."""
    gateway_id = gateway_of(stage.alice)
    return body_of(stage.alice, gateway_id, through(stage.alice, gateway_id))


@act("POST /api/payouts", leaves=(POSTED, PAID_OUT), answers=201)
def record_a_payout_over_the_api(stage: Stage) -> Doing:
    api, body = stage.alice.api, _in_gateway(stage)
    return lambda: api.post("/payouts", json=body)


@act("POST /payouts/new", leaves=in_the_browser(POSTED, PAID_OUT), answers=303)
def record_a_payout_in_the_browser(stage: Stage) -> Doing:
    browser, body = stage.alice.browser, _in_gateway(stage)
    return lambda: stage.submit(browser, "/payouts/new", **body)


@act("POST /api/payouts/<payout_id>/reverse", leaves=(REVERSED, NOT_PAID_OUT), answers=200)
def reverse_a_payout_over_the_api(stage: Stage) -> Doing:
    api, payout_id = stage.alice.api, paid_out(stage.alice)
    body = {"reason": "Typed twice", "reversed_on": "2024-06-28"}
    return lambda: api.post(f"/payouts/{payout_id}/reverse", json=body)


@act(
    "POST /payouts/<payout_id>/reverse", leaves=in_the_browser(REVERSED, NOT_PAID_OUT), answers=303
)
def reverse_a_payout_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, f"/payouts/{paid_out(stage.alice)}/reverse"
    return lambda: stage.submit(browser, path, reason="Typed twice", reversed_on="28 Jun 2024")


GIVEN_BACK_NOT = Left(
    "payment.refund_reversed",
    ("journal_entry_id", "payment_id", "refund_id"),
    says={
        "reason": "Never went",
        "number": "F/2024-25/000001",
        "amount": "40.00",
        "reversed_on": "2024-06-26",
    },
)


def _refunded(stage: Stage) -> str:
    """The path of a refund of an advance."""
    payment_id = papers.advance(stage.alice, 10_000)
    refund_id = stage.alice.does(
        lambda actor: (
            payment_service.refund_payment(
                actor, payment_id, amount=Money(4_000, "INR"), on=papers.DUE
            ).id
        )
    )
    return f"/payments/{payment_id}/refunds/{refund_id}/reverse"


@act(
    "POST /api/payments/<payment_id>/refunds/<refund_id>/reverse",
    leaves=(REVERSED, GIVEN_BACK_NOT),
    answers=200,
)
def reverse_a_refund_over_the_api(stage: Stage) -> Doing:
    api, path = stage.alice.api, _refunded(stage)
    return lambda: api.post(path, json={"reason": "Never went", "reversed_on": "2024-06-26"})


@act(
    "POST /payments/<payment_id>/refunds/<refund_id>/reverse",
    leaves=in_the_browser(REVERSED, GIVEN_BACK_NOT),
    answers=303,
)
def reverse_a_refund_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, _refunded(stage)
    return lambda: stage.submit(browser, path, reason="Never went", reversed_on="2024-06-26")


def _credited(stage: Stage) -> str:
    """The path of a credit note of 40.00."""
    invoice_id = papers.issued(stage.alice)
    given = {"reason": "Late", "on": papers.DUE, "amounts": {1: Money(4_000, "INR")}}
    note_id = stage.alice.does(
        lambda actor: credit_note_service.issue_credit_note(actor, invoice_id, **given).id  # type: ignore[arg-type]
    )
    return f"/credit-notes/{note_id}/reverse"


NOT_CREDITED = Left(
    "credit_note.reversed",
    ("credit_note_id", "invoice_id", "journal_entry_id"),
    says={
        "reason": "Wrong invoice",
        "number": "C/2024-25/000001",
        "total": "40.00",
        "reversed_on": "2024-06-26",
    },
)


@act(
    "POST /api/credit-notes/<credit_note_id>/reverse", leaves=(REVERSED, NOT_CREDITED), answers=200
)
def reverse_a_credit_note_over_the_api(stage: Stage) -> Doing:
    api, path = stage.alice.api, _credited(stage)
    return lambda: api.post(path, json={"reason": "Wrong invoice", "reversed_on": "2024-06-26"})


@act(
    "POST /credit-notes/<credit_note_id>/reverse",
    leaves=in_the_browser(REVERSED, NOT_CREDITED),
    answers=303,
)
def reverse_a_credit_note_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, _credited(stage)
    return lambda: stage.submit(browser, path, reason="Wrong invoice", reversed_on="2024-06-26")


def _credited_by_supplier(stage: Stage) -> str:
    """The path of a supplier's credit of 40.00."""
    bill_id = papers.receive(stage.alice)
    given = {
        "vendor_reference": "C-1",
        "reason": "Late",
        "on": papers.DUE,
        "amounts": {1: Money(4_000, "INR")},
    }
    credit_id = stage.alice.does(
        lambda actor: supplier_credit_service.credit_bill(actor, bill_id, **given).id  # type: ignore[arg-type]
    )
    return f"/supplier-credits/{credit_id}/reverse"


NOT_CREDITED_BY_SUPPLIER = Left(
    "supplier_credit.reversed",
    ("bill_id", "journal_entry_id", "supplier_credit_id"),
    says={
        "reason": "Wrong bill",
        "vendor_reference": "C-1",
        "total": "40.00",
        "reversed_on": "2024-06-26",
    },
)


@act(
    "POST /api/supplier-credits/<supplier_credit_id>/reverse",
    leaves=(REVERSED, NOT_CREDITED_BY_SUPPLIER),
    answers=200,
)
def reverse_a_supplier_credit_over_the_api(stage: Stage) -> Doing:
    api, path = stage.alice.api, _credited_by_supplier(stage)
    return lambda: api.post(path, json={"reason": "Wrong bill", "reversed_on": "2024-06-26"})


@act(
    "POST /supplier-credits/<supplier_credit_id>/reverse",
    leaves=in_the_browser(REVERSED, NOT_CREDITED_BY_SUPPLIER),
    answers=303,
)
def reverse_a_supplier_credit_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, _credited_by_supplier(stage)
    return lambda: stage.submit(browser, path, reason="Wrong bill", reversed_on="2024-06-26")


@act(
    "POST /payments/new",
    leaves=in_the_browser(NEW_PARTY, POSTED, Left("payment.received", PAYMENT)),
    answers=303,
)
def note_an_advance_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/payments/new", **ADVANCE, direction="in", account="bank")


@act(
    "POST /payments/<payment_id>/allocate",
    leaves=in_the_browser(POSTED, Left("payment.allocated", SETTLING)),
    answers=303,
)
def allocate_an_advance_in_the_browser(stage: Stage) -> Doing:
    browser, payment_id, invoice_id = (
        stage.alice.browser,
        papers.advance(stage.alice, 10_000),
        papers.issued(stage.alice),
    )
    return lambda: stage.submit(
        browser,
        f"/payments/{payment_id}/allocate",
        document_id=str(invoice_id),
        part="60",
        effective_on="2024-06-26",
    )


@act(
    "POST /payments/<payment_id>/allocations/<allocation_id>/unallocate",
    leaves=in_the_browser(POSTED, Left("payment.unallocated", SETTLING)),
    answers=303,
)
def take_an_allocation_back_in_the_browser(stage: Stage) -> Doing:
    browser, payment_id = (
        stage.alice.browser,
        papers.pay(stage.alice, papers.issued(stage.alice), 10_000),
    )
    allocation_id = stage.alice.api.get(f"/payments/{payment_id}").json["allocations"][0]["id"]
    return lambda: stage.submit(
        browser,
        f"/payments/{payment_id}/allocations/{allocation_id}/unallocate",
        effective_on="2024-06-26",
    )


@act(
    "POST /payments/<payment_id>/refund",
    leaves=in_the_browser(POSTED, Left("payment.refunded", ("journal_entry_id", "payment_id"))),
    answers=303,
)
def refund_an_advance_in_the_browser(stage: Stage) -> Doing:
    browser, payment_id = stage.alice.browser, papers.advance(stage.alice, 10_000)
    return lambda: stage.submit(
        browser,
        f"/payments/{payment_id}/refund",
        amount="40",
        refunded_on="2024-06-26",
        account="bank",
    )


CREDITED = Left(
    "credit_note.issued",
    ("credit_note_id", "invoice_id", "journal_entry_id"),
    says={
        "reason": "Not travelled",
        "number": "C/2024-25/000001",
        "total": "100.00",
        "issue_date": "2024-06-25",
    },
)


@act("POST /api/credit-notes", leaves=(POSTED, CREDITED), answers=201)
def credit_an_invoice_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.issued(stage.alice)
    body = {
        "invoice_id": str(invoice_id),
        "reason": "Not travelled",
        "issue_date": "2024-06-25",
        "lines": [{"line_no": 1, "amount": "100"}],
    }
    return lambda: api.post("/credit-notes", json=body)


ASKED = (
    Left("chat.created", ("session_id",)),
    Left("proposal.made", ("approval_id", "session_id")),
)
WRITTEN_BACK = (
    REVERSED,
    Left(
        "invoice.write_off_taken_back",
        ("invoice_id", "journal_entry_id", "write_off_id"),
        says={"reason": "Has paid after all", "amount": "100.00"},
    ),
)


DEBITED = Left("debit_note.drafted", ("debited_invoice_id", "invoice_id"))


@act("POST /api/invoices/<invoice_id>/debit-notes", leaves=DEBITED, answers=201)
def draft_a_debit_note_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.issued(stage.alice)
    body = {"reason": "Fuel surcharge", "lines": [{"line_no": 1, "amount": "100.00"}]}
    return lambda: api.post(f"/invoices/{invoice_id}/debit-notes", json=body)


SPLIT = (Left("invoice.revised", ("invoice_id",)), Left("invoice.drafted", ("invoice_id",)))


def _draft_of_two_places(stage: Stage) -> UUID:
    answer = stage.alice.api.patch("/tenant-settings", json={"tax_number": HERE})
    assert answer.status_code == 200
    lines = papers.line(), papers.line(price="10000", quantity=1)
    lines[0]["tax"], lines[1]["tax"], lines[1]["place_of_supply"] = "service_fee", "room", "30"
    return papers.draft(stage.alice, *lines, place_of_supply="27")


@act("POST /api/invoices/<invoice_id>/split", leaves=SPLIT, answers=201)
def split_a_draft_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, _draft_of_two_places(stage)
    return lambda: api.post(f"/invoices/{invoice_id}/split")


@act("POST /invoices/<invoice_id>/split", leaves=in_the_browser(*SPLIT), answers=303)
def split_a_draft_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, _draft_of_two_places(stage)
    return lambda: stage.submit(browser, f"/invoices/{invoice_id}/split")


@act("POST /invoices/<invoice_id>/debit", leaves=in_the_browser(DEBITED), answers=303)
def draft_a_debit_note_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.issued(stage.alice)
    return lambda: stage.submit(
        browser,
        f"/invoices/{invoice_id}/debit",
        reason="Fuel surcharge",
        issue_date="25 Jun 2024",
        amount="100",
    )


def _written_off(stage: Stage) -> str:
    """The path of a write-off."""
    invoice_id = papers.issued(stage.alice)
    return f"/invoices/{invoice_id}/write-offs/{papers.write_off(stage.alice, invoice_id, 10_000)}"


@act("POST /api/invoices/<invoice_id>/write-off", leaves=ASKED, answers=201)
def ask_for_a_write_off_over_the_api(stage: Stage) -> Doing:
    api, invoice_id = stage.alice.api, papers.issued(stage.alice)
    return lambda: api.post(
        f"/invoices/{invoice_id}/write-off", json={"reason": "Cannot be traced"}
    )


@act("POST /invoices/<invoice_id>/write-off", leaves=in_the_browser(*ASKED), answers=303)
def ask_for_a_write_off_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.issued(stage.alice)
    return lambda: stage.submit(
        browser,
        f"/invoices/{invoice_id}/write-off",
        amount="100",
        reason="Cannot be traced",
        written_off_on="25 Jun 2024",
    )


@act(
    "POST /api/invoices/<invoice_id>/write-offs/<write_off_id>/take-back",
    leaves=WRITTEN_BACK,
    answers=200,
)
def take_a_write_off_back_over_the_api(stage: Stage) -> Doing:
    api, path = stage.alice.api, _written_off(stage)
    return lambda: api.post(
        f"{path}/take-back", json={"reason": "Has paid after all", "effective_on": "2024-06-26"}
    )


@act(
    "POST /invoices/<invoice_id>/write-offs/<write_off_id>/take-back",
    leaves=in_the_browser(*WRITTEN_BACK),
    answers=303,
)
def take_a_write_off_back_in_the_browser(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, _written_off(stage)
    return lambda: stage.submit(
        browser, f"{path}/take-back", reason="Has paid after all", effective_on="26 Jun 2024"
    )


ADDED = {"code": "5810", "name": "Postage", "type": "expense"}
ACCOUNT = ("account_id",)


def _new_account(stage: Stage) -> str:
    return str(
        stage.bob.does(
            lambda actor: chart.add_account(
                replace(actor, role="agency_admin"),
                code="5820",
                name="Couriers",
                account_type="expense",
            )
        )
    )


@act(
    "POST /api/accounts",
    leaves=Left("ledger.account_added", ACCOUNT, says=ADDED | {"normal_side": "debit"}),
    answers=201,
)
def add_an_account_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/accounts", json=ADDED)


RENAMED = Left(
    "ledger.account_changed",
    ACCOUNT,
    says={"fields": [{"field": "name", "before": "Couriers", "after": "Postage"}]},
)


@act(
    "PATCH /api/accounts/<account_id>",
    leaves=(RENAMED, Left("ledger.account_archived", ACCOUNT)),
    answers=200,
)
def rename_and_archive_an_account_over_the_api(stage: Stage) -> Doing:
    api, account_id = stage.alice.api, _new_account(stage)
    return lambda: api.patch(
        f"/accounts/{account_id}", json={"name": "Postage", "is_archived": True}
    )


@act(
    "PATCH /api/accounts/<account_id>", leaves=Left("ledger.account_restored", ACCOUNT), answers=200
)
def restore_an_account_over_the_api(stage: Stage) -> Doing:
    api, account_id = stage.alice.api, _new_account(stage)
    api.patch(f"/accounts/{account_id}", json={"is_archived": True})
    return lambda: api.patch(f"/accounts/{account_id}", json={"is_archived": False})


@act(
    "POST /accounts/new",
    leaves=in_the_browser(
        Left("ledger.account_added", ACCOUNT, says=ADDED | {"normal_side": "credit"})
    ),
    answers=303,
)
def add_an_account_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/accounts/new", **ADDED, normal_side="credit")


@act(
    "POST /accounts/<account_id>/edit",
    leaves=in_the_browser(RENAMED, Left("ledger.account_archived", ACCOUNT)),
    answers=303,
)
def rename_and_archive_an_account_in_the_browser(stage: Stage) -> Doing:
    browser, account_id = stage.alice.browser, _new_account(stage)
    fields = {
        "code": "5820",
        "name": "Postage",
        "type": "expense",
        "normal_side": "debit",
        "is_archived": "y",
    }
    return lambda: stage.submit(browser, f"/accounts/{account_id}/edit", **fields)


@act("POST /api/journal-entries", leaves=POSTED, answers=201)
def post_an_entry_by_hand(stage: Stage) -> Doing:
    api, body = stage.alice.api, written(stage.alice)
    return lambda: api.post("/journal-entries", json=body)


@act("POST /api/journal-entries/<entry_id>/reverse", leaves=REVERSED, answers=201)
def reverse_an_entry_by_hand(stage: Stage) -> Doing:
    api, entry_id = stage.alice.api, made(stage.alice)
    return lambda: api.post(f"/journal-entries/{entry_id}/reverse", json={"reason": "Twice"})


@act("POST /journal/new", leaves=in_the_browser(POSTED), answers=303)
def write_an_entry_in_the_browser(stage: Stage) -> Doing:
    browser, fields = stage.alice.browser, typed(stage.alice)
    return lambda: stage.submit(browser, "/journal/new", **fields)


@act("POST /journal/<entry_id>/reverse", leaves=in_the_browser(REVERSED), answers=303)
def reverse_an_entry_in_the_browser(stage: Stage) -> Doing:
    browser, entry_id = stage.alice.browser, made(stage.alice)
    return lambda: stage.submit(
        browser, f"/journal/{entry_id}/reverse", reason="Twice", entry_date="2024-06-11"
    )


BASED = Left("books.base_established", says={"currency": "INR"})


@act("POST /api/base-currency", leaves=BASED, answers=200)
def establish_base_amounts(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/base-currency", json={"currency": "INR"})


@act("POST /base-amounts", leaves=in_the_browser(BASED), answers=303)
def establish_base_amounts_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/base-amounts", currency="INR")


@act("books establish-base", leaves=replace(BASED, via="job"), answers=0)
def establish_base_amounts_from_a_shell(stage: Stage) -> Doing:
    by = ("--by", stage.alice.email)
    return lambda: stage.flask("books", "establish-base", *by, "--currency", "INR")


CLOSED = Left("month.closed", says={"month": "2024-05"})


@act("POST /api/months/<month>/close", leaves=CLOSED, answers=200)
def close_a_month(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/months/2024-05/close")


@act(
    "POST /api/months/<closed_month>/reopen",
    leaves=replace(
        CLOSED, kind="month.reopened", says={"month": "2024-05", "reason": "A bill came late"}
    ),
    answers=200,
)
def open_a_month_again(stage: Stage) -> Doing:
    api = stage.alice.api
    stage.alice.does(months.close_month, date(2024, 5, 1))
    return lambda: api.post("/months/2024-05/reopen", json={"reason": "A bill came late"})


@act(
    "POST /months/<closed_month>/reopen",
    leaves=replace(CLOSED, kind="month.reopened", via="browser"),
    answers=303,
)
def open_a_month_again_on_its_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    stage.alice.does(months.close_month, date(2024, 5, 1))
    return lambda: stage.submit(browser, "/months/2024-05/reopen", reason="A bill came late")


@act("POST /months/<month>/close", leaves=replace(CLOSED, via="browser"), answers=303)
def close_a_month_on_its_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/months/2024-05/close")


ACCRUED = (
    Left("journal.posted", ("journal_entry_id", "source_type", "source_id")),
    Left("costs.accrued", says={"month": "2024-05", "count": 1, "total": "500.00"}),
)


def _to_accrue(stage: Stage) -> str:
    """Book a service of May whose bill has not come; return the expected bill."""
    trip_id = a_trip(stage.alice)
    details = DESERT.model_copy(update={"on": date(2024, 5, 20)})
    a_line(stage.alice, trip_id, details, status="booked", cost="500.00", currency="INR")
    (found,) = stage.alice.api.get(f"/bills/expected?trip_id={trip_id}").json["items"]
    return str(found["id"])


@act("POST /api/months/<month>/accruals", leaves=ACCRUED, answers=200)
def accrue_a_month(stage: Stage) -> Doing:
    api = stage.alice.api
    _to_accrue(stage)
    return lambda: api.post("/months/2024-05/accruals")


@act("POST /months/<month>/accruals", leaves=in_the_browser(*ACCRUED), answers=303)
def accrue_a_month_on_its_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    _to_accrue(stage)
    return lambda: stage.submit(browser, "/months/2024-05/accruals")


RELEASED = (
    Left("journal.posted", ("journal_entry_id", "source_type", "source_id")),
    Left(
        "accrual.released",
        ("expected_bill_id", "trip_id", "journal_entry_id"),
        says={"amount": "500.00", "released_on": "2024-06-10"},
    ),
)
RELEASING = "/bills/expected/{}/release-accrual"


def _accrued(stage: Stage) -> str:
    expected_bill_id = _to_accrue(stage)
    stage.alice.does(accruals.accrue, date(2024, 5, 1))
    return expected_bill_id


@act("POST /api/bills/expected/<expected_bill_id>/release-accrual", leaves=RELEASED, answers=200)
def release_accrued_cost(stage: Stage) -> Doing:
    api, path = stage.alice.api, RELEASING.format(_accrued(stage))
    return lambda: api.post(path, json={"reason": "Closed", "released_on": "2024-06-10"})


@act(
    "POST /bills/expected/<expected_bill_id>/release-accrual",
    leaves=in_the_browser(*RELEASED),
    answers=303,
)
def release_accrued_cost_on_its_page(stage: Stage) -> Doing:
    browser, path = stage.alice.browser, RELEASING.format(_accrued(stage))
    return lambda: stage.submit(browser, path, reason="Closed", released_on="10 Jun 2024")


REVALUED = (
    Left("journal.posted", ("journal_entry_id", "source_type", "source_id")),
    Left("books.revalued", says={"month": "2024-05", "kept": "1.00", "reversed": "0.00"}),
)


def _to_revalue(stage: Stage) -> None:
    """Establish base amounts, and hold a dollar in May whose rate rose by one rupee."""
    stage.alice.does(base_amounts.establish_base, "INR")
    entered(stage.alice, date(2024, 5, 1), "84")
    entered(stage.alice, date(2024, 5, 31), "85")
    dollar = Money(100, "USD")
    sides = [entries.debit("bank", dollar), entries.credit("capital", dollar)]
    books.post(stage.alice, sides, entry_date=date(2024, 5, 1))


@act("POST /api/months/<month>/revaluation", leaves=REVALUED, answers=200)
def revalue_a_month(stage: Stage) -> Doing:
    api = stage.alice.api
    _to_revalue(stage)
    return lambda: api.post("/months/2024-05/revaluation")


@act("POST /months/<month>/revaluation", leaves=in_the_browser(*REVALUED), answers=303)
def revalue_a_month_on_its_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    _to_revalue(stage)
    return lambda: stage.submit(browser, "/months/2024-05/revaluation")


# By people, in the browser
# --------------------------------------------------------------------------------

TYPED = {"customer_name": "Deepa Krishnan", "issue_date": "10 Jun 2024", "currency": "INR"}
LINE = {"description": "Dubai visa", "quantity": "2", "unit_price": "22,500"}


BILL_TYPED = {
    "vendor_name": "BSP India",
    "vendor_reference": "BSP-1",
    "issue_date": "10 Jun 2024",
    "currency": "INR",
}


@act(
    "POST /bills/new",
    leaves=in_the_browser(NEW_PARTY, Left("bill.drafted", BILL, says=TOTAL)),
    answers=303,
)
def draft_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/bills/new", **BILL_TYPED, **LINE, due_date="10 Jun 2024")


@act(
    "POST /bills/<bill_id>/edit",
    leaves=in_the_browser(Left("bill.revised", BILL, says={"fields": [{"field": "due_date"}]})),
    answers=303,
)
def revise_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.draft_bill(stage.bob)
    return lambda: stage.submit(
        browser, f"/bills/{bill_id}/edit", **BILL_TYPED, **LINE, due_date="30 Jun 2024"
    )


@act(
    "POST /bills/<bill_id>/discard",
    leaves=in_the_browser(Left("bill.discarded", BILL, says=TOTAL)),
    answers=303,
)
def discard_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.draft_bill(stage.bob)
    return lambda: stage.submit(browser, f"/bills/{bill_id}/discard")


@act(
    "POST /bills/<bill_id>/receive",
    leaves=in_the_browser(POSTED, Left("bill.received", BILL_BOOKED, says=TOTAL)),
    answers=303,
)
def receive_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.draft_bill(stage.bob)
    return lambda: stage.submit(browser, f"/bills/{bill_id}/receive")


@act("POST /bills/<bill_id>/void", leaves=in_the_browser(REVERSED, BILL_VOIDED), answers=303)
def void_a_bill_in_the_browser(stage: Stage) -> Doing:
    browser, bill_id = stage.alice.browser, papers.receive(stage.alice)
    return lambda: stage.submit(
        browser, f"/bills/{bill_id}/void", reason="Entered twice", voided_on="25 Jun 2024"
    )


@act(
    "POST /invoices/new",
    leaves=in_the_browser(NEW_PARTY, Left("invoice.drafted", INVOICE, says=TOTAL)),
    answers=303,
)
def draft_an_invoice_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/invoices/new", **TYPED, **LINE, due_date="10 Jun 2024")


@act(
    "POST /invoices/<invoice_id>/edit",
    leaves=in_the_browser(
        Left("invoice.revised", INVOICE, says={"fields": [{"field": "due_date"}]})
    ),
    answers=303,
)
def revise_a_draft_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.draft(stage.bob)
    return lambda: stage.submit(
        browser, f"/invoices/{invoice_id}/edit", **TYPED, **LINE, due_date="30 Jun 2024"
    )


@act(
    "POST /invoices/<invoice_id>/discard",
    leaves=in_the_browser(Left("invoice.discarded", INVOICE, says=TOTAL)),
    answers=303,
)
def discard_a_draft_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.draft(stage.bob)
    return lambda: stage.submit(browser, f"/invoices/{invoice_id}/discard")


@act(
    "POST /invoices/<invoice_id>/send",
    leaves=in_the_browser(
        Left("invoice.sent", INVOICE, says={"to": "d***@example.com", "locale": "hi"})
    ),
    answers=303,
)
def send_an_invoice_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.issued(stage.alice)
    return lambda: stage.submit(
        browser, f"/invoices/{invoice_id}/send", to=stage.hide("deepa@example.com"), locale="hi"
    )


@act(
    "POST /invoices/<invoice_id>/issue",
    leaves=in_the_browser(POSTED, Left("invoice.issued", BOOKED)),
    answers=303,
)
def issue_a_draft_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.draft(stage.bob)
    return lambda: stage.submit(browser, f"/invoices/{invoice_id}/issue")


@act("POST /invoices/<invoice_id>/void", leaves=in_the_browser(REVERSED, VOIDED), answers=303)
def void_an_invoice_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.issued(stage.alice)
    return lambda: stage.submit(
        browser, f"/invoices/{invoice_id}/void", reason="Billed twice", voided_on="25 Jun 2024"
    )


@act("POST /invoices/<invoice_id>/credit", leaves=in_the_browser(POSTED, CREDITED), answers=303)
def credit_an_invoice_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.issued(stage.alice)
    return lambda: stage.submit(
        browser,
        f"/invoices/{invoice_id}/credit",
        reason="Not travelled",
        issue_date="25 Jun 2024",
        amount="100",
    )


@act(
    "POST /invoices/<invoice_id>/receipt",
    leaves=in_the_browser(
        POSTED, Left("payment.received", ("invoice_id", "payment_id"), says={"amount": "100.00"})
    ),
    answers=303,
)
def note_a_receipt_in_the_browser(stage: Stage) -> Doing:
    browser, invoice_id = stage.alice.browser, papers.issued(stage.alice)
    return lambda: stage.submit(
        browser,
        f"/invoices/{invoice_id}/receipt",
        amount="100",
        paid_on="25 Jun 2024",
        account="bank",
    )
