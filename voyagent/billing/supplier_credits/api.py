"""JSON API of supplier credits: list, read, enter and reverse."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.core.schemas.credits import credit_row
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.supplier_credits import (
    errors as supplier_credit_errors,
    queries as supplier_credit_queries,
    service as supplier_credit_service,
)
from voyagent.billing.supplier_credits.errors import (
    SupplierCreditNotFound,
    SupplierCreditOfCancellation,
)
from voyagent.billing.supplier_credits.schemas import (
    SupplierCreditIn,
    SupplierCreditListOut,
    SupplierCreditOut,
    SupplierCreditQuery,
)
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("supplier_credits", __name__, tag="Supplier credits", guard=Guard.BEARER)


@api.get(
    "/supplier-credits",
    answer=SupplierCreditListOut,
    permission="billing.read",
    errors=(InvalidCursor,),
)
def list_supplier_credits(
    reader: Reader, query: SupplierCreditQuery
) -> Body[SupplierCreditListOut]:
    """List supplier credits, newest issue date first.

    A credit must match all filters. Follow `next_cursor` for the next page.
    """
    return SupplierCreditListOut.of(
        supplier_credit_queries.list_supplier_credits(
            reader, query.search(), limit=query.limit, cursor=query.place()
        )
    )


@api.post(
    "/supplier-credits",
    answer=SupplierCreditOut,
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
        errors.SupplierCreditExceedsOpen,
        supplier_credit_errors.LineCreditedByCancellation,
        supplier_credit_errors.SupplierCreditTaken,
        InvalidAmount,
        *POSTING_ERRORS,
    ),
)
def credit_bill(actor: Actor, body: SupplierCreditIn) -> Body[SupplierCreditOut]:
    """Enter a supplier's credit note on all or some lines of a received bill.

    The total is at most the open amount of the bill. The credit is posted immediately and cannot be
    changed, only reversed. A credit on a line that a cancellation has credited needs
    `further_credit_reason`.
    """
    amounts = body.amounts(bill_queries.get_bill(body.bill_id).currency)
    credit = supplier_credit_service.credit_bill(
        actor,
        body.bill_id,
        vendor_reference=body.vendor_reference,
        reason=body.reason,
        on=body.issue_date,
        amounts=amounts,
        further_credit_reason=body.further_credit_reason,
    )
    return _response(SessionReader(db.session), credit.id)


@api.post(
    "/supplier-credits/<supplier_credit_id>/reverse",
    answer=SupplierCreditOut,
    permission="bill.credit",
    direct=True,
    missing=SupplierCreditNotFound,
    errors=(
        errors.SupplierCreditReversed,
        SupplierCreditOfCancellation,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def reverse_supplier_credit(
    actor: Actor, supplier_credit_id: UUID, body: ReverseIn
) -> Body[SupplierCreditOut]:
    """Reverse a supplier credit that was entered by mistake.

    The whole credit and its journal entry are reversed, and the credited amount is open on the bill
    again.
    """
    supplier_credit_service.reverse_supplier_credit(
        actor, supplier_credit_id, reason=body.reason, on=body.reversed_on
    )
    return _response(SessionReader(db.session), supplier_credit_id)


@api.get(
    "/supplier-credits/<supplier_credit_id>",
    answer=SupplierCreditOut,
    permission="billing.read",
    missing=SupplierCreditNotFound,
)
def get_supplier_credit(reader: Reader, supplier_credit_id: UUID) -> Body[SupplierCreditOut]:
    """Return a supplier credit with its lines."""
    return _response(reader, supplier_credit_id)


def _response(reader: Reader, supplier_credit_id: UUID) -> Body[SupplierCreditOut]:
    return SupplierCreditOut.of(
        credit_row(supplier_credit_queries.read_supplier_credit(reader, supplier_credit_id))
    )
