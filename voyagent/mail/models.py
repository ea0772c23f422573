"""The outbox table: one row for each mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantOwned


class Mail(TenantOwned, Base):
    """A mail in the outbox of an agency.

    `sealed` has, encrypted, the recipient's address and the template values. `sealed` is cleared
    when the mail is sent or given up.
    """

    __tablename__ = "mails"

    kind: Mapped[str]
    locale: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    useless_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("sent_at is null or failed_at is null", name="one_end"),
        CheckConstraint(
            "(sealed is null) = (sent_at is not null or failed_at is not null)", name="wiped"
        ),
        CheckConstraint("last_error ~ '^[A-Za-z0-9_]{1,64}$'", name="error"),
        Index(
            "ix_mails_waiting",
            "due_at",
            postgresql_where=text("sent_at is null and failed_at is null"),
        ),
        Index(
            "ix_mails_given_up",
            "tenant_id",
            "failed_at",
            postgresql_where=text("failed_at is not null"),
        ),
        Index("ix_mails_agency_created", "tenant_id", "created_at"),
    )
