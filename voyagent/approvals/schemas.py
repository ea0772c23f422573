"""The shapes of proposals on the wire: what narrows the list, what a decision says, what goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from voyagent.approvals.models import Approval
from voyagent.approvals.service import BATCH_MAX, Answered, Wish
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Unprocessable, VoyagentError
from voyagent.kernel.fields import (
    Answer,
    Closed,
    Filter,
    Instant,
    Offset,
    Open,
    Query,
    Text,
    Trimmed,
    wire_instant,
)
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import Page

REASON_MAX = 1024
ID_MAX = 128
LIMIT_DEFAULT, LIMIT_MAX = 50, 500
_INSTANTS = ("requested_at", "expires_at", "resolved_at", "effect_finished_at", "edited_at")
_SHOWN = (
    "id",
    "session_id",
    "turn_id",
    "tool_call_id",
    "tool_name",
    "summary",
    "requested_at",
    "expires_at",
    "status",
    "payload",
    "arguments_hash",
    "requested_by_user_id",
    "resolved_at",
    "resolved_by_user_id",
    "effect_status",
    "effect_result",
    "effect_error",
    "effect_finished_at",
    "preview",
    "preview_hash",
    "original_payload",
    "edited_by_user_id",
    "edited_at",
    "superseded_by",
)


class ChosenQuery(Query):
    """Which requests of the inbox are to be decided together."""

    chosen: list[Annotated[str, Field(max_length=ID_MAX)]] = Field(
        default_factory=list, max_length=BATCH_MAX
    )


class SeenQuery(Query):
    """What the page shows already: the state of the request that is open."""

    seen: Annotated[str | None, Filter(64)] = None


class InvalidSessionId(Unprocessable):
    """A `session_id` that is no UUID."""

    code = "invalid_session_id"
    message = N_("This is not a valid conversation ID.")


class ApprovalFilter(Query):
    """Which proposals to list."""

    status: Literal["pending", "granted", "rejected", "expired", "all"] = "pending"
    session_id: Annotated[str | None, Filter(4096)] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Offset = 0
    cursor: Annotated[str | None, Filter(200)] = None

    def session(self) -> UUID | None:
        """The conversation asked for. Raises InvalidSessionId."""
        if self.session_id is None:
            return None
        found = parse_id(self.session_id)
        if found is None:
            raise InvalidSessionId
        return found


class HistoryQuery(Query):
    """Which decisions the page shows; without a state it is the inbox, of which `seen` is what the
    page shows already and `open` the request beside it.
    """

    status: Literal["pending", "granted", "rejected", "expired", "all"] | None = None
    offset: Offset = 0
    seen: Annotated[str | None, Filter(64)] = None
    open: Annotated[str | None, Filter(ID_MAX)] = None


class ResolveIn(Closed):
    """A decision; the reason is kept with it in the audit."""

    granted: bool
    reason: Annotated[str, Text(REASON_MAX)] | None = None


class EditIn(Closed):
    """The arguments that shall run instead, whole: the tool's schema reads them."""

    arguments: dict[str, Any]


class BatchDecision(Closed):
    """One decision of several."""

    approval_id: Annotated[str, Trimmed(ID_MAX)]
    granted: bool
    reason: Annotated[str, Text(REASON_MAX)] | None = None

    def wish(self) -> Wish:
        """The decision as the rules take it."""
        return Wish(self.approval_id, self.granted, self.reason)


class BatchIn(Closed):
    """Several decisions, each made by itself, in this order."""

    decisions: Annotated[list[BatchDecision], Field(min_length=1, max_length=BATCH_MAX)]


class DecisionForm(Open):
    """The same from the page's buttons; `confirmed` is the second step before what cannot be taken
    back, `shown` the mark of the state that the page showed.
    """

    granted: bool
    reason: Annotated[str, Text(REASON_MAX)] | None = None
    confirmed: bool = False
    shown: Annotated[str, Text(64)] | None = None


class SeveralForm(Open):
    """The page's decision of several: `chosen` are ids with the mark of the state that was shown,
    as `ap-…:mark`.

    `rejectable` are those beside them that this person may reject and not grant.
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
        """The decisions as the rules take them."""
        pairs = [
            one.partition(":")
            for one in (self.chosen if self.granted else [*self.chosen, *self.rejectable])
        ]
        return [
            Wish(approval_id, self.granted, self.reason, mark or None)
            for approval_id, _, mark in pairs
        ]


class ApprovalItem(Answer):
    """A proposal: what exactly was asked for, by whom, until when, who decided, and what came of
    it.
    """

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


class BatchItem(Answer):
    """What came of one decision of several: the status that a call of its own would have had, with
    the proposal or the code of the refusal.
    """

    approval_id: str
    status: Literal[200, 403, 404, 409]
    detail: str | None = None
    approval: ApprovalItem | None = None


class BatchAnswer(Answer):
    """An item for each decision, in their order."""

    items: list[BatchItem]


class ApprovalList(Answer):
    """A page of proposals, newest first."""

    items: list[ApprovalItem]
    total: int
    limit: int
    offset: int
    next_cursor: str | None


def wire(row: Mapping[str, Any]) -> Row:
    """A row as the API writes it."""
    out = {name: row[name] for name in _SHOWN}
    for name in _INSTANTS:
        out[name] = wire_instant(row[name]) if row[name] is not None else None
    out["session_id"] = str(row["session_id"])
    return out


def wire_model(approval: Approval) -> Row:
    """The same from a model that was just changed."""
    return wire({name: getattr(approval, name) for name in _SHOWN})


def wire_answered(answered: Answered, status_of: Callable[[VoyagentError], int]) -> Row:
    """What came of one decision of several, as the API writes it."""
    if answered.refusal is not None:
        return {
            "approval_id": answered.approval_id,
            "status": int(status_of(answered.refusal)),
            "detail": answered.refusal.code,
            "approval": None,
        }
    assert answered.approval is not None
    return {
        "approval_id": answered.approval_id,
        "status": 200,
        "detail": None,
        "approval": wire_model(answered.approval),
    }


def wire_page(page: Page[Row]) -> Row:
    """A page as the API writes it."""
    return {
        "items": [wire(row) for row in page.items],
        "total": page.total,
        "limit": page.limit,
        "offset": page.offset,
        "next_cursor": page.next_cursor,
    }
