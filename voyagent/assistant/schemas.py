"""Request and response shapes of conversations."""

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
INNER_BLOCKS = frozenset({"question", "card_dropped"})


class SessionCreateRequest(Closed):
    """An empty request."""


class SessionCreateResponse(Answer):
    """The new conversation."""

    session_id: UUID


class SessionRenameRequest(Closed):
    """The new name; it is trimmed and not blank."""

    title: Annotated[str, Text(200, min_length=1)]


class SendMessageRequest(Open):
    """A message, or decisions: each entry of `approvals` is a call to resolve."""

    message: Annotated[str, Text(MESSAGE_MAX)] = ""
    approvals: (
        Annotated[dict[Annotated[str, Field(max_length=128)], bool], Field(max_length=100)] | None
    ) = None


class SayIn(Closed):
    """A message of the page, with the API's maximum length."""

    message: Annotated[str, Trimmed(MESSAGE_MAX)]


class EditMessageRequest(SayIn):
    """The message that replaces another."""


class SessionListQuery(Query):
    """The newest conversations, or those after a cursor."""

    limit: Annotated[int, Field(ge=1, le=SESSIONS_MAX)] = SESSIONS_MAX
    cursor: Annotated[str | None, Filter(200)] = None


class TranscriptQuery(Query):
    """Messages: current ones, or replaced ones as well."""

    limit: Annotated[int, Field(ge=1, le=MESSAGES_MAX)] = 100
    cursor: Annotated[str | None, Filter(200)] = None
    branch: Literal["current", "all"] = "current"


class ConversationQuery(Query):
    """The first message of the page by number, and whether replaced ones are shown."""

    first: Annotated[int, Field(ge=1, le=INT32_MAX)] | None = Field(default=None, alias="from")
    branch: Literal["current", "all"] = "current"


class EventsQuery(Query):
    """The last event of the page, and the mark of its turns and proposals."""

    after: Annotated[int, Field(ge=0)] = 0
    asked: Annotated[str | None, Filter(100)] = None


class IndexQuery(Query):
    """The text in the composer, and the listed conversations: a page or a search."""

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
    """A pending proposal."""

    approval_id: str
    tool_name: str
    summary: str


class SessionSummaryResponse(Answer):
    """A conversation; `actor_id` is its creator."""

    session_id: UUID
    tenant_id: UUID
    actor_id: UUID
    message_count: int
    pending_approvals: list[PendingApproval]
    title: str | None


class StopResponse(Answer):
    """True if a running turn ends after its present step."""

    stopping: bool


class TurnStartedResponse(Answer):
    """The turn that replaces another; its events follow `last_event_id`."""

    session_id: UUID
    turn_id: str
    replaces: str
    last_event_id: int


class MessageAuthor(Answer):
    """The author of a message."""

    user_id: UUID
    name: str


class TurnOfMessage(Answer):
    """The turn of a message; `superseded_at` is when another replaced it."""

    turn_id: str
    kind: Annotated[str, Field(pattern="^(message|continuation)$")]
    status: Annotated[str, Field(pattern="^(queued|running|waiting|done|failed|stopped)$")]
    replaces: str | None
    superseded_at: Instant | None


class TranscriptMessage(Answer):
    """A message as blocks, each with its `type`.

    Types are `text`, `card`, `tool`, `approval`, `decision`, `kept`, `error`, `stopped` and
    `enquiry`; a person's answer to a card adds `card_confirmed` or `card_chosen`.
    """

    id: UUID
    sequence: int
    role: Annotated[str, Field(pattern="^(user|assistant|tool|system)$")]
    blocks: list[dict[str, Any]]
    author: MessageAuthor | None
    turn: TurnOfMessage | None
    created_at: Instant


class TranscriptResponse(Answer):
    """A page of messages, oldest first.

    A stream after `last_event_id` has the rest; duplicates have the same turn.
    """

    messages: list[TranscriptMessage]
    next_cursor: str | None
    last_event_id: int


class AgentEvent(Answer):
    """An event of the stream; every member is present, null without a value.

    `restarts` is present only as true, on a `text_delta` without text: the text since the last
    event of another kind is void and begins again. `card` is present on the text that asks a person
    to check the fields of an action; nothing is saved before the person confirms them.
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
    card: dict[str, Any] | None = None


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
    """Return a page of conversations as the API writes it."""
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
    """Return a page of messages as the API writes it."""
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
    """Return a conversation as the API writes it."""
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
