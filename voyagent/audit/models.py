"""The audit's tables: an append-only chain of events for each agency, and its head."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, desc, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantBound


class AuditHead(TenantBound, Base):
    """The newest sequence number and hash of an agency; locked last in a transaction."""

    __tablename__ = "audit_heads"

    seq: Mapped[int] = mapped_column(server_default=text("0"))
    hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("sha256('')"))


class AuditEvent(TenantBound, Base):
    """One act; written by `app.audit` only, refused by trigger to anybody who would change it."""

    __tablename__ = "audit_events"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_email: Mapped[str] = mapped_column(server_default=text("''"))
    channel: Mapped[str] = mapped_column(server_default=text("''"))
    kind: Mapped[str]
    driver: Mapped[str | None]
    status: Mapped[str]
    error: Mapped[str | None]
    entity_refs: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    outputs: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    approval_required: Mapped[bool] = mapped_column(server_default=text("false"))
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("tenant_id", "id", name="uq_audit_events_id"),
        CheckConstraint("actor_kind in ('human', 'agent', 'system')", name="actor"),
        CheckConstraint("status in ('started', 'succeeded', 'failed', 'rejected', 'cancelled')", name="status"),
        Index("ix_audit_events_started", "tenant_id", desc("started_at"), desc("seq")),
        Index("ix_audit_events_kind", "tenant_id", "kind", desc("started_at")),
        Index("ix_audit_events_actor", "tenant_id", "actor_id", desc("started_at")),
        Index("ix_audit_events_entities", "tenant_id", "entity_refs", postgresql_using="gin", postgresql_ops={"entity_refs": "jsonb_path_ops"}),
    )
