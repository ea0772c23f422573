"""JSON API of approvals: list, read, edit, resolve."""

from __future__ import annotations

from http import HTTPStatus

from flask import request

from voyagent.approvals import queries, service
from voyagent.approvals.queries import ApprovalNotFound, InvalidCursor
from voyagent.approvals.schemas.proposals import (
    ApprovalFilter,
    ApprovalItem,
    ApprovalList,
    BatchAnswer,
    BatchIn,
    EditIn,
    InvalidSessionId,
    ResolveIn,
)
from voyagent.http.api import ApiBlueprint, Headed
from voyagent.http.errors import status_of
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.serializers import Body

api = ApiBlueprint("approvals", __name__, tag="Approvals", guard=Guard.BEARER)
_SEEN = (
    (
        "If-Match",
        "The `ETag` that the caller has seen; 412 where the proposal has been edited since.",
    ),
)


@api.get(
    "/approvals",
    answer=ApprovalList,
    permission="approval.read",
    errors=(InvalidSessionId, InvalidCursor),
)
def list_approvals(reader: Reader, query: ApprovalFilter) -> Body[ApprovalList]:
    """List proposals by status, newest first; an overdue one counts as expired."""
    page = queries.list_approvals(
        reader,
        status=query.status,
        session_id=query.session(),
        limit=query.limit,
        offset=query.offset,
        cursor=query.cursor,
    )
    return ApprovalList.of(page)


@api.get(
    "/approvals/<approval_id>",
    answer=ApprovalItem,
    permission="approval.read",
    missing=ApprovalNotFound,
)
def get_approval(reader: Reader, approval_id: str) -> Headed[ApprovalItem]:
    """Read a proposal with its consequences.

    Its `ETag` is the version that `If-Match` of a decision or an edit may name.
    """
    row = queries.get_row(reader, approval_id)
    return Headed(ApprovalItem.of(row), {"ETag": f'"{queries.mark_of(row)}"'})


@api.post(
    "/approvals/<approval_id>/resolve",
    answer=ApprovalItem,
    permission="approval.resolve",
    missing=ApprovalNotFound,
    errors=(
        service.ApprovalAlreadyResolved,
        service.SelfApproval,
        service.AmountAboveLimit,
        service.PreviewStale,
        service.ShownChanged,
    ),
    headers=_SEEN,
)
def resolve_approval(actor: Actor, approval_id: str, body: ResolveIn) -> Body[ApprovalItem]:
    """Approve or decline; one decision wins, and an approved act happens once.

    An approval rehearses the consequences again. If they differ from the proposal, the answer is
    409 `preview_stale`: the proposal has expired, and the new one in `superseded_by` shows the
    present consequences.
    """
    resolved = service.resolve(
        actor, approval_id, granted=body.granted, reason=body.reason, seen=_seen()
    )
    return ApprovalItem.of(queries.row_of(resolved))


@api.post("/approvals/resolve", answer=BatchAnswer, permission="approval.resolve")
def resolve_approvals(actor: Actor, body: BatchIn) -> Body[BatchAnswer]:
    """Decide several proposals independently; each item has the status of its own call."""
    answered = service.resolve_each(actor, [decision.wish() for decision in body.decisions])
    return BatchAnswer.of({"items": [_item(one) for one in answered]})


@api.post(
    "/approvals/<approval_id>/edit",
    answer=ApprovalItem,
    permission="approval.resolve",
    missing=ApprovalNotFound,
    errors=(
        service.ApprovalAlreadyResolved,
        service.NotEditable,
        service.ArgumentsInvalid,
        service.ShownChanged,
        service.EditRefused,
    ),
    headers=_SEEN,
)
def edit_approval(actor: Actor, approval_id: str, body: EditIn) -> Headed[ApprovalItem]:
    """Edit the arguments of a pending proposal; the first ones stay as `original_payload`.

    The tool's schema validates the new arguments as a whole; a refusal by a rule answers 422 with
    its code and changes nothing. The answer shows the consequences, and its `ETag` may be named by
    the approval.
    """
    edited = service.edit(actor, approval_id, body.arguments, seen=_seen())
    return Headed(ApprovalItem.of(queries.row_of(edited)), {"ETag": f'"{queries.mark_of(edited)}"'})


def _item(answered: service.Answered) -> Row:
    """Return the result of one of several decisions, with the status of its own call."""
    found, refusal = answered.approval, answered.refusal
    return {
        "approval_id": answered.approval_id,
        "status": HTTPStatus.OK if refusal is None else status_of(refusal),
        "detail": None if refusal is None else refusal.code,
        "approval": None if found is None else queries.row_of(found),
    }


def _seen() -> str | None:
    """Return the version in `If-Match`; one that is not ours never matches."""
    given = request.headers.get("If-Match", "*").strip()
    return None if given == "*" else given.removeprefix("W/").strip('"')
