"""Asking a turn to stop: it ends after its present step, and whoever asks waits for nobody."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, update

from voyagent.audit import service as audit
from voyagent.chat import queries
from voyagent.chat.models import ChatTurn
from voyagent.chat.queries import ACTIVE, find_running_turn, topic
from voyagent.kernel import events
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db


def request_stop(actor: Actor, session_id: UUID) -> bool:
    """Ask the turn that runs to end after its present step; whether one ends now, for this call or
    an earlier one. Raises Forbidden, SessionNotFound.

    It waits for nobody: the worker holds the conversation for as long as a tool takes.
    """
    actor.require("chat.write")
    queries.get_session(session_id)
    if ask_to_stop(session_id):
        audit.record(actor, "chat.stop_asked", entity_refs={"session_id": session_id})
        return True
    return find_running_turn(session_id) is not None


def stop_requested(turn_id: str) -> bool:
    """Whether somebody wants the turn to end."""
    return bool(
        db.session.scalar(
            select(ChatTurn.stop_requested_at.is_not(None)).where(ChatTurn.id == turn_id)
        )
    )


def ask_to_stop(session_id: UUID) -> bool:
    """Mark what runs or waits for its worker; whether it was not marked before."""
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
