"""Rules of reversing credit notes and supplier credits that were entered by mistake."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from voyagent.approvals.service import check_limit
from voyagent.audit.service import recording as audit
from voyagent.billing import queries
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.service import earning
from voyagent.billing.service.errors import CreditNoteReversed, InvalidDate, SupplierCreditReversed
from voyagent.billing.service.reversals import mark, why_of
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger import service as ledger


def reverse_credit_note(
    actor: Actor, credit_note_id: UUID, *, reason: str, on: date | None = None
) -> CreditNote:
    """Reverse a credit note as a whole from a day on (default today), once.

    The invoice and its taxes are open again from that day, and its lines may be credited again;
    earlier reports are unchanged. Deferred revenue is restored on its days of service. The number
    stays used.

    Raises Forbidden, CreditNoteNotFound, CreditNoteReversed, ReasonRequired, TextTooLong,
    AmountAboveLimit, InvalidDate; PeriodLocked.
    """
    actor.require_authority("invoice.credit")
    note = queries.get_credit_note(credit_note_id)
    invoice = queries.get_invoice(note.invoice_id, lock=True)
    db.session.refresh(note)  # whoever credits or takes back holds the row of the invoice
    if note.reversed_on is not None:
        raise CreditNoteReversed
    title, status = (
        f"Reversal of credit note {note.number} on invoice {invoice.number}",
        "partially_paid" if invoice.paid_minor else "issued",
    )
    _reverse(actor, note, invoice, title, reason, on, status)
    _told(
        actor,
        note,
        invoice,
        "credit_note.reversed",
        {"credit_note_id": note.id, "invoice_id": invoice.id},
        {"number": note.number},
    )
    return note


def reverse_supplier_credit(
    actor: Actor, supplier_credit_id: UUID, *, reason: str, on: date | None = None
) -> SupplierCredit:
    """Reverse a supplier credit as a whole; its number may be entered again.

    Raises Forbidden, SupplierCreditNotFound, SupplierCreditReversed, ReasonRequired, TextTooLong,
    AmountAboveLimit, InvalidDate; PeriodLocked.
    """
    actor.require_authority("bill.credit")
    credit = queries.get_supplier_credit(supplier_credit_id)
    bill = queries.get_bill(credit.bill_id, lock=True)
    db.session.refresh(credit)
    if credit.reversed_on is not None:
        raise SupplierCreditReversed
    title, status = (
        (
            f"Reversal of supplier credit note {credit.vendor_reference} on bill"
            f" {bill.vendor_reference}"
        ),
        "scheduled" if bill.pay_on else "received",
    )
    _reverse(actor, credit, bill, title, reason, on, status)
    refs = {"supplier_credit_id": credit.id, "bill_id": bill.id}
    _told(
        actor,
        credit,
        bill,
        "supplier_credit.reversed",
        refs,
        {"vendor_reference": credit.vendor_reference},
    )
    return credit


def _reverse(
    actor: Actor,
    credit: CreditNote | SupplierCredit,
    document: Invoice | Bill,
    title: str,
    reason: str,
    on: date | None,
    status: str,
) -> None:
    """Reverse a credit's entry, and update the open amount and status of its document."""
    why = why_of(reason)
    check_limit(actor, Money(credit.total_minor, credit.currency))
    latest = max(clock.today(actor.timezone), credit.issue_date)
    day = on or latest
    if not credit.issue_date <= day <= latest:
        raise InvalidDate
    told = ledger.with_reason(title, credit.party_name, why)
    reversal = ledger.reverse(actor, credit.entry_id, reason=told, entry_date=day)
    if isinstance(credit, CreditNote):
        earning.take_back(actor, ("credit_note", credit.id), reason=told, day=day)
    document.credited_minor -= credit.total_minor
    document.status = status
    mark(actor, credit, day, why, reversal.entry_id)


def _told(
    actor: Actor,
    credit: CreditNote | SupplierCredit,
    document: Invoice | Bill,
    kind: str,
    refs: dict[str, UUID],
    named: dict[str, object],
) -> None:
    document.updated_at = clock.now()
    db.session.flush()
    db.session.expire(
        document, ["due_date"]
    )  # in instalments, the first open one may be another now
    total = Money(credit.total_minor, credit.currency)
    audit.record(
        actor,
        kind,
        entity_refs=refs | {"journal_entry_id": credit.reversal_entry_id},
        inputs={"reason": credit.reversal_reason},
        outputs=named
        | {
            "total": total.wire,
            "currency": total.currency,
            "reversed_on": credit.reversed_on,
        },
    )
