"""Tables of receipt vouchers, and of the tax on advances that is released."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.billing.core.models.parts import ZERO
from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.tenancy import TenantOwned, references

COMPONENTS = ("cgst", "sgst", "igst")
"""Components of the tax on an advance; each has a column with its amount."""


class AdvanceTaxes:
    """Columns with the amount of each tax component, in minor units."""

    cgst_minor: Mapped[int] = mapped_column(server_default=ZERO)
    sgst_minor: Mapped[int] = mapped_column(server_default=ZERO)
    igst_minor: Mapped[int] = mapped_column(server_default=ZERO)

    @property
    def taxes(self) -> dict[str, int]:
        """Return the amounts by component; a component of zero is left out."""
        found = {name: getattr(self, f"{name}_minor") for name in COMPONENTS}
        return {name: minor for name, minor in found.items() if minor}


class ReceiptVoucher(AdvanceTaxes, TenantOwned, Base):
    """A receipt voucher: the tax on an advance (Rule 50 of the CGST Rules).

    `amount_minor` is the taxed part of the advance, tax included, in the currency of the payment.
    `tax` is the tax treatment, or None if it was not known; `percent` is the whole rate.
    `place_of_supply` is None if it was not known. A voucher is never changed, only reversed.
    """

    __tablename__ = "receipt_vouchers"

    number: Mapped[str]
    payment_id: Mapped[UUID]
    tax: Mapped[str | None]
    percent: Mapped[Decimal] = mapped_column(Numeric(6, 3))
    place_of_supply: Mapped[str | None]
    amount_minor: Mapped[int]
    issued_on: Mapped[date]
    entry_id: Mapped[UUID]
    reversed_on: Mapped[date | None]
    reversal_entry_id: Mapped[UUID | None]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_receipt_vouchers_number"),
        references("payments", "payment_id", "fk_receipt_vouchers_payment"),
        references("journal_entries", "entry_id", "fk_receipt_vouchers_entry"),
        references("users", "created_by_user_id", "fk_receipt_vouchers_creator"),
        references("journal_entries", "reversal_entry_id", "fk_receipt_vouchers_reversal"),
        CheckConstraint(
            "num_nonnulls(reversed_on, reversal_entry_id) in (0, 2) and reversed_on >= issued_on",
            name="reversed",
        ),
        CheckConstraint("percent > 0 and percent < 100", name="percent"),
        CheckConstraint("place_of_supply ~ '^[0-9]{2}$'", name="place"),
        CheckConstraint(
            "cgst_minor >= 0 and sgst_minor = cgst_minor and igst_minor >= 0 and cgst_minor +"
            " igst_minor > 0 and cgst_minor + sgst_minor + igst_minor < amount_minor",
            name="amounts",
        ),
        CheckConstraint("issued_on between '1900-01-01' and '2200-12-31'", name="date"),
        Index(
            "uq_receipt_vouchers_payment",
            "tenant_id",
            "payment_id",
            unique=True,
            postgresql_where=text("reversed_on is null"),
        ),
        Index("ix_receipt_vouchers_issued", "tenant_id", desc("issued_on"), desc("id")),
    )


class VoucherUse(AdvanceTaxes, TenantOwned, Base):
    """The tax of a receipt voucher that is released because its advance is used.

    `amount_minor` is the used part of the taxed advance, tax included. If a use is taken back, a
    further row has negative amounts. If a refund of the advance uses it, `refund_id` is its id, and
    `number` that of the refund voucher (Rule 51 of the CGST Rules). A row is never changed.
    """

    __tablename__ = "voucher_uses"

    voucher_id: Mapped[UUID]
    refund_id: Mapped[UUID | None]
    number: Mapped[str | None]
    amount_minor: Mapped[int]
    used_on: Mapped[date]
    entry_id: Mapped[UUID]
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "number", name="uq_voucher_uses_number"),
        references("receipt_vouchers", "voucher_id", "fk_voucher_uses_voucher"),
        references("refunds", "refund_id", "fk_voucher_uses_refund"),
        references("journal_entries", "entry_id", "fk_voucher_uses_entry"),
        references("users", "created_by_user_id", "fk_voucher_uses_creator"),
        CheckConstraint(
            "amount_minor <> 0 and cgst_minor = sgst_minor and cgst_minor * sign(amount_minor) >= 0"
            " and igst_minor * sign(amount_minor) >= 0",
            name="amounts",
        ),
        CheckConstraint(
            "(number is not null) = (refund_id is not null and amount_minor > 0)", name="refund"
        ),
        CheckConstraint("used_on between '1900-01-01' and '2200-12-31'", name="date"),
        Index("ix_voucher_uses_voucher", "tenant_id", "voucher_id"),
        Index(
            "ix_voucher_uses_refund",
            "tenant_id",
            "refund_id",
            postgresql_where=text("refund_id is not null"),
        ),
        Index("ix_voucher_uses_used", "tenant_id", "used_on"),
    )
