"""Tables of received cheques, and of the invoices that each of them is for."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import CURRENCY
from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references

HELD = "payment_id is null and returned_on is null"


class ReceivedCheque(TenantOwned, Base):
    """A cheque of a customer, with nothing posted until it is deposited.

    It is held until it has a `payment_id`, the receipt that its deposit has recorded, or a
    `returned_on`, the day on which it was given back. Both are final. `cheque_on` is the date on
    the cheque, the first day on which it can be deposited. `drawee_bank` is the bank that pays it.
    `bank_account_id` is the account into which it is to be deposited, or None if the agency has no
    bank account in the currency.
    """

    __tablename__ = "received_cheques"

    party_id: Mapped[UUID]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    cheque_no: Mapped[str]
    cheque_on: Mapped[date]
    drawee_bank: Mapped[str | None]
    bank_account_id: Mapped[UUID | None]
    note: Mapped[str | None]
    received_on: Mapped[date]
    payment_id: Mapped[UUID | None]
    returned_on: Mapped[date | None]
    return_reason: Mapped[str | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        references("parties", "party_id", "fk_received_cheques_party"),
        references("bank_accounts", "bank_account_id", "fk_received_cheques_bank_account"),
        references("payments", "payment_id", "fk_received_cheques_payment"),
        references("users", "created_by_user_id", "fk_received_cheques_creator"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("cheque_no <> ''", name="number"),
        CheckConstraint(
            "cheque_on between '1900-01-01' and '2200-12-31'"
            " and received_on between '1900-01-01' and '2200-12-31'",
            name="dates",
        ),
        CheckConstraint(
            "num_nonnulls(returned_on, return_reason) in (0, 2) and returned_on >= received_on and"
            " (returned_on is null or payment_id is null)",
            name="returned",
        ),
        Index(
            "uq_received_cheques_payment",
            *("tenant_id", "payment_id"),
            unique=True,
            postgresql_where=text("payment_id is not null"),
        ),
        Index(
            "ix_received_cheques_held",
            *("tenant_id", "cheque_on", "id"),
            postgresql_where=text(HELD),
        ),
        Index("ix_received_cheques_dated", "tenant_id", desc("cheque_on"), desc("id")),
        Index("ix_received_cheques_party", "tenant_id", "party_id", desc("cheque_on"), desc("id")),
    )

    @property
    def is_held(self) -> bool:
        """Return True if the cheque is neither deposited nor given back."""
        return self.payment_id is None and self.returned_on is None


class ChequeInvoice(TenantBound, Base):
    """An invoice that a received cheque is to settle."""

    __tablename__ = "cheque_invoices"

    cheque_id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)

    __table_args__ = (
        references("received_cheques", "cheque_id", "fk_cheque_invoices_cheque"),
        references("invoices", "invoice_id", "fk_cheque_invoices_invoice"),
        Index("ix_cheque_invoices_invoice", "tenant_id", "invoice_id"),
    )
