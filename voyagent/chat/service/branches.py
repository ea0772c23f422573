"""Replacement of turns: a message is asked again, or in other words.

The turns after it no longer belong to the conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from voyagent.audit.service import recording as audit
from voyagent.chat.models import ChatMessage, ChatTurn
from voyagent.chat.queries import sessions
from voyagent.chat.queries.sessions import Turn, find_running_turn
from voyagent.chat.service.conversations import TurnInProgress, append, hand_over, open_turn
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict

SupersededHook = Callable[[Actor, UUID, Sequence[str]], None]
_superseded: list[SupersededHook] = []


class TurnSuperseded(Conflict):
    """Another turn has replaced it already."""

    code = "turn_superseded"
    message = N_("This message has a newer version. Reload the conversation.")


class TurnNotReplaceable(Conflict):
    """The turn continued after a decision, which is made only once.

    An answer to a message can be regenerated; what follows an approval cannot.
    """

    code = "turn_not_replaceable"
    message = N_(
        "The assistant continued here after a decision, so this can’t be answered again."
        " Send a new message instead."
    )


def on_superseded(hook: SupersededHook) -> SupersededHook:
    """Register work of a higher package, in the transaction that replaces turns.

    For example to withdraw proposals that the turns still wait for.
    """
    _superseded.append(hook)
    return hook


def regenerate(actor: Actor, session_id: UUID, turn_id: str) -> Turn:
    """Ask again: a new turn replaces one that answered a message, and all after it.

    What was approved there stays done; pending proposals are withdrawn. Raises Forbidden,
    SessionNotFound, TurnNotFound, TurnInProgress, TurnSuperseded, TurnNotReplaceable.
    """
    return _take_the_place(actor, session_id, turn_id, None)


def edit_and_resend(actor: Actor, session_id: UUID, turn_id: str, message: str) -> Turn:
    """Ask in other words: a new message replaces one and all after it.

    Raises as `regenerate`.
    """
    return _take_the_place(actor, session_id, turn_id, message)


def _take_the_place(actor: Actor, session_id: UUID, turn_id: str, message: str | None) -> Turn:
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
    turn = open_turn(actor, session, kind="message", message=words, replaces=old.id)
    audit.record(
        actor,
        "chat.regenerated" if message is None else "chat.message_edited",
        entity_refs={"session_id": session_id},
        inputs={"turn_id": turn.id, "replaces": old.id},
    )
    blocks = [{"type": "text", "text": words}] if message is not None else _asked(old)
    append(actor, session, role="user", blocks=blocks, turn_id=turn.id)
    hand_over(turn)
    return turn


def _asked(turn: ChatTurn) -> list[dict[str, Any]]:
    """Return the blocks of the message that a turn answers."""
    blocks: list[dict[str, Any]] | None = db.session.scalar(
        select(ChatMessage.blocks).where(
            ChatMessage.session_id == turn.session_id,
            ChatMessage.turn_id == turn.id,
            ChatMessage.role == "user",
        )
    )
    return blocks or [{"type": "text", "text": turn.message}]
