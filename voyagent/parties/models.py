"""The table of customers and suppliers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references

_NO = text("false")
_SEARCH = (
    "lower(name || chr(31) || COALESCE(email, ''::text) || chr(31) || COALESCE(phone, ''::text) ||"
    " chr(31) || COALESCE(tax_number, ''::text))"
)


class Party(TenantOwned, Base):
    """A customer, a supplier, or both.

    Documents refer to it not by a foreign key but by an equal `party_key`, which is derived from
    the name.
    """

    __tablename__ = "parties"

    name: Mapped[str]
    party_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    is_customer: Mapped[bool] = mapped_column(server_default=_NO)
    is_supplier: Mapped[bool] = mapped_column(server_default=_NO)
    email: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    country: Mapped[str | None]
    state: Mapped[str | None]
    tax_number: Mapped[str | None]
    terms_days: Mapped[int | None]
    notes: Mapped[str | None]
    is_archived: Mapped[bool] = mapped_column(server_default=_NO)
    search: Mapped[str] = mapped_column(Computed(_SEARCH, persisted=True), deferred=True)
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "party_key", name="uq_parties_party_key"),
        references("users", "created_by_user_id", "fk_parties_creator"),
        CheckConstraint("is_customer or is_supplier", name="kind"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("state is null or country is not null", name="state"),
        CheckConstraint("terms_days between 0 and 365", name="terms"),
    )
