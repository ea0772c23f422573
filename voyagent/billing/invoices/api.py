"""The JSON door of invoices: list, draw up, change, throw away, issue, note what was paid, make
void, ask for a write-off and take one back.
"""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.core import errors
from voyagent.billing.core.api import DRAFT_ERRORS, POSTING_ERRORS, VOID_ERRORS
from voyagent.billing.core.schemas.documents import VoidIn
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import (
    documents as invoice_queries,
    listing as invoice_listing,
)
from voyagent.billing.invoices.schemas.documents import (
    InvoiceDraftIn,
    InvoiceListOut,
    InvoiceOut,
    InvoicePatch,
    InvoiceQuery,
    invoice_row,
)
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("invoices", __name__, tag="Invoices", guard=Guard.BEARER)


@api.get("/invoices", answer=InvoiceListOut, permission="billing.read", errors=(InvalidCursor,))
def list_invoices(reader: Reader, query: InvoiceQuery) -> Body[InvoiceListOut]:
    """List invoices, the newest issue date first.

    All filters hold at once; an empty one filters nothing. The page behind `next_cursor` costs the
    same however deep it lies; nothing is counted.
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
    errors=(EnquiryNotFound, *DRAFT_ERRORS),
)
def draft_invoice(actor: Actor, body: InvoiceDraftIn) -> Body[InvoiceOut]:
    """Draw up an invoice. A draft has no number and is not in the books."""
    return invoice_response(invoice_drafts.draft_invoice(actor, **body.fields()).id)


@api.get(
    "/invoices/<invoice_id>", answer=InvoiceOut, permission="billing.read", missing=InvoiceNotFound
)
def get_invoice(reader: Reader, invoice_id: UUID) -> Body[InvoiceOut]:
    """Read an invoice with its lines and what was paid on it."""
    return InvoiceOut.of(invoice_row(invoice_queries.read_document(reader, invoice_id)))


@api.patch(
    "/invoices/<invoice_id>",
    answer=InvoiceOut,
    permission="invoice.draft",
    missing=InvoiceNotFound,
    errors=(invoice_errors.InvoiceNotDraft, *DRAFT_ERRORS),
)
def revise_invoice(actor: Actor, invoice_id: UUID, body: InvoicePatch) -> Body[InvoiceOut]:
    """Change a draft. An absent member stays; lines are replaced whole."""
    currency = invoice_queries.get_invoice(invoice_id, lock=True).currency
    return invoice_response(
        invoice_drafts.revise_draft(actor, invoice_id, body.changes(currency)).id
    )


@api.delete(
    "/invoices/<invoice_id>",
    status=204,
    permission="invoice.draft",
    missing=InvoiceNotFound,
    errors=(invoice_errors.InvoiceNotDraft,),
)
def discard_invoice(actor: Actor, invoice_id: UUID) -> None:
    """Throw a draft away. What was issued stays."""
    invoice_drafts.discard_draft(actor, invoice_id)


@api.post(
    "/invoices/<invoice_id>/issue",
    answer=InvoiceOut,
    permission="invoice.issue",
    direct=True,
    missing=InvoiceNotFound,
    errors=(invoice_errors.InvoiceNotDraft, errors.InstalmentsDoNotAddUp, *POSTING_ERRORS),
)
def issue_invoice(actor: Actor, invoice_id: UUID) -> Body[InvoiceOut]:
    """Issue a draft: it gets the next number of its financial year and is posted on its issue date.

    Who may is who could grant the assistant's request to, up to the limit of her role.
    """
    return invoice_response(issuing.issue_invoice(actor, invoice_id).id)


@api.post(
    "/invoices/<invoice_id>/void",
    answer=InvoiceOut,
    permission="invoice.void",
    direct=True,
    missing=InvoiceNotFound,
    errors=VOID_ERRORS,
)
def void_invoice(actor: Actor, invoice_id: UUID, body: VoidIn) -> Body[InvoiceOut]:
    """Make an issued invoice void, on which nothing was paid or credited: what issuing posted is
    reversed, and the number stays used.
    """
    return invoice_response(
        issuing.void_invoice(actor, invoice_id, reason=body.reason, on=body.voided_on).id
    )


def invoice_response(invoice_id: UUID) -> Body[InvoiceOut]:
    """Return an invoice after a change, read in the transaction of the change."""
    return InvoiceOut.of(
        invoice_row(invoice_queries.read_document(SessionReader(db.session), invoice_id))
    )
