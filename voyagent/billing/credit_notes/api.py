"""JSON API of credit notes: list, read, issue and reverse."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.core.schemas.credits import credit_row
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.credit_notes import (
    queries as credit_note_queries,
    service as credit_note_service,
)
from voyagent.billing.credit_notes.errors import (
    CreditNoteNotFound,
    CustomerCreditUsed,
    InvoiceWrittenOff,
)
from voyagent.billing.credit_notes.schemas import (
    CreditNoteIn,
    CreditNoteListOut,
    CreditNoteOut,
    CreditNoteQuery,
)
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("credit_notes", __name__, tag="Credit notes", guard=Guard.BEARER)


@api.get(
    "/credit-notes", answer=CreditNoteListOut, permission="billing.read", errors=(InvalidCursor,)
)
def list_credit_notes(reader: Reader, query: CreditNoteQuery) -> Body[CreditNoteListOut]:
    """List credit notes, newest issue date first.

    A credit note must match all filters. Follow `next_cursor` for the next page.
    """
    return CreditNoteListOut.of(
        credit_note_queries.list_credit_notes(
            reader, query.search(), limit=query.limit, cursor=query.place()
        )
    )


@api.post(
    "/credit-notes",
    answer=CreditNoteOut,
    status=201,
    permission="invoice.credit",
    direct=True,
    errors=(
        InvoiceNotFound,
        errors.DocumentNotOpen,
        errors.InvalidDate,
        errors.DocumentOutOfOrder,
        errors.LineNotOnInvoice,
        errors.LineAlreadyNamed,
        errors.CreditExceedsLine,
        InvoiceWrittenOff,
        InvalidAmount,
        *POSTING_ERRORS,
    ),
)
def issue_credit_note(actor: Actor, body: CreditNoteIn) -> Body[CreditNoteOut]:
    """Issue a credit note on all or some lines of an issued invoice.

    What is above the open amount of the invoice becomes a credit of the customer. The credit note
    is numbered and posted immediately and cannot be changed, only reversed.
    """
    amounts = body.amounts(invoice_queries.get_invoice(body.invoice_id).currency)
    note = credit_note_service.issue_credit_note(
        actor,
        body.invoice_id,
        reason=body.reason,
        on=body.issue_date,
        amounts=amounts,
        out_of_order_reason=body.out_of_order_reason,
    )
    return _response(SessionReader(db.session), note.id)


@api.post(
    "/credit-notes/<credit_note_id>/reverse",
    answer=CreditNoteOut,
    permission="invoice.credit",
    direct=True,
    missing=CreditNoteNotFound,
    errors=(
        errors.CreditNoteReversed,
        CustomerCreditUsed,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_credit_note(actor: Actor, credit_note_id: UUID, body: ReverseIn) -> Body[CreditNoteOut]:
    """Reverse a credit note that was issued by mistake.

    The whole credit note and its journal entry are reversed, and the amount that it settled is open
    on the invoice again. Its number stays used. The customer's credit from it must be unused.
    """
    credit_note_service.reverse_credit_note(
        actor, credit_note_id, reason=body.reason, on=body.reversed_on
    )
    return _response(SessionReader(db.session), credit_note_id)


@api.get(
    "/credit-notes/<credit_note_id>",
    answer=CreditNoteOut,
    permission="billing.read",
    missing=CreditNoteNotFound,
)
def get_credit_note(reader: Reader, credit_note_id: UUID) -> Body[CreditNoteOut]:
    """Return a credit note with its lines."""
    return _response(reader, credit_note_id)


def _response(reader: Reader, credit_note_id: UUID) -> Body[CreditNoteOut]:
    return CreditNoteOut.of(
        credit_row(credit_note_queries.read_credit_note(reader, credit_note_id))
    )
