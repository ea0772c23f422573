"""Tables of bills, bill lines and the taxes printed on them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import (
    FALSE,
    LINE,
    OPEN_BILL,
    SERVICE,
    STILL_OPEN,
    UNIT,
    DocumentColumns,
    DocumentLineColumns,
    TaxOfLine,
    document_rules,
    tax_rules,
)
from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references


class Bill(DocumentColumns, TenantOwned, Base):
    """A supplier's bill, identified by the supplier's own reference."""

    __tablename__ = "bills"

    vendor_reference: Mapped[str]
    pay_on: Mapped[date | None]

    __table_args__ = (
        *document_rules("bills", OPEN_BILL, "entry_id is not null"),
        Index(
            "uq_bills_vendor_reference",
            "tenant_id",
            "vendor_reference",
            unique=True,
            postgresql_where=text("status <> 'void'"),
        ),
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
        CheckConstraint(
            "case when status = 'scheduled' then pay_on is not null when status in ('draft',"
            " 'received') then pay_on is null else true end and pay_on between issue_date and"
            " '2200-12-31'",
            name="pay_on",
        ),
    )


class BillLine(DocumentLineColumns, TenantBound, Base):
    """A line of a bill; `amount_minor` is after its discount, before tax.

    `bought_as` is `cost` for the agency's own cost, or `agent` for a purchase on behalf of a
    customer. With `input_credit` the tax is claimed as input tax credit, otherwise the tax is part
    of the cost. The service lasts from `service_date` to `service_to`, or one day if `service_to`
    is null. A cost with a `service_date` after the issue date is prepaid until the day, or the
    days, on which `recognition` makes it a cost. `recognition` is the method with which the line
    was posted; null means `at_start`.
    """

    __tablename__ = "bill_lines"

    bill_id: Mapped[UUID] = mapped_column(primary_key=True)
    bought_as: Mapped[str] = mapped_column(server_default=text("'cost'"))
    input_credit: Mapped[bool] = mapped_column(server_default=FALSE)
    service_date: Mapped[date | None]
    service_to: Mapped[date | None]
    recognition: Mapped[str | None]

    __table_args__ = (
        references("bills", "bill_id", "fk_bill_lines_bill", "CASCADE"),
        CheckConstraint(LINE, name="amount"),
        CheckConstraint(UNIT, name="unit"),
        CheckConstraint(SERVICE, name="service"),
        CheckConstraint("bought_as in ('cost', 'agent')", name="bought_as"),
    )


class ExpectedBillMatch(TenantOwned, Base):
    """A part of a bill line that is matched to an expected bill.

    `amount_minor` may be null in a draft: the match then has the cost of the line that no other
    match has. It is set when the bill is received. With `is_final` no further bill is expected,
    whatever the amount.
    """

    __tablename__ = "expected_bill_matches"

    bill_id: Mapped[UUID]
    line_no: Mapped[int]
    expected_bill_id: Mapped[UUID]
    amount_minor: Mapped[int | None]
    is_final: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        UniqueConstraint(
            *("tenant_id", "bill_id", "line_no", "expected_bill_id"),
            name="uq_expected_bill_matches_line",
        ),
        references("bills", "bill_id", "fk_expected_bill_matches_bill", "CASCADE"),
        references(
            "expected_bills", "expected_bill_id", "fk_expected_bill_matches_expected", "CASCADE"
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_expected_bill_matches_expected", "tenant_id", "expected_bill_id"),
    )


class BillTax(TaxOfLine, TenantBound, Base):
    """A tax component of a bill line, as printed on the bill."""

    __tablename__ = "bill_taxes"

    bill_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = tax_rules("bill_taxes", "bill_lines", "bill_id", "CASCADE")
