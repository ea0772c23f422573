"""Request and response schemas of conversations."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from voyagent.approvals.service.deciding import BATCH_MAX
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    INT32_MAX,
    Answer,
    Closed,
    Exact,
    Filter,
    Instant,
    Open,
    Query,
    Text,
    composed,
)
from voyagent.kernel.serializers import AnswerOf, Computed, Read

MESSAGE_MAX = 32_000
SESSIONS_MAX = 200
MESSAGES_MAX = 200
# Blocks that are stored for the planner only; the text of a question is in another block.
INNER_BLOCKS = frozenset({"question", "card_dropped"})


class SessionCreateRequest(Closed):
    """An empty request."""


class SessionCreateResponse(AnswerOf[Row]):
    """The new conversation."""

    session_id: UUID


class SessionRenameRequest(Closed):
    """The new name, without spaces at both ends; it must not be blank."""

    title: Annotated[str, Text(200, min_length=1)]


class SendMessageRequest(Open):
    """A message, or decisions on proposals.

    The keys of `approvals` are ids of proposals; true approves and false declines the proposal. If
    one of the decisions is refused, none is made. The request cannot name the version of the
    proposal that was read. The approval of a proposal that somebody else has edited is therefore
    refused with 409 `preview_stale`, and a new proposal replaces it.
    """

    message: Annotated[str, Exact(MESSAGE_MAX)] = ""
    approvals: (
        Annotated[dict[Annotated[str, Field(max_length=128)], bool], Field(max_length=BATCH_MAX)]
        | None
    ) = None


class SayIn(Closed):
    """HTML form input of a message, with the API's maximum length."""

    message: Annotated[
        str,
        StringConstraints(strip_whitespace=True),
        Exact(MESSAGE_MAX, min_length=1),
        AfterValidator(composed),
    ]


class EditMessageRequest(SayIn):
    """A message that replaces another, from the API or an HTML form."""


class SessionListQuery(Query):
    """Query string of the list of conversations.

    Without `cursor` the newest conversations are listed.
    """

    limit: Annotated[int, Field(ge=1, le=SESSIONS_MAX)] = SESSIONS_MAX
    cursor: Annotated[str | None, Filter(200)] = None


class TranscriptQuery(Query):
    """Query string of the list of messages.

    If `branch` is `all`, the messages of replaced turns are listed too.
    """

    limit: Annotated[int, Field(ge=1, le=MESSAGES_MAX)] = 100
    cursor: Annotated[str | None, Filter(200)] = None
    branch: Literal["current", "all"] = "current"


class ConversationQuery(Query):
    """Query string of a conversation's page.

    `from` is the number of the first message on the page. If `branch` is `all`, the messages of
    replaced turns are shown too.
    """

    first: Annotated[int, Field(ge=1, le=INT32_MAX)] | None = Field(default=None, alias="from")
    branch: Literal["current", "all"] = "current"


class EventsQuery(Query):
    """Query string of the event stream of a conversation's page.

    `after` is the number of the last event that the page shows. `asked` is the value of
    `turn_context.change_mark` that the page has.
    """

    after: Annotated[int, Field(ge=0)] = 0
    asked: Annotated[str | None, Filter(100)] = None


class IndexQuery(Query):
    """Query string of the assistant's pages, which have a list of conversations.

    `about` is the text to put into the message field. `q` has the words to search the
    conversations for. `cursor` selects a further page of the list.
    """

    about: Annotated[str, Exact(2_000)] = ""
    cursor: Annotated[str | None, Filter(200)] = None
    q: Annotated[str | None, Filter(200)] = None


class SessionListItem(AnswerOf[Row]):
    """A conversation in a list."""

    id: UUID
    title: str | None
    created_at: Instant
    message_count: int


class SessionListResponse(AnswerOf[Row]):
    """A page of conversations, newest first."""

    sessions: list[SessionListItem]
    next_cursor: str | None


class PendingApproval(AnswerOf[Row]):
    """A pending proposal."""

    approval_id: str
    tool_name: str
    summary: str


class SessionSummaryResponse(AnswerOf[Row]):
    """A conversation; `actor_id` is the user who created it."""

    session_id: Annotated[UUID, Read("id")]
    tenant_id: UUID
    actor_id: Annotated[UUID, Read("created_by_user_id")]
    message_count: int
    pending_approvals: list[PendingApproval]
    title: str | None


class StopResponse(AnswerOf[Row]):
    """`stopping` is true if a running turn will end after its current step."""

    stopping: bool


class TurnStartedResponse(AnswerOf[Row]):
    """The turn that replaces another; its events come after `last_event_id`."""

    session_id: UUID
    turn_id: str
    replaces: str
    last_event_id: int


def _author_name(message: Row) -> str:
    return message["author_name"] or ""


class MessageAuthor(AnswerOf[Row]):
    """The author of a message."""

    user_id: Annotated[UUID, Read("created_by_user_id")]
    name: Annotated[str, Computed(_author_name)]


class TurnOfMessage(AnswerOf[Row]):
    """The turn of a message.

    `replaces` is the id of the turn that this turn has replaced. `superseded_at` is the time when
    another turn replaced this turn.
    """

    turn_id: str
    kind: Annotated[str, Field(pattern="^(message|continuation)$"), Read("turn_kind")]
    status: Annotated[
        str, Field(pattern="^(queued|running|waiting|done|failed|stopped)$"), Read("turn_status")
    ]
    replaces: str | None
    superseded_at: Instant | None


def _shown_blocks(message: Row) -> list[Row]:
    return [block for block in message["blocks"] if block["type"] not in INNER_BLOCKS]


def _authored(message: Row) -> Row | None:
    return message if message["created_by_user_id"] else None


def _of_turn(message: Row) -> Row | None:
    return message if message["turn_id"] else None


class TranscriptMessage(AnswerOf[Row]):
    """A message as a list of blocks, each with a `type`.

    The types are `text`, `card`, `tool`, `approval`, `decision`, `kept`, `error`, `stopped` and
    `enquiry`. A user's answer to a card has `card_confirmed`, `card_chosen` or `card_discarded`.
    `kept` is an approved act of a replaced turn; it is not undone.
    """

    id: UUID
    sequence: int
    role: Annotated[str, Field(pattern="^(user|assistant|tool|system)$")]
    blocks: Annotated[list[dict[str, Any]], Computed(_shown_blocks)]
    author: Annotated[MessageAuthor | None, Computed(_authored)]
    turn: Annotated[TurnOfMessage | None, Computed(_of_turn)]
    created_at: Instant


class TranscriptResponse(AnswerOf[Row]):
    """A page of messages, oldest first.

    A stream that starts after `last_event_id` has every event that is not yet in the messages. A
    message in both the page and the stream has the same turn id.
    """

    messages: list[TranscriptMessage]
    next_cursor: str | None
    last_event_id: int


class AgentEvent(Answer):
    """An event of the stream.

    All fields except `restarts` and `card` are always present, and null if they have no value.
    `restarts` is present only if true, in a `text_delta` without text. The text since the last
    event of another kind must then be discarded; it is sent again. `card` is present in an event
    whose `text` asks a user to check the fields of an action. Nothing is saved before the user
    confirms these fields.
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


# The stream of events in the OpenAPI document.
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
