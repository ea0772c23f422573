"""Queries of conversations and turns; deleted conversations are left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    exists as there_is,
    func,
    literal_column,
    select,
    text,
    tuple_,
)

from voyagent.chat.models import ChatEvent, ChatMessage, ChatSession, ChatTurn, ChatTurnStep
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.db import db, load_one
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.pages import Cursor, next_cursor
from voyagent.kernel.tenancy import owned

SESSIONS_MAX = 200
MINUTE = timedelta(minutes=1)
ACTIVE = ("queued", "running")
_SESSIONS = ChatSession.__table__.c
_MESSAGES = ChatMessage.__table__.c
_TURNS = ChatTurn.__table__.c
LISTED = tuple(
    _SESSIONS[name]
    for name in (
        "id",
        "title",
        "created_at",
        "message_count",
        "last_message_at",
        "created_by_user_id",
    )
)


class TurnNotFound(NotFound):
    """The conversation has no such turn."""

    code = "turn_not_found"
    message = N_("This message is not in the conversation. Reload the conversation.")


class SessionNotFound(NotFound):
    """The agency has no such conversation, or it was deleted."""

    code = "session_not_found"
    message = N_("This conversation was not found. It may have been deleted.")


@dataclass(frozen=True, slots=True)
class Turn:
    """Values of a turn, usable outside the transaction that read them."""

    id: str
    tenant_id: UUID
    session_id: UUID
    user_id: UUID
    kind: str
    approval_id: str | None
    message: str
    status: str
    attempt: int
    first_event_seq: int | None
    created_at: datetime

    @property
    def is_active(self) -> bool:
        """True until the turn's `final` event."""
        return self.status in ACTIVE


@dataclass(frozen=True, slots=True)
class Step:
    """A finished step of a turn."""

    number: int
    kind: str
    outcome: JsonObject


def agencies_with_turns() -> list[UUID]:
    """Return the ids of agencies with unfinished turns more than a minute old."""
    return list(db.session.scalars(text("select app.tenants_with_turns(now())")))


def turns_without_job(task: str) -> list[Turn]:
    """Return unfinished turns more than a minute old without a job named `task`."""
    has_no_job = text(
        "not exists (select 1 from procrastinate_jobs j where j.lock ="
        " chat_turns.session_id::text and j.task_name = :task and j.status in ('todo', 'doing')"
        " and j.args ->> 'turn_id' = chat_turns.id)"
    ).bindparams(task=task)
    rows = db.session.scalars(
        select(ChatTurn).where(
            ChatTurn.status.in_(ACTIVE), ChatTurn.created_at < func.now() - MINUTE, has_no_job
        )
    )
    return [turn_of(row) for row in rows]


def turn_of(row: ChatTurn) -> Turn:
    """Return a ChatTurn row as a Turn."""
    return Turn(
        id=row.id,
        tenant_id=row.tenant_id,
        session_id=row.session_id,
        user_id=row.user_id,
        kind=row.kind,
        approval_id=row.approval_id,
        message=row.message,
        status=row.status,
        attempt=row.attempt,
        first_event_seq=row.first_event_seq,
        created_at=row.created_at,
    )


def exists(session_id: UUID) -> bool:
    """Return True if the agency has the conversation and it is not deleted."""
    return (
        db.session.scalar(
            select(ChatSession.id).where(
                ChatSession.id == session_id, ChatSession.deleted_at.is_(None)
            )
        )
        is not None
    )


