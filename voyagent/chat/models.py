"""Tables of conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Index,
    UniqueConstraint,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.ids import new_turn_id
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references


class ChatSession(TenantOwned, Base):
    """A conversation with the assistant, visible to all users of the agency.

    While `deleted_at` is set, the conversation is hidden; a job deletes its rows later.
    """

    __tablename__ = "chat_sessions"

    title: Mapped[str | None]
    created_by_user_id: Mapped[UUID]
    created_at: Mapped[DefaultNow]
    deleted_at: Mapped[datetime | None]
    last_message_at: Mapped[datetime | None]
    message_count: Mapped[int] = mapped_column(server_default=text("0"))
    turn_count: Mapped[int] = mapped_column(server_default=text("0"))
    event_seq: Mapped[int] = mapped_column(server_default=text("0"))
    search: Mapped[str | None] = mapped_column(
        Computed("lower(title)", persisted=True), deferred=True
    )

    __table_args__ = (
        references("users", "created_by_user_id", "fk_chat_sessions_creator"),
        CheckConstraint("length(title) between 1 and 200", name="title"),
        Index(
            "ix_chat_sessions_created",
            "tenant_id",
            desc("created_at"),
            desc("id"),
            postgresql_where=text("deleted_at is null"),
        ),
        Index(
            "ix_chat_sessions_search",
            "tenant_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
        Index(
            "ix_chat_sessions_last_message",
            "last_message_at",
            postgresql_where=text("deleted_at is null"),
        ),
        Index(
            "ix_chat_sessions_last_used", "tenant_id", text("greatest(last_message_at, created_at)")
        ),
    )


class ChatTurn(TenantBound, Base):
    """One run of the assistant, after a message or after a decision on a proposal.

    `replaces` is the id of the turn that this turn replaces. The replaced turn and all turns after
    it get `superseded_at`. Turns with `superseded_at` no longer belong to the conversation, but can
    still be read.
    """

    __tablename__ = "chat_turns"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_turn_id)
    session_id: Mapped[UUID]
    number: Mapped[int]
    user_id: Mapped[UUID]
    kind: Mapped[str]
    approval_id: Mapped[str | None]
    message: Mapped[str] = mapped_column(server_default=text("''"))
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    first_event_seq: Mapped[int | None]
    created_at: Mapped[DefaultNow]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    stop_requested_at: Mapped[datetime | None]
    replaces: Mapped[str | None]
    superseded_at: Mapped[datetime | None]

    __table_args__ = (
        references("chat_sessions", "session_id", "fk_chat_turns_session", "CASCADE"),
        references("chat_turns", "replaces", "fk_chat_turns_replaces"),
        references("users", "user_id", "fk_chat_turns_user"),
        UniqueConstraint("tenant_id", "session_id", "number", name="uq_chat_turns_number"),
        CheckConstraint("kind in ('message', 'continuation')", name="kind"),
        CheckConstraint("(kind = 'continuation') = (approval_id is not null)", name="approval"),
        CheckConstraint(
            "status in ('queued', 'running', 'done', 'failed', 'stopped', 'waiting')", name="status"
        ),
        CheckConstraint(
            "(status in ('queued', 'running')) = (finished_at is null)", name="finished"
        ),
        CheckConstraint(
            "replaces is null or (kind = 'message' and replaces <> id)", name="replaces"
        ),
        CheckConstraint("superseded_at is null or finished_at is not null", name="superseded"),
        Index(
            "uq_chat_turns_active_message",
            "tenant_id",
            "session_id",
            unique=True,
            postgresql_where=text("kind = 'message' and status in ('queued', 'running')"),
        ),
        Index(
            "ix_chat_turns_unfinished",
            "status",
            postgresql_where=text("status in ('queued', 'running')"),
        ),
        Index(
            "uq_chat_turns_continuation",
            "tenant_id",
            "approval_id",
            unique=True,
            postgresql_where=text("kind = 'continuation'"),
        ),
        Index(
            "uq_chat_turns_replaces",
            "tenant_id",
            "replaces",
            unique=True,
            postgresql_where=text("replaces is not null"),
        ),
    )


class ChatMessage(TenantOwned, Base):
    """A message by a user, the assistant, a tool or the system.

    `blocks` are the parts of the message: JSON objects with a `type`, such as `text` or `card`.
    `search` has the texts of the blocks in lower case, in which users can search. It is empty for
    messages of tools and of the system.
    """

    __tablename__ = "chat_messages"

    session_id: Mapped[UUID]
    sequence: Mapped[int]
    role: Mapped[str]
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    turn_id: Mapped[str | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]
    search: Mapped[str] = mapped_column(
        Computed("app.words_of(role, blocks)", persisted=True), deferred=True
    )

    __table_args__ = (
        references("chat_sessions", "session_id", "fk_chat_messages_session", "CASCADE"),
        references("chat_turns", "turn_id", "fk_chat_messages_turn", "CASCADE"),
        references("users", "created_by_user_id", "fk_chat_messages_author"),
        UniqueConstraint("tenant_id", "session_id", "sequence", name="uq_chat_messages_sequence"),
        CheckConstraint("role in ('user', 'assistant', 'tool', 'system')", name="role"),
        CheckConstraint("jsonb_typeof(blocks) = 'array'", name="blocks"),
        Index("ix_chat_messages_turn", "tenant_id", "turn_id"),
        Index(
            "ix_chat_messages_search",
            "tenant_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )


class ChatTurnStep(TenantBound, Base):
    """A finished step of a turn, with its outcome.

    A worker that continues an interrupted turn takes the outcome and does not repeat the step.
    """

    __tablename__ = "chat_turn_steps"

    turn_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    outcome: Mapped[dict[str, Any]] = mapped_column(JSONB)
    finished_at: Mapped[DefaultNow]

    __table_args__ = (
        references("chat_turns", "turn_id", "fk_chat_turn_steps_turn", "CASCADE"),
        Index("ix_chat_turn_steps_finished", "tenant_id", "finished_at"),
    )


class ChatEvent(TenantBound, Base):
    """An event of a turn.

    `data` is the exact JSON text that was sent to clients. Some days after the end of the turn all
    events but the one of the kind `final` are deleted.
    """

    __tablename__ = "chat_events"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turn_id: Mapped[str]
    kind: Mapped[str]
    data: Mapped[str]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        references("chat_sessions", "session_id", "fk_chat_events_session", "CASCADE"),
        CheckConstraint(
            "kind in ('text_delta', 'tool_use', 'tool_result', 'approval_request',"
            " 'approval_granted', 'approval_denied', 'error', 'final')",
            name="kind",
        ),
        Index(
            "uq_chat_events_final",
            "tenant_id",
            "turn_id",
            unique=True,
            postgresql_where=text("kind = 'final'"),
        ),
        Index(
            "ix_chat_events_created",
            "tenant_id",
            "created_at",
            postgresql_where=text("kind <> 'final'"),
        ),
    )
