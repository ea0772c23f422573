"""Request to end a turn after its current step."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, update

from voyagent.chat.models import ChatTurn
from voyagent.chat.queries.sessions import ACTIVE, topic
from voyagent.kernel import events
from voyagent.kernel.db import db


def ask_to_stop(session_id: UUID) -> bool:
    """Request the active turn to end.

    Returns False if a request was already made, or if no turn is running or queued.
    """
    updated = db.session.execute(
        update(ChatTurn)
        .where(
            ChatTurn.session_id == session_id,
            ChatTurn.status.in_(ACTIVE),
            ChatTurn.stop_requested_at.is_(None),
        )
        .values(stop_requested_at=func.now())
        .execution_options(synchronize_session=False)
    )
    if updated.rowcount:  # type: ignore[attr-defined]
        events.notify(topic(session_id))
    return bool(updated.rowcount)  # type: ignore[attr-defined]
