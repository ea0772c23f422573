"""Tables of credit notes and supplier credits, with their lines and taxes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import (
    ZERO,
    CreditColumns,
    TaxOfLine,
    credit_rules,
    tax_rules,
)
from voyagent.kernel.db import Base
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references


class CreditNote(CreditColumns, TenantOwned, Base):
    """A credit note to a customer on an issued invoice.

    Credit notes have a number series of their own. A credit note is never changed, only reversed.
    `excess_minor` is the part of the total above what was open of the invoice.
    """

    __tablename__ = "credit_notes"

    invoice_id: Mapped[UUID]
    number: Mapped[str]
    round_off_minor: Mapped[int] = mapped_column(server_default=ZERO)
    excess_minor: Mapped[int] = mapped_column(server_default=ZERO)

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_credit_notes_number"),
        CheckConstraint("excess_minor between 0 and total_minor", name="excess"),
        *credit_rules("credit_notes", "invoice"),
        CheckConstraint("tax_minor >= 0 and tax_minor < total_minor - round_off_minor", name="tax"),
        CheckConstraint("abs(round_off_minor) <= 5000", name="round_off"),
        CheckConstraint("length(number) <= 16", name="number"),
        Index(
            "uq_credit_notes_round_off",
            "tenant_id",
            "invoice_id",
            unique=True,
            postgresql_where=text("round_off_minor <> 0 and reversed_on is null"),
        ),
    )


class CreditNoteLine(TenantBound, Base):
    """The credited amount of an invoice line, with the returned commission.

    `parts_minor` is the credited revenue by part of the line (`rules.parts_of`), if there are
    several. It is None otherwise.
    """

    __tablename__ = "credit_note_lines"

    credit_note_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str]
    amount_minor: Mapped[int]
    commission_minor: Mapped[int] = mapped_column(server_default=ZERO)
    parts_minor: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))

    __table_args__ = (
        references("credit_notes", "credit_note_id", "fk_credit_note_lines_note"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("commission_minor between 0 and amount_minor", name="commission"),
    )


class CreditNoteTax(TaxOfLine, TenantBound, Base):
    """The credited amount of a tax component of an invoice line."""

    __tablename__ = "credit_note_taxes"

    credit_note_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = tax_rules("credit_note_taxes", "credit_note_lines", "credit_note_id")


class SupplierCredit(CreditColumns, TenantOwned, Base):
    """A supplier's credit note on a received bill, with the supplier's number.

    A supplier credit is never changed, only reversed. `excess_minor` is the part of the total above
    what was open of the bill. It is a claim (`SupplierClaim`), whose number takes the place of the
    supplier's as long as the credit note has not arrived.
    """

    __tablename__ = "supplier_credits"

    bill_id: Mapped[UUID]
    vendor_reference: Mapped[str]
    excess_minor: Mapped[int] = mapped_column(server_default=ZERO)

    __table_args__ = (
        CheckConstraint("excess_minor between 0 and total_minor", name="excess"),
        Index(
            "uq_supplier_credits_reference",
            "tenant_id",
            "party_key",
            "vendor_reference",
            unique=True,
            postgresql_where=text("reversed_on is null"),
        ),
        *credit_rules("supplier_credits", "bill"),
        CheckConstraint("tax_minor >= 0 and tax_minor < total_minor", name="tax"),
    )


class SupplierCreditLine(TenantBound, Base):
    """The credited amount of a bill line, by line number.

    `parts_minor` is the credited cost by part of the line (`rules.parts_of`), if there are several.
    It is None otherwise.
    """

    __tablename__ = "supplier_credit_lines"

    supplier_credit_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str]
    amount_minor: Mapped[int]
    parts_minor: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))

    __table_args__ = (
        references("supplier_credits", "supplier_credit_id", "fk_supplier_credit_lines_credit"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )


class SupplierCreditTax(TaxOfLine, TenantBound, Base):
    """The credited amount of a tax component of a bill line."""

    __tablename__ = "supplier_credit_taxes"

    supplier_credit_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = tax_rules(
        "supplier_credit_taxes", "supplier_credit_lines", "supplier_credit_id"
    )
