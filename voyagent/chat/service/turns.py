"""Rules of turns: their start, steps, events, end and replacement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import func, select, text, update

from voyagent.audit.service import recording as audit
from voyagent.chat.models import ChatMessage, ChatSession, ChatTurn, ChatTurnStep
from voyagent.chat.queries import sessions
from voyagent.chat.queries.events import event_line
from voyagent.chat.queries.sessions import (
    ACTIVE,
    SessionNotFound,
    Turn,
    find_running_turn,
    lock,
    topic,
)
from voyagent.chat.service.cancellation import ask_to_stop
from voyagent.chat.service.conversations import append, append_message
from voyagent.kernel import clock, events
from voyagent.kernel.actor import Actor, system_actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict, NotFound
from voyagent.kernel.ids import new_turn_id
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.metrics import after_commit, meters

# Reserved turn id of events that belong to no stored turn.
REPLAY = "replay"
ENDED = frozenset({"done", "failed", "stopped", "waiting"})


class TurnInProgress(Conflict):
    """A turn of the conversation is still running."""

    code = "turn_in_progress"
    message = N_("The assistant is still answering. Wait for it to finish, or stop it first.")


class TurnTakenOver(Conflict):
    """Another worker has claimed the turn, or the turn has ended or was deleted.

    The caller must stop its work on the turn.
    """

    code = "turn_taken_over"


class TurnSuperseded(Conflict):
    """The turn was already replaced by another turn."""

    code = "turn_superseded"
    message = N_("This message has a newer version. Reload the conversation.")


class TurnNotReplaceable(Conflict):
    """The turn follows a decision on a proposal, so it cannot be replaced.

    A decision is made only once.
    """

    code = "turn_not_replaceable"
    message = N_(
        "The assistant continued here after a decision, so this can’t be answered again."
        " Send a new message instead."
    )


SupersededHook = Callable[[Actor, UUID, Sequence[str]], None]
_superseded: list[SupersededHook] = []
TurnHook = Callable[[Turn], None]
_opened: list[TurnHook] = []


def on_opened(hook: TurnHook) -> TurnHook:
    """Register a function that queues the job of each new turn.

    The function is called with the turn, in the transaction that creates it. It must not run the
    turn itself.
    """
    _opened.append(hook)
    return hook


def on_superseded(hook: SupersededHook) -> SupersededHook:
    """Register a function that is called in the transaction that replaces turns."""
    _superseded.append(hook)
    return hook


def start_turn(
    actor: Actor, session_id: UUID, *, message: str, block: JsonMapping | None = None
) -> Turn:
    """Store a user's message and start a turn; only one turn runs at a time.

    `block` is stored after the text, for example the card that the message confirms. Raises
    Forbidden, SessionNotFound, and TurnInProgress if a turn is running.
    """
    actor.require("chat.write")
    session = sessions.get_session(session_id, lock=True)
    if find_running_turn(session_id) is not None:
        raise TurnInProgress
    turn = _open_turn(actor, session, kind="message", message=message)
    audit.record(
        actor,
        "chat.message_sent",
        entity_refs={"session_id": session_id},
        inputs={"turn_id": turn.id},
    )
    blocks = [{"type": "text", "text": message}, *([block] if block else [])]
    append(actor, session, role="user", blocks=blocks, turn_id=turn.id)
    _hand_over(turn)
    return turn


def start_continuation(actor: Actor, session_id: UUID, *, approval_id: str) -> Turn | None:
    """Start the turn that continues after a decision, to run after any running turn.

    `actor` is the user for whom the turn works. A repeated call for a proposal returns the existing
    turn. The result is None if the conversation was deleted.
    """
    try:
        session = sessions.get_session(session_id, lock=True)
    except SessionNotFound:
        return None
    known = sessions.find_continuation(approval_id)
    if known is not None:
        return known
    turn = _open_turn(actor, session, kind="continuation", approval_id=approval_id)
    audit.record(
        actor,
        "chat.continued",
        entity_refs={"session_id": session_id},
        inputs={"turn_id": turn.id, "after": approval_id},
    )
    _hand_over(turn)
    return turn


def begin_turn(turn_id: str) -> Turn | None:
    """Claim a turn for a worker and return it; return None if the turn has ended."""
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


def record_step(turn: Turn, number: int, kind: str, outcome: JsonMapping) -> None:
    """Store a finished step and its outcome.

    The caller must use the transaction in which the step did its work.
    """
    db.session.add(ChatTurnStep(turn_id=turn.id, number=number, kind=kind, outcome=outcome))
    db.session.flush()


def append_event(turn: Turn, kind: str, **fields: JsonValue) -> int:
    """Store the next event of a conversation and return its number.

    `fields` are fields of AgentEvent; fields that are not given are null. `turn` is the result of
    `begin_turn`, or of `start_turn` before a worker has claimed the turn. Raises TurnTakenOver if
    another worker has claimed the turn, and ValueError for an unknown field.
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


