"""Rules of invoices: draft, revise, issue with number and posting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.approvals.service import check_limit
from voyagent.audit.service import recording as audit
from voyagent.billing import queries
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.service import drafts, earning, exchange, numbering, pricing, rounding, taxing
from voyagent.billing.service.drafts import DocumentChanges
from voyagent.billing.service.earning import Recognition
from voyagent.billing.service.errors import InvoiceNotDraft, InvoiceNumberConflict, NumberIsNotNext
from voyagent.billing.service.instalments import InstalmentItem, check_sum
from voyagent.billing.service.pricing import LineItem
from voyagent.billing.service.settling import OPEN_ACCOUNTS
from voyagent.billing.service.taxing import Buyer
from voyagent.chat import queries as chats
from voyagent.enquiries import queries as enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger import service as ledger

INVOICE_SERIES = "invoice"
OPENING_SERIES = ("opening", "O")
"""Series of imported opening invoices and its prefix."""
_OF_BUYER = {"place_of_supply", "customer_tax_number", "customer_pan"}


class DraftChanges(DocumentChanges, total=False):
    """Changes of a draft invoice."""

    customer_name: str
    place_of_supply: str | None
    customer_tax_number: str | None
    customer_pan: str | None


def draft_invoice(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    *,
    customer_name: str,
    issue_date: date,
    due_date: date | None = None,
    instalments: Sequence[InstalmentItem] | None = None,
    line_items: Sequence[LineItem],
    number: str | None = None,
    party_reference: str | None = None,
    notes: str | None = None,
    enquiry_id: UUID | None = None,
    session_id: UUID | None = None,
    trip_id: UUID | None = None,
    place_of_supply: str | None = None,
    customer_tax_number: str | None = None,
    customer_pan: str | None = None,
    exchange_rate: Quote | None = None,
) -> Invoice:
    """Create a draft invoice with its taxes; it has no number and is not in the books.

    The default due date follows the customer's terms or the first instalment. Place of supply and
    tax number default to the customer's. A foreign currency may have its booked rate.

    Raises Forbidden; InvoiceNumberConflict if a number is requested; CustomerNameRequired,
    TextTooLong, InvalidDate, InvalidTaxNumber, and the errors of `drafts.create_draft` and
    `exchange.booked_columns`; EnquiryNotFound, SessionNotFound, TripNotFound.
    """
    actor.require("invoice.draft")
    if number:
        raise InvoiceNumberConflict
    buyer = Buyer.of(
        pricing.party(customer_name), place_of_supply, customer_tax_number, customer_pan
    )
    invoice = drafts.create_draft(
        actor,
        Invoice,
        party_name=customer_name,
        issue_date=issue_date,
        due_date=due_date,
        instalment_items=instalments,
        line_items=line_items,
        party_reference=party_reference,
        notes=notes,
        enquiry_id=enquiry_id,
        session_id=_conversation(enquiry_id, session_id),
        trip_id=trip_id,
        place_of_supply=buyer.place,
        customer_tax_number=buyer.tax_number,
        customer_pan=buyer.pan,
        **exchange.booked_columns(actor, exchange_rate, line_items),
    )
    audit.record(actor, "invoice.drafted", entity_refs=_refs(invoice), outputs=drafts.told(invoice))
    return invoice


def revise_draft(
    actor: Actor, invoice_id: UUID, changes: DraftChanges, *, seen: datetime | None = None
) -> Invoice:
    """Change a draft invoice; a change without a difference leaves no event.

    `seen` is the `updated_at` that the caller has read.

    Raises Forbidden, InvoiceNotFound, InvoiceNotDraft, DraftChanged; CustomerNameRequired,
    TextTooLong, InvalidDate, InvalidTaxNumber, and the errors of `drafts.revise`.
    """
    actor.require("invoice.draft")
    invoice = queries.get_invoice(invoice_id, lock=True)
    if invoice.status != "draft":
        raise InvoiceNotDraft
    drafts.check_seen(invoice, seen)
    columns: dict[str, Any] = (
        {"party_name": pricing.party(changes["customer_name"])}
        if "customer_name" in changes
        else {}
    )
    columns |= _buyer(invoice, changes) | exchange.changed_columns(actor, invoice, changes)
    if changed := drafts.revise(invoice, columns, changes):
        fields = [{"field": "customer_name" if name == "party_name" else name} for name in changed]
        audit.record(
            actor,
            "invoice.revised",
            entity_refs=_refs(invoice),
            inputs={"fields": fields},
            outputs=drafts.told(invoice),
        )
    return invoice


def discard_draft(actor: Actor, invoice_id: UUID) -> None:
    """Delete a draft invoice; it had no number, so none is missing.

    Raises Forbidden, InvoiceNotFound, InvoiceNotDraft.
    """
    actor.require("invoice.draft")
    invoice = queries.get_invoice(invoice_id, lock=True)
    if invoice.status != "draft":
        raise InvoiceNotDraft
    refs, told = _refs(invoice), drafts.told(invoice)
    db.session.delete(invoice)
    db.session.flush()
    audit.record(actor, "invoice.discarded", entity_refs=refs, outputs=told)


def issue_invoice(actor: Actor, invoice_id: UUID, *, seen: datetime | None = None) -> Invoice:
    """Issue a draft: take the next number and post receivable against revenue.

    Principal sales with a later day of service are deferred income until then. Issued once, under
    any number of parallel calls; on failure the number is free again. `seen` is the `updated_at`
    that the caller has read.

    Raises Forbidden, InvoiceNotFound, InvoiceNotDraft, DraftChanged, InstalmentsDoNotAddUp,
    AmountAboveLimit, InvoiceNumberConflict; AccountNotFound, AccountInactive.
    """
    actor.require_authority("invoice.issue")
    invoice = queries.get_invoice(invoice_id, lock=True)
    if invoice.status != "draft":
        raise InvoiceNotDraft
    drafts.check_seen(invoice, seen)
    series, letter = OPENING_SERIES if invoice.is_opening else (INVOICE_SERIES, "")
    number = numbering.take_number(series, invoice.issue_date, letter=letter)
    taxing.charge(invoice, queries.get_lines(invoice), strict=True)
    check_sum(invoice)
    total = Money(invoice.total_minor, invoice.currency)
    check_limit(actor, total)
    narration = f"Invoice {number}, {invoice.party_name}"
    posted = ledger.post(
        actor,
        source_type="invoice",
        source_id=invoice.id,
        purpose="issue",
        narration=narration,
        lines=ledger.lines_of(
            issue_sides(invoice), memo=number, party_name=invoice.party_name, named=OPEN_ACCOUNTS
        ),
        entry_date=invoice.issue_date,
        trip_id=invoice.trip_id,
    )
    earning.recognise(
        actor,
        ("invoice", invoice.id),
        recognitions_of(invoice),
        narration=narration,
        memo=number,
        trip_id=invoice.trip_id,
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
    audit.record(
        actor,
        "invoice.issued",
        entity_refs={**_refs(invoice), "journal_entry_id": posted.entry_id},
        outputs=drafts.told(invoice) | {"number": number},
    )
    return invoice


def issue_sides(invoice: Invoice) -> list[tuple[str, int, Money]]:
    """Return the journal lines of an issue, with taxes and round-off as last computed.

    An opening invoice is posted against the opening balance account.
    """
    if invoice.is_opening:
        total = Money(invoice.total_minor, invoice.currency)
        return [("receivable", 1, total), (ledger.OPENING, -1, total)]
    lines = queries.get_lines(invoice)
    credited = taxing.sides(
        lines,
        queries.get_taxes(invoice.id),
        invoice.currency,
        earning.deferred(lines, invoice.issue_date),
    )
    moved = rounding.side(Money(invoice.round_off_minor, invoice.currency), -1)
    return [
        ("receivable", 1, Money(invoice.total_minor, invoice.currency)),
        *((purpose, -1, amount) for purpose, amount in credited),
        *moved,
    ]


def recognitions_of(invoice: Invoice) -> list[Recognition]:
    """Return the bookings on later days of service; none for an opening invoice."""
    if invoice.is_opening:
        return []
    lines = queries.get_lines(invoice)
    return earning.recognitions(
        lines, earning.deferred(lines, invoice.issue_date), invoice.currency
    )


def create_invoice(
    actor: Actor,
    *,
    number: str,
    enquiry_id: UUID,
    issue_date: date,
    due_date: date | None = None,
    line_items: Sequence[LineItem],
    notes: str | None = None,
) -> Invoice:
    """Create and issue an invoice for an enquiry's customer with the next number (Rule 46).

    Raises NumberIsNotNext, and the errors of `draft_invoice` and `issue_invoice`.
    """
    actor.require_authority("invoice.issue")
    customer = enquiries.get_enquiry(enquiry_id).customer_name
    drafted = draft_invoice(
        actor,
        customer_name=customer,
        issue_date=issue_date,
        due_date=due_date,
        line_items=line_items,
        notes=notes,
        enquiry_id=enquiry_id,
    )
    invoice = issue_invoice(actor, drafted.id)
    if invoice.number != number:
        raise NumberIsNotNext
    return invoice


def _buyer(invoice: Invoice, changes: DraftChanges) -> dict[str, Any]:
    """Return the columns that determine taxes, if a change concerns them.

    Raises InvalidTaxNumber, UnknownState.
    """
    name = pricing.party(changes.get("customer_name", invoice.party_name))
    if not _OF_BUYER & set(changes):
        if name == invoice.party_name or (noted := Buyer.of(name, None, None, None)) == Buyer():
            return {}
        return _columns(noted)
    place = changes.get("place_of_supply", invoice.place_of_supply)
    number = changes.get("customer_tax_number", invoice.customer_tax_number)
    pan = changes.get("customer_pan", invoice.customer_pan)
    if (
        "customer_tax_number" in changes and number != invoice.customer_tax_number
    ):  # what an earlier number said of itself goes with it
        place, pan = changes.get("place_of_supply"), changes.get("customer_pan")
    return _columns(Buyer.of(name, place, number, pan))


def _columns(buyer: Buyer) -> dict[str, Any]:
    return {
        "place_of_supply": buyer.place,
        "customer_tax_number": buyer.tax_number,
        "customer_pan": buyer.pan,
    }


def _conversation(enquiry_id: UUID | None, session_id: UUID | None) -> UUID | None:
    """Return the conversation of an invoice: the given one, else its enquiry's."""
    asked = enquiries.get_enquiry(enquiry_id).session_id if enquiry_id is not None else None
    if session_id is not None:
        return chats.get_session(session_id).id
    return asked if asked is not None and chats.exists(asked) else None


def _refs(invoice: Invoice) -> dict[str, UUID]:
    linked = {"enquiry_id": invoice.enquiry_id, "trip_id": invoice.trip_id}
    return {"invoice_id": invoice.id} | {name: found for name, found in linked.items() if found}
