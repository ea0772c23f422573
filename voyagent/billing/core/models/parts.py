"""Columns, constraints and statuses shared by the tables of billing documents."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    FetchedValue,
    ForeignKeyConstraint,
    Index,
    Numeric,
    desc,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from voyagent.kernel.db import DefaultNow
from voyagent.kernel.tenancy import references

ZERO = text("0")
DRAFT = text("'draft'")
FALSE = text("false")
STILL_OPEN = "paid_minor + credited_minor < total_minor"
LINE = (
    "quantity >= 0 and quantity_part >= 0 and quantity + quantity_part > 0 and unit_price_minor >="
    " 0 and discount_minor >= 0 and included_tax_minor >= 0 and amount_minor >= 0 and amount_minor"
    " = round((quantity + quantity_part) * unit_price_minor) - discount_minor -"
    " coalesce(included_tax_minor, 0)"
)
UNIT = "length(unit) between 1 and 20"
SERVICE = "service_to is null or coalesce(service_to >= service_date, false)"
CURRENCY = "currency ~ '^[A-Z]{3}$'"
RATE_COLUMNS = ("rate_base", "rate_quote", "rate", "rate_on", "rate_source")
RATE = (
    "num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 0 or num_nonnulls(rate_base,"
    " rate_quote, rate, rate_on, rate_source) = 5 and rate > 0 and rate_base <> rate_quote and"
    " currency in (rate_base, rate_quote) and rate_base ~ '^[A-Z]{3}$' and rate_quote ~"
    " '^[A-Z]{3}$' and rate_on between '1900-01-01' and '2200-12-31' and length(rate_source)"
    " between 1 and 64"
)
OPEN_INVOICE = ("issued", "partially_paid")
OPEN_BILL = ("received", "scheduled")
OPEN = OPEN_INVOICE + OPEN_BILL


class InInstalments:
    """Columns of a document that may be due in instalments.

    Due dates and amounts are two arrays, ordered by due date. Both are None if the
    document is due on one date. A trigger maintains `due_date` of a posted document: it is the due
    date of the first open instalment, or of the last instalment if none is open.
    """

    instalment_dues: Mapped[list[date] | None] = mapped_column(ARRAY(Date))
    instalment_minors: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))


class AtARate:
    """Columns of an exchange rate, which are either all set or all None.

    One unit of `rate_base` costs `rate` units of `rate_quote` on `rate_on`, according to
    `rate_source`.
    """

    rate_base: Mapped[str | None]
    rate_quote: Mapped[str | None]
    rate: Mapped[Decimal | None] = mapped_column(Numeric(17, 8))
    rate_on: Mapped[date | None]
    rate_source: Mapped[str | None]


class InBase:
    """Column of an amount in the base currency, which is None if it is not stored.

    It is None in a row whose own currency is the base currency, in a row of an earlier release
    until it is filled, and while the base amounts of the agency are not established.
    """

    base_minor: Mapped[int | None]


class DocumentColumns(InInstalments, AtARate, InBase):
    """Columns that invoices and bills share.

    `base_minor` is the total as it was posted, in the base currency. `base_settled_minor` is the
    part that payments, credits and write-offs have taken of it.
    """

    status: Mapped[str] = mapped_column(server_default=DRAFT)
    issue_date: Mapped[date]
    due_date: Mapped[date]
    currency: Mapped[str]
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(server_default=ZERO)
    credited_minor: Mapped[int] = mapped_column(server_default=ZERO)
    tax_minor: Mapped[int] = mapped_column(server_default=ZERO)
    party_id: Mapped[UUID | None]
    party_name: Mapped[str]
    party_key: Mapped[str] = mapped_column(
        FetchedValue(), server_onupdate=FetchedValue(for_update=True), deferred=True
    )
    party_reference: Mapped[str | None]
    notes: Mapped[str | None]
    is_opening: Mapped[bool] = mapped_column(server_default=FALSE)
    base_settled_minor: Mapped[int] = mapped_column(server_default=ZERO)
    trip_id: Mapped[UUID | None]
    entry_id: Mapped[UUID | None]
    voided_on: Mapped[date | None]
    void_reason: Mapped[str | None]
    void_entry_id: Mapped[UUID | None]
    voided_by_user_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    @property
    def open_minor(self) -> int:
        """Return the open amount: the total less the paid and credited amounts."""
        return self.total_minor - self.paid_minor - self.credited_minor


def document_rules(table: str, open_states: tuple[str, ...], posted: str) -> tuple[SchemaItem, ...]:
    """Return the constraints and indexes that invoices and bills share.

    `open_states` are the statuses of open documents. `posted` is an SQL condition that is true for
    a document that was posted.
    """
    is_open = text(f"status in {open_states}")
    return (
        references("journal_entries", "entry_id", f"fk_{table}_entry"),
        references("journal_entries", "void_entry_id", f"fk_{table}_void_entry"),
        references("users", "voided_by_user_id", f"fk_{table}_voider"),
        references("users", "created_by_user_id", f"fk_{table}_creator"),
        references("trips", "trip_id", f"fk_{table}_trip"),
        *party_rules(table, "issue_date"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint(
            "issue_date between '1900-01-01' and '2200-12-31' and due_date between issue_date and"
            " '2200-12-31'",
            name="dates",
        ),
        CheckConstraint(
            "num_nonnulls(instalment_dues, instalment_minors) = 0 or app.is_plan(instalment_dues,"
            " instalment_minors, issue_date)",
            name="instalments",
        ),
        CheckConstraint(RATE, name="rate"),
        CheckConstraint("base_settled_minor between 0 and coalesce(base_minor, 0)", name="base"),
        CheckConstraint(
            "total_minor > 0 and paid_minor >= 0 and credited_minor >= 0 and paid_minor +"
            " credited_minor <= total_minor",
            name="amounts",
        ),
        CheckConstraint(
            "case when status = 'void' then num_nonnulls(voided_on, void_reason, void_entry_id) = 3"
            f" and {posted} and voided_on >= issue_date and paid_minor = 0 and credited_minor = 0"
            " else num_nonnulls(voided_on, void_reason, void_entry_id, voided_by_user_id) = 0 end",
            name="voided",
        ),
        Index(f"ix_{table}_issued", "tenant_id", desc("issue_date"), desc("id")),
        Index(f"ix_{table}_status", "tenant_id", "status", desc("issue_date"), desc("id")),
        Index(f"ix_{table}_party", "tenant_id", "party_key", desc("issue_date"), desc("id")),
        Index(f"ix_{table}_open_due", "tenant_id", "due_date", "id", postgresql_where=is_open),
        Index(
            f"ix_{table}_open_party",
            "tenant_id",
            "party_key",
            "due_date",
            "id",
            postgresql_where=is_open,
        ),
        Index(
            f"ix_{table}_voided",
            "tenant_id",
            "voided_on",
            postgresql_where=text("status = 'void'"),
        ),
        Index(
            f"ix_{table}_trip",
            "tenant_id",
            "trip_id",
            postgresql_where=text("trip_id is not null"),
        ),
    )


def party_rules(table: str, day: str) -> tuple[SchemaItem, ...]:
    """Return a foreign key to the party of a row, and an index of rows without one.

    A row of an earlier release has no `party_id` until `flask books link-parties` has run. `day` is
    the name of a date column.
    """
    return (
        references("parties", "party_id", f"fk_{table}_party"),
        Index(
            f"ix_{table}_unlinked",
            "tenant_id",
            day,
            postgresql_where=text("party_id is null and party_name is not null"),
        ),
    )


class DocumentLineColumns:
    """Columns that the lines of invoices and bills share.

    A subclass adds the column with the document's id. The quantity is the sum of `quantity`, whole
    units, and `quantity_part`, a part of a unit with three decimals. `amount_minor` is quantity
    times unit price, rounded half up, less `discount_minor` and `included_tax_minor`. The latter is
    the tax in the unit price, or None if the unit price is before tax.
    """

    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str]
    quantity: Mapped[int]
    quantity_part: Mapped[Decimal] = mapped_column(Numeric(3, 3), server_default=ZERO)
    unit: Mapped[str | None]
    unit_price_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(server_default=ZERO)
    included_tax_minor: Mapped[int | None]
    amount_minor: Mapped[int]

    @property
    def exact_quantity(self) -> Decimal:
        """Return the quantity, with the part of a unit."""
        return self.quantity + self.quantity_part

    @property
    def charged_minor(self) -> int:
        """Return quantity times unit price less the discount, with any tax in the price."""
        return self.amount_minor + (self.included_tax_minor or 0)


class TaxOfLine:
    """Columns of a tax component of a document line.

    A subclass adds the column with the document's id.
    """

    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    component: Mapped[str] = mapped_column(primary_key=True)
    amount_minor: Mapped[int]


def tax_rules(
    table: str, lines: str, document: str, ondelete: str | None = None
) -> tuple[ForeignKeyConstraint, CheckConstraint]:
    """Return the constraints of a table of taxes on document lines.

    `lines` is the name of the table of lines. `document` is the column with the document's id, in
    both tables. `ondelete` says what happens to the taxes of a deleted line, such as `CASCADE`.
    """
    line = ("tenant_id", document, "line_no")
    return (
        ForeignKeyConstraint(
            line, [f"{lines}.{name}" for name in line], name=f"fk_{table}_line", ondelete=ondelete
        ),
        CheckConstraint("amount_minor > 0", name="amount"),
    )


class Reversible:
    """Columns of a reversal, which are None if the row is not reversed.

    A payment, refund or credit is reversed as a whole, never in part.
    """

    reversed_on: Mapped[date | None]
    reversal_reason: Mapped[str | None]
    reversal_entry_id: Mapped[UUID | None]
    reversed_by_user_id: Mapped[UUID | None]


def reversal_rules(
    table: str, day: str, also: str = ""
) -> tuple[ForeignKeyConstraint, ForeignKeyConstraint, CheckConstraint, Index]:
    """Return the constraints and the index for the reversal columns of a table.

    `day` is the name of a date column: a row cannot be reversed before this date. `also` is SQL
    text such as ` and ...`, an additional condition for reversed rows.
    """
    return (
        references("journal_entries", "reversal_entry_id", f"fk_{table}_reversal"),
        references("users", "reversed_by_user_id", f"fk_{table}_reverser"),
        CheckConstraint(
            "case when reversed_on is null then num_nonnulls(reversal_reason, reversal_entry_id,"
            " reversed_by_user_id) = 0 else num_nonnulls(reversal_reason, reversal_entry_id) = 2"
            f" and reversed_on >= {day}{also} end",
            name="reversed",
        ),
        Index(
            f"ix_{table}_reversed",
            "tenant_id",
            "reversed_on",
            postgresql_where=text("reversed_on is not null"),
        ),
    )


class CreditColumns(Reversible, InBase):
    """Columns that credit notes and supplier credits share.

    `base_minor` is the part of the base amount of the document that the credit has settled.
    """

    issue_date: Mapped[date]
    currency: Mapped[str]
    total_minor: Mapped[int]
    tax_minor: Mapped[int] = mapped_column(server_default=ZERO)
    party_id: Mapped[UUID | None]
    party_name: Mapped[str]
    party_key: Mapped[str] = mapped_column(
        FetchedValue(), server_onupdate=FetchedValue(for_update=True), deferred=True
    )
    reason: Mapped[str]
    entry_id: Mapped[UUID]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]


def credit_rules(table: str, document: str) -> tuple[SchemaItem, ...]:
    """Return the constraints and indexes that both kinds of credits share.

    `document` is the name of the credited document, `invoice` or `bill`.
    """
    return (
        references(f"{document}s", f"{document}_id", f"fk_{table}_{document}"),
        references("journal_entries", "entry_id", f"fk_{table}_entry"),
        references("users", "created_by_user_id", f"fk_{table}_creator"),
        *reversal_rules(table, "issue_date"),
        *party_rules(table, "issue_date"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint("issue_date between '1900-01-01' and '2200-12-31'", name="date"),
        CheckConstraint("total_minor > 0", name="total"),
        CheckConstraint("base_minor >= 0", name="base"),
        Index(f"ix_{table}_issued", "tenant_id", desc("issue_date"), desc("id")),
        Index(f"ix_{table}_party", "tenant_id", "party_key", desc("issue_date"), desc("id")),
        Index(f"ix_{table}_{document}", "tenant_id", f"{document}_id", "issue_date"),
    )
