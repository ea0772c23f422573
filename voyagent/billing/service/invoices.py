"""The rules of invoices: drawing one up, and issuing it, which gives it its number and posts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.approvals.service import check_limit
from voyagent.audit import service as audit
from voyagent.billing import queries
from voyagent.billing.models import Invoice, InvoiceLine
from voyagent.billing.service import numbering, pricing
from voyagent.billing.service.errors import InvoiceNotDraft, InvoiceNumberConflict, NumberIsNotNext
from voyagent.billing.service.pricing import LineItem, Priced
from voyagent.chat import queries as chats
from voyagent.enquiries import queries as enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money, wire_amount
from voyagent.ledger import service as ledger

INVOICE_SERIES = "invoice"
ISSUE_SIDES = (("receivable", 1), ("revenue_services", -1))


class DraftChanges(TypedDict, total=False):
    """What may change of a draft; what is absent stays. Lines are replaced whole; another currency alone reads the same figures in it."""

    customer_name: str
    issue_date: date
    due_date: date
    currency: str
    line_items: Sequence[LineItem]
    party_reference: str | None
    notes: str | None


def draft_invoice(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    *,
    customer_name: str,
    issue_date: date,
    due_date: date,
    line_items: Sequence[LineItem],
    number: str | None = None,
    party_reference: str | None = None,
    notes: str | None = None,
    enquiry_id: UUID | None = None,
    session_id: UUID | None = None,
) -> Invoice:
    """Draw up an invoice that is not issued yet: it has no number and is not in the books.

    Raises Forbidden; InvoiceNumberConflict where a number is asked for; CustomerNameRequired, TextTooLong, InvalidDate, and what `pricing.price` raises;
    EnquiryNotFound, SessionNotFound for what is not the agency's.
    """
    actor.require("invoice.draft")
    if number:
        raise InvoiceNumberConflict
    name = pricing.party(customer_name)
    pricing.check_days(issue_date, due_date)
    priced = pricing.price(line_items)
    session_id = _conversation(enquiry_id, session_id)
    now = clock.now()
    invoice = Invoice(
        id=new_id(),
        status="draft",
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
        enquiry_id=enquiry_id,
        session_id=session_id,
        created_at=now,
        updated_at=now,
    )
    db.session.add(invoice)
    db.session.flush()
    db.session.add_all(InvoiceLine(invoice_id=invoice.id, **columns) for columns in priced.line_columns())
    db.session.flush()
    audit.record(actor, "invoice.drafted", entity_refs=_refs(invoice), outputs=_told(invoice))
    return invoice


def revise_draft(actor: Actor, invoice_id: UUID, changes: DraftChanges) -> Invoice:
    """Change an invoice that is not issued yet; what leaves it as it was is no event.

    Raises Forbidden, InvoiceNotFound, InvoiceNotDraft; CustomerNameRequired, TextTooLong, InvalidDate, and what `pricing.price` raises.
    """
    actor.require("invoice.draft")
    invoice = queries.get_invoice(invoice_id, lock=True)
    if invoice.status != "draft":
        raise InvoiceNotDraft
    wanted = _columns(changes)
    pricing.check_days(wanted.get("issue_date", invoice.issue_date), wanted.get("due_date", invoice.due_date))
    changed = [name for name, value in wanted.items() if getattr(invoice, name) != value]
    for name in changed:
        setattr(invoice, name, wanted[name])
    if _replace_lines(invoice, changes):
        changed.append("line_items")
    if changed:
        invoice.updated_at = clock.now()
        db.session.flush()
        fields = [{"field": "customer_name" if name == "party_name" else name} for name in changed]
        audit.record(actor, "invoice.revised", entity_refs=_refs(invoice), inputs={"fields": fields}, outputs=_told(invoice))
    return invoice


def discard_draft(actor: Actor, invoice_id: UUID) -> None:
    """Throw away an invoice that was never issued; it had no number, so none is missing. Raises Forbidden, InvoiceNotFound, InvoiceNotDraft."""
    actor.require("invoice.draft")
    invoice = queries.get_invoice(invoice_id, lock=True)
    if invoice.status != "draft":
        raise InvoiceNotDraft
    refs, told = _refs(invoice), _told(invoice)
    db.session.delete(invoice)
    db.session.flush()
    audit.record(actor, "invoice.discarded", entity_refs=refs, outputs=told)


def issue_invoice(actor: Actor, invoice_id: UUID) -> Invoice:
    """Issue a draft: it gets the next number of its financial year, and receivable stands against revenue on its issue date, in one transaction.

    An invoice is issued once, under any number of parallel calls; when anything fails, the number goes back. Raises Forbidden, InvoiceNotFound,
    InvoiceNotDraft, AmountAboveLimit, InvoiceNumberConflict; AccountNotFound, AccountInactive where the chart lacks what is posted to.
    """
    actor.require("invoice.issue")
    invoice = queries.get_invoice(invoice_id, lock=True)
    if invoice.status != "draft":
        raise InvoiceNotDraft
    total = Money(invoice.total_minor, invoice.currency)
    check_limit(actor, total)
    number = numbering.take_number(INVOICE_SERIES, invoice.issue_date)
    posted = ledger.post(
        actor,
        source_type="invoice",
        source_id=invoice.id,
        purpose="issue",
        narration=f"Invoice {number}, {invoice.party_name}",
        lines=[
            ledger.debit(purpose, total, party_name=invoice.party_name, memo=number) if sign > 0 else ledger.credit(purpose, total, memo=number)
            for purpose, sign in ISSUE_SIDES
        ],
        entry_date=invoice.issue_date,
    )
    now = clock.now()
    invoice.status = "issued"
    invoice.number = number
    invoice.entry_id = posted.entry_id
    invoice.issued_at = invoice.updated_at = now
    invoice.issued_by_user_id = actor.user_id
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_invoices_number" in str(error.orig):
            raise InvoiceNumberConflict from None
        raise
    audit.record(actor, "invoice.issued", entity_refs={**_refs(invoice), "journal_entry_id": posted.entry_id}, outputs=_told(invoice) | {"number": number})
    return invoice


def create_invoice(
    actor: Actor,
    *,
    number: str,
    enquiry_id: UUID,
    issue_date: date,
    due_date: date,
    line_items: Sequence[LineItem],
    notes: str | None = None,
) -> Invoice:
    """Draw up and issue an invoice in one, for the customer of an enquiry; the number must be the next of the series, so that no gap is left (Rule 46).

    Raises NumberIsNotNext for any other number, and what `draft_invoice` and `issue_invoice` raise.
    """
    customer = enquiries.get_enquiry(enquiry_id).customer_name
    drafted = draft_invoice(actor, customer_name=customer, issue_date=issue_date, due_date=due_date, line_items=line_items, notes=notes, enquiry_id=enquiry_id)
    invoice = issue_invoice(actor, drafted.id)
    if invoice.number != number:
        raise NumberIsNotNext
    return invoice


def _columns(changes: DraftChanges) -> dict[str, Any]:
    """The columns of the document itself that a change names, as they are kept."""
    columns: dict[str, Any] = {name: value for name, value in changes.items() if name in ("issue_date", "due_date")}
    if "customer_name" in changes:
        columns["party_name"] = pricing.party(changes["customer_name"])
    if "party_reference" in changes:
        columns["party_reference"] = pricing.words(changes["party_reference"], 128)
    if "notes" in changes:
        columns["notes"] = pricing.words(changes["notes"], 2000)
    return columns


def _replace_lines(invoice: Invoice, changes: DraftChanges) -> bool:
    """Write the lines anew where they or their currency are to change; whether they did."""
    if "line_items" not in changes and changes.get("currency", invoice.currency) == invoice.currency:
        return False
    known = queries.get_lines(invoice.id)
    priced = pricing.price(changes["line_items"]) if "line_items" in changes else _in_currency(invoice, known, changes["currency"])
    columns = list(priced.line_columns())
    if invoice.currency == priced.total.currency and columns == [{name: getattr(line, name) for name in columns[0]} for line in known]:
        return False
    for line in known:
        db.session.delete(line)
    db.session.flush()
    invoice.currency, invoice.total_minor = priced.total.currency, priced.total.amount_minor
    db.session.add_all(InvoiceLine(invoice_id=invoice.id, **line) for line in columns)
    return True


def _in_currency(invoice: Invoice, lines: Sequence[InvoiceLine], currency: str) -> Priced:
    """The same figures in another currency; what it has no places for is refused, never rounded."""
    return pricing.price(
        [
            LineItem(
                description=line.description,
                quantity=line.quantity,
                unit_price=Money(line.unit_price_minor, invoice.currency).decimal,
                currency=currency,
            )
            for line in lines
        ]
    )


def _conversation(enquiry_id: UUID | None, session_id: UUID | None) -> UUID | None:
    """The conversation that an invoice comes from: the one given, else its enquiry's, where that has not been deleted."""
    asked = enquiries.get_enquiry(enquiry_id).session_id if enquiry_id is not None else None
    if session_id is not None:
        return chats.get_session(session_id).id
    return asked if asked is not None and chats.exists(asked) else None


def _refs(invoice: Invoice) -> dict[str, UUID]:
    return {"invoice_id": invoice.id} | ({"enquiry_id": invoice.enquiry_id} if invoice.enquiry_id else {})


def _told(invoice: Invoice) -> dict[str, str]:
    """What the audit keeps; the customer's name stays out of what can never be shortened."""
    return {
        "total": wire_amount(invoice.total_minor, invoice.currency),
        "currency": invoice.currency,
        "issue_date": invoice.issue_date.isoformat(),
        "due_date": invoice.due_date.isoformat(),
    }
