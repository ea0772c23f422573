"""The JSON door of the books: which months are closed, closing one, opening the latest again."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.reading import Reader, Row
from voyagent.ledger import queries, service
from voyagent.ledger.queries import MonthNotFound
from voyagent.ledger.schemas import MonthList, MonthsQuery, MonthState, ReopenMonthRequest, wire_months

api = ApiBlueprint("ledger", __name__, tag="Books", guard=Guard.BEARER)


@api.get("/months", answer=MonthList, permission="ledger.read")
def list_months(reader: Reader, query: MonthsQuery) -> Row:
    """List the months that have entries or were closed, newest first."""
    return wire_months(queries.read_months(reader, queries.parse_month(query.before) if query.before else None, query.limit))


@api.post(
    "/months/<month>/close",
    answer=MonthState,
    permission="ledger.close",
    missing=MonthNotFound,
    errors=(service.MonthNotOver, service.MonthAlreadyClosed, service.EarlierMonthOpen),
)
def close_month(actor: Actor, month: str) -> Row:
    """Close a month such as `2026-03`, and with it all before it.

    From then on posting or reversing into it is refused with `period_locked`, at every door. It must be over where the agency is, and no earlier month with
    entries may be open.
    """
    service.close_month(actor, queries.parse_month(month))
    return _state(month)


@api.post(
    "/months/<closed_month>/reopen",
    answer=MonthState,
    permission="ledger.reopen",
    missing=MonthNotFound,
    errors=(service.MonthNotClosed, service.LaterMonthClosed),
)
def reopen_month(actor: Actor, closed_month: str, body: ReopenMonthRequest) -> Row:
    """Open the latest closed month again, for a reason that the audit keeps."""
    service.reopen_month(actor, queries.parse_month(closed_month), reason=body.reason)
    return _state(closed_month)


def _state(month: str) -> Row:
    through = queries.last_closed_month()
    is_closed = through is not None and queries.parse_month(month) <= through
    return {"month": month, "state": "closed" if is_closed else "open", "closed_through": service.wire_month(through) if through else None}
