"""JSON API of received cheques."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.cheques import queries, service
from voyagent.billing.cheques.errors import ChequeNotDue, ChequeNotFound, ChequeNotHeld
from voyagent.billing.cheques.schemas import (
    ChequeIn,
    ChequeListOut,
    ChequeOut,
    ChequeQuery,
    DepositIn,
    ReturnIn,
    cheque_row,
)
from voyagent.billing.core import errors
from voyagent.billing.core.api import PARTY_ERRORS, POSTING_ERRORS
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.api.payments import MEANS_ERRORS
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, UnknownCurrency
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("cheques", __name__, tag="Payments", guard=Guard.BEARER)


@api.get(
    "/received-cheques",
    answer=ChequeListOut,
    permission="billing.read",
    errors=(InvalidCursor,),
)
def list_received_cheques(reader: Reader, query: ChequeQuery) -> Body[ChequeListOut]:
    """List received cheques by the date on the cheque, latest first.

    With the status `received` the earliest date is first. Follow `next_cursor` for the next page.
    No total is returned.
    """
    return ChequeListOut.of(
        queries.list_cheques(reader, query.search(), limit=query.limit, cursor=query.place())
    )


@api.post(
    "/received-cheques",
    answer=ChequeOut,
    status=201,
    permission="payment.record",
    errors=(
        *PARTY_ERRORS,
        *MEANS_ERRORS,
        InvoiceNotFound,
        payment_errors.AnotherParty,
        payment_errors.DocumentTwice,
        errors.DocumentNotOpen,
        errors.InvalidDate,
        MixedCurrencies,
        UnknownCurrency,
        InvalidAmount,
    ),
)
def receive_cheque(actor: Actor, body: ChequeIn) -> Body[ChequeOut]:
    """Record a cheque that a customer has given, such as a post-dated one.

    Nothing is posted until the cheque is deposited.
    """
    fields = body.model_dump(exclude={"amount", "currency", "received_on"})
    cheque = service.receive(actor, amount=body.money(), on=body.received_on, **fields)
    return _cheque(cheque.id)


@api.get(
    "/received-cheques/<cheque_id>",
    answer=ChequeOut,
    permission="billing.read",
    missing=ChequeNotFound,
)
def get_received_cheque(reader: Reader, cheque_id: UUID) -> Body[ChequeOut]:
    """Return a received cheque, with the ids of its invoices."""
    return ChequeOut.of(cheque_row(queries.read_cheque(reader, cheque_id)))


@api.post(
    "/received-cheques/<cheque_id>/deposit",
    answer=ChequeOut,
    permission="payment.record",
    direct=True,
    missing=ChequeNotFound,
    errors=(
        ChequeNotHeld,
        ChequeNotDue,
        errors.InvalidDate,
        *MEANS_ERRORS,
        *POSTING_ERRORS,
    ),
)
def deposit_cheque(actor: Actor, cheque_id: UUID, body: DepositIn) -> Body[ChequeOut]:
    """Record the deposit of a held cheque, on its date or later.

    It records a payment by cheque, which settles the open invoices of the cheque, earliest due date
    first. The rest of the amount is an advance.
    """
    service.deposit(actor, cheque_id, on=body.deposited_on, bank_account_id=body.bank_account_id)
    return _cheque(cheque_id)


@api.post(
    "/received-cheques/<cheque_id>/return",
    answer=ChequeOut,
    permission="payment.record",
    missing=ChequeNotFound,
    errors=(ChequeNotHeld, errors.ReasonRequired, errors.InvalidDate),
)
def return_cheque(actor: Actor, cheque_id: UUID, body: ReturnIn) -> Body[ChequeOut]:
    """Record that a held cheque was given back to the customer."""
    service.give_back(actor, cheque_id, reason=body.reason, on=body.returned_on)
    return _cheque(cheque_id)


def _cheque(cheque_id: UUID) -> Body[ChequeOut]:
    return ChequeOut.of(cheque_row(queries.read_cheque(SessionReader(db.session), cheque_id)))
