"""Rules of voiding invoices and bills: the entry is reversed, the number stays."""

from __future__ import annotations

from datetime import date
from typing import TypeVar
from uuid import UUID

from voyagent.approvals.service import check_limit
from voyagent.audit.service import recording as audit
from voyagent.billing import queries
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.service import earning, pricing
from voyagent.billing.service.errors import DocumentNotVoidable, InvalidDate, ReasonRequired
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money, wire_amount
from voyagent.ledger import service as ledger

REASON_MAX = 500
_NAMES = {Invoice: "invoice_id", Bill: "bill_id"}
_KINDS = {"invoice_id": "invoice.voided", "bill_id": "bill.voided"}
Document = TypeVar("Document", Invoice, Bill)


def void_invoice(actor: Actor, invoice_id: UUID, *, reason: str, on: date | None = None) -> Invoice:
    """Void an issued invoice on a day (default today); its number stays used (Rule 46).

    Deferred revenue is reversed on its days of service. Raises Forbidden, InvoiceNotFound, and the
    errors of `_void`.
    """
    actor.require_authority("invoice.void")
    invoice = queries.get_invoice(invoice_id, lock=True)
    return _void(actor, invoice, f"Void of invoice {invoice.number}", reason, on)


def void_bill(actor: Actor, bill_id: UUID, *, reason: str, on: date | None = None) -> Bill:
    """Void a received bill on a day (default today).

    Raises Forbidden, BillNotFound, and the errors of `_void`.
    """
    actor.require_authority("bill.void")
    bill = queries.get_bill(bill_id, lock=True)
    return _void(actor, bill, f"Void of bill {bill.vendor_reference}", reason, on)


def can_be_void(document: Invoice | Bill) -> bool:
    """True if the document is posted and has no payments or credits."""
    return (
        document.status in OPEN
        and document.entry_id is not None
        and document.open_minor == document.total_minor
    )


def first_day(actor: Actor, document: Invoice | Bill) -> date:
    """Return the default day of voiding and crediting: today, or a later issue date."""
    return max(clock.today(actor.timezone), document.issue_date)


def book_day(actor: Actor, document: Invoice | Bill, on: date | None) -> date:
    """Return the given day, or `first_day`.

    Raises InvalidDate for a day after that, before the document, or before the last deallocation.
    """
    latest = first_day(actor, document)
    day = on or latest
    if (
        not max(
            document.issue_date,
            queries.last_taken_back(document_ids=[document.id]) or document.issue_date,
        )
        <= day
        <= latest
    ):
        raise InvalidDate
    return day


def _void(actor: Actor, document: Document, title: str, reason: str, on: date | None) -> Document:
    """Reverse a document's entry, once.

    Raises DocumentNotVoidable; ReasonRequired, TextTooLong, AmountAboveLimit, InvalidDate;
    PeriodLocked, EntryAlreadyReversed.
    """
    if not can_be_void(document) or document.entry_id is None:
        raise DocumentNotVoidable
    why = pricing.words(reason, REASON_MAX)
    if why is None:
        raise ReasonRequired
    check_limit(actor, Money(document.total_minor, document.currency))
    day = book_day(actor, document, on)
    told = ledger.with_reason(title, document.party_name, why)
    reversal = ledger.reverse(actor, document.entry_id, reason=told, entry_date=day)
    if isinstance(document, Invoice):
        earning.take_back(actor, ("invoice", document.id), reason=told, day=day)
    document.status = "void"
    document.voided_on = day
    document.void_reason = why
    document.void_entry_id = reversal.entry_id
    document.voided_by_user_id = actor.user_id
    document.updated_at = clock.now()
    db.session.flush()
    name = _NAMES[type(document)]
    audit.record(
        actor,
        _KINDS[name],
        entity_refs={name: document.id, "journal_entry_id": reversal.entry_id},
        inputs={"reason": why},
        outputs={
            "total": wire_amount(document.total_minor, document.currency),
            "currency": document.currency,
            "voided_on": day,
        },
    )
    return document
