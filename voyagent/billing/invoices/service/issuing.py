"""Services that issue, import and void invoices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.service import drafts, earning, numbering, pricing, rounding, taxing
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.instalments import check_sum
from voyagent.billing.core.service.kept_papers import keep_later
from voyagent.billing.core.service.numbering import OPENING_SERIES
from voyagent.billing.core.service.opening import balance_line, former_number
from voyagent.billing.core.service.order import check_order
from voyagent.billing.core.service.posting import post_document
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.core.service.voiding import void_document
from voyagent.billing.invoices.errors import (
    FormerNumberTaken,
    InvoiceNumberConflict,
    NumberIsNotNext,
)
from voyagent.billing.invoices.queries import credit, documents as invoice_queries
from voyagent.billing.invoices.service import credit_limits, debit_notes
from voyagent.billing.invoices.service.drafts import draft_invoice, printed_address
from voyagent.billing.treatments import service as treatments
from voyagent.enquiries import service as enquiry_service
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.dry_run import notes_of
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, wire_amount
from voyagent.kernel.rates import Quote
from voyagent.ledger.rules import OPENING
from voyagent.ledger.service import chart
from voyagent.trips.queries import trips
from voyagent.trips.service import acceptance


def void_invoice(actor: Actor, invoice_id: UUID, *, reason: str, on: date | None = None) -> Invoice:
    """Void an issued invoice on a day.

    `on` defaults to today, or to the issue date if the issue date is later. The number of the
    invoice stays used (Rule 46 of the CGST Rules).

    Raises Forbidden, InvoiceNotFound, InvoiceHasDebitNotes, and the errors of `void_document`.
    """
    actor.require_authority("invoice.void")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    debit_notes.check_not_debited(invoice)
    voided = void_document(actor, invoice, reason, on)
    _follow_facts(actor, voided)
    return voided


@enquiry_service.on_documents
def has_invoice(enquiry_id: UUID) -> bool:
    """Return True if an enquiry or a trip of it has an invoice that is not void.

    Drafts do not count.
    """
    invoice = select(Invoice.id).where(
        Invoice.status.not_in(("draft", "void")),
        or_(
            Invoice.enquiry_id == enquiry_id,
            Invoice.trip_id.in_(trips.ids_of_enquiry(enquiry_id)),
        ),
    )
    return db.session.scalar(invoice.limit(1)) is not None


@acceptance.on_documents
def has_invoice_of_trip(trip_id: UUID) -> bool:
    """Return True if a trip has an invoice that is neither a draft nor void."""
    invoice = select(Invoice.id).where(
        Invoice.trip_id == trip_id, Invoice.status.not_in(("draft", "void"))
    )
    return db.session.scalar(invoice.limit(1)) is not None


def import_open_invoice(
    actor: Actor,
    *,
    party_name: str,
    reference: str,
    issue_date: date,
    due_date: date | None,
    amount: Money,
    exchange_rate: Quote | None = None,
) -> Invoice:
    """Import an open invoice from the former accounting program, with its open amount.

    Neither revenue nor tax is posted. `reference` is the invoice's number in the former program,
    unique among the imported invoices. The number of the invoice is of a separate series
    (`O/2026-27/000001`), because the series of invoices may have no gaps (Rule 46 of the CGST
    Rules). `exchange_rate` is the booked rate of an invoice in a foreign currency.

    Raises Forbidden, FormerNumberRequired, FormerNumberTaken, and the errors of `draft_invoice` and
    `issue_invoice`.
    """
    actor.require_authority("invoice.issue")
    former = former_number(reference)
    chart.opening_account(actor)
    items = [balance_line(f"Balance of invoice {former}", amount)]
    try:
        invoice = drafts.create_draft(
            actor,
            Invoice,
            party=pricing.party_of(actor, "customer", None, party_name),
            issue_date=issue_date,
            due_date=due_date,
            line_items=items,
            party_reference=former,
            notes=None,
            is_opening=True,
            exchange_rate=exchange_rate,
        )
    except IntegrityError as error:
        if "uq_invoices_opening" in str(error.orig):
            raise FormerNumberTaken from None
        raise
    return issue_invoice(actor, invoice.id)


class Advances(Protocol):
    """Advances that settle an invoice when it is issued."""

    def base_of(self, invoice: Invoice) -> Money | None:
        """Return the total in the base currency, or None if the advances do not change it."""

    def allocate(self, invoice: Invoice) -> None:
        """Settle the issued invoice."""


def issue_invoice(
    actor: Actor,
    invoice_id: UUID,
    *,
    seen: datetime | None = None,
    over_limit_reason: str | None = None,
    out_of_order_reason: str | None = None,
    advances: Advances | None = None,
) -> Invoice:
    """Issue a draft invoice with the next number of its series.

    Bills of supply and debit notes have series of their own. The invoice keeps the customer's
    address of this moment, and a debit note that of its invoice.

    `seen` is the `updated_at` that the caller has read, or None to issue any version of the draft.
    `over_limit_reason` confirms that the invoice is issued although the customer is on hold or
    would be above the credit limit (`credit_limits`); it is ignored otherwise.
    `out_of_order_reason` confirms an issue date before that of an earlier number of the financial
    year. Imported invoices are issued in any order.

    `advances` settle the invoice on its issue date (`payments.service.at_issue`).

    Raises Forbidden, InvoiceNotFound, InvoiceNotDraft, DraftChanged, NotDebitable, DateInFuture,
    DocumentOutOfOrder, PlacesDiffer, SuppliesDiffer, TextTooLong, InstalmentsDoNotAddUp,
    AmountAboveLimit, InvoiceNumberConflict, AccountNotFound, AccountInactive,
    TreatmentUnconfirmed, and the errors of `credit_limits.check` and of `advances`.
    """
    actor.require_authority("invoice.issue")
    # The customer is locked first, as by an erasure; another order could end in a deadlock.
    terms = credit.find_terms(invoice_id, lock=True)
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    drafts.check_draft(invoice, seen)
    debit_notes.check_debited(invoice)
    lines = document_queries.get_lines(invoice)
    series, letter = (
        OPENING_SERIES
        if invoice.is_opening
        else numbering.series_of(
            (line.tax for line in lines), is_debit_note=invoice.debits_id is not None
        )
    )
    number = numbering.take_number(series, invoice.issue_date, letter=letter)
    why = (
        None
        if invoice.is_opening
        else check_order(Invoice, invoice.issue_date, out_of_order_reason, letter=letter)
    )
    treatments.check_confirmed(lines)
    taxing.charge(invoice, lines, strict=True)
    taxing.take_place(invoice, lines)
    check_sum(invoice)
    if invoice.debits_id is None:
        invoice.party_address = printed_address(invoice)
    earning.keep_methods(invoice, lines)
    stop = credit_limits.check(actor, invoice, terms, over_limit_reason)
    base = None if advances is None else advances.base_of(invoice)
    posted = post_document(actor, invoice, number, issue_sides(invoice), base=base)
    earning.recognise(
        actor,
        ("invoice", invoice.id),
        recognitions_of(invoice),
        narration=f"Invoice {number}, {invoice.party_name}",
        memo=number,
        document=invoice,
        posted=posted,
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
        entity_refs={**drafts.refs_of(invoice), "journal_entry_id": posted.entry_id},
        outputs=drafts.audit_facts(invoice)
        | {"number": number}
        | ({"is_over_limit": True} if stop else {}),
        private=({"reason": over_limit_reason} if stop else {})
        | ({"out_of_order_reason": why} if why else {}),
    )
    if advances is not None:
        advances.allocate(invoice)
    _follow_facts(actor, invoice)
    if not invoice.is_opening:
        keep_later("invoice", invoice.id)
    if (notes := notes_of(db.session)) is not None:
        notes.papers.append(_printed(invoice))
    return invoice


def issue_sides(invoice: Invoice) -> list[tuple[str, int, Money]]:
    """Return the journal lines for issuing an invoice, with taxes and rounding.

    A journal line is a tuple: key of the account, 1 for debit or -1 for credit, and amount.
    """
    if invoice.is_opening:
        total = Money(invoice.total_minor, invoice.currency)
        return [("receivable", 1, total), (OPENING, -1, total)]
    lines = document_queries.get_lines(invoice)
    credited = taxing.sides(
        lines,
        tax_queries.get_taxes(invoice),
        invoice.currency,
        _deferred(invoice, lines),
    )
    moved = rounding.side(Money(invoice.round_off_minor, invoice.currency), -1)
    return [
        ("receivable", 1, Money(invoice.total_minor, invoice.currency)),
        *((purpose, -1, amount) for purpose, amount in credited),
        *moved,
    ]


def recognitions_of(invoice: Invoice) -> list[Recognition]:
    """Return the revenue to recognise on later service dates."""
    if invoice.is_opening:
        return []
    lines = document_queries.get_lines(invoice)
    return earning.recognitions(lines, _deferred(invoice, lines), invoice.currency)


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
    """Create and issue an invoice to an enquiry's customer.

    `number` must be the next number of the financial year (Rule 46 of the CGST Rules). Raises
    NumberIsNotNext, and the errors of `draft_invoice` and `issue_invoice`. To issue an invoice out
    of order, draft it and then issue it with its reason.
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


