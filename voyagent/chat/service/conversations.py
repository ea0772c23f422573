"""Rules of conversations: create, add messages, run turns, emit events, delete, restore."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete as sql_delete, func, select, text, update

from voyagent.audit.service import recording as audit
from voyagent.chat.models import ChatMessage, ChatSession, ChatTurn, ChatTurnStep
from voyagent.chat.queries import sessions
from voyagent.chat.queries.sessions import ACTIVE, SessionNotFound, Turn, find_running_turn, topic
from voyagent.chat.service.cancellation import ask_to_stop, request_stop, stop_requested
from voyagent.kernel import clock, events, jobs
from voyagent.kernel.actor import Actor, system_actor
from voyagent.kernel.db import db, load_one
from voyagent.kernel.errors import N_, Conflict, Unprocessable
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.ids import new_turn_id
from voyagent.kernel.metrics import after_commit, meters

TITLE_MAX = 200
TITLE_FROM_MESSAGE = 60
UNDO = timedelta(minutes=10)
WIPE_TASK = "chat.wipe"
EVENT_FIELDS = (
    "text",
    "tool_name",
    "tool_input",
    "tool_output",
    "tool_call_id",
    "approval_id",
    "approval_summary",
    "error_message",
)
# Named only where it says something: words begun by a worker that died are to be forgotten, back to
# the last event that is no text.
RESTARTS = "restarts"
# Named only on the text that belongs to a card of fields to be confirmed.
CARD = "card"
ENDED = frozenset({"done", "failed", "stopped", "waiting"})


class TurnInProgress(Conflict):
    """A turn of the conversation is still running."""

    code = "turn_in_progress"
    message = N_("The assistant is still answering. Wait for it to finish, or stop it first.")


class TurnTakenOver(Conflict):
    """Another worker has the turn, or the conversation is gone; the caller must stop."""

    code = "turn_taken_over"


class TitleEmpty(Unprocessable):
    """The title is blank."""

    code = "title_empty"
    message = N_("Enter a name for the conversation.")


class TitleTooLong(Unprocessable):
    """The title has more than 200 characters."""

    code = "title_too_long"
    message = N_("A name has at most 200 characters.")


SessionHook = Callable[[UUID], None]
TurnHook = Callable[[Turn], None]
_opened: list[TurnHook] = []
_deleted: list[SessionHook] = []
_restored: list[SessionHook] = []
_may_wipe: list[Callable[[UUID], bool]] = []


def on_opened(hook: TurnHook) -> TurnHook:
    """Register the work of a higher package that runs a turn, in the transaction that opens it."""
    _opened.append(hook)
    return hook


def on_deleted(hook: SessionHook) -> SessionHook:
    """Register work of a higher package in the transaction that deletes a conversation."""
    _deleted.append(hook)
    return hook


def on_restored(hook: SessionHook) -> SessionHook:
    """Register work of a higher package in the transaction that restores a conversation."""
    _restored.append(hook)
    return hook


def before_wipe(hook: Callable[[UUID], bool]) -> Callable[[UUID], bool]:
    """Register a check before a deleted conversation is wiped; False postpones it."""
    _may_wipe.append(hook)
    return hook


def create_session(actor: Actor, *, title: str | None = None) -> ChatSession:
    """Create a conversation of the agency. Raises Forbidden, TitleEmpty, TitleTooLong."""
    actor.require("chat.open")
    session = ChatSession(
        created_by_user_id=actor.user_id, title=None if title is None else _title(title)
    )
    db.session.add(session)
    db.session.flush()
    audit.record(actor, "chat.created", entity_refs={"session_id": session.id})
    return session


def append_message(
    actor: Actor,
    session_id: UUID,
    *,
    role: str,
    blocks: list[dict[str, Any]],
    turn_id: str | None = None,
) -> ChatMessage:
    """Add a message; the first words of a person name an unnamed conversation.

    The opening message, such as an enquiry's facts, is not addressed to the assistant, so anybody
    who may create a conversation may add it. Raises Forbidden, SessionNotFound.
    """
    actor.require("chat.open" if role == "system" else "chat.write")
    return append(
        actor,
        sessions.get_session(session_id, lock=True),
        role=role,
        blocks=blocks,
        turn_id=turn_id,
    )


def rename(actor: Actor, session_id: UUID, title: str) -> ChatSession:
    """Rename a conversation. Raises Forbidden, TitleEmpty, TitleTooLong, SessionNotFound."""
    actor.require("chat.write")
    wanted = _title(title)
    session = sessions.get_session(session_id, lock=True)
    if session.title != wanted:
        session.title = wanted
        audit.record(actor, "chat.renamed", entity_refs={"session_id": session_id})
    return session


def delete(actor: Actor, session_id: UUID) -> None:
    """Delete a conversation; its rows are wiped after ten minutes, in which it can be restored.

    A running turn is asked to stop. Decisions stay in the audit. Raises Forbidden, SessionNotFound.
    """
    actor.require("chat.write")
    session = sessions.get_session(session_id, lock=True)
    session.deleted_at = db.session.scalar(select(func.now()))
    db.session.flush()
    ask_to_stop(session_id)
    for hook in _deleted:
        hook(session_id)
    _defer_wipe(session)
    audit.record(
        actor,
        "chat.deleted",
        entity_refs={"session_id": session_id},
        inputs={"title": session.title, "message_count": session.message_count},
    )


def restore(actor: Actor, session_id: UUID) -> ChatSession:
    """Restore a deleted conversation within ten minutes.

    Raises Forbidden, and SessionNotFound if it is too late or was not deleted.
    """
    actor.require("chat.write")
    session = load_one(
        select(ChatSession).where(
            ChatSession.id == session_id, ChatSession.deleted_at > func.now() - UNDO
        ),
        SessionNotFound,
        lock=True,
    )
    session.deleted_at = None
    db.session.flush()
    for hook in _restored:
        hook(session_id)
    audit.record(actor, "chat.restored", entity_refs={"session_id": session_id})
    return session


def wipe(session_id: UUID, deleted_at: str) -> bool:
    """Wipe a deleted conversation; true if its rows are gone.

    Nothing happens if it was restored, or restored and deleted again: that deletion has its own
    job. It is postponed while a part of it must still be finished.
    """
    session = db.session.scalar(
        select(ChatSession)
        .where(ChatSession.id == session_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if (
        session is None
        or session.deleted_at is None
        or wire_instant(session.deleted_at) != deleted_at
    ):
        return False
    if find_running_turn(session_id) is not None or not all(hook(session_id) for hook in _may_wipe):
        _defer_wipe(session)
        return False
    db.session.execute(
        sql_delete(ChatSession)
        .where(ChatSession.id == session_id)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        system_actor(session.tenant_id), "chat.wiped", entity_refs={"session_id": session_id}
    )
    return True


def start_turn(
    actor: Actor, session_id: UUID, *, message: str, block: dict[str, Any] | None = None
) -> Turn:
    """Store a person's message and start a turn; one turn runs at a time.

    `block` is stored behind the text, such as the card that the message confirms. Raises Forbidden,
    SessionNotFound, TurnInProgress (the caller may follow the turn of `find_running_turn` if the
    words are equal).
    """
    actor.require("chat.write")
    session = sessions.get_session(session_id, lock=True)
    if find_running_turn(session_id) is not None:
        raise TurnInProgress
    turn = open_turn(actor, session, kind="message", message=message)
    audit.record(
        actor,
        "chat.message_sent",
        entity_refs={"session_id": session_id},
        inputs={"turn_id": turn.id},
    )
    blocks = [{"type": "text", "text": message}, *([block] if block else [])]
    append(actor, session, role="user", blocks=blocks, turn_id=turn.id)
    hand_over(turn)
    return turn


def start_continuation(actor: Actor, session_id: UUID, *, approval_id: str) -> Turn | None:
    """Start the turn that continues after a decision, after any running turn.

    `actor` is the person for whom it works. At most once for each proposal: a repeat returns the
    same turn. None if the conversation was deleted.
    """
    try:
        session = sessions.get_session(session_id, lock=True)
    except SessionNotFound:
        return None
    known = sessions.find_continuation(approval_id)
    if known is not None:
        return known
    turn = open_turn(actor, session, kind="continuation", approval_id=approval_id)
    audit.record(
        actor,
        "chat.continued",
        entity_refs={"session_id": session_id},
        inputs={"turn_id": turn.id, "after": approval_id},
    )
    hand_over(turn)
    return turn


def begin_turn(turn_id: str) -> Turn | None:
    """Claim a turn for a worker, new or from a dead one; None if it has ended.

    The attempt is counted.
    """
    turn = db.session.scalar(
        select(ChatTurn)
        .where(ChatTurn.id == turn_id, ChatTurn.status.in_(ACTIVE))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if turn is None:
        return None
    turn.status = "running"
    turn.attempt += 1
    turn.started_at = turn.started_at or clock.now()
    db.session.flush()
    if turn.attempt == 1:
        after_commit(db.session, meters().turns_started.inc)
    return sessions.turn_of(turn)


def record_step(turn: Turn, number: int, kind: str, outcome: dict[str, Any]) -> None:
    """Store a finished step in the transaction that did it."""
    db.session.add(ChatTurnStep(turn_id=turn.id, number=number, kind=kind, outcome=outcome))
    db.session.flush()


def emit(turn: Turn, kind: str, **fields: Any) -> int:
    """Store the next event of a conversation, notify its streams, and return its number.

    `fields` are those of the API's AgentEvent; the others are null. `turn` comes from `begin_turn`
    (or `start_turn` before a worker has begun). Raises TurnTakenOver for a worker that was thought
    dead, ValueError for an unknown field.
    """
    line = event_line(turn, kind, fields)
    seq = db.session.scalar(
        _EMIT,
        {
            "session_id": turn.session_id,
            "turn_id": turn.id,
            "attempt": turn.attempt,
            "kind": kind,
            "data": line,
        },
    )
    if seq is None:
        raise TurnTakenOver
    events.notify(topic(turn.session_id))
    return int(seq)


def event_line(
    turn: Turn, kind: str, fields: Mapping[str, Any], timestamp: str | None = None
) -> str:
    """Return an event as it is sent and stored, with every field of AgentEvent.

    The timestamp is now unless another is given. Raises ValueError for an unknown field.
    """
    strange = set(fields) - {*EVENT_FIELDS, RESTARTS, CARD}
    if strange:
        raise ValueError(f"an event has no {', '.join(sorted(strange))}")
    event: dict[str, Any] = {
        "kind": kind,
        "session_id": str(turn.session_id),
        "turn_id": turn.id,
        "timestamp": timestamp or wire_instant(clock.now()),
    }
    event |= {name: _in_order(fields.get(name)) for name in EVENT_FIELDS} | (
        {RESTARTS: True} if fields.get(RESTARTS) else {}
    )
    if fields.get(CARD):
        event[CARD] = _in_order(fields[CARD])
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _in_order(value: Any) -> Any:
    """Sort an object's members by name, so that an event read back has equal bytes."""
    return (
        json.loads(json.dumps(value, sort_keys=True, allow_nan=False))
        if isinstance(value, dict)
        else value
    )