def append_loose_event(turn: Turn, kind: str, **fields: JsonValue) -> int:
    """Store an event that belongs to no stored turn, and return its number.

    Such an event tells a client, for example, that the events it missed cannot be sent again.
    `turn` has an id for the event, but no row in the database. Raises SessionNotFound.
    """
    values = {
        "session_id": turn.session_id,
        "turn_id": turn.id,
        "kind": kind,
        "data": event_line(turn, kind, fields),
    }
    seq = db.session.scalar(_APPEND_LOOSE, values)
    if seq is None:
        raise SessionNotFound
    events.notify(topic(turn.session_id))
    return int(seq)


def finish_turn(turn: Turn, status: str, blocks: Sequence[JsonMapping]) -> None:
    """End a turn with the assistant's message, the event `final` and a status.

    Raises TurnTakenOver.
    """
    program = replace(system_actor(turn.tenant_id), permissions=frozenset({"chat.write"}))
    if blocks:
        with suppress(
            SessionNotFound
        ):  # the conversation was deleted meanwhile, and its rows will be too
            append_message(
                program, turn.session_id, role="assistant", blocks=blocks, turn_id=turn.id
            )
    append_event(turn, "final")
    mark_finished(turn, status)


def append_note(actor: Actor, turn: Turn, blocks: Sequence[JsonMapping]) -> None:
    """Add a message with the role `system` to a turn."""
    append_message(actor, turn.session_id, role="system", blocks=blocks, turn_id=turn.id)


def regenerate(actor: Actor, session_id: UUID, turn_id: str) -> Turn:
    """Start a new turn that replaces a turn and all later turns.

    The new turn has the message of the turn `turn_id`. Approved acts are not undone. Raises
    Forbidden, SessionNotFound, TurnNotFound, TurnInProgress, TurnSuperseded, TurnNotReplaceable.
    """
    return _replace_turn(actor, session_id, turn_id, None)


def edit_and_resend(actor: Actor, session_id: UUID, turn_id: str, message: str) -> Turn:
    """Start a new turn that replaces a turn and all later turns.

    `message` is the message of the new turn. Raises the errors of `regenerate`.
    """
    return _replace_turn(actor, session_id, turn_id, message)


def lock_turn(turn: Turn) -> bool:
    """Lock a turn until the transaction ends, and return True if it should stop.

    This must be the first statement of every transaction of a turn. The conversation is locked
    before the turn; every caller that locks both uses this order. Raises TurnTakenOver if another
    worker has claimed the turn or the turn has ended.
    """
    lock(turn.session_id)
    row = db.session.execute(
        select(ChatTurn.attempt, ChatTurn.stop_requested_at)
        .where(ChatTurn.id == turn.id, ChatTurn.status.in_(ACTIVE))
        .with_for_update(read=True, key_share=True)
    ).first()
    if row is None or row.attempt != turn.attempt:
        raise TurnTakenOver
    return row.stop_requested_at is not None


def request_stop(actor: Actor, session_id: UUID) -> bool:
    """Request the running turn to end after its current step.

    Returns False if no turn is running. Raises Forbidden, SessionNotFound.
    """
    actor.require("chat.write")
    # No lock: the worker holds the lock of the conversation while a tool runs.
    sessions.get_session(session_id)
    if ask_to_stop(session_id):
        audit.record(actor, "chat.stop_asked", entity_refs={"session_id": session_id})
        return True
    return find_running_turn(session_id) is not None


