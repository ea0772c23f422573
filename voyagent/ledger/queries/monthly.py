"""Sales and cost by month, read from the balance tables."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, Select, case, cast, func, literal, or_, select, union_all

from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, DailyBalance, MonthlyBalance
from voyagent.ledger.rules import COST_PURPOSE
from voyagent.settings.queries import chosen

_ACCOUNTS = Account.__table__.c
_MONTHS = MonthlyBalance.__table__.c
_DAYS = DailyBalance.__table__.c


@cached_statement
def monthly_sales_statement(first: date, last: date) -> Select[Any]:
    """Select sales and cost of each month from `first` to the day `last`.

    `first` is the first day of a month. Sales are credit less debit of all revenue accounts. Cost
    is debit less credit of the account for the cost of services. Months without sales and cost are
    left out. Rows: currency, month, sales_minor, cost_minor, and both in the base currency:
    base_currency, base_sales_minor, base_cost_minor. base_currency is None unless the base amounts
    are established.
    """
    running = last.replace(day=1)
    months = select(
        _MONTHS.account_id,
        _MONTHS.currency,
        _MONTHS.month,
        (_MONTHS.credit_minor - _MONTHS.debit_minor).label("net"),
        (_MONTHS.base_credit_minor - _MONTHS.base_debit_minor).label("base_net"),
    )
    days = select(
        _DAYS.account_id,
        _DAYS.currency,
        literal(running, Date),
        _DAYS.credit_minor - _DAYS.debit_minor,
        _DAYS.base_credit_minor - _DAYS.base_debit_minor,
    )
    posted = union_all(
        months.where(owned(MonthlyBalance), _MONTHS.month >= first, _MONTHS.month < running),
        days.where(owned(DailyBalance), _DAYS.day.between(running, last)),
    ).subquery("posted")
    is_sale, is_cost = _ACCOUNTS.type == "revenue", _ACCOUNTS.purpose == COST_PURPOSE
    sums = {
        "sales_minor": func.sum(case((is_sale, posted.c.net), else_=0)),
        "cost_minor": func.sum(case((is_cost, -posted.c.net), else_=0)),
        "base_sales_minor": func.sum(case((is_sale, posted.c.base_net), else_=0)),
        "base_cost_minor": func.sum(case((is_cost, -posted.c.base_net), else_=0)),
    }
    return (
        select(
            posted.c.currency,
            posted.c.month,
            *(cast(value, BigInteger).label(name) for name, value in sums.items()),
            chosen("base_currency").label("base_currency"),
        )
        .join(Account.__table__, _ACCOUNTS.id == posted.c.account_id)
        .where(owned(Account), or_(is_sale, is_cost))
        .group_by(posted.c.currency, posted.c.month)
        .order_by(posted.c.currency, posted.c.month)
    )
