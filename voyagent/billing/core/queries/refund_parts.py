"""Query of the amounts of payments that refunds have paid back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CompoundSelect, select, union_all

from voyagent.billing.core.models.payments import Refund, RefundPart
from voyagent.kernel.tenancy import owned

_REFUNDS, _PARTS = Refund.__table__, RefundPart.__table__


def parts_of_refunds() -> CompoundSelect[Any]:
    """Select the amount of each payment in each refund of the agency.

    Rows: refund_id, payment_id, amount_minor, base_minor, refunded_on, reversed_on.
    """
    names = ("payment_id", "amount_minor", "base_minor")
    days = (_REFUNDS.c.refunded_on, _REFUNDS.c.reversed_on)
    of_one = select(
        _REFUNDS.c.id.label("refund_id"), *(_REFUNDS.c[name] for name in names), *days
    ).where(owned(Refund), _REFUNDS.c.has_parts.is_(False))
    of_several = (
        select(_PARTS.c.refund_id, *(_PARTS.c[name] for name in names), *days)
        .join(
            _REFUNDS,
            (_REFUNDS.c.tenant_id == _PARTS.c.tenant_id) & (_REFUNDS.c.id == _PARTS.c.refund_id),
        )
        .where(owned(RefundPart))
    )
    return union_all(of_one, of_several)
