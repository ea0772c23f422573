"""JSON API of conversations and their messages."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request

from voyagent.approvals import queries as approvals
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.service.errors import (
    ApprovalAlreadyResolved,
    DecisionsBusy,
    DecisionTimedOut,
    PreviewMissing,
    PreviewStale,
    RequesterGone,
    SelfApproval,
)
from voyagent.assistant.api.event_stream import StreamsFull, TooManyStreams
from voyagent.assistant.api.stream import MIMETYPE, answer, following, reply_to
from voyagent.assistant.queries import turn_context
from voyagent.assistant.schemas import (
    EVENT_STREAM,
    EditMessageRequest,
    SendMessageRequest,
    SessionCreateRequest,
    SessionCreateResponse,
    SessionListQuery,
    SessionListResponse,
    SessionRenameRequest,
    SessionSummaryResponse,
    StopResponse,
    TranscriptQuery,
    TranscriptResponse,
    TurnStartedResponse,
)
from voyagent.assistant.service import messages
from voyagent.assistant.service.messages import InvalidLastEventId, Reply
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import SessionNotFound, TurnNotFound
from voyagent.chat.service import conversations as chat, turns
from voyagent.chat.service.conversations import TitleEmpty, TitleTooLong
from voyagent.chat.service.turns import TurnInProgress, TurnNotReplaceable, TurnSuperseded
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader, first_row
from voyagent.kernel.db import db
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.settings.queries import AmountAboveLimit

api = ApiBlueprint("chat", __name__, tag="Chat", guard=Guard.BEARER)
LAST_EVENT_ID = (
    "Last-Event-ID",
    "Id of the last event that was received; all later events are sent.",
)
REPLACING = (TurnNotFound, TurnInProgress, TurnSuperseded, TurnNotReplaceable)


@api.post("/chat/sessions", answer=SessionCreateResponse, status=201, permission="chat.write")
def create_session(actor: Actor, body: SessionCreateRequest | None) -> Body[SessionCreateResponse]:  # noqa: ARG001 - declared, so that unknown members are refused
    """Create a conversation."""
    return SessionCreateResponse.of({"session_id": chat.create_session(actor).id})


@api.get(
    "/chat/sessions",
    answer=SessionListResponse,
    permission="chat.read",
    errors=(InvalidCursor,),
    from_primary=True,
)
def list_sessions(reader: Reader, query: SessionListQuery) -> Body[SessionListResponse]:
    """List the agency's conversations, newest first."""
    rows, cursor = chats.list_sessions(reader, query.limit, query.cursor)
    return SessionListResponse.of({"sessions": rows, "next_cursor": cursor})


@api.get(
    "/chat/sessions/<session_id>",
    answer=SessionSummaryResponse,
    permission="chat.read",
    missing=SessionNotFound,
    from_primary=True,
)
def get_session(reader: Reader, session_id: UUID) -> Body[SessionSummaryResponse]:
    """Return a conversation with its name, number of messages and pending proposals."""
    return _summary(reader, session_id)


@api.patch(
    "/chat/sessions/<session_id>",
    answer=SessionSummaryResponse,
    permission="chat.write",
    missing=SessionNotFound,
    errors=(TitleEmpty, TitleTooLong),
)
def rename_session(
    actor: Actor, session_id: UUID, body: SessionRenameRequest
) -> Body[SessionSummaryResponse]:
    """Rename a conversation."""
    chat.rename(actor, session_id, body.title)
    db.session.flush()
    return _summary(SessionReader(db.session), session_id)


@api.delete(
    "/chat/sessions/<session_id>", status=204, permission="chat.write", missing=SessionNotFound
)
def delete_session(actor: Actor, session_id: UUID) -> None:
    """Delete a conversation with its messages and proposals.

    Approved acts are still carried out. Enquiries lose the link to the conversation.
    """
    chat.delete(actor, session_id)


def follow_again(place: Row, actor: Actor, session_id: UUID) -> Response:
    """Return the event stream of a repeated request.

    `place` is the stored Reply of the first request, as JSON.
    """
    reply = Reply(place["after_seq"], place["turn_id"], tuple(place["awaits"]))
    return reply_to(
        actor,
        session_id,
        messages.resume(
            actor, session_id, reply, last_event_id=request.headers.get("Last-Event-ID")
        ),
    )


