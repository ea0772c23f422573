"""JSON API of refunds that return several payments of a customer."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.api.payments import MEANS_ERRORS
from voyagent.billing.payments.queries import refunds as refund_queries
from voyagent.billing.payments.schemas import RefundDocumentOut, RefundPartyIn
from voyagent.billing.payments.service import refunds
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, UnknownCurrency
from voyagent.kernel.serializers import Body
from voyagent.parties.queries import PartyNotFound

api = ApiBlueprint("refunds", __name__, tag="Payments", guard=Guard.BEARER)


@api.post(
    "/refunds",
    answer=RefundDocumentOut,
    status=201,
    permission="payment.record",
    direct=True,
    errors=(
        PartyNotFound,
        payment_errors.PaymentNotFound,
        payment_errors.AnotherParty,
        payment_errors.RefundExceedsCredit,
        payment_errors.RefundPartsDiffer,
        payment_errors.InvalidAllocations,
        errors.CustomerCreditUnused,
        errors.InvalidDate,
        MixedCurrencies,
        InvalidAmount,
        UnknownCurrency,
        *MEANS_ERRORS,
        *POSTING_ERRORS,
    ),
)
def refund_party(actor: Actor, body: RefundPartyIn) -> Body[RefundDocumentOut]:
    """Refund unused payments and credits of a customer.

    The refund has one number and one line on the bank account. Without `parts` the oldest payments
    are returned first.
    """
    refund = refunds.refund_party(
        actor,
        body.party_id,
        body.money(),
        on=body.refunded_on,
        means=body.means(),
        parts=body.returned(),
        reference=body.reference,
    )
    return _response(SessionReader(db.session), refund.id)


@api.get(
    "/refunds/<refund_id>",
    answer=RefundDocumentOut,
    permission="billing.read",
    missing=payment_errors.RefundNotFound,
)
def get_refund(reader: Reader, refund_id: UUID) -> Body[RefundDocumentOut]:
    """Return a refund with the amounts by payment."""
    return _response(reader, refund_id)


def _response(reader: Reader, refund_id: UUID) -> Body[RefundDocumentOut]:
    return RefundDocumentOut.of(refund_queries.read_refund(reader, refund_id))
