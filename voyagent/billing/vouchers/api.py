"""JSON API of receipt vouchers and refund vouchers."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.vouchers import errors as voucher_errors, queries, service
from voyagent.billing.vouchers.errors import ReceiptVoucherNotFound, RefundVoucherNotFound
from voyagent.billing.vouchers.schemas import (
    ReceiptVoucherIn,
    ReceiptVoucherOut,
    RefundVoucherOut,
    refund_voucher_row,
    voucher_row,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount
from voyagent.kernel.serializers import Body
from voyagent.taxes.rules.calculation import NoRateForAdvance
from voyagent.taxes.rules.tables import NoRateThen, UnknownState, UnknownTreatment

api = ApiBlueprint("vouchers", __name__, tag="Payments", guard=Guard.BEARER)


@api.post(
    "/payments/<payment_id>/voucher",
    answer=ReceiptVoucherOut,
    status=201,
    permission="payment.record",
    direct=True,
    missing=payment_errors.PaymentNotFound,
    errors=(
        voucher_errors.NotATaxableAdvance,
        voucher_errors.VoucherExists,
        payment_errors.PaymentReversed,
        payment_errors.NothingLeft,
        payment_errors.PaymentOverAllocated,
        UnknownTreatment,
        UnknownState,
        NoRateThen,
        NoRateForAdvance,
        errors.InvalidDate,
        InvalidAmount,
        *POSTING_ERRORS,
    ),
)
def issue_voucher(
    actor: Actor, payment_id: UUID, body: ReceiptVoucherIn
) -> Body[ReceiptVoucherOut]:
    """Issue the receipt voucher of an advance, and post its GST.

    The tax is released when an invoice or a refund uses the advance.
    """
    currency = payment_queries.get_payment(payment_id).currency
    voucher = service.issue_voucher(actor, payment_id, body.taxation(currency))
    return _voucher(SessionReader(db.session), voucher.id)


@api.get(
    "/receipt-vouchers/<receipt_voucher_id>",
    answer=ReceiptVoucherOut,
    permission="billing.read",
    missing=ReceiptVoucherNotFound,
)
def get_receipt_voucher(reader: Reader, receipt_voucher_id: UUID) -> Body[ReceiptVoucherOut]:
    """Return a receipt voucher with the uses of its advance."""
    return _voucher(reader, receipt_voucher_id)


@api.get(
    "/refund-vouchers/<refund_voucher_id>",
    answer=RefundVoucherOut,
    permission="billing.read",
    missing=RefundVoucherNotFound,
)
def get_refund_voucher(reader: Reader, refund_voucher_id: UUID) -> Body[RefundVoucherOut]:
    """Return the refund voucher of a refunded advance."""
    found = queries.read_refund_voucher(reader, refund_voucher_id)
    return RefundVoucherOut.of(refund_voucher_row(found))


@api.post(
    "/receipt-vouchers/<receipt_voucher_id>/reverse",
    answer=ReceiptVoucherOut,
    permission="payment.reverse",
    direct=True,
    missing=ReceiptVoucherNotFound,
    errors=(
        voucher_errors.VoucherReversed,
        voucher_errors.VoucherUsed,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_receipt_voucher(
    actor: Actor, receipt_voucher_id: UUID, body: ReverseIn
) -> Body[ReceiptVoucherOut]:
    """Reverse a receipt voucher that was issued by mistake; its number stays used."""
    service.reverse_voucher(actor, receipt_voucher_id, reason=body.reason, on=body.reversed_on)
    return _voucher(SessionReader(db.session), receipt_voucher_id)


def _voucher(reader: Reader, receipt_voucher_id: UUID) -> Body[ReceiptVoucherOut]:
    return ReceiptVoucherOut.of(voucher_row(queries.read_voucher(reader, receipt_voucher_id)))
