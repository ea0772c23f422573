"""Tables of model usage and of limits.

When a conversation is deleted, the rows of its model usage are kept.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references


class TurnCost(TenantOwned, Base):
    """Model usage of one step of a turn, including failed requests.

    `number` is the number of the step, and `day` a day in the agency's time zone.
    """

    __tablename__ = "turn_costs"

    session_id: Mapped[UUID]
    turn_id: Mapped[str]
    number: Mapped[int]
    model: Mapped[str]
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cache_read_tokens: Mapped[int]
    cache_write_tokens: Mapped[int]
    estimated: Mapped[bool]
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(14, 8))
    day: Mapped[date]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "turn_id", "number", name="uq_turn_costs_number"),
        CheckConstraint(
            "least(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) >= 0",
            name="tokens",
        ),
        CheckConstraint("cost_usd >= 0", name="cost"),
        Index("ix_turn_costs_session", "tenant_id", "session_id"),
        Index("ix_turn_costs_created", "tenant_id", "created_at"),
    )


class ModelDailyUsage(TenantBound, Base):
    """Model usage of a day, which is compared with the budget.

    `day` is in the agency's time zone; `unpriced` counts the answers without a known price.
    """

    __tablename__ = "model_daily_usage"

    day: Mapped[date] = mapped_column(primary_key=True)
    answers: Mapped[int]
    tokens: Mapped[int]
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(14, 8))
    unpriced: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (CheckConstraint("unpriced >= 0", name="unpriced"),)


class MissingModel(TenantBound, Base):
    """A model that its vendor did not offer when it was last asked to answer."""

    __tablename__ = "missing_models"

    model: Mapped[str] = mapped_column(primary_key=True)
    missed_at: Mapped[DefaultNow]


class BudgetReservation(TenantBound, Base):
    """Tokens reserved for a running model answer until `expires_at`."""

    __tablename__ = "budget_reservations"

    turn_id: Mapped[str] = mapped_column(primary_key=True)
    tokens: Mapped[int]
    expires_at: Mapped[datetime]

    __table_args__ = (
        references("chat_turns", "turn_id", "fk_budget_reservations_turn", "CASCADE"),
        CheckConstraint("tokens > 0", name="tokens"),
    )


class RateLimitHit(TenantBound, Base):
    """A turn of the last hour, which counts for the agency's limits."""

    __tablename__ = "rate_limit_hits"

    turn_id: Mapped[str] = mapped_column(primary_key=True)
    admitted_at: Mapped[datetime]

    __table_args__ = (Index("ix_rate_limit_hits_admitted", "tenant_id", "admitted_at"),)
