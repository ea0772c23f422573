"""JSON API of proposals: list, read, edit and decide them."""

from __future__ import annotations

from http import HTTPStatus

from flask import request

from voyagent.approvals import queries
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
from voyagent.approvals.service import deciding, proposing
from voyagent.approvals.service.deciding import Answered
from voyagent.approvals.service.errors import (
    ApprovalAlreadyResolved,
    ArgumentsInvalid,
    DecisionsBusy,
    DecisionTimedOut,
    EditRefused,
    NotEditable,
    PreviewMissing,
    PreviewStale,
    RequesterGone,
    SelfApproval,
    ShownChanged,
)
from voyagent.http.api import ApiBlueprint, Headed
from voyagent.http.errors import status_of
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.serializers import Body
from voyagent.settings.queries import AmountAboveLimit

api = ApiBlueprint("approvals", __name__, tag="Approvals", guard=Guard.BEARER)
_SEEN = (
    (
        "If-Match",
        "`ETag` of the version that the caller read; 412 if the proposal has been edited since. The"
        " approval of a proposal that somebody else has edited needs it, and so does an edit of an"
        " edited proposal: without it, or with `*`, the response is 409 `preview_stale`.",
    ),
)


@api.get(
    "/approvals",
    answer=ApprovalList,
    permission="approval.read",
    errors=(InvalidSessionId, InvalidCursor),
)
def list_approvals(reader: Reader, query: ApprovalFilter) -> Body[ApprovalList]:
    """List proposals by status, newest first.

    A pending proposal whose time limit has passed has the status `expired`.
    """
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
    """Return a proposal with a preview of its consequences.

    The `ETag` header is the version to send as `If-Match` with a decision or an edit.
    """
    row = queries.get_row(reader, approval_id)
    return Headed(ApprovalItem.of(row), {"ETag": f'"{queries.mark_of(row)}"'})


@api.post(
    "/approvals/<approval_id>/resolve",
    answer=ApprovalItem,
    permission="approval.resolve",
    missing=ApprovalNotFound,
    errors=(
        ApprovalAlreadyResolved,
        SelfApproval,
        AmountAboveLimit,
        RequesterGone,
        PreviewMissing,
        PreviewStale,
        ShownChanged,
        DecisionTimedOut,
    ),
    headers=_SEEN,
)
def resolve_approval(actor: Actor, approval_id: str, body: ResolveIn) -> Body[ApprovalItem]:
    """Approve or decline a proposal.

    Only the first decision counts. If the consequences no longer match the preview, the response is
    409 `preview_stale`. The proposal is then expired, and its `superseded_by` is the id of a new
    proposal. The response is the same if a proposal is approved without `If-Match` after somebody
    else has edited it. The new proposal needs no `If-Match` until it is edited.

    If the consequences cannot be calculated, the proposal can only be declined: the response to an
    approval is 409 `requester_unknown` while the requester has no access, else 409
    `preview_missing`.
    """
    resolved = deciding.resolve(
        actor, approval_id, granted=body.granted, reason=body.reason, seen=_seen()
    )
    return ApprovalItem.of(queries.row_of(resolved))


@api.post(
    "/approvals/resolve",
    answer=BatchAnswer,
    permission="approval.resolve",
    errors=(DecisionsBusy, DecisionTimedOut),
)
def resolve_approvals(actor: Actor, body: BatchIn) -> Body[BatchAnswer]:
    """Decide several proposals independently.

    Each item of the response has the HTTP status that a separate call without `If-Match` would
    have. The acts of the approved proposals run in the order of the request. If the decisions take
    longer than 10 s, or wait longer than 15 s for other decisions, the response is 503 and nothing
    is decided.
    """
    answered = deciding.resolve_each(actor, [decision.for_service() for decision in body.decisions])
    return BatchAnswer.of({"items": [_item(one) for one in answered]})


@api.post(
    "/approvals/<approval_id>/edit",
    answer=ApprovalItem,
    permission="approval.resolve",
    missing=ApprovalNotFound,
    errors=(
        ApprovalAlreadyResolved,
        NotEditable,
        ArgumentsInvalid,
        ShownChanged,
        PreviewStale,
        RequesterGone,
        EditRefused,
        DecisionTimedOut,
    ),
    headers=_SEEN,
)
def edit_approval(actor: Actor, approval_id: str, body: EditIn) -> Headed[ApprovalItem]:
    """Replace the arguments of a pending proposal.

    `original_payload` has the arguments from before the first edit. The new arguments must be
    complete. If a rule refuses the new arguments, the response is 422 with the code of the rule.
    Without `If-Match` only a proposal is changed that nobody has edited since it was made;
    otherwise the response is 409 `preview_stale`, and `superseded_by` is the id of a new proposal.
    The `ETag` header is the new version to send as `If-Match` with a decision.
    """
    edited = proposing.edit(actor, approval_id, body.arguments, seen=_seen())
    return Headed(ApprovalItem.of(queries.row_of(edited)), {"ETag": f'"{queries.mark_of(edited)}"'})


def _item(answered: Answered) -> Row:
    """Return the result of a decision, with the HTTP status that it would have alone."""
    found, refusal = answered.approval, answered.refusal
    return {
        "approval_id": answered.approval_id,
        "status": HTTPStatus.OK if refusal is None else status_of(refusal),
        "detail": None if refusal is None else refusal.code,
        "approval": None if found is None else queries.row_of(found),
    }


def _seen() -> str | None:
    """Return the version in `If-Match`, or None if the header is absent or `*`."""
    given = request.headers.get("If-Match", "*").strip()
    return None if given == "*" else given.removeprefix("W/").strip('"')
