"""JSON API of bills: list, draft, change, delete, receive, schedule and void."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.bills import (
    errors as bill_errors,
    queries as bill_queries,
    service as bill_service,
)
from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.bills.schemas import (
    BillDraftIn,
    BillFromExpectedIn,
    BillListOut,
    BillOut,
    BillPatch,
    BillQuery,
    BillReceiveIn,
    ExpectedBillListOut,
    ExpectedBillQuery,
    MatchesIn,
    RematchIn,
    ScheduleIn,
    bill_row,
)
from voyagent.billing.core import errors
from voyagent.billing.core.api import DRAFT_ERRORS, POSTING_ERRORS, VOID_ERRORS
from voyagent.billing.core.schemas.documents import VoidIn
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.ledger.service.errors import AccountCodeTaken
from voyagent.trips.queries import expected_bills

TAX_ERRORS = (errors.TaxNumberMissing, errors.TaxInAnotherCurrency, errors.TaxComponentUnknown)
MATCH_ERRORS = (
    errors.ExpectedBillNotOpen,
    errors.ExpectedBillsDiffer,
    errors.MatchExceedsLine,
)

api = ApiBlueprint("bills", __name__, tag="Bills", guard=Guard.BEARER)


@api.get("/bills", answer=BillListOut, permission="billing.read", errors=(InvalidCursor,))
def list_bills(reader: Reader, query: BillQuery) -> Body[BillListOut]:
    """List bills, newest issue date first.

    A bill must match all filters; an empty filter is ignored. Follow `next_cursor` for the next
    page. No total is returned.
    """
    return BillListOut.of(
        bill_queries.list_bills(reader, query.search(), limit=query.limit, cursor=query.place())
    )


@api.post(
    "/bills",
    answer=BillOut,
    status=201,
    permission="bill.draft",
    errors=(bill_errors.VendorReferenceTaken, *TAX_ERRORS, *DRAFT_ERRORS),
)
def draft_bill(actor: Actor, body: BillDraftIn) -> Body[BillOut]:
    """Enter a supplier's bill as a draft.

    A draft is not posted to the ledger. The taxes are entered as the supplier has printed them on
    the bill. Two bills of an agency cannot have the same supplier's reference, unless one of them
    is void.
    """
    return _bill(bill_service.draft_bill(actor, **body.fields()).id)


@api.get("/bills/<bill_id>", answer=BillOut, permission="billing.read", missing=BillNotFound)
def get_bill(reader: Reader, bill_id: UUID) -> Body[BillOut]:
    """Return a bill with its lines and payments."""
    return BillOut.of(bill_row(bill_queries.read_bill(reader, bill_id)))


@api.patch(
    "/bills/<bill_id>",
    answer=BillOut,
    permission="bill.draft",
    missing=BillNotFound,
    errors=(errors.BillNotDraft, bill_errors.VendorReferenceTaken, *TAX_ERRORS, *DRAFT_ERRORS),
)
def revise_bill(actor: Actor, bill_id: UUID, body: BillPatch) -> Body[BillOut]:
    """Change a draft bill.

    Omitted members stay unchanged. `line_items` replaces all lines.
    """
    currency = bill_queries.get_bill(bill_id, lock=True).currency
    return _bill(bill_service.revise_bill(actor, bill_id, body.changes(currency)).id)


@api.delete(
    "/bills/<bill_id>",
    status=204,
    permission="bill.draft",
    missing=BillNotFound,
    errors=(errors.BillNotDraft,),
)
def discard_bill(actor: Actor, bill_id: UUID) -> None:
    """Delete a draft bill.

    A received bill cannot be deleted, only voided.
    """
    bill_service.discard_bill(actor, bill_id)


@api.post(
    "/bills/<bill_id>/receive",
    answer=BillOut,
    permission="bill.receive",
    direct=True,
    missing=BillNotFound,
    errors=(
        *(errors.BillNotDraft, errors.InputTaxAboveRate, errors.BillVariance),
        AccountCodeTaken,
        *MATCH_ERRORS,
        *TAX_ERRORS,
        *POSTING_ERRORS,
    ),
)
def receive_bill(actor: Actor, bill_id: UUID, body: BillReceiveIn | None) -> Body[BillOut]:
    """Receive a draft bill.

    If a line claims more tax than the highest rate of the day gives, `input_tax_reason` is
    required. If a matched line differs from what was expected by more than the tolerance of the
    settings, `variance_reason` is required.

    Cost of a service after the issue date is prepaid. `recognitions` has the further entries by
    which it becomes cost: on the first or the last day of the service, or divided by day, as the
    agency's recognition policy says.

    The bill is posted to the ledger on its issue date and is payable from then on. The caller needs
    the authority to receive bills without approval, up to the amount limit of their role.
    """
    reasons = body.model_dump() if body else {}
    return _bill(bill_service.receive_draft(actor, bill_id, **reasons).id)


@api.post(
    "/bills/<bill_id>/void",
    answer=BillOut,
    permission="bill.void",
    direct=True,
    missing=BillNotFound,
    errors=VOID_ERRORS,
)
def void_bill(actor: Actor, bill_id: UUID, body: VoidIn) -> Body[BillOut]:
    """Void a received bill that has no payments or credits.

    The journal entry that was posted when the bill was received is reversed.
    """
    return _bill(bill_service.void_bill(actor, bill_id, reason=body.reason, on=body.voided_on).id)


@api.post(
    "/bills/<bill_id>/schedule",
    answer=BillOut,
    permission="bill.schedule",
    missing=BillNotFound,
    errors=(errors.DocumentNotOpen, errors.InvalidDate),
)
def schedule_bill(actor: Actor, bill_id: UUID, body: ScheduleIn) -> Body[BillOut]:
    """Set or change the payment date of an open bill.

    Nothing is paid or posted.
    """
    return _bill(bill_service.schedule_bill(actor, bill_id, pay_on=body.pay_on).id)


@api.post(
    "/bills/<bill_id>/unschedule",
    answer=BillOut,
    permission="bill.schedule",
    missing=BillNotFound,
    errors=(bill_errors.BillNotScheduled,),
)
def unschedule_bill(actor: Actor, bill_id: UUID) -> Body[BillOut]:
    """Remove the payment date of a bill."""
    return _bill(bill_service.unschedule_bill(actor, bill_id).id)


@api.post(
    "/bills/from-expected",
    answer=BillOut,
    status=201,
    permission="bill.draft",
    errors=(
        errors.ExpectedBillNotFound,
        errors.ExpectedBillNotOpen,
        errors.ExpectedBillsDiffer,
        bill_errors.VendorReferenceTaken,
        *DRAFT_ERRORS,
    ),
)
def draft_bill_from_expected(actor: Actor, body: BillFromExpectedIn) -> Body[BillOut]:
    """Draft a bill from expected bills of one supplier and currency.

    Each line has the amount that is still expected, and is matched to its expected bill.
    """
    bill = bill_service.bill_from_expected(
        actor,
        body.expected_bill_ids,
        vendor_reference=body.vendor_reference,
        issue_date=body.issue_date,
    )
    return _bill(bill.id)


@api.post(
    "/bills/<bill_id>/matches",
    answer=BillOut,
    permission="bill.draft",
    missing=BillNotFound,
    errors=(errors.BillNotDraft, *MATCH_ERRORS, errors.ExpectedBillNotFound, InvalidAmount),
)
def match_bill(actor: Actor, bill_id: UUID, body: MatchesIn) -> Body[BillOut]:
    """Replace the matches of a draft bill.

    The matched expected bills count as billed when the bill is received. They are open again when
    the bill is voided.
    """
    currency = bill_queries.get_bill(bill_id, lock=True).currency
    return _bill(bill_service.match_bill(actor, bill_id, body.in_currency(currency)).id)


@api.post(
    "/bills/<bill_id>/rematch",
    answer=BillOut,
    permission="bill.receive",
    direct=True,
    missing=BillNotFound,
    errors=(
        *(errors.BillNotReceived, errors.BillVariance, errors.DateTooEarly, errors.DateInFuture),
        *(*MATCH_ERRORS, errors.ExpectedBillNotFound, InvalidAmount),
        *POSTING_ERRORS,
    ),
)
def rematch_bill(actor: Actor, bill_id: UUID, body: RematchIn) -> Body[BillOut]:
    """Replace the matches of a received bill.

    An expected bill to which it is not matched any more is open again, with its accrued cost. The
    accrued cost of a newly matched one is released. If a new match differs from what was expected
    by more than the tolerance of the settings, `variance_reason` is required.
    """
    currency = bill_queries.get_bill(bill_id, lock=True).currency
    return _bill(
        bill_service.rematch_bill(
            actor,
            bill_id,
            body.in_currency(currency),
            variance_reason=body.variance_reason,
            on=body.matched_on,
        ).id
    )


@api.get(
    "/bills/expected",
    answer=ExpectedBillListOut,
    permission="billing.read",
    errors=(InvalidCursor,),
)
def list_expected_bills(reader: Reader, query: ExpectedBillQuery) -> Body[ExpectedBillListOut]:
    """List the bills that suppliers of booked services are expected to send.

    The first due one comes first. Without `state` only open ones are listed.
    """
    return ExpectedBillListOut.of(
        expected_bills.list_expected_bills(
            reader, query.search(), limit=query.limit, cursor=query.place()
        )
    )


def _bill(bill_id: UUID) -> Body[BillOut]:
    return BillOut.of(bill_row(bill_queries.read_bill(SessionReader(db.session), bill_id)))
