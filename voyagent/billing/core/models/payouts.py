"""Table of the payouts of payment gateways."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, desc
from sqlalchemy.orm import Mapped

from voyagent.billing.core.models.parts import CURRENCY
from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references


class GatewayPayout(TenantOwned, Base):
    """A transfer of a payment gateway to a bank account.

    The payments and refunds that it covers have its id in `payout_id`, and `gross_minor` is their
    sum. The gateway keeps its fee and the tax on the fee; the bank account gets the rest.
    `reference` is the gateway's number of the payout. A payout is never changed, only reversed.
    From then on no payment has its id.
    """

    __tablename__ = "gateway_payouts"

    gateway_id: Mapped[UUID]
    bank_account_id: Mapped[UUID]
    currency: Mapped[str]
    gross_minor: Mapped[int]
    fee_minor: Mapped[int]
    tax_minor: Mapped[int]
    paid_on: Mapped[date]
    reference: Mapped[str | None]
    entry_id: Mapped[UUID]
    reversed_on: Mapped[date | None]
    reversal_entry_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        references("bank_accounts", "gateway_id", "fk_gateway_payouts_gateway"),
        references("bank_accounts", "bank_account_id", "fk_gateway_payouts_bank_account"),
        references("journal_entries", "entry_id", "fk_gateway_payouts_entry"),
        references("journal_entries", "reversal_entry_id", "fk_gateway_payouts_reversal"),
        references("users", "created_by_user_id", "fk_gateway_payouts_creator"),
        CheckConstraint(CURRENCY, name="currency"),
        CheckConstraint(
            "fee_minor >= 0 and tax_minor >= 0 and fee_minor + tax_minor < gross_minor",
            name="amounts",
        ),
        CheckConstraint("paid_on between '1900-01-01' and '2200-12-31'", name="date"),
        CheckConstraint(
            "num_nonnulls(reversed_on, reversal_entry_id) in (0, 2) and reversed_on >= paid_on",
            name="reversed",
        ),
        Index("ix_gateway_payouts_paid", "tenant_id", desc("paid_on"), desc("id")),
    )

    @property
    def net_minor(self) -> int:
        """Return the amount that the bank account gets."""
        return self.gross_minor - self.fee_minor - self.tax_minor
