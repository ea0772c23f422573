"""Tables of the audit log: each agency's chain of events, its head and its checks.

The rows of events can only be appended. Their personal texts are in a table of their own, from
which an erasure deletes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned


class AuditHead(TenantBound, Base):
    """The sequence number and hash of the newest event of an agency's chain.

    A transaction locks this row last, so that the lock is held only briefly.
    """

    __tablename__ = "audit_heads"

    seq: Mapped[int] = mapped_column(server_default=text("0"))
    hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("sha256('')"))


class AuditEvent(TenantBound, Base):
    """One recorded event.

    Only the database function `app.audit` inserts rows. A trigger rejects changes.
    """

    __tablename__ = "audit_events"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.id", ondelete="RESTRICT"), primary_key=True
    )
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
        CheckConstraint(
            "status in ('started', 'succeeded', 'failed', 'rejected', 'cancelled')", name="status"
        ),
        Index("ix_audit_events_started", "tenant_id", desc("started_at"), desc("seq")),
        Index("ix_audit_events_kind", "tenant_id", "kind", desc("started_at")),
        Index("ix_audit_events_actor", "tenant_id", "actor_id", desc("started_at")),
        Index(
            "ix_audit_events_failed",
            "tenant_id",
            desc("started_at"),
            desc("seq"),
            postgresql_where=text("status in ('failed', 'rejected')"),
        ),
        Index(
            "ix_audit_events_entities",
            "tenant_id",
            "entity_refs",
            postgresql_using="gin",
            postgresql_ops={"entity_refs": "jsonb_path_ops"},
        ),
    )


class AuditPrivate(TenantBound, Base):
    """The personal text of an event, outside the chain, so that it can be erased.

    `parts` has the object `inputs`, the object `outputs`, or both. They contain the members with
    personal text that belong to the event's inputs and outputs.
    """

    __tablename__ = "audit_private"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (
        CheckConstraint("jsonb_typeof(parts) = 'object'", name="parts"),
        CheckConstraint("octet_length(salt) = 16", name="salt"),
    )


class AuditCheck(TenantOwned, Base):
    """A requested check of an agency's chain, and its result once finished.

    The check verified the events up to number `through_seq`; `first_bad_seq` is the first wrong
    event.
    """

    __tablename__ = "audit_checks"

    asked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    checked_at: Mapped[datetime | None]
    ok: Mapped[bool | None]
    through_seq: Mapped[int | None]
    head_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    first_bad_seq: Mapped[int | None]
    reason: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(
            "(checked_at is null) = (ok is null) and (ok is null) = (through_seq is null)",
            name="ended",
        ),
        CheckConstraint("ok is not false or reason is not null", name="reason"),
        Index("ix_audit_checks_asked", "tenant_id", desc("asked_at"), desc("id")),
    )


class AuditStatement(TenantOwned, Base):
    """A signed head of an agency's chain, as written to the folder of statements.

    `number` counts the statements of the agency from 1. The row is a copy; the line in the folder
    of statements is authoritative. Only `mailed_at` may be changed.
    """

    __tablename__ = "audit_statements"

    number: Mapped[int]
    seq: Mapped[int]
    head: Mapped[bytes] = mapped_column(LargeBinary)
    kid: Mapped[str]
    signed_at: Mapped[datetime]
    document: Mapped[str]
    mailed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_audit_statements_number"),
        CheckConstraint("number >= 1 and seq >= 0", name="numbers"),
        CheckConstraint("octet_length(head) = 32", name="head"),
        CheckConstraint("kid ~ '^[0-9a-f]{32}$'", name="kid"),
        CheckConstraint("octet_length(document) <= 4096", name="document"),
    )


class AgencyDeletion(Base):
    """The deletion of an agency; `id` was the id of the agency.

    `facts` are recorded before the first row is deleted. `document` is the proof of the deletion,
    signed if there is a key (`service.deletions`). It is None until everything is deleted.
    """

    __tablename__ = "agency_deletions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    begun_at: Mapped[DefaultNow]
    finished_at: Mapped[datetime | None]
    document: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("jsonb_typeof(facts) = 'object'", name="facts"),
        CheckConstraint("(finished_at is null) = (document is null)", name="finished"),
    )