@api.post(
    "/chat/sessions/<session_id>/messages",
    answer=EVENT_STREAM,
    media_type=MIMETYPE,
    permission="chat.write",
    missing=SessionNotFound,
    errors=(
        TurnInProgress,
        ApprovalNotFound,
        ApprovalAlreadyResolved,
        SelfApproval,
        AmountAboveLimit,
        RequesterGone,
        PreviewMissing,
        PreviewStale,
        DecisionsBusy,
        DecisionTimedOut,
        TooManyStreams,
        StreamsFull,
    ),
    headers=(LAST_EVENT_ID,),
    resume=follow_again,
)
def send_message(actor: Actor, session_id: UUID, body: SendMessageRequest) -> Response:
    """Send a message to the assistant, or decide its proposals, and stream the events.

    The response is a stream of server-sent events. The turn continues even if the connection is
    closed. With an empty message the stream follows the running turn. After a decision the stream
    follows the turn that continues after this decision. A request repeated with its
    `Idempotency-Key` receives the events of the first request's turn.
    """
    reply = messages.send(
        actor,
        session_id,
        message=body.message,
        decisions=body.approvals,
        last_event_id=request.headers.get("Last-Event-ID"),
    )
    return reply_to(actor, session_id, reply)


@api.get(
    "/chat/sessions/<session_id>/messages",
    answer=TranscriptResponse,
    permission="chat.read",
    missing=SessionNotFound,
    errors=(InvalidCursor,),
    from_primary=True,
)
def list_messages(
    reader: Reader, session_id: UUID, query: TranscriptQuery
) -> Body[TranscriptResponse]:
    """List messages, oldest first; with `branch=all` also those of replaced turns."""
    rows, cursor, last = chats.transcript(
        reader, session_id, limit=query.limit, cursor=query.cursor, superseded=query.branch == "all"
    )
    return TranscriptResponse.of(
        {
            "messages": turn_context.as_turns_stand(reader, session_id, rows),
            "next_cursor": cursor,
            "last_event_id": last,
        }
    )


@api.get(
    "/chat/sessions/<session_id>/events",
    answer=EVENT_STREAM,
    media_type=MIMETYPE,
    permission="chat.read",
    missing=SessionNotFound,
    errors=(InvalidLastEventId, TooManyStreams, StreamsFull),
    headers=(LAST_EVENT_ID,),
)
def follow_session(actor: Actor, session_id: UUID) -> Response:
    """Stream all events of a conversation after the event `Last-Event-ID`.

    Without `Last-Event-ID` the stream has only new events. The stream ends after fifteen minutes,
    or when the caller loses access. To continue, connect again with the id of the last event.
    """
    return answer(
        following(
            actor,
            session_id,
            messages.place_to_follow(session_id, request.headers.get("Last-Event-ID")),
        )
    )


@api.post(
    "/chat/sessions/<session_id>/stop",
    answer=StopResponse,
    permission="chat.write",
    missing=SessionNotFound,
)
def stop_turn(actor: Actor, session_id: UUID) -> Body[StopResponse]:
    """Request the running turn to end after its current step.

    `stopping` is false if no turn is running.
    """
    return StopResponse.of({"stopping": turns.request_stop(actor, session_id)})


@api.post(
    "/chat/sessions/<session_id>/turns/<turn_id>/regenerate",
    answer=TurnStartedResponse,
    status=202,
    permission="chat.write",
    missing=SessionNotFound,
    errors=REPLACING,
)
def regenerate(actor: Actor, session_id: UUID, turn_id: str) -> Body[TurnStartedResponse]:
    """Regenerate a response: a new turn replaces the turn and all later turns.

    Approved acts are not undone. Pending proposals of the replaced turns are withdrawn.
    """
    return _started(session_id, turn_id, messages.ask_again(actor, session_id, turn_id))


@api.post(
    "/chat/sessions/<session_id>/turns/<turn_id>/edit",
    answer=TurnStartedResponse,
    status=202,
    permission="chat.write",
    missing=SessionNotFound,
    errors=REPLACING,
)
def edit_message(
    actor: Actor, session_id: UUID, turn_id: str, body: EditMessageRequest
) -> Body[TurnStartedResponse]:
    """Replace a message and all later turns.

    The assistant responds to the new message. Approved acts are not undone. Pending proposals of
    the replaced turns are withdrawn.
    """
    return _started(
        session_id, turn_id, messages.ask_again(actor, session_id, turn_id, message=body.message)
    )


def _started(session_id: UUID, replaces: str, reply: Reply) -> Body[TurnStartedResponse]:
    return TurnStartedResponse.of(
        {
            "session_id": session_id,
            "turn_id": reply.turn_id,
            "replaces": replaces,
            "last_event_id": reply.after_seq,
        }
    )


def _summary(reader: Reader, session_id: UUID) -> Body[SessionSummaryResponse]:
    sessions, pending = reader.read(
        chats.session_statement(session_id), approvals.pending_statement(session_id)
    )
    session = first_row(sessions, SessionNotFound)
    return SessionSummaryResponse.of({**session, "pending_approvals": pending})
