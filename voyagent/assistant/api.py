"""The JSON door of conversations: begin, list, read, rename, delete, and talk."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request

from voyagent.approvals import queries as approvals, service as approvals_service
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.assistant import service
from voyagent.assistant.schemas import (
    EVENT_STREAM,
    SendMessageRequest,
    SessionCreateRequest,
    SessionCreateResponse,
    SessionListQuery,
    SessionListResponse,
    SessionRenameRequest,
    SessionSummaryResponse,
    wire_list,
    wire_summary,
)
from voyagent.assistant.service import Reply
from voyagent.assistant.stream import reply_to
from voyagent.chat import queries as chats, service as chat
from voyagent.chat.queries import SessionNotFound
from voyagent.chat.service import TitleEmpty, TitleTooLong, TurnInProgress
from voyagent.chat.stream import StreamsFull, TooManyStreams
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import Reader, Row, SessionReader

api = ApiBlueprint("chat", __name__, tag="Chat", guard=Guard.BEARER)
LAST_EVENT_ID = ("Last-Event-ID", "The number of the last event that was seen: what came after it is sent again, byte for byte.")


@api.post("/chat/sessions", answer=SessionCreateResponse, status=201, permission="chat.write")
def create_session(actor: Actor, body: SessionCreateRequest | None) -> Row:  # noqa: ARG001 - declared, so that unknown members are refused
    """Begin a conversation."""
    return {"session_id": chat.create_session(actor).id}


@api.get("/chat/sessions", answer=SessionListResponse, permission="chat.read", errors=(InvalidCursor,))
def list_sessions(reader: Reader, query: SessionListQuery) -> Row:
    """List the agency's conversations, newest first."""
    return wire_list(*chats.list_sessions(reader, query.limit, query.cursor))


@api.get("/chat/sessions/<session_id>", answer=SessionSummaryResponse, permission="chat.read", missing=SessionNotFound)
def get_session(reader: Reader, session_id: UUID) -> Row:
    """Read a conversation: its name, how much was said, and what waits for a decision."""
    return _summary(reader, session_id)


@api.patch("/chat/sessions/<session_id>", answer=SessionSummaryResponse, permission="chat.write", missing=SessionNotFound, errors=(TitleEmpty, TitleTooLong))
def rename_session(actor: Actor, session_id: UUID, body: SessionRenameRequest) -> Row:
    """Give a conversation another name."""
    chat.rename(actor, session_id, body.title)
    db.session.flush()
    return _summary(SessionReader(db.session), session_id)


@api.delete("/chat/sessions/<session_id>", status=204, permission="chat.write", missing=SessionNotFound)
def delete_session(actor: Actor, session_id: UUID) -> None:
    """Delete a conversation with its messages and approvals; what was granted is still carried out, and enquiries lose the link."""
    chat.delete(actor, session_id)


def follow_again(place: Row, actor: Actor, session_id: UUID) -> Response:
    """Join the turn that a message has begun, or tell again what it told: the stream of a repeat."""
    reply = Reply(place["after_seq"], place["turn_id"], tuple(place["awaits"]))
    return reply_to(actor, session_id, service.resume(actor, session_id, reply, last_event_id=request.headers.get("Last-Event-ID")))


@api.post(
    "/chat/sessions/<session_id>/messages",
    answer=EVENT_STREAM,
    media_type="text/event-stream; charset=utf-8",
    permission="chat.write",
    missing=SessionNotFound,
    errors=(
        TurnInProgress,
        ApprovalNotFound,
        approvals_service.ApprovalAlreadyResolved,
        approvals_service.SelfApproval,
        approvals_service.PreviewStale,
        TooManyStreams,
        StreamsFull,
    ),
    headers=(LAST_EVENT_ID,),
    resume=follow_again,
)
def send_message(actor: Actor, session_id: UUID, body: SendMessageRequest) -> Response:
    """Say something to the assistant, or decide what it asks for, and follow its answer as server-sent events.

    The turn runs on its own and does not end with the connection. A blank message follows what runs, or what went on after a decision. A repeat under the same
    `Idempotency-Key` joins the turn, or is told it again from its first event.
    """
    reply = service.send(actor, session_id, message=body.message, decisions=body.approvals, last_event_id=request.headers.get("Last-Event-ID"))
    return reply_to(actor, session_id, reply)


def _summary(reader: Reader, session_id: UUID) -> Row:
    sessions, pending = reader.read(chats.session_statement(session_id), approvals.pending_statement(session_id))
    if not sessions:
        raise SessionNotFound
    return wire_summary(sessions[0], pending)