def is_live(session_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return an SQL condition that a conversation exists and is not deleted.

    `session_id` is a column with ids of conversations.
    """
    return there_is(
        select(literal_column("1")).where(
            owned(ChatSession), _SESSIONS.id == session_id, _SESSIONS.deleted_at.is_(None)
        )
    )


def is_named(session: ChatSession) -> bool:
    """Return True if a user has named the conversation."""
    if session.title is None:
        return False
    first_message = (
        select(ChatMessage.blocks)
        .where(ChatMessage.session_id == session.id, ChatMessage.role == "user")
        .order_by(ChatMessage.sequence)
        .limit(1)
    )
    return not words_of(db.session.scalar(first_message) or []).startswith(session.title)


def words_of(blocks: Iterable[JsonMapping]) -> str:
    """Return the text of a message: the texts of its blocks."""
    return " ".join(
        str(block["text"]).strip()
        for block in blocks
        if block.get("type") == "text" and block.get("text")
    ).strip()


def title_of(session_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return an SQL subquery of a conversation's name, for other packages.

    The result is null if the conversation has no name.
    """
    return (
        select(_SESSIONS.title)
        .where(owned(ChatSession), _SESSIONS.id == session_id)
        .scalar_subquery()
    )


def get_session(session_id: UUID, *, lock: bool = False) -> ChatSession:
    """Return a conversation.

    With `lock`, its row is locked until the transaction ends. Raises SessionNotFound.
    """
    return load_one(
        select(ChatSession).where(ChatSession.id == session_id, ChatSession.deleted_at.is_(None)),
        SessionNotFound,
        lock=lock,
    )


def lock(session_id: UUID) -> None:
    """Lock a conversation's row, even if the conversation is deleted.

    Callers that lock several rows must take this lock first.
    """
    db.session.execute(
        select(ChatSession.id).where(ChatSession.id == session_id).with_for_update(key_share=True)
    )


def session_statement(session_id: UUID) -> Select[Any]:
    """Select the row of a conversation."""
    return select(
        _SESSIONS.id,
        _SESSIONS.tenant_id,
        _SESSIONS.title,
        _SESSIONS.created_by_user_id,
        _SESSIONS.created_at,
        _SESSIONS.last_message_at,
        _SESSIONS.message_count,
        _SESSIONS.event_seq,
    ).where(owned(ChatSession), _SESSIONS.id == session_id, _SESSIONS.deleted_at.is_(None))


def list_sessions(
    reader: Reader, limit: int = SESSIONS_MAX, cursor: str | None = None
) -> tuple[list[Row], str | None]:
    """Return the newest conversations and the next cursor. Raises InvalidCursor."""
    statement = sessions_statement(limit)
    if cursor is not None:
        after = Cursor.decode(cursor)
        statement = statement.where(
            tuple_(_SESSIONS.created_at, _SESSIONS.id) < tuple_(after.at, after.id)
        )
    rows = reader.read(statement)[0]
    return rows, next_cursor(rows, limit)


def sessions_statement(limit: int) -> Select[Any]:
    """Select the newest conversations."""
    return (
        select(*LISTED)
        .where(owned(ChatSession), _SESSIONS.deleted_at.is_(None))
        .order_by(_SESSIONS.created_at.desc(), _SESSIONS.id.desc())
        .limit(limit)
    )


def messages_statement(
    session_id: UUID,
    *,
    after: int = 0,
    limit: int | None = None,
    cursor: str | None = None,
    superseded: bool = False,
) -> Select[Any]:
    """Select the messages of a conversation after a sequence number, in order.

    With `superseded`, the messages of replaced turns are included. Raises InvalidCursor.
    """
    statement = (
        select(
            _MESSAGES.id,
            _MESSAGES.sequence,
            _MESSAGES.role,
            _MESSAGES.blocks,
            _MESSAGES.turn_id,
            _MESSAGES.created_by_user_id,
            _MESSAGES.created_at,
            _TURNS.kind.label("turn_kind"),
            _TURNS.status.label("turn_status"),
            _TURNS.replaces,
            _TURNS.superseded_at,
            name_of(_MESSAGES.created_by_user_id).label("author_name"),
        )
        .select_from(
            ChatMessage.__table__.outerjoin(
                ChatTurn.__table__,
                (_TURNS.tenant_id == _MESSAGES.tenant_id) & (_TURNS.id == _MESSAGES.turn_id),
            )
        )
        .where(
            owned(ChatMessage),
            _MESSAGES.session_id == session_id,
            _MESSAGES.sequence > after,
            is_live(_MESSAGES.session_id),
        )
        .order_by(_MESSAGES.sequence)
        .limit(limit)
    )
    if not superseded:
        statement = statement.where(_TURNS.superseded_at.is_(None))
    if cursor is not None:
        last = Cursor.decode(cursor)
        place = (
            select(_MESSAGES.sequence)
            .where(owned(ChatMessage), _MESSAGES.session_id == session_id, _MESSAGES.id == last.id)
            .scalar_subquery()
        )
        statement = statement.where(_MESSAGES.sequence > place)
    return statement


def messages(
    reader: Reader,
    session_id: UUID,
    *,
    after: int = 0,
    limit: int | None = None,
    superseded: bool = False,
) -> list[Row]:
    """Return the messages after a sequence number, with the status of their turns.

    Rows: id, sequence, role, blocks, turn_id, created_by_user_id, created_at, turn_kind,
    turn_status, replaces, superseded_at, author_name.
    """
    return reader.read(
        messages_statement(session_id, after=after, limit=limit, superseded=superseded)
    )[0]


def last_messages(reader: Reader, session_id: UUID, limit: int) -> list[Row]:
    """Return the last messages that are not replaced, in order."""
    return reader.read(
        messages_statement(session_id)
        .order_by(None)
        .order_by(_MESSAGES.sequence.desc())
        .limit(limit)
    )[0][::-1]


def transcript(
    reader: Reader, session_id: UUID, *, limit: int, cursor: str | None, superseded: bool
) -> tuple[list[Row], str | None, int]:
    """Return a page of messages, the next cursor, and an event number.

    The caller shows the page and then reads the events after this number. The number is that of the
    newest event or, while a turn is unfinished, of the last event before this turn.

    Raises SessionNotFound, InvalidCursor.
    """
    begun = (
        select(func.min(_TURNS.first_event_seq) - 1)
        .where(
            owned(ChatTurn),
            _TURNS.session_id == session_id,
            _TURNS.status.in_(ACTIVE),
            _TURNS.first_event_seq.is_not(None),
        )
        .scalar_subquery()
    )
    place = select(func.coalesce(begun, _SESSIONS.event_seq).label("seq")).where(
        owned(ChatSession), _SESSIONS.id == session_id, _SESSIONS.deleted_at.is_(None)
    )
    # The number is read before the messages, so that no event is missed between page and stream.
    places, rows = reader.read(
        place, messages_statement(session_id, limit=limit, cursor=cursor, superseded=superseded)
    )
    return rows, next_cursor(rows, limit), first_row(places, SessionNotFound)["seq"]


def last_seq(session_id: UUID) -> int:
    """Return the number of the newest event, or 0 if there is none.

    Raises SessionNotFound.
    """
    return load_one(
        select(ChatSession.event_seq).where(
            ChatSession.id == session_id, ChatSession.deleted_at.is_(None)
        ),
        SessionNotFound,
    )


def get_turn(turn_id: str) -> Turn:
    """Return the turn with an id. Raises NotFound."""
    found = load_one(
        select(ChatTurn).where(ChatTurn.id == turn_id).execution_options(populate_existing=True),
        NotFound,
    )
    return turn_of(found)


def get_turn_of(session_id: UUID, turn_id: str) -> ChatTurn:
    """Return the row of a turn in a conversation. Raises TurnNotFound."""
    return load_one(
        select(ChatTurn)
        .where(ChatTurn.session_id == session_id, ChatTurn.id == turn_id)
        .execution_options(populate_existing=True),
        TurnNotFound,
    )


def superseded_after(session_id: UUID, turn_id: str) -> list[str]:
    """Return the ids of all turns that a turn has replaced.

    The turn may have replaced them directly, or through other turns.
    """
    first = (
        select(ChatTurn.number, ChatTurn.replaces)
        .where(ChatTurn.session_id == session_id, ChatTurn.id == turn_id)
        .cte("line", recursive=True)
    )
    line = first.union_all(
        select(ChatTurn.number, ChatTurn.replaces).where(
            ChatTurn.session_id == session_id, ChatTurn.id == first.c.replaces
        )
    )
    begun = select(func.min(line.c.number)).scalar_subquery()
    rows = db.session.scalars(
        select(ChatTurn.id)
        .where(
            ChatTurn.session_id == session_id,
            ChatTurn.number >= begun,
            ChatTurn.superseded_at.is_not(None),
        )
        .order_by(ChatTurn.number)
    )
    return list(rows)


def newest_turn(session_id: UUID) -> Turn | None:
    """Return the turn that was started last, whatever its state, or None."""
    found = db.session.scalar(
        select(ChatTurn)
        .where(ChatTurn.session_id == session_id)
        .order_by(ChatTurn.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return turn_of(found) if found is not None else None


def find_running_turn(session_id: UUID) -> Turn | None:
    """Return the earliest running or queued turn, or None."""
    found = db.session.scalar(
        select(ChatTurn)
        .where(ChatTurn.session_id == session_id, ChatTurn.status.in_(ACTIVE))
        .order_by(ChatTurn.number)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return turn_of(found) if found is not None else None


def find_continuation(approval_id: str) -> Turn | None:
    """Return the turn that continued after the decision on a proposal, or None."""
    found = db.session.scalar(
        select(ChatTurn).where(ChatTurn.kind == "continuation", ChatTurn.approval_id == approval_id)
    )
    return turn_of(found) if found is not None else None


def steps_of(turn_id: str) -> list[Step]:
    """Return the finished steps of a turn, in order."""
    rows = db.session.scalars(
        select(ChatTurnStep).where(ChatTurnStep.turn_id == turn_id).order_by(ChatTurnStep.number)
    )
    return [Step(row.number, row.kind, row.outcome) for row in rows]


def events_after(
    session_id: UUID, seq: int, *, limit: int = 500, turn_id: str | None = None
) -> list[Row]:
    """Return the events after number `seq`, of one turn or of all turns.

    Rows: seq, turn_id, kind, data.
    """
    statement = (
        select(ChatEvent.seq, ChatEvent.turn_id, ChatEvent.kind, ChatEvent.data)
        .where(ChatEvent.session_id == session_id, ChatEvent.seq > seq)
        .order_by(ChatEvent.seq)
        .limit(limit)
    )
    if turn_id is not None:
        statement = statement.where(ChatEvent.turn_id == turn_id)
    return [dict(row) for row in db.session.execute(statement).mappings()]


def topic(session_id: UUID) -> str:
    """Return the notification topic of a conversation: `chat:<id>`.

    A process that stores an event notifies this topic, and listeners then read the new event.
    """
    return f"chat:{session_id}"
