"""Query of the last reversal of an allocation, refund, credit or write-off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select

from voyagent.billing.core.models.kinds import BILL, INVOICE
from voyagent.billing.core.models.payments import Allocation, Refund, RefundPart
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.kernel.db import db


def last_taken_back(
    payment_id: UUID | None = None, document_ids: Iterable[UUID] = ()
) -> date | None:
    """Return the date of the last reversal for a payment or for documents, or None.

    For a payment, reversals of its allocations and refunds count. For documents, reversals of their
    allocations, credits and write-offs count.
    """
    ids = list(document_ids)
    concerned = or_(
        Allocation.payment_id == payment_id,
        Allocation.invoice_id.in_(ids),
        Allocation.bill_id.in_(ids),
    )
    allocated = (
        select(func.max(Allocation.effective_on))
        .where(Allocation.reverses_id.is_not(None), concerned)
        .scalar_subquery()
    )
    written_off = (
        select(func.max(WriteOff.effective_on))
        .where(WriteOff.reverses_id.is_not(None), WriteOff.invoice_id.in_(ids))
        .scalar_subquery()
    )
    refunded = (
        select(func.max(Refund.reversed_on))
        .where(Refund.payment_id == payment_id)
        .scalar_subquery()
    )
    refunded_in_part = (
        select(func.max(Refund.reversed_on))
        .join(RefundPart, RefundPart.refund_id == Refund.id)
        .where(RefundPart.payment_id == payment_id)
        .scalar_subquery()
    )
    credited = (
        select(func.max(kind.credit.model.reversed_on))
        .where(getattr(kind.credit.model, kind.key).in_(ids))
        .scalar_subquery()
        for kind in (INVOICE, BILL)
    )
    days = (allocated, written_off, refunded, refunded_in_part, *credited)
    return db.session.scalar(select(func.greatest(*days)))
