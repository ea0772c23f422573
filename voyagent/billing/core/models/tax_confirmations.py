"""Table of the confirmations of tax rates."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantOwned, references

COMPARED_WITH_MAX = 200


class TaxConfirmation(TenantOwned, Base):
    """A person's confirmation of the rates of a tax treatment; it is never changed.

    `rates` are the rows of `tables.rates_as_texts` at the confirmation, and `rates_hash` is their
    SHA-256. `compared_with` names the text of the law.
    """

    __tablename__ = "tax_confirmations"

    country: Mapped[str]
    treatment: Mapped[str]
    rates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    rates_hash: Mapped[str]
    compared_with: Mapped[str]
    confirmed_by_user_id: Mapped[UUID]
    confirmed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint(
            *("tenant_id", "country", "treatment", "rates_hash"), name="uq_tax_confirmations_rates"
        ),
        references("users", "confirmed_by_user_id", "fk_tax_confirmations_confirmer"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("jsonb_typeof(rates) = 'array'", name="rates"),
        CheckConstraint("rates_hash ~ '^[0-9a-f]{64}$'", name="rates_hash"),
        CheckConstraint(
            f"length(compared_with) between 1 and {COMPARED_WITH_MAX}", name="compared_with"
        ),
    )
