"""JSON API of invoices: list, draft, change, delete and void."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.core import errors
from voyagent.billing.core.api import DRAFT_ERRORS, VOID_ERRORS
from voyagent.billing.core.schemas.documents import VoidIn
from voyagent.billing.invoices.errors import (
    DebitNoteFixed,
    InvoiceHasDebitNotes,
    InvoiceNotFound,
    NotDebitable,
    NothingToInvoice,
    NothingToSplit,
)
from voyagent.billing.invoices.queries import (
    documents as invoice_queries,
    listing as invoice_listing,
)
from voyagent.billing.invoices.schemas.documents import (
    DebitNoteIn,
    InvoiceDraftIn,
    InvoiceFromTripIn,
    InvoiceFromTripOut,
    InvoiceListOut,
    InvoiceOut,
    InvoicePatch,
    InvoiceQuery,
    InvoiceSplitOut,
    invoice_row,
)
from voyagent.billing.invoices.service import (
    debit_notes,
    drafts as invoice_drafts,
    from_trips,
    issuing,
    splitting,
)
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.parties.queries import AddressNotFound
from voyagent.trips.queries.trips import TripNotFound

api = ApiBlueprint("invoices", __name__, tag="Invoices", guard=Guard.BEARER)


@api.get("/invoices", answer=InvoiceListOut, permission="billing.read", errors=(InvalidCursor,))
def list_invoices(reader: Reader, query: InvoiceQuery) -> Body[InvoiceListOut]:
    """List invoices, newest issue date first.

    An invoice must match all filters; an empty filter is ignored. Follow `next_cursor` for the next
    page. No total is returned.
    """
    return InvoiceListOut.of(
        invoice_listing.list_invoices(
            reader, query.search(), limit=query.limit, cursor=query.place()
        )
    )


@api.post(
    "/invoices",
    answer=InvoiceOut,
    status=201,
    permission="invoice.draft",
    errors=(EnquiryNotFound, AddressNotFound, *DRAFT_ERRORS),
)
def draft_invoice(actor: Actor, body: InvoiceDraftIn) -> Body[InvoiceOut]:
    """Create a draft invoice.

    A draft has no number and is not posted to the ledger.
    """
    return invoice_response(invoice_drafts.draft_invoice(actor, **body.fields()).id)


@api.post(
    "/invoices/from-trip",
    answer=InvoiceFromTripOut,
    status=201,
    permission="invoice.draft",
    errors=(TripNotFound, NothingToInvoice, *DRAFT_ERRORS),
)
def draft_invoice_from_trip(actor: Actor, body: InvoiceFromTripIn) -> Body[InvoiceFromTripOut]:
    """Draft an invoice of today with the services of a trip that are not invoiced yet.

    The customer is that of the trip's enquiry; `customer_name` is needed for a trip without one.
    """
    draft, left_out = from_trips.draft_from_trip(
        actor, body.trip_id, line_ids=body.line_ids, customer_name=body.customer_name
    )
    document = invoice_queries.read_document(SessionReader(db.session), draft.id)
    return InvoiceFromTripOut.of({**invoice_row(document), "left_out": left_out})


@api.get(
    "/invoices/<invoice_id>", answer=InvoiceOut, permission="billing.read", missing=InvoiceNotFound
)
def get_invoice(reader: Reader, invoice_id: UUID) -> Body[InvoiceOut]:
    """Return an invoice with its lines, payments, credit notes and write-offs."""
    return InvoiceOut.of(invoice_row(invoice_queries.read_document(reader, invoice_id)))


@api.patch(
    "/invoices/<invoice_id>",
    answer=InvoiceOut,
    permission="invoice.draft",
    missing=InvoiceNotFound,
    errors=(errors.InvoiceNotDraft, DebitNoteFixed, AddressNotFound, *DRAFT_ERRORS),
)
def revise_invoice(actor: Actor, invoice_id: UUID, body: InvoicePatch) -> Body[InvoiceOut]:
    """Change a draft invoice.

    Omitted members stay unchanged. `line_items` replaces all lines.
    """
    currency = invoice_queries.get_invoice(invoice_id, lock=True).currency
    return invoice_response(
        invoice_drafts.revise_draft(actor, invoice_id, body.changes(currency)).id
    )


@api.delete(
    "/invoices/<invoice_id>",
    status=204,
    permission="invoice.draft",
    missing=InvoiceNotFound,
    errors=(errors.InvoiceNotDraft,),
)
def discard_invoice(actor: Actor, invoice_id: UUID) -> None:
    """Delete a draft invoice.

    An issued invoice cannot be deleted, only voided or credited.
    """
    invoice_drafts.discard_draft(actor, invoice_id)


@api.post(
    "/invoices/<invoice_id>/split",
    answer=InvoiceSplitOut,
    status=201,
    permission="invoice.draft",
    missing=InvoiceNotFound,
    errors=(errors.InvoiceNotDraft, DebitNoteFixed, NothingToSplit, *DRAFT_ERRORS),
)
def split_invoice(actor: Actor, invoice_id: UUID) -> Body[InvoiceSplitOut]:
    """Split a draft whose lines belong on several invoices by law.

    They have several places of supply, or are exports, supplies to an SEZ, or exempt sales to a
    registered customer beside other sales. The answer has the changed draft and one new draft for
    each other part.
    """
    found = splitting.split_draft(actor, invoice_id)
    reader = SessionReader(db.session)
    rows = [invoice_row(invoice_queries.read_document(reader, one.id)) for one in found]
    return InvoiceSplitOut.of({"items": rows})


@api.post(
    "/invoices/<invoice_id>/void",
    answer=InvoiceOut,
    permission="invoice.void",
    direct=True,
    missing=InvoiceNotFound,
    errors=(InvoiceHasDebitNotes, *VOID_ERRORS),
)
def void_invoice(actor: Actor, invoice_id: UUID, body: VoidIn) -> Body[InvoiceOut]:
    """Void an issued invoice that has no payments or credits.

    The journal entry that was posted when the invoice was issued is reversed. The number of the
    invoice stays used.
    """
    return invoice_response(
        issuing.void_invoice(actor, invoice_id, reason=body.reason, on=body.voided_on).id
    )


@api.post(
    "/invoices/<invoice_id>/debit-notes",
    answer=InvoiceOut,
    status=201,
    permission="invoice.draft",
    missing=InvoiceNotFound,
    errors=(
        NotDebitable,
        errors.LineNotOnInvoice,
        errors.LineAlreadyNamed,
        errors.InvalidDate,
        errors.TotalOutOfRange,
        InvalidAmount,
    ),
)
def draft_debit_note(actor: Actor, invoice_id: UUID, body: DebitNoteIn) -> Body[InvoiceOut]:
    """Draft a debit note that charges more for lines of an issued invoice.

    The debit note is an invoice with `debited_invoice_id`. It has the customer, the place of supply
    and the tax rates of that invoice, and gets a number of its own series when it is issued. A
    draft can be deleted, but not changed.
    """
    currency = invoice_queries.get_invoice(invoice_id).currency
    note = debit_notes.draft_debit_note(
        actor,
        invoice_id,
        reason=body.reason,
        amounts=body.amounts(currency),
        on=body.issue_date,
        due_date=body.due_date,
    )
    return invoice_response(note.id)


def invoice_response(invoice_id: UUID) -> Body[InvoiceOut]:
    """Return an invoice, read in the transaction that has changed it."""
    return InvoiceOut.of(
        invoice_row(invoice_queries.read_document(SessionReader(db.session), invoice_id))
    )
