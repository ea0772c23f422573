"""Tables of proposals and of their number in each status."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Uuid, desc, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import TenantBound, references


def new_approval_id() -> str:
    """Return a new public id of a proposal: `ap-` and a UUID version 7."""
    return f"ap-{new_id()}"


class Approval(TenantBound, Base):
    """A proposal: a request to approve an act.

    `tool_name` is the name of the act. `payload` has the arguments for the act, and
    `original_payload` those before the first edit. `preview` is the result of the dry run; it is
    None if no dry run was possible. `superseded_by` is the id of the proposal that replaced this
    one. `hidden_at` is set while the conversation of the proposal is deleted.
    """

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_approval_id)
    session_id: Mapped[UUID]
    turn_id: Mapped[str | None]
    tool_call_id: Mapped[str]
    tool_name: Mapped[str]
    summary: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    arguments_hash: Mapped[str]
    requested_by_user_id: Mapped[UUID | None]
    requested_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime] = mapped_column(
        server_default=text("now() + interval '15 minutes'")
    )
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    resolved_at: Mapped[datetime | None]
    resolved_by_user_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    effect_status: Mapped[str] = mapped_column(server_default=text("'none'"))
    effect_result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    effect_error: Mapped[str | None]
    effect_finished_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    preview: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    preview_hash: Mapped[str | None]
    original_payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    edited_by_user_id: Mapped[UUID | None]
    earlier_editor_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    edited_at: Mapped[datetime | None]
    superseded_by: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]

    __table_args__ = (
        references("chat_sessions", "session_id", "fk_approvals_session", "CASCADE"),
        references("users", "requested_by_user_id", "fk_approvals_requester"),
        references("users", "resolved_by_user_id", "fk_approvals_resolver"),
        references("users", "edited_by_user_id", "fk_approvals_editor"),
        ForeignKeyConstraint(
            ["tenant_id", "superseded_by"],
            ["approvals.tenant_id", "approvals.id"],
            name="fk_approvals_successor",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("id ~ '^ap-' and length(id) <= 128", name="id"),
        CheckConstraint("length(summary) between 1 and 1024", name="summary"),
        CheckConstraint("arguments_hash ~ '^[0-9a-f]{64}$'", name="hash"),
        CheckConstraint("length(reason) <= 1024", name="reason"),
        CheckConstraint("status in ('pending', 'granted', 'rejected', 'expired')", name="status"),
        CheckConstraint(
            "(status in ('granted', 'rejected')) = (resolved_at is not null)", name="resolved"
        ),
        CheckConstraint(
            # No code writes 'running'; leaving it out takes a migration.
            "effect_status in ('none', 'waiting', 'running', 'done', 'failed')",
            name="effect_status",
        ),
        CheckConstraint("(effect_status = 'none') = (status <> 'granted')", name="effect_of_grant"),
        CheckConstraint(
            "(effect_status in ('done', 'failed')) = (effect_finished_at is not null)",
            name="effect_finished",
        ),
        CheckConstraint("(preview is null) = (preview_hash is null)", name="preview"),
        CheckConstraint("preview_hash ~ '^[0-9a-f]{64}$'", name="preview_hash"),
        CheckConstraint(
            "(original_payload is null) = (edited_at is null) and (original_payload is null) ="
            " (edited_by_user_id is null)",
            name="edited",
        ),
        CheckConstraint(
            "superseded_by is null or (status = 'expired' and superseded_by <> id)",
            name="superseded",
        ),
        CheckConstraint(
            "(amount_minor is null) = (currency is null) and amount_minor >= 0 and currency ~"
            " '^[A-Z]{3}$'",
            name="amount",
        ),
        Index(
            "uq_approvals_proposal",
            "tenant_id",
            "session_id",
            "turn_id",
            "tool_call_id",
            "arguments_hash",
            unique=True,
            postgresql_where=text("superseded_by is null"),
        ),
        Index(
            "ix_approvals_successor",
            "tenant_id",
            "superseded_by",
            postgresql_where=text("superseded_by is not null"),
        ),
        Index(
            "ix_approvals_status",
            "tenant_id",
            "status",
            desc("requested_at"),
            desc("id"),
            postgresql_where=text("hidden_at is null"),
        ),
        Index(
            "ix_approvals_requested",
            "tenant_id",
            desc("requested_at"),
            desc("id"),
            postgresql_where=text("hidden_at is null"),
        ),
        Index("ix_approvals_session", "tenant_id", "session_id", desc("requested_at"), desc("id")),
        Index(
            "ix_approvals_overdue",
            "tenant_id",
            "expires_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_approvals_undecided",
            "expires_at",
            postgresql_where=text("status = 'pending' and hidden_at is null"),
        ),
        Index(
            "ix_approvals_waiting",
            "tenant_id",
            "resolved_at",
            postgresql_where=text("effect_status = 'waiting'"),
        ),
        Index(
            "ix_approvals_resolved",
            "resolved_at",
            postgresql_where=text("effect_status = 'waiting'"),
        ),
    )


class ApprovalCount(TenantBound, Base):
    """Number of an agency's proposals in one status.

    Proposals of deleted conversations are not counted.
    """

    __tablename__ = "approval_counts"

    status: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(server_default=text("0"))
