"""The JSON door of approvals: list, read, resolve."""

from __future__ import annotations

from voyagent.approvals import queries, service
from voyagent.approvals.queries import ApprovalNotFound, InvalidCursor
from voyagent.approvals.schemas import ApprovalFilter, ApprovalItem, ApprovalList, InvalidSessionId, ResolveIn, wire, wire_model, wire_page
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.reading import Reader, Row

api = ApiBlueprint("approvals", __name__, tag="Approvals", guard=Guard.BEARER)


@api.get("/approvals", answer=ApprovalList, permission="approval.read", errors=(InvalidSessionId, InvalidCursor))
def list_approvals(reader: Reader, query: ApprovalFilter) -> Row:
    """List proposals in a state, newest first; one whose time is over counts as expired."""
    page = queries.list_approvals(reader, status=query.status, session_id=query.session(), limit=query.limit, offset=query.offset, cursor=query.cursor)
    return wire_page(page)


@api.get("/approvals/<approval_id>", answer=ApprovalItem, permission="approval.read", missing=ApprovalNotFound)
def get_approval(reader: Reader, approval_id: str) -> Row:
    """Read a proposal."""
    return wire(queries.get_row(reader, approval_id))


@api.post(
    "/approvals/<approval_id>/resolve",
    answer=ApprovalItem,
    permission="approval.resolve",
    missing=ApprovalNotFound,
    errors=(service.ApprovalAlreadyResolved, service.SelfApproval),
)
def resolve_approval(actor: Actor, approval_id: str, body: ResolveIn) -> Row:
    """Grant or reject; one decision wins, and what was granted is done once."""
    return wire_model(service.resolve(actor, approval_id, granted=body.granted, reason=body.reason))
