"""JSON API of refunds that suppliers owe."""

from __future__ import annotations

from uuid import UUID

from voyagent.banking.errors import BankAccountClosed, BankAccountNotFound
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.claims import errors as claim_errors, queries, service
from voyagent.billing.claims.errors import ClaimNotFound, ClaimReceiptNotFound
from voyagent.billing.claims.schemas import (
    ClaimReceiptIn,
    FollowUpIn,
    SupplierClaimIn,
    SupplierClaimListOut,
    SupplierClaimOut,
    SupplierClaimQuery,
    claim_row,
)
from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.payments.errors import SettledFarFromRate
from voyagent.billing.supplier_credits.errors import (
    LineCreditedByCancellation,
    SupplierCreditTaken,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, UnknownCurrency
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.ledger.service.errors import AccountCurrency

api = ApiBlueprint("claims", __name__, tag="Supplier credits", guard=Guard.BEARER)


@api.get(
    "/supplier-claims",
    answer=SupplierClaimListOut,
    permission="billing.read",
    errors=(InvalidCursor,),
)
def list_supplier_claims(reader: Reader, query: SupplierClaimQuery) -> Body[SupplierClaimListOut]:
    """List refunds that suppliers owe, newest first.

    Follow `next_cursor` for the next page. No total is returned.
    """
    return SupplierClaimListOut.of(
        queries.list_claims(reader, query.search(), limit=query.limit, cursor=query.place())
    )


@api.post(
    "/supplier-claims",
    answer=SupplierClaimOut,
    status=201,
    permission="bill.credit",
    direct=True,
    errors=(
        BillNotFound,
        errors.DocumentNotOpen,
        errors.InvalidDate,
        errors.LineNotOnBill,
        errors.LineAlreadyNamed,
        errors.CreditExceedsLine,
        claim_errors.NothingToClaim,
        LineCreditedByCancellation,
        SupplierCreditTaken,
        InvalidAmount,
        *POSTING_ERRORS,
    ),
)
def open_claim(actor: Actor, body: SupplierClaimIn) -> Body[SupplierClaimOut]:
    """Claim a refund of a paid or part-paid bill.

    A supplier credit on the lines is posted. What is open of the bill is settled, and the rest is
    the claim.
    """
    amounts = body.amounts(bill_queries.get_bill(body.bill_id).currency)
    claim = service.open_claim(
        actor,
        body.bill_id,
        reason=body.reason,
        on=body.issue_date,
        amounts=amounts,
        expected_on=body.expected_on,
        credit_note_number=body.credit_note_number,
        further_credit_reason=body.further_credit_reason,
    )
    return _claim(claim.id)


@api.get(
    "/supplier-claims/<claim_id>",
    answer=SupplierClaimOut,
    permission="billing.read",
    missing=ClaimNotFound,
)
def get_supplier_claim(reader: Reader, claim_id: UUID) -> Body[SupplierClaimOut]:
    """Return a refund that a supplier owes, with its receipts."""
    return SupplierClaimOut.of(claim_row(queries.read_claim(reader, claim_id)))


@api.post(
    "/supplier-claims/<claim_id>/receipts",
    answer=SupplierClaimOut,
    status=201,
    permission="payment.record",
    direct=True,
    missing=ClaimNotFound,
    errors=(
        BankAccountNotFound,
        BankAccountClosed,
        AccountCurrency,
        claim_errors.ClaimNotOpen,
        claim_errors.ClaimExceeded,
        claim_errors.NothingSettled,
        SettledFarFromRate,
        errors.InvalidDate,
        InvalidAmount,
        UnknownCurrency,
        *POSTING_ERRORS,
    ),
)
def receive_claim(actor: Actor, claim_id: UUID, body: ClaimReceiptIn) -> Body[SupplierClaimOut]:
    """Record the money that a supplier refunds, or give up the rest of a claim."""
    refund = body.refund(queries.get_claim(claim_id).currency)
    service.receive_claim(actor, claim_id, refund)
    return _claim(claim_id)


@api.post(
    "/supplier-claims/<claim_id>/follow-up",
    answer=SupplierClaimOut,
    permission="bill.draft",
    missing=ClaimNotFound,
    errors=(
        claim_errors.ClaimNotOpen,
        claim_errors.ClaimMatched,
        SupplierCreditTaken,
        errors.InvalidDate,
    ),
)
def follow_up_claim(actor: Actor, claim_id: UUID, body: FollowUpIn) -> Body[SupplierClaimOut]:
    """Note a reminder to the supplier, or the number of its credit note.

    Nothing is posted.
    """
    service.follow_up(
        actor,
        claim_id,
        chased_on=body.chased_on,
        expected_on=body.expected_on,
        credit_note_number=body.credit_note_number,
    )
    return _claim(claim_id)


@api.post(
    "/supplier-claim-receipts/<claim_receipt_id>/reverse",
    answer=SupplierClaimOut,
    permission="payment.reverse",
    direct=True,
    missing=ClaimReceiptNotFound,
    errors=(
        claim_errors.ClaimReceiptReversed,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_claim_receipt(
    actor: Actor, claim_receipt_id: UUID, body: ReverseIn
) -> Body[SupplierClaimOut]:
    """Reverse a wrong receipt of a claim; its amount is open again."""
    row = service.reverse_receipt(actor, claim_receipt_id, reason=body.reason, on=body.reversed_on)
    return _claim(row.claim_id)


def _claim(claim_id: UUID) -> Body[SupplierClaimOut]:
    return SupplierClaimOut.of(claim_row(queries.read_claim(SessionReader(db.session), claim_id)))