def finish_turn(turn: Turn, status: str) -> bool:
    """End a turn as done, failed, stopped or waiting; true if this call ended it.

    The caller emits its `final`.
    """
    if status not in ENDED:
        raise ValueError(status)
    took_s = db.session.scalar(
        update(ChatTurn)
        .where(
            ChatTurn.id == turn.id, ChatTurn.attempt == turn.attempt, ChatTurn.status.in_(ACTIVE)
        )
        .values(status=status, finished_at=func.now())
        .returning(
            func.extract(
                "epoch", func.now() - func.coalesce(ChatTurn.started_at, ChatTurn.created_at)
            )
        )
        .execution_options(synchronize_session=False)
    )
    if took_s is None:
        return False
    after_commit(
        db.session, lambda: meters().turn_seconds.labels(status).observe(max(0.0, float(took_s)))
    )
    return True


# The session's row is the queue: whoever holds it has the next number, and a number is seen only
# with its event.
_EMIT = text("""
    with counted as (
      update chat_sessions s set event_seq = event_seq + 1
        from chat_turns t
       where s.tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid)
         and s.id = :session_id
         and t.tenant_id = s.tenant_id and t.id = :turn_id and t.attempt = :attempt
      returning s.tenant_id, s.event_seq
    ), begun as (
      update chat_turns t set first_event_seq = c.event_seq from counted c
       where t.tenant_id = c.tenant_id and t.id = :turn_id and t.first_event_seq is null
    )
    insert into chat_events (tenant_id, session_id, seq, turn_id, kind, data)
    select tenant_id, :session_id, event_seq, :turn_id, :kind, :data from counted returning seq
    """)


