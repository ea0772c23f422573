"""Tables of payments, refunds, and the allocation of payments to documents."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    FetchedValue,
    Index,
    UniqueConstraint,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from voyagent.billing.core.models.parts import (
    CURRENCY,
    FALSE,
    ZERO,
    AtARate,
    InBase,
    Reversible,
    party_rules,
    reversal_rules,
)
from voyagent.billing.core.rules import CONTROL, CREDITS, MODES
from voyagent.kernel.db import Base, Columns, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references

EXCHANGED = (
    "case when settled_minor is null then num_nonnulls(booked_minor, rate_base, rate_quote, rate,"
    " rate_on, rate_source) = 0 else sign(settled_minor) = sign(amount_minor) and"
    " num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) in (0, 5) and (rate is null"
    " or rate > 0 and rate_base <> rate_quote) end"
)
CASH = "cash"
OPENING_ACCOUNT = "opening_balances"
"""Key of the opening balance account, used instead of bank or cash for imported advances."""


class Paid:
    """Mixin of payments and refunds: the bank account, the mode and the instrument.

    `account` is `bank` or `cash`. `bank_account_id` is null for rows of earlier releases, and if
    the agency has no bank account in the currency. `mode` is null if nobody stated it. `payout_id`
    is the payout with which a gateway has paid the money out.
    """

    account: Mapped[str]
    bank_account_id: Mapped[UUID | None]
    mode: Mapped[str | None]
    instrument_no: Mapped[str | None]
    instrument_on: Mapped[date | None]
    instrument_bank: Mapped[str | None]
    payout_id: Mapped[UUID | None]


def _paid_rules(table: str, day: str) -> tuple[SchemaItem, ...]:
    modes = ", ".join(f"'{mode}'" for mode in MODES)
    return (
        references("bank_accounts", "bank_account_id", f"fk_{table}_bank_account"),
        references("gateway_payouts", "payout_id", f"fk_{table}_payout"),
        CheckConstraint(f"mode in ({modes})", name="mode"),
        CheckConstraint("payout_id is null or reversed_on is null", name="payout"),
        Index(
            f"ix_{table}_bank_account",
            *("tenant_id", "bank_account_id", day, "id"),
            postgresql_where=text("payout_id is null"),
        ),
        Index(
            f"ix_{table}_payout",
            *("tenant_id", "payout_id"),
            postgresql_where=text("payout_id is not null"),
        ),
    )


def money_of(payments: Columns) -> ColumnElement[int]:
    """Return the SQL expression of `Payment.money_minor`."""
    return payments.amount_minor - payments.tds_minor - payments.charge_minor


class Payment(Paid, Reversible, InBase, TenantOwned, Base):
    """A payment from a customer (direction `in`) or to a supplier (`out`).

    `amount_minor` is what the payment settles: the money, the tax that the payer deducted
    (`tds_minor`), and what the bank or gateway kept (`charge_minor`). `charge_tax` has the tax in
    this charge by component, in minor units. A reversal sets `refunded_minor` to the whole amount,
    so that nothing is left to refund. `account` is `bank`, `cash`, or `opening_balances` for an
    imported advance. The reference of an imported advance is its number in the former program.

    A row with a `credit_note_id` is not money but a credit of the customer: the amount that a
    credit note credited above the open amount of its invoice. It has no bank account, and its
    `account` has no meaning. Its journal entry is that of the credit note.

    `nature` is `service` for money that was paid for services. It is `refundable` if the agency
    must return the unused amount on demand; that amount is then on an account of its own.

    A reversed payment with a `bounce_entry_id` was a cheque that bounced; the entry has what the
    bank charged for it.

    `base_minor` is the amount as it was posted, in the base currency. `base_used_minor` is the part
    that allocations, refunds and a reversal have taken of it.
    """

    __tablename__ = "payments"

    number: Mapped[str]
    direction: Mapped[str]
    party_id: Mapped[UUID | None]
    party_name: Mapped[str]
    party_key: Mapped[str] = mapped_column(
        FetchedValue(), server_onupdate=FetchedValue(for_update=True), deferred=True
    )
    currency: Mapped[str]
    amount_minor: Mapped[int]
    allocated_minor: Mapped[int] = mapped_column(server_default=ZERO)
    refunded_minor: Mapped[int] = mapped_column(server_default=ZERO)
    paid_on: Mapped[date]
    account: Mapped[str] = mapped_column(server_default=text("'bank'"))
    reference: Mapped[str | None]
    tds_minor: Mapped[int] = mapped_column(server_default=ZERO)
    tds_section: Mapped[str | None]
    tds_certificate: Mapped[str | None]
    charge_minor: Mapped[int] = mapped_column(server_default=ZERO)
    charge_tax: Mapped[dict[str, int] | None] = mapped_column(JSONB(none_as_null=True))
    nature: Mapped[str] = mapped_column(server_default=text("'service'"))
    credit_note_id: Mapped[UUID | None]
    base_used_minor: Mapped[int] = mapped_column(server_default=ZERO)
    entry_id: Mapped[UUID]
    bounce_entry_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_payments_number"),
        references("journal_entries", "entry_id", "fk_payments_entry"),
        references("journal_entries", "bounce_entry_id", "fk_payments_bounce"),
        references("users", "created_by_user_id", "fk_payments_creator"),
        *_paid_rules("payments", "paid_on"),
        *party_rules("payments", "paid_on"),
        *reversal_rules(
            "payments", "paid_on", " and allocated_minor = 0 and refunded_minor = amount_minor"
        ),
        CheckConstraint("bounce_entry_id is null or reversed_on is not null", name="bounce"),
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "tds_minor between 0 and amount_minor - 1"
            " and (tds_minor > 0) = (tds_section is not null)"
            " and (tds_certificate is null or tds_section is not null)",
            name="tds",
        ),
        CheckConstraint(
            "charge_minor >= 0 and tds_minor + charge_minor < amount_minor"
            " and (charge_minor = 0 or direction = 'in' and credit_note_id is null)"
            " and (charge_tax is null or charge_minor > 0)",
            name="charge",
        ),
        references("credit_notes", "credit_note_id", "fk_payments_credit_note"),
        CheckConstraint(
            "nature = 'service' or nature = 'refundable' and direction = 'in'", name="nature"
        ),
        CheckConstraint(
            "credit_note_id is null or nature = 'refundable' and bank_account_id is null and"
            " tds_minor = 0",
            name="credit_note",
        ),
        Index(
            "uq_payments_credit_note",
            "tenant_id",
            "credit_note_id",
            unique=True,
            postgresql_where=text("credit_note_id is not null"),
        ),
        CheckConstraint(
            "allocated_minor >= 0 and refunded_minor >= 0 and allocated_minor + refunded_minor <="
            " amount_minor",
            name="used",
        ),
        CheckConstraint("base_used_minor between 0 and coalesce(base_minor, 0)", name="base"),
        CheckConstraint("account in ('bank', 'cash', 'opening_balances')", name="account"),
        CheckConstraint("account <> 'opening_balances' or reference is not null", name="opening"),
        Index(
            "uq_payments_opening",
            "tenant_id",
            "direction",
            "reference",
            unique=True,
            postgresql_where=text("account = 'opening_balances' and reversed_on is null"),
        ),
        CheckConstraint("length(number) <= 16", name="number"),
        CheckConstraint("paid_on between '1900-01-01' and '2200-12-31'", name="date"),
        Index("ix_payments_paid", "tenant_id", desc("paid_on"), desc("id")),
        Index("ix_payments_direction", "tenant_id", "direction", desc("paid_on"), desc("id")),
        Index("ix_payments_party", "tenant_id", "party_key", desc("paid_on"), desc("id")),
        Index(
            "ix_payments_unapplied",
            "tenant_id",
            "direction",
            desc("paid_on"),
            desc("id"),
            postgresql_where=text("allocated_minor + refunded_minor < amount_minor"),
        ),
    )

    @property
    def money_minor(self) -> int:
        """Return the amount that reached or left the bank account."""
        return self.amount_minor - self.tds_minor - self.charge_minor

    @property
    def is_opening(self) -> bool:
        """Return True if this is an imported advance."""
        return self.account == OPENING_ACCOUNT

    @property
    def advances_account(self) -> str:
        """Return the key of the account of the unused amount."""
        return CREDITS if self.nature == "refundable" else CONTROL[self.direction][1]

    @property
    def unapplied_minor(self) -> int:
        """Return the unused amount (the advance), which is neither allocated nor refunded."""
        return self.amount_minor - self.allocated_minor - self.refunded_minor


class Allocation(AtARate, TenantOwned, Base):
    """A part of a payment that settles a document from `effective_on`.

    An allocation is reversed by another row with negative amounts. `reverses_id` of that row is the
    id of the allocation. `amount_minor` is in the payment's currency.

    If the document has another currency than the payment, `settled_minor` is the settled amount in
    the document's currency. `booked_minor` is the value of `settled_minor` at the document's booked
    rate, in the payment's currency.

    `document_base_minor` is the part of the document's base amount that the allocation takes, and
    `payment_base_minor` that of the payment's. Each is None if the document or the payment has no
    base amount.
    """

    __tablename__ = "allocations"

    payment_id: Mapped[UUID]
    invoice_id: Mapped[UUID | None]
    bill_id: Mapped[UUID | None]
    amount_minor: Mapped[int]
    settled_minor: Mapped[int | None]
    booked_minor: Mapped[int | None]
    document_base_minor: Mapped[int | None]
    payment_base_minor: Mapped[int | None]
    effective_on: Mapped[date]
    entry_id: Mapped[UUID]
    reverses_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "reverses_id", name="uq_allocations_reverses_id"),
        references("payments", "payment_id", "fk_allocations_payment"),
        references("invoices", "invoice_id", "fk_allocations_invoice"),
        references("bills", "bill_id", "fk_allocations_bill"),
        references("journal_entries", "entry_id", "fk_allocations_entry"),
        references("allocations", "reverses_id", "fk_allocations_reverses"),
        CheckConstraint("num_nonnulls(invoice_id, bill_id) = 1", name="document"),
        CheckConstraint(
            "case when reverses_id is null then amount_minor > 0 else amount_minor < 0 end",
            name="amount",
        ),
        CheckConstraint(EXCHANGED, name="exchanged"),
        CheckConstraint(
            "document_base_minor * sign(amount_minor) >= 0"
            " and payment_base_minor * sign(amount_minor) >= 0",
            name="base",
        ),
        Index("ix_allocations_payment", "tenant_id", "payment_id"),
        Index(
            "ix_allocations_invoice",
            "tenant_id",
            "invoice_id",
            "effective_on",
            postgresql_where=text("invoice_id is not null"),
        ),
        Index(
            "ix_allocations_bill",
            "tenant_id",
            "bill_id",
            "effective_on",
            postgresql_where=text("bill_id is not null"),
        ),
        Index("ix_allocations_effective", "tenant_id", "effective_on"),
    )

    @property
    def document_id(self) -> UUID | None:
        """Return the id of the invoice or bill that the allocation settles."""
        return self.invoice_id or self.bill_id

    @property
    def is_exchanged(self) -> bool:
        """Return True if the payment and the document have different currencies."""
        return self.settled_minor is not None

    @property
    def settles_minor(self) -> int:
        """Return the settled amount in minor units of the document's currency."""
        return self.amount_minor if self.settled_minor is None else self.settled_minor