def stop_requested(turn_id: str) -> bool:
    """Return True if somebody has requested the turn to end."""
    return bool(
        db.session.scalar(
            select(ChatTurn.stop_requested_at.is_not(None)).where(ChatTurn.id == turn_id)
        )
    )


@dataclass(frozen=True, slots=True)
class Tail:
    """Events after an event number, in order.

    `is_open` is true if further events can follow.
    """

    events: list[Row]
    is_open: bool


def tail(session_id: UUID, after_seq: int, *, turn_id: str | None = None, limit: int) -> Tail:
    """Return the events after an event number, and whether more events can follow.

    With `turn_id`, more events can follow while this turn is active. Without `turn_id`, more events
    can follow while the conversation exists.
    """
    # This is read before the events, so that a `final` event written meanwhile is not missed.
    try:
        is_open = (
            sessions.get_turn(turn_id).is_active
            if turn_id is not None
            else sessions.exists(session_id)
        )
    except NotFound:
        is_open = False
    return Tail(sessions.events_after(session_id, after_seq, limit=limit), is_open)


def mark_finished(turn: Turn, status: str) -> bool:
    """Set the final status of a turn, and return True if this call ended the turn.

    The status is done, failed, stopped or waiting. Other values raise ValueError.
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


def _replace_turn(actor: Actor, session_id: UUID, turn_id: str, message: str | None) -> Turn:
    actor.require("chat.write")
    session = sessions.get_session(session_id, lock=True)
    old = sessions.get_turn_of(session_id, turn_id)
    if find_running_turn(session_id) is not None:
        raise TurnInProgress
    if old.superseded_at is not None:
        raise TurnSuperseded
    if old.kind != "message":
        raise TurnNotReplaceable
    gone = db.session.scalars(
        update(ChatTurn)
        .where(
            ChatTurn.session_id == session_id,
            ChatTurn.number >= old.number,
            ChatTurn.superseded_at.is_(None),
        )
        .values(superseded_at=func.now())
        .returning(ChatTurn.id)
        .execution_options(synchronize_session=False)
    ).all()
    for hook in _superseded:
        hook(actor, session_id, gone)
    words = old.message if message is None else message
    turn = _open_turn(actor, session, kind="message", message=words, replaces=old.id)
    audit.record(
        actor,
        "chat.regenerated" if message is None else "chat.message_edited",
        entity_refs={"session_id": session_id},
        inputs={"turn_id": turn.id, "replaces": old.id},
    )
    blocks = [{"type": "text", "text": words}] if message is not None else _message_blocks(old)
    append(actor, session, role="user", blocks=blocks, turn_id=turn.id)
    _hand_over(turn)
    return turn


def _message_blocks(turn: ChatTurn) -> list[JsonObject]:
    """Return the blocks of the message to which a turn responds."""
    blocks: list[JsonObject] | None = db.session.scalar(
        select(ChatMessage.blocks).where(
            ChatMessage.session_id == turn.session_id,
            ChatMessage.turn_id == turn.id,
            ChatMessage.role == "user",
        )
    )
    return blocks or [{"type": "text", "text": turn.message}]


def _open_turn(
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
    events.notify(topic(session.id))  # open pages show the new turn before its first text
    return sessions.turn_of(turn)


def _hand_over(turn: Turn) -> None:
    for hook in _opened:
        hook(turn)


# The lock on the conversation's row puts events in order: its holder takes the next number, and
# other transactions see the number only together with the event.
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

_APPEND_LOOSE = text("""
    with counted as (
      update chat_sessions set event_seq = event_seq + 1
       where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid)
         and id = :session_id
      returning tenant_id, event_seq
    )
    insert into chat_events (tenant_id, session_id, seq, turn_id, kind, data)
    select tenant_id, :session_id, event_seq, :turn_id, :kind, :data from counted returning seq
    """)
