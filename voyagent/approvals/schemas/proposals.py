"""Request, filter and response schemas of proposals."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from voyagent.approvals.service.deciding import BATCH_MAX, ProposalDecision
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import (
    Closed,
    Exact,
    Filter,
    Instant,
    Lines,
    Offset,
    Open,
    Query,
    Trimmed,
)
from voyagent.kernel.ids import parse_id
from voyagent.kernel.serializers import AnswerOf, PageOf

REASON_MAX = 1024
ID_MAX = 128
LIMIT_DEFAULT, LIMIT_MAX = 50, 500


class ChosenQuery(Query):
    """Query of the page that decides several selected proposals together."""

    chosen: list[Annotated[str, Field(max_length=ID_MAX)]] = Field(
        default_factory=list, max_length=BATCH_MAX
    )


class SeenQuery(Query):
    """Query string of a proposal's page; `seen` is the version that the page shows."""

    seen: Annotated[str | None, Filter(64)] = None


class InvalidSessionId(Unprocessable):
    """The `session_id` is not a UUID."""

    code = "invalid_session_id"
    message = N_("This is not a valid conversation ID.")


class ApprovalFilter(Query):
    """Filters of the list of proposals."""

    status: Literal["pending", "granted", "rejected", "expired", "all"] = "pending"
    session_id: Annotated[str | None, Filter(4096)] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Offset = 0
    cursor: Annotated[str | None, Filter(200)] = None

    def session(self) -> UUID | None:
        """Return the id of the conversation to filter by, or None.

        Raises InvalidSessionId.
        """
        if self.session_id is None:
            return None
        found = parse_id(self.session_id)
        if found is None:
            raise InvalidSessionId
        return found


class HistoryQuery(Query):
    """Query string of the approvals page.

    Without `status` the page shows the inbox, and otherwise the history. `seen` is the version of
    the inbox that the browser shows. `open` is the id of the proposal that is shown next to the
    inbox.
    """

    status: Literal["pending", "granted", "rejected", "expired", "all"] | None = None
    offset: Offset = 0
    seen: Annotated[str | None, Filter(64)] = None
    open: Annotated[str | None, Filter(ID_MAX)] = None


class ResolveIn(Closed):
    """A decision, approve or decline; the audit log records its reason."""

    granted: bool
    reason: Annotated[str, Lines(REASON_MAX)] | None = None


class EditIn(Closed):
    """The complete new arguments of the act."""

    arguments: dict[str, Any]


class BatchDecision(Closed):
    """The decision on one of several proposals."""

    approval_id: Annotated[str, Trimmed(ID_MAX)]
    granted: bool
    reason: Annotated[str, Lines(REASON_MAX)] | None = None

    def for_service(self) -> ProposalDecision:
        """Return the decision as the service takes it."""
        return ProposalDecision(self.approval_id, self.granted, self.reason)


class BatchIn(Closed):
    """Several independent decisions, made in this order."""

    decisions: Annotated[list[BatchDecision], Field(min_length=1, max_length=BATCH_MAX)]


class DecisionForm(Open):
    """HTML form input of a decision.

    `confirmed` is true if the user has confirmed an irreversible act. `shown` is the version of the
    proposal that the page showed.
    """

    granted: bool
    reason: Annotated[str, Lines(REASON_MAX)] | None = None
    confirmed: bool = False
    shown: Annotated[str, Exact(64)] | None = None


class SeveralForm(Open):
    """HTML form input of several decisions.

    `chosen` has the selected proposals that the user may approve or decline, each as
    `ap-…:version`. `rejectable` has the other selected proposals, which the user may only decline.
    """

    granted: bool
    reason: Annotated[str, Lines(REASON_MAX)] | None = None
    chosen: list[Annotated[str, Field(max_length=ID_MAX + 65)]] = Field(max_length=BATCH_MAX)
    rejectable: list[Annotated[str, Field(max_length=ID_MAX + 65)]] = Field(max_length=BATCH_MAX)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.decisions():
            raise ValueError("no proposal is selected")
        return self

    def decisions(self) -> list[ProposalDecision]:
        """Return the decisions as the service takes them."""
        pairs = [
            one.partition(":")
            for one in (self.chosen if self.granted else [*self.chosen, *self.rejectable])
        ]
        return [
            ProposalDecision(approval_id, self.granted, self.reason, mark or None)
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
    effect_status: Literal["none", "waiting", "done", "failed"]
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
    """Result of one of several decisions.

    `status` is the HTTP status that a separate call would have. `approval` is the proposal after
    the decision. After an error, `approval` is null and `detail` is the code of the error.
    """

    approval_id: str
    status: Literal[200, 403, 404, 409]
    detail: str | None = None
    approval: ApprovalItem | None = None


class BatchAnswer(AnswerOf[Row]):
    """Results of several decisions, in the order of the request."""

    items: list[BatchItem]


class ApprovalList(PageOf[ApprovalItem]):
    """A page of proposals, newest first."""
