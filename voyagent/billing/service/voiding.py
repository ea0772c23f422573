"""The rules of voiding: an invoice or a bill that should never have been is undone by a reversal;
it stays, with its number, and is owed by nobody.
"""

from __future__ import annotations

from datetime import date
from typing import TypeVar
from uuid import UUID

from voyagent.approvals.service import check_limit
from voyagent.audit import service as audit
from voyagent.billing import queries
from voyagent.billing.models import OPEN, Bill, Invoice
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
    """Make an issued invoice void: the entry of its issue is reversed on a day, or today; the
    number stays used (Rule 46).

    What was to become revenue on a later day of service is reversed on that day. Raises Forbidden,
    InvoiceNotFound, and what `_void` raises.
    """
    actor.require_authority("invoice.void")
    invoice = queries.get_invoice(invoice_id, lock=True)
    return _void(actor, invoice, f"Void of invoice {invoice.number}", reason, on)


def void_bill(actor: Actor, bill_id: UUID, *, reason: str, on: date | None = None) -> Bill:
    """Make a received bill void: the entry of its receipt is reversed on a day, or today.

    Raises Forbidden, BillNotFound, and what `_void` raises.
    """
    actor.require_authority("bill.void")
    bill = queries.get_bill(bill_id, lock=True)
    return _void(actor, bill, f"Void of bill {bill.vendor_reference}", reason, on)


def can_be_void(document: Invoice | Bill) -> bool:
    """Whether it is posted, and nothing was paid or credited."""
    return (
        document.status in OPEN
        and document.entry_id is not None
        and document.open_minor == document.total_minor
    )


def first_day(actor: Actor, document: Invoice | Bill) -> date:
    """The day on which a document is made void or credited where none is named: today where the
    agency is, or its day of issue where that is to come.
    """
    return max(clock.today(actor.timezone), document.issue_date)


def book_day(actor: Actor, document: Invoice | Bill, on: date | None) -> date:
    """The day that was named, or else `first_day`.

    Raises InvalidDate for one after that, before the document, or before something of it was last
    taken back, so that in no evening more was settled than there was.
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
    """Reverse what was posted, once.

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
