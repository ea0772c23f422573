"""The table of imported files, which prevents a file from being imported twice."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class Import(TenantOwned, Base):
    """An imported file.

    `effective_on` is the date of the balances, open documents or advances in the file, or None for
    other files. `digest` is the SHA-256 of the file's text and of this date, if there is one.
    """

    __tablename__ = "imports"

    kind: Mapped[str]
    digest: Mapped[str]
    row_count: Mapped[int]
    effective_on: Mapped[date | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "digest", name="uq_imports_digest"),
        references("users", "created_by_user_id", "fk_imports_creator"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        CheckConstraint("row_count > 0", name="rows"),
    )
