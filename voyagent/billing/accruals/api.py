"""JSON API of services without bill or invoice, and of accrued trip costs."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.accruals import queries, service
from voyagent.billing.accruals.errors import AccrualMatched
from voyagent.billing.accruals.schemas import (
    AccrualList,
    AccrualOut,
    AccrualsPreview,
    OpenServicesOut,
    ReleaseIn,
)
from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.serializers import Body
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.rules import parse_month
from voyagent.ledger.service.errors import (
    AccountCodeTaken,
    BaseNotEstablished,
    MonthStillRuns,
    PeriodLocked,
)
from voyagent.rates.errors import RateMissing

api = ApiBlueprint("accruals", __name__, tag="Books", guard=Guard.BEARER)


@api.get(
    "/months/<month>/open-services",
    answer=OpenServicesOut,
    permission="ledger.read",
    missing=MonthNotFound,
)
def list_open_services(reader: Reader, month: str) -> Body[OpenServicesOut]:
    """List given services that are not billed or not invoiced at a month's end.

    Read the list before you close the month. It does not stop the closing.
    """
    return OpenServicesOut.of(queries.read_open_services(reader, parse_month(month)))


@api.get(
    "/months/<month>/accruals/preview",
    answer=AccrualsPreview,
    permission="ledger.read",
    missing=MonthNotFound,
    errors=(BaseNotEstablished,),
)
def preview_accruals(reader: Reader, month: str) -> Body[AccrualsPreview]:
    """Read the cost of given services that can be accrued at a month's end."""
    return AccrualsPreview.of(service.preview_accruals(reader, parse_month(month)))


@api.get(
    "/months/<month>/accruals",
    answer=AccrualList,
    permission="ledger.read",
    missing=MonthNotFound,
)
def list_accruals(reader: Reader, month: str) -> Body[AccrualList]:
    """List the changes of accrued cost on the days of a month, at most 1,000."""
    return AccrualList.of(queries.read_accruals(reader, parse_month(month)))


@api.post(
    "/months/<month>/accruals",
    answer=AccrualList,
    permission="ledger.close",
    missing=MonthNotFound,
    errors=(MonthStillRuns, PeriodLocked, BaseNotEstablished, RateMissing, AccountCodeTaken),
)
def accrue(actor: Actor, month: str) -> Body[AccrualList]:
    """Accrue the cost of services that were given by a month's end and are not billed.

    One entry for each expected bill debits cost of services and credits accrued trip costs, on the
    last day of the service, or on the first open day if that day is in a closed month, and at the
    reference rate of this day. The bill takes over the accrued cost when it is received. A further
    run posts only what is not accrued yet. The answer lists all changes of the month.
    """
    service.accrue(actor, parse_month(month))
    return AccrualList.of(queries.read_accruals(SessionReader(db.session), parse_month(month)))


@api.post(
    "/bills/expected/<expected_bill_id>/release-accrual",
    answer=AccrualOut,
    permission="ledger.close",
    missing=errors.ExpectedBillNotFound,
    errors=(
        AccrualMatched,
        errors.ReasonRequired,
        errors.InvalidDate,
        *POSTING_ERRORS,
    ),
)
def release_accrual(actor: Actor, expected_bill_id: UUID, body: ReleaseIn) -> Body[AccrualOut]:
    """Take back the accrued cost of an expected bill, because no bill is expected.

    An entry credits cost of services with the accrued amount. The expected bill is closed.
    """
    row = service.release_accrual(actor, expected_bill_id, reason=body.reason, on=body.released_on)
    return AccrualOut.of(queries.read_accrual(SessionReader(db.session), row.id))
