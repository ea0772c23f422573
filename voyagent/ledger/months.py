"""What was sold and what it cost, month by month, from the balances of months: as many rows as months and currencies, however many lines stand behind."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Select, case, cast, func, or_, select

from voyagent.kernel.reading import kept
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, BalanceMonth

_ACCOUNTS = Account.__table__.c
_MONTHS = BalanceMonth.__table__.c
COST = "cost_of_services"


@kept
def sales_statement(first: date, last: date) -> Select[Any]:
    """What was posted in months from `first` to `last`, their first days: currency, month, sales_minor, cost_minor, by currency and month.

    Sales are all revenue, credit less debit; cost is what the sold services were bought for, debit less credit. Months without either are left out.
    """
    net = _MONTHS.credit_minor - _MONTHS.debit_minor
    is_sale, is_cost = _ACCOUNTS.type == "revenue", _ACCOUNTS.purpose == COST
    sums = {"sales_minor": func.sum(case((is_sale, net), else_=0)), "cost_minor": func.sum(case((is_cost, -net), else_=0))}
    return (
        select(_MONTHS.currency, _MONTHS.month, *(cast(value, BigInteger).label(name) for name, value in sums.items()))
        .join(Account.__table__, (_ACCOUNTS.tenant_id == _MONTHS.tenant_id) & (_ACCOUNTS.id == _MONTHS.account_id))
        .where(owned(BalanceMonth), owned(Account), _MONTHS.month.between(first, last), or_(is_sale, is_cost))
        .group_by(_MONTHS.currency, _MONTHS.month)
        .order_by(_MONTHS.currency, _MONTHS.month)
    )
