"""The JSON door of payments: list, note money that came in or went out, let it settle documents,
take that back, give an advance back, reverse either.
"""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.errors import AllocationNotFound, PaymentNotFound, RefundNotFound
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.schemas import (
    AllocateIn,
    PaymentListOut,
    PaymentOut,
    PaymentQuery,
    PaymentRecordIn,
    RefundIn,
    UnallocateIn,
    payment_row,
)
from voyagent.billing.payments.service import (
    allocations,
    payments as payment_service,
    reversals as payment_reversals,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, UnknownCurrency
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.rates import InvalidRate, RateOfOtherMoney
from voyagent.kernel.serializers import Body

api = ApiBlueprint("payments", __name__, tag="Payments", guard=Guard.BEARER)
PART_ERRORS = (
    InvoiceNotFound,
    BillNotFound,
    payment_errors.AnotherParty,
    errors.DocumentNotOpen,
    payment_errors.DocumentTwice,
    payment_errors.NothingToAllocate,
    payment_errors.PaymentExceedsOpen,
    payment_errors.PaymentOverAllocated,
    errors.InvalidDate,
    payment_errors.BookedRateMissing,
    payment_errors.SettledAmountMissing,
    payment_errors.SettledAmountWrong,
    InvalidRate,
    RateOfOtherMoney,
    MixedCurrencies,
    InvalidAmount,
)


@api.get("/payments", answer=PaymentListOut, permission="billing.read", errors=(InvalidCursor,))
def list_payments(reader: Reader, query: PaymentQuery) -> Body[PaymentListOut]:
    """List payments, the newest day first.

    All filters hold at once; an empty one filters nothing. The page behind `next_cursor` costs the
    same however deep it lies; nothing is counted.
    """
    return PaymentListOut.of(
        payment_queries.list_payments(
            reader, query.search(), limit=query.limit, cursor=query.place()
        )
    )


@api.post(
    "/payments",
    answer=PaymentOut,
    status=201,
    permission="payment.record",
    direct=True,
    errors=(*PART_ERRORS, UnknownCurrency, *POSTING_ERRORS),
)
def record_payment(actor: Actor, body: PaymentRecordIn) -> Body[PaymentOut]:
    """Note money that came in or went out, with the documents that it settles; the rest is an
    advance.
    """
    fields = body.model_dump(include={"direction", "party_name", "account", "reference"})
    return _payment(
        payment_service.record_payment(
            actor, amount=body.money(), on=body.paid_on, parts=body.parts(), **fields
        ).id
    )


@api.get(
    "/payments/<payment_id>", answer=PaymentOut, permission="billing.read", missing=PaymentNotFound
)
def get_payment(reader: Reader, payment_id: UUID) -> Body[PaymentOut]:
    """Read a payment with what it settles, what was taken back of that, and what was given back."""
    return PaymentOut.of(payment_row(payment_queries.read_payment(reader, payment_id)))


@api.post(
    "/payments/<payment_id>/allocate",
    answer=PaymentOut,
    permission="payment.record",
    direct=True,
    missing=PaymentNotFound,
    errors=(
        payment_errors.PaymentReversed,
        payment_errors.NothingOpen,
        *PART_ERRORS,
        UnknownCurrency,
        *POSTING_ERRORS,
    ),
)
def allocate_payment(actor: Actor, payment_id: UUID, body: AllocateIn) -> Body[PaymentOut]:
    """Let what is left of a payment settle documents of its party, never more than either has.

    An entry moves it out of the account of advances.

    For a document in another currency the entry goes by way of the account of currency exchange,
    and what is gained or lost on it stands on its own.
    """
    currency = payment_queries.get_payment(payment_id).currency
    allocations.allocate(actor, payment_id, parts=body.parts(currency), on=body.effective_on)
    return _payment(payment_id)


@api.post(
    "/payments/<payment_id>/allocations/<allocation_id>/unallocate",
    answer=PaymentOut,
    permission="payment.record",
    direct=True,
    missing=PaymentNotFound,
    errors=(
        AllocationNotFound,
        payment_errors.AllocationTakenBack,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def unallocate_payment(
    actor: Actor, payment_id: UUID, allocation_id: UUID, body: UnallocateIn
) -> Body[PaymentOut]:
    """Take an allocation back whole, by a row and an entry against it; what stood until that day
    stays in every report of an earlier one.
    """
    allocations.deallocate(actor, payment_id, allocation_id, on=body.effective_on)
    return _payment(payment_id)


@api.post(
    "/payments/<payment_id>/refund",
    answer=PaymentOut,
    status=201,
    permission="payment.record",
    direct=True,
    missing=PaymentNotFound,
    errors=(
        payment_errors.PaymentReversed,
        payment_errors.PaymentOverAllocated,
        errors.InvalidDate,
        InvalidAmount,
        *POSTING_ERRORS,
    ),
)
def refund_payment(actor: Actor, payment_id: UUID, body: RefundIn) -> Body[PaymentOut]:
    """Note that what is left of a payment, or a part of it, went back to whom it came from."""
    amount = body.money(payment_queries.get_payment(payment_id).currency)
    payment_service.refund_payment(
        actor,
        payment_id,
        amount=amount,
        on=body.refunded_on,
        account=body.account,
        reference=body.reference,
    )
    return _payment(payment_id)


@api.post(
    "/payments/<payment_id>/reverse",
    answer=PaymentOut,
    permission="payment.reverse",
    direct=True,
    missing=PaymentNotFound,
    errors=(
        payment_errors.PaymentReversed,
        payment_errors.PaymentRefunded,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_payment(actor: Actor, payment_id: UUID, body: ReverseIn) -> Body[PaymentOut]:
    """Take a payment that was noted by mistake back whole: what it settles is open again, its entry
    is reversed, and its number stays used.
    """
    payment_reversals.reverse_payment(actor, payment_id, reason=body.reason, on=body.reversed_on)
    return _payment(payment_id)


@api.post(
    "/payments/<payment_id>/refunds/<refund_id>/reverse",
    answer=PaymentOut,
    permission="payment.reverse",
    direct=True,
    missing=PaymentNotFound,
    errors=(
        RefundNotFound,
        payment_errors.RefundReversed,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_refund(
    actor: Actor, payment_id: UUID, refund_id: UUID, body: ReverseIn
) -> Body[PaymentOut]:
    """Take a refund that was noted by mistake back whole: the payment has it to give again, its
    entry is reversed, and its number stays used.
    """
    payment_reversals.reverse_refund(
        actor, payment_id, refund_id, reason=body.reason, on=body.reversed_on
    )
    return _payment(payment_id)


def _payment(payment_id: UUID) -> Body[PaymentOut]:
    return PaymentOut.of(
        payment_row(payment_queries.read_payment(SessionReader(db.session), payment_id))
    )
