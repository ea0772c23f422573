"""The table of imported files, so that none is imported twice."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantOwned


class Import(TenantOwned, Base):
    """An imported file.

    `digest` is the SHA-256 of its text; the text itself is not stored.
    """

    __tablename__ = "imports"

    kind: Mapped[str]
    digest: Mapped[str]
    row_count: Mapped[int]
    effective_on: Mapped[date | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "digest", name="uq_imports_digest"),
        ForeignKeyConstraint(
            ["tenant_id", "created_by_user_id"],
            ["users.tenant_id", "users.id"],
            name="fk_imports_creator",
        ),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        CheckConstraint("row_count > 0", name="rows"),
    )