def _deferred(invoice: Invoice, lines: Sequence[InvoiceLine]) -> dict[int, dict[date, int]]:
    methods = earning.methods_of_draft(invoice, lines)
    return earning.deferred(lines, invoice.issue_date, methods)


def _printed(invoice: Invoice) -> JsonObject:
    """Return what an issued invoice prints beside lines and amounts, for a preview."""
    currency = invoice.currency
    debited_id = invoice.debits_id
    parts = {
        "invoice": invoice_queries.get_invoice(debited_id).number if debited_id else None,
        "billing_address": invoice.party_address,
        "customer_tax_number": invoice.customer_tax_number,
        "place_of_supply": invoice.place_of_supply,
        "party_reference": invoice.party_reference,
        "due_date": None if invoice.instalment_dues else invoice.due_date.isoformat(),
        "instalments": [
            {
                "due_date": due.isoformat(),
                "amount": {"amount": wire_amount(minor, currency), "currency": currency},
            }
            for due, minor in zip(
                invoice.instalment_dues or (), invoice.instalment_minors or (), strict=True
            )
        ],
        "notes": invoice.notes,
    }
    return {name: value for name, value in parts.items() if value}


def _follow_facts(actor: Actor, invoice: Invoice) -> None:
    """Set the acceptance of the invoice's trip and the status of its enquiries."""
    of_trip = acceptance.settle(actor, invoice.trip_id) if invoice.trip_id else None
    for enquiry_id in sorted({one for one in (invoice.enquiry_id, of_trip) if one is not None}):
        enquiry_service.follow(actor, enquiry_id)
