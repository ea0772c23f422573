"""Tables of confirmed links between records and people, and of erasures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references


class PersonLink(TenantBound, Base):
    """A record that an administrator has confirmed to be about a party.

    `kind` is `enquiry`, `passenger`, `trip`, `conversation`, `audit_event` or a kind in `RECORDS`
    (`rules/register.py`).
    """

    __tablename__ = "person_links"

    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    confirmed_by_user_id: Mapped[UUID | None]
    confirmed_at: Mapped[DefaultNow]

    __table_args__ = (
        references("parties", "party_id", "fk_person_links_party"),
        references("users", "confirmed_by_user_id", "fk_person_links_confirmer"),
        CheckConstraint(
            "kind in ('enquiry', 'passenger', 'trip', 'conversation', 'party', 'invoice', 'bill',"
            " 'payment', 'credit_note', 'supplier_credit', 'journal_entry', 'audit_event',"
            " 'cancellation')",
            name="kind",
        ),
    )


class Erasure(TenantOwned, Base):
    """The erasure of a person's data.

    `counts` has the number of changed rows by table. `identity_sealed` has the name, address, tax
    number and PAN for tax authorities, encrypted with the party's key. `identity_until` is the last
    day on which the identity is kept.
    """

    __tablename__ = "erasures"

    party_id: Mapped[UUID]
    pseudonym: Mapped[str]
    reason: Mapped[str]
    erased_by_user_id: Mapped[UUID | None]
    erased_at: Mapped[datetime]
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    identity_sealed: Mapped[bytes | None]
    identity_until: Mapped[date | None]

    __table_args__ = (
        UniqueConstraint("tenant_id", "party_id", name="uq_erasures_party"),
        references("parties", "party_id", "fk_erasures_party"),
        references("users", "erased_by_user_id", "fk_erasures_eraser"),
        CheckConstraint("length(reason) between 1 and 500", name="reason"),
        CheckConstraint("jsonb_typeof(counts) = 'object'", name="counts"),
        CheckConstraint("identity_sealed is null or identity_until is not null", name="identity"),
        Index(
            "ix_erasures_identity",
            "tenant_id",
            "identity_until",
            postgresql_where=text("identity_sealed is not null"),
        ),
    )
