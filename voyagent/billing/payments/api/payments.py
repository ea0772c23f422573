"""JSON API of payments: list, record, allocate, deallocate, refund and reverse."""

from __future__ import annotations

from uuid import UUID

from voyagent.banking.errors import BankAccountClosed, BankAccountNotFound
from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.core import errors
from voyagent.billing.core.api import PARTY_ERRORS, POSTING_ERRORS
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.errors import AllocationNotFound, PaymentNotFound, RefundNotFound
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.schemas import (
    AllocateIn,
    BounceIn,
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
from voyagent.ledger.service.errors import AccountCurrency

api = ApiBlueprint("payments", __name__, tag="Payments", guard=Guard.BEARER)
MEANS_ERRORS = (
    BankAccountNotFound,
    BankAccountClosed,
    AccountCurrency,
    payment_errors.ModeUnfit,
)
DEDUCTION_ERRORS = (
    payment_errors.TdsWithoutSection,
    payment_errors.ChargeOfPaymentOut,
    errors.TaxNumberMissing,
    errors.TaxInAnotherCurrency,
    errors.TaxComponentUnknown,
    errors.ChargeTaxAboveRate,
    errors.DeductionAboveUsual,
)
"""Errors of the tax that the payer deducted, and of the charge that the bank kept."""
PART_ERRORS = (
    InvoiceNotFound,
    BillNotFound,
    payment_errors.AnotherParty,
    payment_errors.CashLimit,
    errors.DocumentNotOpen,
    payment_errors.DocumentTwice,
    payment_errors.InvalidAllocations,
    payment_errors.PaymentExceedsOpen,
    payment_errors.PaymentOverAllocated,
    errors.InvalidDate,
    payment_errors.BookedRateMissing,
    payment_errors.SettledAmountMissing,
    payment_errors.SettledAmountWrong,
    payment_errors.SettledFarFromRate,
    InvalidRate,
    RateOfOtherMoney,
    MixedCurrencies,
    InvalidAmount,
)


@api.get("/payments", answer=PaymentListOut, permission="billing.read", errors=(InvalidCursor,))
def list_payments(reader: Reader, query: PaymentQuery) -> Body[PaymentListOut]:
    """List payments, newest payment date first.

    A payment must match all filters; an empty filter is ignored. Follow `next_cursor` for the next
    page. No total is returned.
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
    errors=(
        *PARTY_ERRORS,
        *MEANS_ERRORS,
        *DEDUCTION_ERRORS,
        *PART_ERRORS,
        UnknownCurrency,
        *POSTING_ERRORS,
    ),
)
def record_payment(actor: Actor, body: PaymentRecordIn) -> Body[PaymentOut]:
    """Record a payment from a customer or to a supplier.

    `allocations` are the documents that the payment settles. The rest of the amount is an advance.
    """
    fields = body.model_dump(
        include={
            "direction",
            "party_id",
            "party_name",
            "reference",
            "over_cash_limit_reason",
        }
    )
    return _payment(
        payment_service.record_payment(
            actor,
            amount=body.money(),
            on=body.paid_on,
            parts=body.parts(),
            means=body.means(),
            tds=body.tds(body.currency),
            charge=body.charge(),
            **fields,
        ).id
    )


@api.get(
    "/payments/<payment_id>", answer=PaymentOut, permission="billing.read", missing=PaymentNotFound
)
def get_payment(reader: Reader, payment_id: UUID) -> Body[PaymentOut]:
    """Return a payment with its allocations, deallocations and refunds."""
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
    """Allocate the unused amount of a payment to documents of its party.

    An allocation is at most the unused amount of the payment and the open amount of the document. A
    journal entry moves the amount out of the account of advances. For a document in another
    currency the entry uses the currency exchange account, and a gain or loss is posted to a
    separate account.
    """
    currency = payment_queries.get_payment(payment_id).currency
    allocations.allocate(
        actor,
        payment_id,
        parts=body.parts(currency),
        on=body.effective_on,
        over_cash_limit_reason=body.over_cash_limit_reason,
    )
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
        payment_errors.PaymentClaimed,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def unallocate_payment(
    actor: Actor, payment_id: UUID, allocation_id: UUID, body: UnallocateIn
) -> Body[PaymentOut]:
    """Take back an allocation.

    The whole allocation ends on `effective_on`: the document is open again, and the amount of the
    payment can be allocated or refunded again. The allocation is kept. A journal entry and a second
    allocation with negative amounts are added. Reports for earlier dates do not change.
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
        errors.CustomerCreditUnused,
        errors.InvalidDate,
        InvalidAmount,
        *MEANS_ERRORS,
        *POSTING_ERRORS,
    ),
)
def refund_payment(actor: Actor, payment_id: UUID, body: RefundIn) -> Body[PaymentOut]:
    """Record a refund of all or a part of the unused amount of a payment."""
    amount = body.money(payment_queries.get_payment(payment_id).currency)
    payment_service.refund_payment(
        actor,
        payment_id,
        amount=amount,
        on=body.refunded_on,
        means=body.means(),
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
        payment_errors.PaymentOfCreditNote,
        payment_errors.PaymentReversed,
        payment_errors.PaymentPaidOut,
        payment_errors.PaymentRefunded,
        payment_errors.PaymentClaimed,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_payment(actor: Actor, payment_id: UUID, body: ReverseIn) -> Body[PaymentOut]:
    """Reverse a payment that was recorded by mistake.

    The whole payment and its journal entry are reversed, and the documents that it settled are open
    again. The number of the payment stays used.
    """
    payment_reversals.reverse_payment(actor, payment_id, reason=body.reason, on=body.reversed_on)
    return _payment(payment_id)


@api.post(
    "/payments/<payment_id>/bounce",
    answer=PaymentOut,
    permission="payment.reverse",
    direct=True,
    missing=PaymentNotFound,
    errors=(
        payment_errors.NotACheque,
        payment_errors.PaymentOfCreditNote,
        payment_errors.PaymentReversed,
        payment_errors.PaymentPaidOut,
        payment_errors.PaymentRefunded,
        payment_errors.PaymentClaimed,
        errors.TaxNumberMissing,
        errors.TaxInAnotherCurrency,
        errors.TaxComponentUnknown,
        errors.ChargeTaxAboveRate,
        errors.ReasonRequired,
        errors.InvalidDate,
        InvalidAmount,
        *POSTING_ERRORS,
    ),
)
def bounce_payment(actor: Actor, payment_id: UUID, body: BounceIn) -> Body[PaymentOut]:
    """Record that a cheque bounced.

    The payment is reversed, so the documents that it settled are open again. The bank's charge is
    posted on the same day: `fee` to the account of bank charges, `taxes` to input tax.
    """
    payment_reversals.reverse_payment(
        actor, payment_id, reason=body.reason, on=body.reversed_on, charge=body.charge()
    )
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
        payment_errors.PaymentPaidOut,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_refund(
    actor: Actor, payment_id: UUID, refund_id: UUID, body: ReverseIn
) -> Body[PaymentOut]:
    """Reverse a refund that was recorded by mistake.

    The whole refund and its journal entry are reversed, and the amount is unused on the payment
    again. The number of the refund stays used.
    """
    payment_reversals.reverse_refund(
        actor, payment_id, refund_id, reason=body.reason, on=body.reversed_on
    )
    return _payment(payment_id)


def _payment(payment_id: UUID) -> Body[PaymentOut]:
    return PaymentOut.of(
        payment_row(payment_queries.read_payment(SessionReader(db.session), payment_id))
    )
