"""The rules of bills: entering what a supplier has charged, which posts it as a cost that is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.exc import IntegrityError

from voyagent.audit import service as audit
from voyagent.billing.models import Bill, BillLine
from voyagent.billing.service import pricing
from voyagent.billing.service.errors import VendorReferenceRequired, VendorReferenceTaken
from voyagent.billing.service.pricing import LineItem
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money, wire_amount
from voyagent.ledger import service as ledger


def receive_bill(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    *,
    vendor_name: str,
    vendor_reference: str,
    issue_date: date,
    due_date: date,
    line_items: Sequence[LineItem],
    party_reference: str | None = None,
    notes: str | None = None,
) -> Bill:
    """Enter a supplier's bill: cost stands against payable on its issue date. One reference is entered once in the agency.

    Raises Forbidden; CustomerNameRequired, VendorReferenceRequired, TextTooLong, InvalidDate, what `pricing.price` raises; VendorReferenceTaken.
    """
    actor.require("bill.receive")
    name = pricing.party(vendor_name)
    reference = " ".join(vendor_reference.split())
    if not 1 <= len(reference) <= 64:
        raise VendorReferenceRequired
    pricing.check_days(issue_date, due_date)
    priced = pricing.price(line_items)
    now = clock.now()
    bill = Bill(
        id=new_id(),
        status="draft",
        vendor_reference=reference,
        issue_date=issue_date,
        due_date=due_date,
        currency=priced.total.currency,
        total_minor=priced.total.amount_minor,
        paid_minor=0,
        credited_minor=0,
        party_name=name,
        party_reference=pricing.words(party_reference, 128),
        notes=pricing.words(notes, 2000),
        created_by_user_id=actor.user_id,
        created_at=now,
        updated_at=now,
    )
    db.session.add(bill)
    _flush()
    db.session.add_all(BillLine(bill_id=bill.id, **columns) for columns in priced.line_columns())
    db.session.flush()
    _post(actor, bill, priced.total)
    db.session.flush()
    audit.record(
        actor,
        "bill.received",
        entity_refs={"bill_id": bill.id, "journal_entry_id": bill.entry_id},
        outputs={"total": wire_amount(bill.total_minor, bill.currency), "currency": bill.currency, "issue_date": issue_date, "due_date": due_date},
    )
    return bill


def _post(actor: Actor, bill: Bill, total: Money) -> None:
    """Cost against payable, on the bill's issue date."""
    posted = ledger.post(
        actor,
        source_type="bill",
        source_id=bill.id,
        purpose="receive",
        narration=f"Bill {bill.vendor_reference}, {bill.party_name}",
        lines=[
            ledger.debit("cost_of_services", total, memo=bill.vendor_reference),
            ledger.credit("payable", total, party_name=bill.party_name, memo=bill.vendor_reference),
        ],
        entry_date=bill.issue_date,
    )
    bill.status = "received"
    bill.entry_id = posted.entry_id


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_bills_vendor_reference" in str(error.orig):
            raise VendorReferenceTaken from None
        raise
