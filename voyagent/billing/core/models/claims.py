"""Tables of refunds that suppliers owe, and of the receipts that settle them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import CURRENCY, ZERO, InBase
from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class SupplierClaim(InBase, TenantOwned, Base):
    """A refund that a supplier owes.

    More of a bill was credited than was open. The claim is posted by the entry of its supplier
    credit, whose `excess_minor` is the amount. `base_minor` is the amount at the rate of the day of
    the claim, and `base_settled_minor` the part of it that receipts have settled. `received_minor`
    was received, and `given_up_minor` is no longer expected. `chased_on` is the last day on which
    the supplier was reminded. `credit_note_number` is the supplier's number of the credit note,
    once it has arrived. A claim is reversed with its supplier credit.
    """

    __tablename__ = "supplier_claims"

    number: Mapped[str]
    bill_id: Mapped[UUID]
    supplier_credit_id: Mapped[UUID]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    received_minor: Mapped[int] = mapped_column(server_default=ZERO)
    given_up_minor: Mapped[int] = mapped_column(server_default=ZERO)
    base_settled_minor: Mapped[int] = mapped_column(server_default=ZERO)
    claimed_on: Mapped[date]
    expected_on: Mapped[date | None]
    chased_on: Mapped[date | None]
    credit_note_number: Mapped[str | None]
    reversed_on: Mapped[date | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_supplier_claims_number"),
        UniqueConstraint("tenant_id", "supplier_credit_id", name="uq_supplier_claims_credit"),
        references("bills", "bill_id", "fk_supplier_claims_bill"),
        references("supplier_credits", "supplier_credit_id", "fk_supplier_claims_credit"),
        references("users", "created_by_user_id", "fk_supplier_claims_creator"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint(
            "amount_minor > 0 and received_minor >= 0 and given_up_minor >= 0 and received_minor +"
            " given_up_minor <= amount_minor",
            name="amounts",
        ),
        CheckConstraint("base_settled_minor between 0 and coalesce(base_minor, 0)", name="base"),
        CheckConstraint(
            "claimed_on between '1900-01-01' and '2200-12-31' and expected_on >= claimed_on and"
            " expected_on <= '2200-12-31' and chased_on >= claimed_on",
            name="dates",
        ),
        CheckConstraint("length(credit_note_number) between 1 and 64", name="credit_note"),
        CheckConstraint(
            "reversed_on is null or reversed_on >= claimed_on and received_minor + given_up_minor ="
            " 0",
            name="reversed",
        ),
        Index("ix_supplier_claims_claimed", "tenant_id", desc("claimed_on"), desc("id")),
        Index(
            "ix_supplier_claims_open",
            *("tenant_id", "expected_on", "claimed_on", "id"),
            postgresql_where=text(
                "received_minor + given_up_minor < amount_minor and reversed_on is null"
            ),
        ),
        Index("ix_supplier_claims_bill", "tenant_id", "bill_id"),
    )

    @property
    def open_minor(self) -> int:
        """Return what the supplier still owes, in minor units."""
        if self.reversed_on is not None:
            return 0
        return self.amount_minor - self.received_minor - self.given_up_minor


class SupplierClaimReceipt(InBase, TenantOwned, Base):
    """Money of a supplier for a claim, a part that is given up, or both.

    `received_minor` and `given_up_minor` are in the currency of the claim, and `base_minor` is the
    part of its base amount that they settle. `money_minor` reached the bank account; it is in the
    currency of the account. `reference` is that of the bank. A receipt is never changed, only
    reversed.
    """

    __tablename__ = "supplier_claim_receipts"

    claim_id: Mapped[UUID]
    received_minor: Mapped[int]
    given_up_minor: Mapped[int]
    bank_account_id: Mapped[UUID | None]
    money_currency: Mapped[str]
    money_minor: Mapped[int]
    received_on: Mapped[date]
    reference: Mapped[str | None]
    entry_id: Mapped[UUID]
    reversed_on: Mapped[date | None]
    reversal_entry_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        references("supplier_claims", "claim_id", "fk_supplier_claim_receipts_claim"),
        references("bank_accounts", "bank_account_id", "fk_supplier_claim_receipts_bank_account"),
        references("journal_entries", "entry_id", "fk_supplier_claim_receipts_entry"),
        references("journal_entries", "reversal_entry_id", "fk_supplier_claim_receipts_reversal"),
        references("users", "created_by_user_id", "fk_supplier_claim_receipts_creator"),
        CheckConstraint(
            "received_minor >= 0 and given_up_minor >= 0 and received_minor + given_up_minor > 0"
            " and base_minor >= 0 and money_minor >= 0 and (money_minor > 0) = (received_minor >"
            " 0)",
            name="amounts",
        ),
        CheckConstraint("money_currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("received_on between '1900-01-01' and '2200-12-31'", name="date"),
        CheckConstraint(
            "num_nonnulls(reversed_on, reversal_entry_id) in (0, 2) and reversed_on >= received_on",
            name="reversed",
        ),
        Index("ix_supplier_claim_receipts_claim", *("tenant_id", "claim_id", "received_on", "id")),
    )
