"""Voiding of invoices and bills.

The journal entry of the document is reversed. The number of the document stays used.
"""

from __future__ import annotations

from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from voyagent.audit.service import recording as audit
from voyagent.billing.core.errors import DocumentNotVoidable
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import kind_of, number_of
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.queries import claims as claim_queries
from voyagent.billing.core.queries.cancellations import kept_lines, lost_lines
from voyagent.billing.core.service import earning
from voyagent.billing.core.service.days import book_day
from voyagent.billing.core.service.reversals import why_of
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money, wire_amount
from voyagent.ledger import words
from voyagent.ledger.service import entries
from voyagent.settings.queries import check_limit

_EVENTS = {Invoice: "invoice.voided", Bill: "bill.voided"}
Document = TypeVar("Document", Invoice, Bill)


def can_be_void(document: Invoice | Bill) -> bool:
    """Return True for a posted document that nothing has settled or cancelled.

    It has no payments, credits, claim or cancellation, and an invoice has no issued debit note.
    """
    is_used = (
        bool(document.excess_minor or kept_lines(document.id)) or has_debit_note(document.id)
        if isinstance(document, Invoice)
        else claim_queries.has_claim(document.id) or bool(lost_lines(document.id))
    )
    if is_used:
        return False
    return (
        document.status in OPEN
        and document.entry_id is not None
        and document.open_minor == document.total_minor
    )


def has_debit_note(invoice_id: UUID) -> bool:
    """Return True if an invoice has an issued debit note that is not void."""
    issued = select(Invoice.id).where(
        Invoice.debits_id == invoice_id, Invoice.status.not_in(("draft", "void"))
    )
    return db.session.scalar(issued.limit(1)) is not None


def void_document(actor: Actor, document: Document, reason: str, on: date | None) -> Document:
    """Void a document: reverse its journal entries and set its status.

    The date of the reversal is the result of `book_day` for `on`. Raises Forbidden,
    ApprovalRequired, DocumentNotVoidable, ReasonRequired, TextTooLong, AmountAboveLimit,
    InvalidDate, PeriodLocked, EntryAlreadyReversed.
    """
    actor.require_authority(f"{kind_of(document).name}.void")
    if not can_be_void(document) or document.entry_id is None:
        raise DocumentNotVoidable
    why = why_of(reason)
    check_limit(actor, Money(document.total_minor, document.currency))
    day = book_day(actor, document, on)
    kind = kind_of(document)
    title = f"Void of {kind.name} {number_of(document)}"
    narration = words.with_reason(title, document.party_name, why)
    reversal = entries.reverse(actor, document.entry_id, reason=narration, entry_date=day)
    earning.take_back(actor, (kind.name, document.id), reason=narration, day=day)
    document.status = "void"
    document.voided_on = day
    document.void_reason = why
    document.void_entry_id = reversal.entry_id
    document.voided_by_user_id = actor.user_id
    document.updated_at = clock.now()
    db.session.flush()
    audit.record(
        actor,
        _EVENTS[type(document)],
        entity_refs={kind.key: document.id, "journal_entry_id": reversal.entry_id},
        private={"reason": why},
        outputs={
            "total": wire_amount(document.total_minor, document.currency),
            "currency": document.currency,
            "voided_on": day,
        },
    )
    return document
