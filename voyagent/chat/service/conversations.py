"""Rules of conversations: create, add messages, rename, delete, restore and wipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete as sql_delete, func, select

from voyagent.audit.service import recording as audit
from voyagent.chat.models import ChatMessage, ChatSession
from voyagent.chat.queries import sessions
from voyagent.chat.queries.sessions import SessionNotFound, find_running_turn, topic
from voyagent.chat.service.cancellation import ask_to_stop
from voyagent.kernel import clock, events, jobs
from voyagent.kernel.actor import Actor, system_actor
from voyagent.kernel.db import db, load_one
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import (
    wire_instant,
    without_controls,
)
from voyagent.kernel.json_values import (
    JsonMapping,
)

TITLE_MAX = 200
TITLE_FROM_MESSAGE = 60
UNDO = timedelta(minutes=10)
WIPE_TASK = "chat.wipe"


class TitleEmpty(Unprocessable):
    """The title is blank."""

    code = "title_empty"
    message = N_("Enter a name for the conversation.")


class TitleTooLong(Unprocessable):
    """The title has more than 200 characters."""

    code = "title_too_long"
    message = N_("A name has at most 200 characters.")


SessionHook = Callable[[UUID], None]
_deleted: list[SessionHook] = []
_restored: list[SessionHook] = []
_may_wipe: list[Callable[[UUID], bool]] = []


def on_deleted(hook: SessionHook) -> SessionHook:
    """Register a function that runs in the transaction that deletes a conversation."""
    _deleted.append(hook)
    return hook


def on_restored(hook: SessionHook) -> SessionHook:
    """Register a function that runs in the transaction that restores a conversation."""
    _restored.append(hook)
    return hook


def before_wipe(hook: Callable[[UUID], bool]) -> Callable[[UUID], bool]:
    """Register a function that is called before a deleted conversation is wiped.

    If the function returns False, the wipe is postponed.
    """
    _may_wipe.append(hook)
    return hook


def create_session(actor: Actor, *, title: str | None = None) -> ChatSession:
    """Create a conversation. Raises Forbidden, TitleEmpty, TitleTooLong."""
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
    blocks: Sequence[JsonMapping],
    turn_id: str | None = None,
) -> ChatMessage:
    """Add a message to a conversation.

    If the conversation has no name, the first words of a user's message become its name. Raises
    Forbidden, SessionNotFound.
    """
    # A system message is not addressed to the assistant, so opening a conversation is enough.
    actor.require("chat.open" if role == "system" else "chat.write")
    return append(
        actor,
        sessions.get_session(session_id, lock=True),
        role=role,
        blocks=blocks,
        turn_id=turn_id,
    )


def rename(actor: Actor, session_id: UUID, title: str) -> ChatSession:
    """Rename a conversation.

    Raises Forbidden, TitleEmpty, TitleTooLong, SessionNotFound.
    """
    actor.require("chat.write")
    wanted = _title(title)
    session = sessions.get_session(session_id, lock=True)
    if session.title != wanted:
        session.title = wanted
        audit.record(actor, "chat.renamed", entity_refs={"session_id": session_id})
    return session


def delete(actor: Actor, session_id: UUID) -> None:
    """Delete a conversation, which can be restored for ten minutes.

    Raises Forbidden, SessionNotFound.
    """
    actor.require("chat.write")
    session = sessions.get_session(session_id, lock=True)
    session.deleted_at = db.session.scalar(select(func.now()))
    db.session.flush()
    ask_to_stop(session_id)
    events.notify(topic(session_id))  # open pages notice at once, not at the next heartbeat
    for hook in _deleted:
        hook(session_id)
    _defer_wipe(session)
    audit.record(
        actor,
        "chat.deleted",
        entity_refs={"session_id": session_id},
        inputs={"message_count": session.message_count},
        private={"title": session.title},
    )


def restore(actor: Actor, session_id: UUID) -> ChatSession:
    """Restore a deleted conversation within ten minutes.

    Raises Forbidden, SessionNotFound.
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
    """Delete the rows of a deleted conversation; return True if they were deleted.

    `deleted_at` is the time of the deletion. If the conversation was restored since this time, or
    restored and deleted again, nothing is done. While a turn is active or an approved act is
    unfinished, the wipe is postponed.
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


def append(
    actor: Actor,
    session: ChatSession,
    *,
    role: str,
    blocks: Sequence[JsonMapping],
    turn_id: str | None,
) -> ChatMessage:
    """Add a message to a conversation that the caller has locked."""
    session.message_count += 1
    session.last_message_at = clock.now()
    if role == "user" and session.title is None:
        first_words = without_controls(sessions.words_of(blocks)[:TITLE_FROM_MESSAGE])
        session.title = first_words if first_words.strip() else None
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


def _defer_wipe(session: ChatSession) -> None:
    assert session.deleted_at is not None
    jobs.defer(
        WIPE_TASK,
        after_s=UNDO.total_seconds(),
        tenant_id=str(session.tenant_id),
        session_id=str(session.id),
        deleted_at=wire_instant(session.deleted_at),
    )
