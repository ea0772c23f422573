"""Turns as the program handles them: lock, conclude, resume."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text

from voyagent.chat.models import ChatTurn
from voyagent.chat.queries.sessions import ACTIVE, SessionNotFound, Turn, lock, turn_of
from voyagent.chat.service.conversations import (
    TURN_TASK,
    TurnTakenOver,
    append_message,
    defer_turn,
    emit,
    event_line,
    finish_turn,
    topic,
)
from voyagent.kernel import events
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import db

# The reserved names on the wire for an event that is of no turn.
REPLAY = "replay"
MINUTE = timedelta(minutes=1)


def hold_turn(turn: Turn) -> bool:
    """Lock a turn for its worker until the transaction ends; true if it should stop.

    The first statement of every transaction of a turn: conversation before turn is the order of all
    callers that lock both, and another worker waits and then sees all that was written. Raises
    TurnTakenOver for a worker that was thought dead.
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


def conclude_turn(turn: Turn, status: str, blocks: list[dict[str, Any]]) -> None:
    """End a turn: add the assistant's message, emit `final`, set the status.

    Nothing is added to a conversation that was deleted meanwhile. Raises TurnTakenOver.
    """
    program = replace(system_actor(turn.tenant_id), permissions=frozenset({"chat.write"}))
    if blocks:
        with suppress(SessionNotFound):  # deleted under the turn; its rows go with the conversation
            append_message(
                program, turn.session_id, role="assistant", blocks=blocks, turn_id=turn.id
            )
    emit(turn, "final")
    finish_turn(turn, status)


def resume() -> int:
    """Resume the bound agency's turns that are a minute old and have no job; return their number.

    Otherwise a turn whose job failed for good would stay running, and its conversation would be
    blocked.
    """
    lost = db.session.scalars(
        select(ChatTurn).where(
            ChatTurn.status.in_(ACTIVE), ChatTurn.created_at < func.now() - MINUTE, _HAS_NO_JOB
        )
    ).all()
    for turn in lost:
        defer_turn(turn_of(turn))
    return len(lost)


def tell(turn: Turn, kind: str, **fields: Any) -> int:
    """Store an event that belongs to no stored turn, such as a failed replay.

    Returns its number. Raises SessionNotFound.
    """
    values = {
        "session_id": turn.session_id,
        "turn_id": turn.id,
        "kind": kind,
        "data": event_line(turn, kind, fields),
    }
    seq = db.session.scalar(_TELL, values)
    if seq is None:
        raise SessionNotFound
    events.notify(topic(turn.session_id))
    return int(seq)


_HAS_NO_JOB = text(
    "not exists (select 1 from procrastinate_jobs j where j.lock = chat_turns.session_id::text and"
    " j.task_name = :task and j.status in ('todo', 'doing') and j.args ->> 'turn_id' ="
    " chat_turns.id)"
).bindparams(task=TURN_TASK)

_TELL = text("""
    with counted as (
      update chat_sessions set event_seq = event_seq + 1
       where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid)
         and id = :session_id
      returning tenant_id, event_seq
    )
    insert into chat_events (tenant_id, session_id, seq, turn_id, kind, data)
    select tenant_id, :session_id, event_seq, :turn_id, :kind, :data from counted returning seq
    """)
