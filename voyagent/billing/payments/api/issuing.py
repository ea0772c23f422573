"""JSON API that issues invoices, which may use advances."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.invoices.api import api, invoice_response
from voyagent.billing.invoices.errors import (
    CreditLimitExceeded,
    InvoiceNotFound,
    NotDebitable,
    PartyOnHold,
)
from voyagent.billing.invoices.schemas.documents import InvoiceOut, IssueIn
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.service import at_issue
from voyagent.billing.treatments.errors import TreatmentUnconfirmed
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import MixedCurrencies
from voyagent.kernel.serializers import Body


@api.post(
    "/invoices/<invoice_id>/issue",
    answer=InvoiceOut,
    permission="invoice.issue",
    direct=True,
    missing=InvoiceNotFound,
    errors=(
        errors.InvoiceNotDraft,
        errors.InvalidDate,
        errors.DocumentOutOfOrder,
        errors.PlacesDiffer,
        errors.SuppliesDiffer,
        errors.InstalmentsDoNotAddUp,
        CreditLimitExceeded,
        PartyOnHold,
        TreatmentUnconfirmed,
        NotDebitable,
        payment_errors.PaymentNotFound,
        payment_errors.PaymentReversed,
        payment_errors.NothingLeft,
        payment_errors.AnotherParty,
        payment_errors.CashLimit,
        MixedCurrencies,
        *POSTING_ERRORS,
    ),
)
def issue_invoice(actor: Actor, invoice_id: UUID, body: IssueIn | None) -> Body[InvoiceOut]:
    """Issue a draft invoice.

    The invoice gets the next number of its financial year and is posted to the ledger on its issue
    date. The caller needs the authority to issue invoices without approval, up to the amount limit
    of their role. `over_limit_reason` confirms an invoice to a customer who is on hold or above the
    credit limit. `out_of_order_reason` is required if an issued invoice of the year has a later
    date. The lines have one place of supply; another draft is split first. `advance_ids` are
    payments whose unused amounts settle the invoice on its issue date.
    """
    given = body or IssueIn()
    return invoice_response(
        at_issue.issue_with_advances(actor, invoice_id, **given.model_dump()).id
    )
