"""Tables of bills, bill lines and the taxes printed on them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import (
    AMOUNTS,
    CURRENCY,
    DATES,
    DRAFT,
    FALSE,
    LINE,
    PLAN,
    RATE,
    STILL_OPEN,
    VOIDED,
    ZERO,
    AtARate,
    InInstalments,
    TaxOfLine,
    tax_rules,
)
from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references


class Bill(InInstalments, AtARate, TenantOwned, Base):
    """A supplier's bill, identified by the supplier's own reference.

    A draft becomes a received bill when it is posted. After that only the paid amount, the credited
    amount and the payment date change.
    """

    __tablename__ = "bills"

    status: Mapped[str] = mapped_column(server_default=DRAFT)
    vendor_reference: Mapped[str]
    issue_date: Mapped[date]
    due_date: Mapped[date]
    currency: Mapped[str]
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(server_default=ZERO)
    credited_minor: Mapped[int] = mapped_column(server_default=ZERO)
    tax_minor: Mapped[int] = mapped_column(server_default=ZERO)
    party_name: Mapped[str]
    party_key: Mapped[str] = mapped_column(
        Computed("lower(party_name)", persisted=True), deferred=True
    )
    party_reference: Mapped[str | None]
    notes: Mapped[str | None]
    is_opening: Mapped[bool] = mapped_column(server_default=FALSE)
    pay_on: Mapped[date | None]
    trip_id: Mapped[UUID | None]
    entry_id: Mapped[UUID | None]
    voided_on: Mapped[date | None]
    void_reason: Mapped[str | None]
    void_entry_id: Mapped[UUID | None]
    voided_by_user_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        Index(
            "uq_bills_vendor_reference",
            "tenant_id",
            "vendor_reference",
            unique=True,
            postgresql_where=text("status <> 'void'"),
        ),
        references("journal_entries", "entry_id", "fk_bills_entry"),
        references("journal_entries", "void_entry_id", "fk_bills_void_entry"),
        references("users", "voided_by_user_id", "fk_bills_voider"),
        references("users", "created_by_user_id", "fk_bills_creator"),
        references("trips", "trip_id", "fk_bills_trip"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint(DATES, name="dates"),
        CheckConstraint(PLAN, name="instalments"),
        CheckConstraint(RATE, name="rate"),
        CheckConstraint(AMOUNTS, name="amounts"),
        CheckConstraint("tax_minor >= 0 and tax_minor <= total_minor", name="tax"),
        CheckConstraint(
            "status in ('draft', 'received', 'scheduled', 'paid', 'void')", name="status"
        ),
        CheckConstraint(
            "case when status = 'draft' then entry_id is null when status = 'void' then true else"
            " entry_id is not null end",
            name="posted",
        ),
        CheckConstraint(
            "case status when 'draft' then paid_minor = 0 and credited_minor = 0 when 'paid' then"
            " paid_minor + credited_minor = total_minor when 'void' then true else"
            f" {STILL_OPEN} end",
            name="paid",
        ),
        CheckConstraint(VOIDED.format(posted="entry_id is not null"), name="voided"),
        CheckConstraint(
            "case when status = 'scheduled' then pay_on is not null when status in ('draft',"
            " 'received') then pay_on is null else true end and pay_on between issue_date and"
            " '2200-12-31'",
            name="pay_on",
        ),
        Index("ix_bills_issued", "tenant_id", desc("issue_date"), desc("id")),
        Index("ix_bills_status", "tenant_id", "status", desc("issue_date"), desc("id")),
        Index(
            "ix_bills_open_due",
            "tenant_id",
            "due_date",
            "id",
            postgresql_where=text("status in ('received', 'scheduled')"),
        ),
        Index(
            "ix_bills_open_party",
            "tenant_id",
            "party_key",
            "due_date",
            "id",
            postgresql_where=text("status in ('received', 'scheduled')"),
        ),
        Index(
            "ix_bills_voided", "tenant_id", "voided_on", postgresql_where=text("status = 'void'")
        ),
        Index(
            "ix_bills_trip", "tenant_id", "trip_id", postgresql_where=text("trip_id is not null")
        ),
        Index("ix_bills_party", "tenant_id", "party_key", desc("issue_date"), desc("id")),
    )

    @property
    def open_minor(self) -> int:
        """Return the open amount: the total less the paid and credited amounts."""
        return self.total_minor - self.paid_minor - self.credited_minor


class BillLine(TenantBound, Base):
    """A line of a bill; `amount_minor` is quantity times unit price, before tax.

    `bought_as` is `cost` for the agency's own cost, or `agent` for a purchase on behalf of a
    customer. With `input_credit` the tax is claimed as input tax credit, otherwise it is part of
    the cost.
    """

    __tablename__ = "bill_lines"

    bill_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str]
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]
    amount_minor: Mapped[int]
    bought_as: Mapped[str] = mapped_column(server_default=text("'cost'"))
    input_credit: Mapped[bool] = mapped_column(server_default=FALSE)

    __table_args__ = (
        references("bills", "bill_id", "fk_bill_lines_bill", "CASCADE"),
        CheckConstraint(LINE, name="amount"),
        CheckConstraint("bought_as in ('cost', 'agent')", name="bought_as"),
    )


class BillTax(TaxOfLine, TenantBound, Base):
    """A tax component of a bill line, as printed on the bill."""

    __tablename__ = "bill_taxes"

    bill_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = tax_rules("bill_taxes", "bill_lines", "bill_id", "CASCADE")
