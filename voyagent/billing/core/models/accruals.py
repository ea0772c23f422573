"""Table of the accrued cost of services whose bill is still expected."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class Accrual(TenantOwned, Base):
    """A change of the accrued cost of an expected bill, with its journal entry.

    The cost is `accrued` at a month end, `billed` when a bill takes it over, or `released`. A void
    of the bill, and the end of its match, add rows of the opposite amounts. The amounts, in minor
    units of the currency of the expected bill and of the base currency, are positive if the accrued
    cost grows. A row is never changed.
    """

    __tablename__ = "accruals"

    expected_bill_id: Mapped[UUID]
    kind: Mapped[str]
    bill_id: Mapped[UUID | None]
    booked_on: Mapped[date]
    amount_minor: Mapped[int]
    base_minor: Mapped[int]
    entry_id: Mapped[UUID]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        references("expected_bills", "expected_bill_id", "fk_accruals_expected_bill"),
        references("bills", "bill_id", "fk_accruals_bill"),
        references("journal_entries", "entry_id", "fk_accruals_entry"),
        references("users", "created_by_user_id", "fk_accruals_creator"),
        CheckConstraint("kind in ('accrued', 'billed', 'released')", name="kind"),
        CheckConstraint(
            "case kind when 'accrued' then bill_id is null when 'billed' then bill_id is not null"
            " else true end",
            name="bill",
        ),
        CheckConstraint(
            "amount_minor <> 0 and amount_minor::numeric * base_minor >= 0 and case when kind ="
            " 'accrued' then amount_minor > 0 when bill_id is null then amount_minor < 0 else true"
            " end",
            name="amount",
        ),
        Index("ix_accruals_expected_bill", "tenant_id", "expected_bill_id"),
        Index(
            "ix_accruals_bill",
            "tenant_id",
            "bill_id",
            postgresql_where=text("bill_id is not null"),
        ),
        Index("ix_accruals_month", "tenant_id", "booked_on", "id"),
    )
