"""Cancellation: a turn ends after its present step, and the caller does not wait."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, update

from voyagent.audit.service import recording as audit
from voyagent.chat.models import ChatTurn
from voyagent.chat.queries import sessions
from voyagent.chat.queries.sessions import ACTIVE, find_running_turn, topic
from voyagent.kernel import events
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db


def request_stop(actor: Actor, session_id: UUID) -> bool:
    """Ask the running turn to end after its present step; true if one ends.

    True for a repeat as well. It takes no lock: the worker holds the conversation as long as a tool
    runs. Raises Forbidden, SessionNotFound.
    """
    actor.require("chat.write")
    sessions.get_session(session_id)
    if ask_to_stop(session_id):
        audit.record(actor, "chat.stop_asked", entity_refs={"session_id": session_id})
        return True
    return find_running_turn(session_id) is not None


def stop_requested(turn_id: str) -> bool:
    """True if somebody has asked the turn to end."""
    return bool(
        db.session.scalar(
            select(ChatTurn.stop_requested_at.is_not(None)).where(ChatTurn.id == turn_id)
        )
    )


def ask_to_stop(session_id: UUID) -> bool:
    """Mark the running or queued turn; true if it was not marked before."""
    asked = db.session.execute(
        update(ChatTurn)
        .where(
            ChatTurn.session_id == session_id,
            ChatTurn.status.in_(ACTIVE),
            ChatTurn.stop_requested_at.is_(None),
        )
        .values(stop_requested_at=func.now())
        .execution_options(synchronize_session=False)
    )
    if asked.rowcount:  # type: ignore[attr-defined]
        events.notify(topic(session_id))
    return bool(asked.rowcount)  # type: ignore[attr-defined]
