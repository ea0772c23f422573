"""Table of the policies by which an agency recognises revenue and cost."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, desc
from sqlalchemy.orm import Mapped

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class RecognitionPolicy(TenantOwned, Base):
    """A method of recognition for documents from a day on; a later row replaces it.

    `applies_to` is `principal` for sales in the agency's own name and their cost, or `agent` for
    the commission on sales as agent. A policy is never changed or deleted.
    """

    __tablename__ = "recognition_policies"

    valid_from: Mapped[date]
    applies_to: Mapped[str]
    method: Mapped[str]
    reason: Mapped[str]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        references("users", "created_by_user_id", "fk_recognition_policies_creator"),
        CheckConstraint(
            "case applies_to when 'principal' then method in ('at_start', 'at_completion',"
            " 'by_day') when 'agent' then method in ('at_booking', 'at_service') else false end",
            name="method",
        ),
        CheckConstraint("length(reason) between 1 and 500", name="reason"),
        CheckConstraint("valid_from between '1900-01-01' and '2200-12-31'", name="valid_from"),
        Index(
            "ix_recognition_policies_valid",
            "tenant_id",
            "applies_to",
            desc("valid_from"),
            desc("created_at"),
        ),
    )
