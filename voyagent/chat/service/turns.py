"""Turns as the program handles them: lock, conclude, tell."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text

from voyagent.chat.models import ChatTurn
from voyagent.chat.queries.sessions import ACTIVE, SessionNotFound, Turn, lock
from voyagent.chat.service.conversations import (
    TurnTakenOver,
    append_message,
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
