"""The shapes of conversations on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    INT32_MAX,
    Answer,
    Closed,
    Filter,
    Instant,
    Open,
    Query,
    Text,
    Trimmed,
    wire_instant,
)

MESSAGE_MAX = 32_000
SESSIONS_MAX = 200
MESSAGES_MAX = 200
# What the planner keeps with a message for itself: the words of a question stand in its text.
INNER_BLOCKS = frozenset({"question"})


class SessionCreateRequest(Closed):
    """Nothing needs to be said to begin."""


class SessionCreateResponse(Answer):
    """The conversation that was begun."""

    session_id: UUID


class SessionRenameRequest(Closed):
    """The new name; outer spaces go, and something must be left."""

    title: Annotated[str, Text(200, min_length=1)]


class SendMessageRequest(Open):
    """What a person says, or decides: each entry of `approvals` is a call to resolve."""

    message: Annotated[str, Text(MESSAGE_MAX)] = ""
    approvals: (
        Annotated[dict[Annotated[str, Field(max_length=128)], bool], Field(max_length=100)] | None
    ) = None


class SayIn(Closed):
    """What a person says on the page: something, at most as much as over the API."""

    message: Annotated[str, Trimmed(MESSAGE_MAX)]


class EditMessageRequest(SayIn):
    """What a person meant to say, in the place of what she said."""


class SessionListQuery(Query):
    """The newest conversations, or those behind a marker."""

    limit: Annotated[int, Field(ge=1, le=SESSIONS_MAX)] = SESSIONS_MAX
    cursor: Annotated[str | None, Filter(200)] = None


class TranscriptQuery(Query):
    """What was said, as it stands now or with what other versions took the place of."""

    limit: Annotated[int, Field(ge=1, le=MESSAGES_MAX)] = 100
    cursor: Annotated[str | None, Filter(200)] = None
    branch: Literal["current", "all"] = "current"


class ConversationQuery(Query):
    """Where the talk on a page begins, by the number of its first message, and whether it shows
    earlier versions.
    """

    first: Annotated[int, Field(ge=1, le=INT32_MAX)] | None = Field(default=None, alias="from")
    branch: Literal["current", "all"] = "current"


class EventsQuery(Query):
    """The number of the last event that the page shows, and the mark of the turns and proposals
    that it shows.
    """

    after: Annotated[int, Field(ge=0)] = 0
    asked: Annotated[str | None, Filter(100)] = None


class IndexQuery(Query):
    """What stands ready in the composer, and which conversations are shown: a page of them, or
    those that speak of something.
    """

    about: Annotated[str | None, Filter(2_000)] = None
    cursor: Annotated[str | None, Filter(200)] = None
    q: Annotated[str | None, Filter(200)] = None


class SessionListItem(Answer):
    """A conversation in the list."""

    id: UUID
    title: str | None
    created_at: Instant
    message_count: int


class SessionListResponse(Answer):
    """Conversations, newest first."""

    sessions: list[SessionListItem]
    next_cursor: str | None


class PendingApproval(Answer):
    """What waits for a person's decision."""

    approval_id: str
    tool_name: str
    summary: str


class SessionSummaryResponse(Answer):
    """A conversation; `actor_id` is whoever began it."""

    session_id: UUID
    tenant_id: UUID
    actor_id: UUID
    message_count: int
    pending_approvals: list[PendingApproval]
    title: str | None


class StopResponse(Answer):
    """Whether a turn runs that ends after its present step."""

    stopping: bool


class TurnStartedResponse(Answer):
    """The turn that took the place of another; its events come behind `last_event_id`."""

    session_id: UUID
    turn_id: str
    replaces: str
    last_event_id: int


class MessageAuthor(Answer):
    """Who said it."""

    user_id: UUID
    name: str


