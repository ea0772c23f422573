"""JSON API of write-offs; the routes belong to the blueprint of invoices."""

from __future__ import annotations

from uuid import UUID

from voyagent.approvals.queries import row_of
from voyagent.approvals.schemas.proposals import ApprovalItem
from voyagent.billing.core import errors
from voyagent.billing.invoices.api import api, invoice_response
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.schemas.documents import (
    InvoiceOut,
)
from voyagent.billing.write_offs import errors as write_off_errors, service as write_off_service
from voyagent.billing.write_offs.errors import WriteOffNotFound
from voyagent.billing.write_offs.schemas import TakeBackIn, WriteOffIn
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, UnknownCurrency
from voyagent.kernel.serializers import Body
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.rates.errors import RateMissing
from voyagent.settings.queries import AmountAboveLimit

__all__ = ["api"]

WRITE_OFF_ERRORS = (
    errors.DocumentNotOpen,
    errors.CustomerCreditUnused,
    write_off_errors.WriteOffExceedsOpen,
    write_off_errors.WriteOffRequested,
    errors.InvalidDate,
    errors.DateInFuture,
    MixedCurrencies,
    UnknownCurrency,
    InvalidAmount,
    PeriodLocked,
    RateMissing,
)


@api.post(
    "/invoices/<invoice_id>/write-off",
    answer=ApprovalItem,
    status=201,
    permission="invoice.write_off",
    missing=InvoiceNotFound,
    errors=WRITE_OFF_ERRORS,
)
def ask_to_write_off(actor: Actor, invoice_id: UUID, body: WriteOffIn) -> Body[ApprovalItem]:
    """Request to write off all or a part of the open amount of an invoice.

    The response is the request for approval. Nothing is posted until a person with the authority
    approves the request. The invoice shows the request while it is pending, and the write-off after
    the approval.
    """
    amount = body.money(invoice_queries.get_invoice(invoice_id).currency)
    proposal = write_off_service.ask_for_write_off(
        actor, invoice_id, reason=body.reason, amount=amount, on=body.written_off_on
    )
    return ApprovalItem.of(row_of(proposal))


@api.post(
    "/invoices/<invoice_id>/write-offs/<write_off_id>/take-back",
    answer=InvoiceOut,
    permission="invoice.reverse_write_off",
    direct=True,
    missing=InvoiceNotFound,
    errors=(
        WriteOffNotFound,
        write_off_errors.WriteOffTakenBack,
        errors.InvalidDate,
        errors.DateInFuture,
        AmountAboveLimit,
        PeriodLocked,
    ),
)
def take_back_write_off(
    actor: Actor, invoice_id: UUID, write_off_id: UUID, body: TakeBackIn
) -> Body[InvoiceOut]:
    """Reverse a write-off.

    The whole write-off and its journal entry are reversed, and the amount is open on the invoice
    again. A write-off can be reversed only once.
    """
    write_off_service.reverse_write_off(
        actor, invoice_id, write_off_id, reason=body.reason, on=body.effective_on
    )
    return invoice_response(invoice_id)
