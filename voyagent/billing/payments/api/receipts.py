"""JSON API of receipts on invoices."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.invoices.api import api, invoice_response
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.schemas.documents import InvoiceOut
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.api.payments import DEDUCTION_ERRORS, MEANS_ERRORS
from voyagent.billing.payments.schemas import ReceiptIn
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, UnknownCurrency
from voyagent.kernel.serializers import Body


@api.post(
    "/invoices/<invoice_id>/receipts",
    answer=InvoiceOut,
    status=201,
    permission="payment.record",
    direct=True,
    missing=InvoiceNotFound,
    errors=(
        errors.DocumentNotOpen,
        payment_errors.PaymentExceedsOpen,
        payment_errors.CashLimit,
        errors.InvalidDate,
        MixedCurrencies,
        UnknownCurrency,
        InvalidAmount,
        *MEANS_ERRORS,
        *DEDUCTION_ERRORS,
        *POSTING_ERRORS,
    ),
)
def record_receipt(actor: Actor, invoice_id: UUID, body: ReceiptIn) -> Body[InvoiceOut]:
    """Record a payment by the customer of an invoice.

    The amount, the tax deducted and the charge are together at most the open amount. The response
    is the changed invoice.
    """
    currency = invoice_queries.get_invoice(invoice_id).currency
    payment_service.record_receipt(
        actor,
        invoice_id,
        body.money(currency),
        body.paid_on,
        reference=body.reference,
        means=body.means(),
        tds=body.tds(currency),
        charge=body.charge(),
        over_cash_limit_reason=body.over_cash_limit_reason,
    )
    return invoice_response(invoice_id)