def append(
    actor: Actor,
    session: ChatSession,
    *,
    role: str,
    blocks: list[dict[str, Any]],
    turn_id: str | None,
) -> ChatMessage:
    """Add a message to a conversation that the caller has locked."""
    session.message_count += 1
    session.last_message_at = clock.now()
    if role == "user" and session.title is None:
        session.title = sessions.words_of(blocks)[:TITLE_FROM_MESSAGE] or None
    message = ChatMessage(
        session_id=session.id,
        sequence=session.message_count,
        role=role,
        blocks=blocks,
        turn_id=turn_id,
        created_by_user_id=actor.user_id if role == "user" else None,
    )
    db.session.add(message)
    db.session.flush()
    return message


def _title(title: str) -> str:
    wanted = title.strip()
    if not wanted:
        raise TitleEmpty
    if len(wanted) > TITLE_MAX:
        raise TitleTooLong
    return wanted


def open_turn(
    actor: Actor,
    session: ChatSession,
    *,
    kind: str,
    message: str = "",
    approval_id: str | None = None,
    replaces: str | None = None,
) -> Turn:
    """Create the next turn of a conversation that the caller has locked."""
    session.turn_count += 1
    turn = ChatTurn(
        id=new_turn_id(),
        session_id=session.id,
        number=session.turn_count,
        user_id=actor.user_id,
        kind=kind,
        message=message,
        approval_id=approval_id,
        replaces=replaces,
    )
    db.session.add(turn)
    db.session.flush()
    db.session.refresh(turn)
    events.notify(
        topic(session.id)
    )  # whoever has the conversation open sees it begin, before its first word
    return sessions.turn_of(turn)


def hand_over(turn: Turn) -> None:
    """Give an opened turn, with its message, to the package that runs it."""
    for hook in _opened:
        hook(turn)


def _defer_wipe(session: ChatSession) -> None:
    assert session.deleted_at is not None
    jobs.defer(
        WIPE_TASK,
        after_s=UNDO.total_seconds(),
        tenant_id=str(session.tenant_id),
        session_id=str(session.id),
        deleted_at=wire_instant(session.deleted_at),
    )


__all__ = [
    "ChatMessage",
    "ChatSession",
    "SessionNotFound",
    "TitleEmpty",
    "TitleTooLong",
    "Turn",
    "TurnInProgress",
    "TurnTakenOver",
    "append_message",
    "before_wipe",
    "begin_turn",
    "create_session",
    "delete",
    "emit",
    "event_line",
    "find_running_turn",
    "finish_turn",
    "on_deleted",
    "on_opened",
    "on_restored",
    "record_step",
    "rename",
    "request_stop",
    "restore",
    "start_continuation",
    "start_turn",
    "stop_requested",
    "topic",
    "wipe",
]
