"""The table of exchange rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class StoredRate(TenantOwned, Base):
    """An exchange rate: one unit of `base` costs `rate` units of `quote` on `rate_on`.

    `kind` is one of `rules.KINDS`, and `source` names who quoted the rate. A row is never changed.
    A later row of the same pair, kind and day corrects it.
    """

    __tablename__ = "exchange_rates"

    base: Mapped[str]
    quote: Mapped[str]
    kind: Mapped[str]
    rate: Mapped[Decimal] = mapped_column(Numeric(17, 8))
    rate_on: Mapped[date]
    source: Mapped[str]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        references("users", "created_by_user_id", "fk_exchange_rates_creator"),
        CheckConstraint(
            "base ~ '^[A-Z]{3}$' and quote ~ '^[A-Z]{3}$' and base <> quote", name="pair"
        ),
        CheckConstraint(
            "kind in ('reference', 'bank_sell', 'bank_buy', 'card', 'customs')", name="kind"
        ),
        CheckConstraint("rate > 0", name="rate"),
        CheckConstraint("rate_on between '1900-01-01' and '2200-12-31'", name="day"),
        CheckConstraint("length(source) between 1 and 64", name="source"),
        # One look-up finds the newest rate of a pair, in whichever direction it was quoted.
        Index(
            "ix_exchange_rates_pair",
            "tenant_id",
            text("least(base, quote)"),
            text("greatest(base, quote)"),
            "kind",
            desc("rate_on"),
            desc("created_at"),
        ),
        Index("ix_exchange_rates_day", "tenant_id", desc("rate_on"), desc("id")),
    )