class TurnOfMessage(Answer):
    """The run of the assistant that a message begins or comes from; `superseded_at` says since when
    another stands in its place.
    """

    turn_id: str
    kind: Annotated[str, Field(pattern="^(message|continuation)$")]
    status: Annotated[str, Field(pattern="^(queued|running|waiting|done|failed|stopped)$")]
    replaces: str | None
    superseded_at: Instant | None


class TranscriptMessage(Answer):
    """What was said, as blocks: `text`, `tool`, `approval`, `decision`, `kept`, `error`, `stopped`,
    `enquiry`; each has its `type`.
    """

    id: UUID
    sequence: int
    role: Annotated[str, Field(pattern="^(user|assistant|tool|system)$")]
    blocks: list[dict[str, Any]]
    author: MessageAuthor | None
    turn: TurnOfMessage | None
    created_at: Instant


class TranscriptResponse(Answer):
    """A page of what was said, oldest first.

    A stream from behind `last_event_id` tells the rest; what comes twice has the same turn.
    """

    messages: list[TranscriptMessage]
    next_cursor: str | None
    last_event_id: int


class AgentEvent(Answer):
    """One event of the stream; every name is always there, null where it says nothing.

    `restarts` alone is there only as true, on a `text_delta` whose text is empty: what was told
    since the last event of another kind was begun by a worker that died, and is to be forgotten;
    the words begin anew.
    """

    kind: Annotated[
        str,
        Field(
            pattern="^(text_delta|tool_use|tool_result|approval_request|approval_granted|approval_denied|error|final)$"
        ),
    ]
    session_id: str
    turn_id: str
    timestamp: str
    text: str | None
    tool_name: str | None
    tool_input: dict[str, Any] | None
    tool_output: dict[str, Any] | None
    tool_call_id: str | None
    approval_id: str | None
    approval_summary: str | None
    error_message: str | None
    restarts: Literal[True] | None = None


# The stream of events, as the API's document describes it.
EVENT_STREAM: dict[str, Any] = {
    "type": "string",
    "x-sse-events": {
        "agent_event": {
            "id": "integer, increasing per session",
            "data": AgentEvent.model_json_schema(mode="serialization"),
        },
        "heartbeat": {"data": ""},
    },
}


def wire_list(rows: list[Row], next_cursor: str | None) -> Row:
    """A page of conversations as the API writes it."""
    shown = [
        {
            "id": row["id"],
            "title": row["title"],
            "created_at": wire_instant(row["created_at"]),
            "message_count": row["message_count"],
        }
        for row in rows
    ]
    return {"sessions": shown, "next_cursor": next_cursor}


def wire_transcript(rows: list[Row], next_cursor: str | None, last_event_id: int) -> Row:
    """A page of what was said as the API writes it."""
    return {
        "messages": [_wire_message(row) for row in rows],
        "next_cursor": next_cursor,
        "last_event_id": last_event_id,
    }


def _wire_message(row: Row) -> Row:
    author, superseded_at = row["created_by_user_id"], row["superseded_at"]
    turn = {
        "turn_id": row["turn_id"],
        "kind": row["turn_kind"],
        "status": row["turn_status"],
        "replaces": row["replaces"],
        "superseded_at": superseded_at and wire_instant(superseded_at),
    }
    return {
        "id": row["id"],
        "sequence": row["sequence"],
        "role": row["role"],
        "blocks": [block for block in row["blocks"] if block["type"] not in INNER_BLOCKS],
        "author": {"user_id": author, "name": row["author_name"] or ""} if author else None,
        "turn": turn if row["turn_id"] else None,
        "created_at": wire_instant(row["created_at"]),
    }


def wire_summary(session: Row, pending: list[Row]) -> Row:
    """A conversation as the API writes it."""
    return {
        "session_id": session["id"],
        "tenant_id": session["tenant_id"],
        "actor_id": session["created_by_user_id"],
        "message_count": session["message_count"],
        "pending_approvals": [
            {name: row[name] for name in PendingApproval.model_fields} for row in pending
        ],
        "title": session["title"],
    }
