"""Queries of receipt vouchers, for rules of payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select

from voyagent.billing.core.models.vouchers import COMPONENTS, ReceiptVoucher, VoucherUse
from voyagent.kernel.db import db


@dataclass(frozen=True, slots=True)
class Used:
    """The used part of the advance of a receipt voucher, and its taxes.

    `amount_minor` is the part, tax included, and `taxes` are amounts in minor units by component.
    """

    amount_minor: int
    taxes: dict[str, int]


def find_voucher_of(payment_id: UUID) -> ReceiptVoucher | None:
    """Return the receipt voucher of a payment that is not reversed, or None."""
    return db.session.scalar(
        select(ReceiptVoucher).where(
            ReceiptVoucher.payment_id == payment_id, ReceiptVoucher.reversed_on.is_(None)
        )
    )


def used_of(voucher_id: UUID) -> Used:
    """Return the used part of a receipt voucher. The caller has locked the payment."""
    names = ("amount_minor", *(f"{name}_minor" for name in COMPONENTS))
    sums = (cast(func.coalesce(func.sum(getattr(VoucherUse, n)), 0), BigInteger) for n in names)
    amount_minor, *taxes = db.session.execute(
        select(*sums).where(VoucherUse.voucher_id == voucher_id)
    ).one()
    return Used(amount_minor, dict(zip(COMPONENTS, taxes, strict=True)))


def last_used(voucher_id: UUID) -> date | None:
    """Return the date of the last use of a receipt voucher, or None."""
    return db.session.scalar(
        select(func.max(VoucherUse.used_on)).where(VoucherUse.voucher_id == voucher_id)
    )
