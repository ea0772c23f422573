"""The table of report files that workers make."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references

SEAL = "report_file"


class ReportFile(TenantOwned, Base):
    """A large file that a person requested and that a worker makes.

    `address` is the requested URL path with its query. `credential` has the ids of the session or
    API key of the request; the session or key must still be valid when the worker makes the file.
    `content` is encrypted. The row is deleted after `expires_at`.
    """

    __tablename__ = "report_files"

    user_id: Mapped[UUID]
    address: Mapped[str]
    credential: Mapped[dict[str, str | bool | None]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    name: Mapped[str | None]
    media_type: Mapped[str | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime]

    __table_args__ = (
        references("users", "user_id", "fk_report_files_user", ondelete="CASCADE"),
        CheckConstraint("status in ('waiting', 'running', 'done', 'failed')", name="status"),
        CheckConstraint("(status = 'done') = (content is not null)", name="content"),
        Index(
            "uq_report_files_open",
            "tenant_id",
            "user_id",
            "address",
            unique=True,
            postgresql_where=text("status in ('waiting', 'running')"),
        ),
    )