class Refund(Paid, Reversible, InBase, TenantOwned, Base):
    """A refund of an advance or a part of it; it is never changed, only reversed.

    A refund of several payments of a customer has a `RefundPart` for each (`has_parts`), and names
    the oldest one in `payment_id`.

    `base_minor` is what the refund has taken of the base amounts of its payments.
    """

    __tablename__ = "refunds"

    payment_id: Mapped[UUID]
    number: Mapped[str]
    amount_minor: Mapped[int]
    has_parts: Mapped[bool] = mapped_column(server_default=FALSE)
    refunded_on: Mapped[date]
    reference: Mapped[str | None]
    entry_id: Mapped[UUID]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_refunds_number"),
        references("payments", "payment_id", "fk_refunds_payment"),
        references("journal_entries", "entry_id", "fk_refunds_entry"),
        references("users", "created_by_user_id", "fk_refunds_creator"),
        *_paid_rules("refunds", "refunded_on"),
        *reversal_rules("refunds", "refunded_on"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("base_minor >= 0", name="base"),
        CheckConstraint("account in ('bank', 'cash')", name="account"),
        CheckConstraint("length(number) <= 16", name="number"),
        CheckConstraint("refunded_on between '1900-01-01' and '2200-12-31'", name="date"),
        Index("ix_refunds_payment", "tenant_id", "payment_id"),
        Index("ix_refunds_refunded", "tenant_id", "refunded_on"),
    )


class RefundPart(InBase, TenantBound, Base):
    """The amount of one payment in a refund of several.

    `base_minor` is the part of the base amount of the payment that the refund has used.
    """

    __tablename__ = "refund_parts"

    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    amount_minor: Mapped[int]

    __table_args__ = (
        references("refunds", "refund_id", "fk_refund_parts_refund"),
        references("payments", "payment_id", "fk_refund_parts_payment"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("base_minor >= 0", name="base"),
        Index("ix_refund_parts_payment", "tenant_id", "payment_id"),
    )
