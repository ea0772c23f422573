"""Request, filter and response shapes of proposals."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from voyagent.approvals.service import BATCH_MAX, Wish
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import (
    Closed,
    Filter,
    Instant,
    Offset,
    Open,
    Query,
    Text,
    Trimmed,
)
from voyagent.kernel.ids import parse_id
from voyagent.kernel.serializers import AnswerOf, PageOf

REASON_MAX = 1024
ID_MAX = 128
LIMIT_DEFAULT, LIMIT_MAX = 50, 500


class ChosenQuery(Query):
    """Requests of the inbox to decide together."""

    chosen: list[Annotated[str, Field(max_length=ID_MAX)]] = Field(
        default_factory=list, max_length=BATCH_MAX
    )


class SeenQuery(Query):
    """The version of the open request that the page shows."""

    seen: Annotated[str | None, Filter(64)] = None


class InvalidSessionId(Unprocessable):
    """The `session_id` is not a UUID."""

    code = "invalid_session_id"
    message = N_("This is not a valid conversation ID.")


class ApprovalFilter(Query):
    """Filters of the list."""

    status: Literal["pending", "granted", "rejected", "expired", "all"] = "pending"
    session_id: Annotated[str | None, Filter(4096)] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Offset = 0
    cursor: Annotated[str | None, Filter(200)] = None

    def session(self) -> UUID | None:
        """Return the conversation asked for. Raises InvalidSessionId."""
        if self.session_id is None:
            return None
        found = parse_id(self.session_id)
        if found is None:
            raise InvalidSessionId
        return found


class HistoryQuery(Query):
    """Query of the page: a status for the history, else the inbox.

    `seen` is the version that the page shows, `open` the request beside it.
    """

    status: Literal["pending", "granted", "rejected", "expired", "all"] | None = None
    offset: Offset = 0
    seen: Annotated[str | None, Filter(64)] = None
    open: Annotated[str | None, Filter(ID_MAX)] = None


class ResolveIn(Closed):
    """A decision; its reason is kept in the audit."""

    granted: bool
    reason: Annotated[str, Text(REASON_MAX)] | None = None


class EditIn(Closed):
    """The arguments to run instead, complete: the tool's schema validates them."""

    arguments: dict[str, Any]


class BatchDecision(Closed):
    """One of several decisions."""

    approval_id: Annotated[str, Trimmed(ID_MAX)]
    granted: bool
    reason: Annotated[str, Text(REASON_MAX)] | None = None

    def wish(self) -> Wish:
        """Return the decision for the service."""
        return Wish(self.approval_id, self.granted, self.reason)


class BatchIn(Closed):
    """Several independent decisions, in this order."""

    decisions: Annotated[list[BatchDecision], Field(min_length=1, max_length=BATCH_MAX)]


class DecisionForm(Open):
    """A decision by the page's buttons.

    `confirmed` is the second step of an irreversible act, `shown` the version that the page showed.
    """

    granted: bool
    reason: Annotated[str, Text(REASON_MAX)] | None = None
    confirmed: bool = False
    shown: Annotated[str, Text(64)] | None = None


class SeveralForm(Open):
    """Several decisions by the page: `chosen` has ids with versions, as `ap-…:mark`.

    `rejectable` are further ones that this person may only decline.
    """

    granted: bool
    reason: Annotated[str, Text(REASON_MAX)] | None = None
    chosen: list[Annotated[str, Field(max_length=ID_MAX + 65)]] = Field(max_length=BATCH_MAX)
    rejectable: list[Annotated[str, Field(max_length=ID_MAX + 65)]] = Field(max_length=BATCH_MAX)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.wishes():
            raise ValueError("nothing is chosen")
        return self

    def wishes(self) -> list[Wish]:
        """Return the decisions for the service."""
        pairs = [
            one.partition(":")
            for one in (self.chosen if self.granted else [*self.chosen, *self.rejectable])
        ]
        return [
            Wish(approval_id, self.granted, self.reason, mark or None)
            for approval_id, _, mark in pairs
        ]


class ApprovalItem(AnswerOf[Row]):
    """A proposal: arguments, requester, expiry, decision and result."""

    id: str
    session_id: str
    tool_name: str
    summary: str
    requested_at: Instant
    expires_at: Instant
    status: Literal["pending", "granted", "rejected", "expired"]
    payload: dict[str, Any]
    resolved_at: Instant | None
    resolved_by_user_id: UUID | None
    requested_by_user_id: UUID | None
    turn_id: str | None
    tool_call_id: str
    arguments_hash: str
    effect_status: Literal["none", "waiting", "running", "done", "failed"]
    effect_result: dict[str, Any] | None
    effect_error: str | None
    effect_finished_at: Instant | None
    preview: dict[str, Any] | None
    preview_hash: str | None
    original_payload: dict[str, Any] | None
    edited_by_user_id: UUID | None
    edited_at: Instant | None
    superseded_by: str | None


class BatchItem(AnswerOf[Row]):
    """Result of one of several decisions: the status of its own call, and proposal or code."""

    approval_id: str
    status: Literal[200, 403, 404, 409]
    detail: str | None = None
    approval: ApprovalItem | None = None


class BatchAnswer(AnswerOf[Row]):
    """One item for each decision, in order."""

    items: list[BatchItem]


class ApprovalList(PageOf[ApprovalItem]):
    """A page of proposals, newest first."""
