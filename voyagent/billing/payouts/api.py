"""JSON API of payouts of payment gateways."""

from __future__ import annotations

from uuid import UUID

from voyagent.banking.errors import BankAccountClosed, BankAccountNotFound
from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.payments.errors import PaymentPaidOut
from voyagent.billing.payouts import errors as payout_errors, queries, service
from voyagent.billing.payouts.errors import PayoutNotFound
from voyagent.billing.payouts.schemas import (
    PayoutIn,
    PayoutListOut,
    PayoutOut,
    PayoutQuery,
    WaitingOut,
    WaitingQuery,
    payout_row,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("payouts", __name__, tag="Payments", guard=Guard.BEARER)


@api.get("/payouts", answer=PayoutListOut, permission="billing.read", errors=(InvalidCursor,))
def list_payouts(reader: Reader, query: PayoutQuery) -> Body[PayoutListOut]:
    """List payouts of payment gateways, newest first.

    Follow `next_cursor` for the next page. No total is returned.
    """
    return PayoutListOut.of(queries.list_payouts(reader, limit=query.limit, cursor=query.place()))


@api.get("/payouts/waiting", answer=WaitingOut, permission="billing.read")
def list_waiting(reader: Reader, query: WaitingQuery) -> Body[WaitingOut]:
    """List payments and refunds in gateways that are not paid out, oldest first."""
    gateway_ids = (
        [row["id"] for row in queries.gateways(reader)]
        if query.gateway_id is None
        else [query.gateway_id]
    )
    return WaitingOut.of({"items": queries.list_waiting(reader, gateway_ids)})


@api.post(
    "/payouts",
    answer=PayoutOut,
    status=201,
    permission="payment.record",
    direct=True,
    errors=(
        BankAccountNotFound,
        BankAccountClosed,
        PaymentPaidOut,
        payout_errors.PayoutAccountsUnfit,
        payout_errors.NotInGateway,
        payout_errors.NothingPaidOut,
        payout_errors.PayoutChargeTooHigh,
        errors.TaxNumberMissing,
        errors.TaxInAnotherCurrency,
        errors.TaxComponentUnknown,
        errors.ChargeTaxAboveRate,
        errors.DeductionAboveUsual,
        errors.InvalidDate,
        InvalidAmount,
        *POSTING_ERRORS,
    ),
)
def record_payout(actor: Actor, body: PayoutIn) -> Body[PayoutOut]:
    """Record a transfer of a payment gateway to a bank account.

    The chosen payments and refunds must be in the gateway, and not be part of another payout. The
    fee is posted to the account of bank charges, and the tax on it to input tax.
    """
    return _payout(service.record_payout(actor, body.payout()).id)


@api.get(
    "/payouts/<payout_id>", answer=PayoutOut, permission="billing.read", missing=PayoutNotFound
)
def get_payout(reader: Reader, payout_id: UUID) -> Body[PayoutOut]:
    """Return a payout with its payments and refunds."""
    return PayoutOut.of(payout_row(queries.read_payout(reader, payout_id)))


@api.post(
    "/payouts/<payout_id>/reverse",
    answer=PayoutOut,
    permission="payment.reverse",
    direct=True,
    missing=PayoutNotFound,
    errors=(
        payout_errors.PayoutReversed,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_payout(actor: Actor, payout_id: UUID, body: ReverseIn) -> Body[PayoutOut]:
    """Reverse a payout that was recorded by mistake.

    Its journal entry is reversed, and its payments and refunds wait for another payout.
    """
    service.reverse_payout(actor, payout_id, reason=body.reason, on=body.reversed_on)
    return _payout(payout_id)


def _payout(payout_id: UUID) -> Body[PayoutOut]:
    return PayoutOut.of(payout_row(queries.read_payout(SessionReader(db.session), payout_id)))
