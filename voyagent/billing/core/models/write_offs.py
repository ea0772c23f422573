"""Table of the write-offs of invoices."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from voyagent.billing.core.models.parts import InBase
from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class WriteOff(InBase, TenantOwned, Base):
    """A write-off of an amount of an issued invoice, from `effective_on`.

    A write-off is reversed by another row with the negative amounts. `base_minor` is the part of
    the base amount of the invoice that the write-off settles.
    """

    __tablename__ = "write_offs"

    invoice_id: Mapped[UUID]
    amount_minor: Mapped[int]
    effective_on: Mapped[date]
    reason: Mapped[str]
    entry_id: Mapped[UUID]
    reverses_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "reverses_id", name="uq_write_offs_reverses_id"),
        references("invoices", "invoice_id", "fk_write_offs_invoice"),
        references("journal_entries", "entry_id", "fk_write_offs_entry"),
        references("write_offs", "reverses_id", "fk_write_offs_reverses"),
        references("users", "created_by_user_id", "fk_write_offs_creator"),
        CheckConstraint(
            "case when reverses_id is null then amount_minor > 0 else amount_minor < 0 end",
            name="amount",
        ),
        CheckConstraint("base_minor * sign(amount_minor) >= 0", name="base"),
        CheckConstraint("effective_on between '1900-01-01' and '2200-12-31'", name="date"),
        Index("ix_write_offs_invoice", "tenant_id", "invoice_id", "effective_on"),
        Index("ix_write_offs_effective", "tenant_id", "effective_on"),
    )
