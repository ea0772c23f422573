"""Tables of invoices, invoice lines and their taxes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKeyConstraint,
    Index,
    Numeric,
    SQLColumnExpression,
    UniqueConstraint,
    desc,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import (
    LINE,
    OPEN_INVOICE,
    SERVICE,
    STILL_OPEN,
    UNIT,
    ZERO,
    DocumentColumns,
    DocumentLineColumns,
    document_rules,
)
from voyagent.kernel.db import Base
from voyagent.kernel.keyring import current_keyring, opened_text
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references

_SEARCH = (
    "lower(COALESCE(number, ''::text) || chr(31) || party_name || chr(31) ||"
    " COALESCE(party_reference, ''::text))"
)

PAN = "pan"
"""Purpose for which the PAN of a buyer is encrypted, and for which its keyed hash is made."""
TAX_NUMBER = "tax_number"
"""Purpose for which the tax number of a buyer is encrypted."""
BILL_OF_SUPPLY, DEBIT_NOTE = "B", "D"
"""Letters before the numbers of bills of supply and debit notes, such as `B/2026-27/000001`."""


def is_numbered_as(number: SQLColumnExpression[Any], letter: str) -> ColumnElement[bool]:
    """Return the SQL condition that the number of an invoice is of a series.

    `letter` is `BILL_OF_SUPPLY` or `DEBIT_NOTE`, or empty for the series of all other invoices.
    """
    if letter:
        return number.startswith(f"{letter}/")
    return ~number.startswith(f"{BILL_OF_SUPPLY}/") & ~number.startswith(f"{DEBIT_NOTE}/")


class Invoice(DocumentColumns, TenantOwned, Base):
    """An invoice to a customer.

    A draft has no number; issuing an invoice numbers and posts it.

    `credited_minor` includes write-offs; `written_off_minor` is the written-off amount alone.
    `total_minor` is the sum of lines, taxes and `round_off_minor`. `excess_minor` is what credit
    notes have credited above the open amount; it is not in `credited_minor`, because it became a
    credit of the customer (`Payment.credit_note_id`).

    The PAN (the Indian tax account number) and the tax number of the buyer are encrypted.
    `customer_pan_digest` is a keyed hash of the PAN. With this hash, other invoices of the buyer
    are found.

    `party_address` is the postal address of the buyer at issue, with state and country.
    `party_address_id` is the further address that was chosen for it, which may have been removed
    since. `debits_id` makes the invoice a debit note: it is the invoice for which more is charged.

    `customer_pan_clear` and `customer_tax_number_clear` have values that an earlier release stored
    unencrypted. A job encrypts these values.
    """

    __tablename__ = "invoices"

    number: Mapped[str | None]
    written_off_minor: Mapped[int] = mapped_column(server_default=ZERO)
    round_off_minor: Mapped[int] = mapped_column(server_default=ZERO)
    excess_minor: Mapped[int] = mapped_column(server_default=ZERO)
    place_of_supply: Mapped[str | None]
    customer_tax_number_clear: Mapped[str | None] = mapped_column("customer_tax_number")
    customer_tax_number_sealed: Mapped[bytes | None]
    customer_pan_clear: Mapped[str | None] = mapped_column("customer_pan")
    customer_pan_sealed: Mapped[bytes | None]
    customer_pan_digest: Mapped[bytes | None]
    issued_at: Mapped[datetime | None]
    issued_by_user_id: Mapped[UUID | None]
    party_address: Mapped[str | None]
    party_address_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    sent_to: Mapped[str | None]
    enquiry_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    debits_id: Mapped[UUID | None]
    search: Mapped[str] = mapped_column(Computed(_SEARCH, persisted=True), deferred=True)

    __table_args__ = (
        *document_rules("invoices", OPEN_INVOICE, "num_nonnulls(number, entry_id) = 2"),
        UniqueConstraint("tenant_id", "number", name="uq_invoices_number"),
        references("invoices", "debits_id", "fk_invoices_debits"),
        CheckConstraint("debits_id <> id and not is_opening or debits_id is null", name="debits"),
        Index(
            "ix_invoices_debits",
            "tenant_id",
            "debits_id",
            postgresql_where=text("debits_id is not null"),
        ),
        CheckConstraint("not is_opening or party_reference is not null", name="opening"),
        Index(
            "uq_invoices_opening",
            "tenant_id",
            "party_reference",
            unique=True,
            postgresql_where=text("is_opening"),
        ),
        references("users", "issued_by_user_id", "fk_invoices_issuer"),
        references("enquiries", "enquiry_id", "fk_invoices_enquiry", "SET NULL (enquiry_id)"),
        references("chat_sessions", "session_id", "fk_invoices_session", "SET NULL (session_id)"),
        CheckConstraint(
            "status in ('draft', 'issued', 'partially_paid', 'paid', 'void')", name="status"
        ),
        CheckConstraint("length(number) <= 16", name="number"),
        CheckConstraint(
            "tax_minor >= 0 and tax_minor <= total_minor - round_off_minor", name="tax"
        ),
        CheckConstraint("abs(round_off_minor) <= 5000", name="round_off"),
        CheckConstraint("excess_minor >= 0", name="excess"),
        CheckConstraint("written_off_minor between 0 and credited_minor", name="written_off"),
        CheckConstraint("place_of_supply ~ '^[A-Z0-9]{1,3}$'", name="place"),
        CheckConstraint("(sent_at is null) = (sent_to is null)", name="sent"),
        CheckConstraint(
            "case when status = 'draft' then number is null and entry_id is null"
            " when status = 'void' then true else number is not null and entry_id is not null end",
            name="issued",
        ),
        CheckConstraint(
            "case status when 'draft' then paid_minor = 0 and credited_minor = 0 when 'issued'"
            f" then paid_minor = 0 and {STILL_OPEN} when 'partially_paid' then paid_minor > 0 and"
            f" {STILL_OPEN} when 'paid' then paid_minor + credited_minor = total_minor else"
            " true end",
            name="paid",
        ),
        Index("ix_invoices_due", "tenant_id", "due_date", "id"),
        Index("ix_invoices_currency", "tenant_id", "currency", desc("issue_date"), desc("id")),
        Index(
            "ix_invoices_pan",
            "tenant_id",
            "customer_pan",
            "issue_date",
            postgresql_where=text("customer_pan is not null"),
        ),
        Index(
            "ix_invoices_pan_digest",
            "tenant_id",
            "customer_pan_digest",
            "issue_date",
            postgresql_where=text("customer_pan_digest is not null"),
        ),
        CheckConstraint(
            "(customer_pan_sealed is null) = (customer_pan_digest is null)", name="pan"
        ),
        Index(
            "ix_invoices_enquiry",
            "tenant_id",
            "enquiry_id",
            postgresql_where=text("enquiry_id is not null"),
        ),
        Index(
            "ix_invoices_session",
            "tenant_id",
            "session_id",
            postgresql_where=text("session_id is not null"),
        ),
        Index(
            "ix_invoices_search",
            "tenant_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )

    @property
    def customer_pan(self) -> str | None:
        """Return the decrypted PAN (Indian tax account number) of the buyer, or None."""
        return opened_text(PAN, self.customer_pan_sealed, self.customer_pan_clear)

    @customer_pan.setter
    def customer_pan(self, pan: str | None) -> None:
        keyring = current_keyring()
        self.customer_pan_clear = None
        self.customer_pan_sealed = None if pan is None else keyring.seal(PAN, pan.encode())
        self.customer_pan_digest = None if pan is None else keyring.digest(PAN, pan)

    @property
    def customer_tax_number(self) -> str | None:
        """Return the decrypted tax number of the buyer, or None."""
        return opened_text(
            TAX_NUMBER, self.customer_tax_number_sealed, self.customer_tax_number_clear
        )

    @customer_tax_number.setter
    def customer_tax_number(self, number: str | None) -> None:
        self.customer_tax_number_clear = None
        self.customer_tax_number_sealed = (
            None if number is None else current_keyring().seal(TAX_NUMBER, number.encode())
        )


class InvoiceLine(DocumentLineColumns, TenantBound, Base):
    """A line of an invoice; `amount_minor` is after its discount, before tax.

    `sold_as` is `principal` for the agency's own sale, `fee` for the agency's fee, or `agent` for a
    sale on a supplier's behalf. `tax` is the code of a tax treatment, such as `service_fee` or
    `air_domestic`, which selects the tax rates. `collection` is such a code for tax collected at
    source. `commission_minor` is the agency's earnings from a line sold as agent. `sac` is the
    service code that an Indian invoice must show. `place_of_supply` is the state where the service
    is, if it decides the tax in place of the customer's state. `trip_line_id` is the line of the
    trip that is sold, which may have been removed since. The service lasts from `service_date` to
    `service_to`, or one day if `service_to` is null. `recognition` is the method with which the
    line was posted (`RecognitionPolicy`). If it is null, an own sale has the method `at_start`, and
    nothing of a fee or commission is deferred. `debits_line_no` is the line of the invoice for
    which a line of a debit note charges more.
    """

    __tablename__ = "invoice_lines"

    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    sold_as: Mapped[str] = mapped_column(server_default=text("'principal'"))
    tax: Mapped[str | None]
    collection: Mapped[str | None]
    basic_fare_minor: Mapped[int | None]
    service_date: Mapped[date | None]
    service_to: Mapped[date | None]
    recognition: Mapped[str | None]
    commission_minor: Mapped[int] = mapped_column(server_default=ZERO)
    sac: Mapped[str | None]
    place_of_supply: Mapped[str | None]
    trip_line_id: Mapped[UUID | None]
    debits_line_no: Mapped[int | None]

    __table_args__ = (
        references("invoices", "invoice_id", "fk_invoice_lines_invoice", "CASCADE"),
        Index(
            "ix_invoice_lines_tax",
            "tenant_id",
            "tax",
            postgresql_where=text("tax is not null"),
        ),
        CheckConstraint(LINE, name="amount"),
        CheckConstraint(UNIT, name="unit"),
        CheckConstraint(SERVICE, name="service"),
        CheckConstraint("sac ~ '^99[0-9]{2}([0-9]{2})?$'", name="sac"),
        CheckConstraint("place_of_supply ~ '^[A-Z0-9]{1,3}$'", name="place"),
        CheckConstraint("sold_as in ('principal', 'agent', 'fee')", name="sold_as"),
        CheckConstraint("basic_fare_minor between 0 and amount_minor", name="fare"),
        CheckConstraint(
            "commission_minor between 0 and amount_minor and (commission_minor = 0 or sold_as ="
            " 'agent')",
            name="commission",
        ),
    )


class InvoiceTax(TenantBound, Base):
    """A tax component of an invoice line.

    `source` is the source of the rate. `confirmed` is true if somebody had compared the rate with
    the text of the law when the tax was computed (`queries.tax_confirmations`).
    """

    __tablename__ = "invoice_taxes"

    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    component: Mapped[str] = mapped_column(primary_key=True)
    percent: Mapped[Decimal] = mapped_column(Numeric(6, 3))
    taxable_minor: Mapped[int]
    amount_minor: Mapped[int]
    source: Mapped[str]
    confirmed: Mapped[bool]

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "invoice_id", "line_no"],
            ["invoice_lines.tenant_id", "invoice_lines.invoice_id", "invoice_lines.line_no"],
            name="fk_invoice_taxes_line",
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "percent > 0 and taxable_minor >= 0 and amount_minor between 0 and taxable_minor",
            name="amount",
        ),
    )
