"""What stands on accounts in the books: of revenue and expense, which begin anew each financial
year, what was posted in one; of the others all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)

from voyagent.kernel import clock
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, BalanceDay, BalanceMonth
from voyagent.ledger.years import APRIL, OF_THE_YEAR, year_of
from voyagent.settings.queries import chosen

_ACCOUNTS = Account.__table__.c
_MONTHS = BalanceMonth.__table__.c
_DAYS = BalanceDay.__table__.c


def standings(accounts: CTE, day: date | None = None) -> Select[Any]:
    """Debit less credit of some accounts (id, type), from the balances of months and, of the
    running month, of days.

    Rows, one for each account and currency that anything was ever posted in: account_id, currency,
    posted_minor, over all that was ever posted, and balance_minor. That is the same for assets,
    liabilities and equity; for revenue and expense it is what was posted in the financial year of
    `day`, up to today where today lies in it, else the whole of it. Without a day it is today's.
    Today is that of the agency's zone.
    """
    year = _year(day)
    began, until = (select(year.c[name]).scalar_subquery() for name in ("began", "until"))
    running = _month_of(until)
    is_of_the_year = accounts.c.type.in_(OF_THE_YEAR)
    net = _MONTHS.debit_minor - _MONTHS.credit_minor
    stands = or_(~is_of_the_year, and_(_MONTHS.month >= began, _MONTHS.month < running))
    months = (
        select(
            _MONTHS.account_id,
            _MONTHS.currency,
            net.label("posted"),
            case((stands, net), else_=0).label("balance"),
        )
        .join(accounts, accounts.c.id == _MONTHS.account_id)
        .where(owned(BalanceMonth))
    )
    single = (
        select(
            _DAYS.account_id,
            _DAYS.currency,
            literal(0, BigInteger),
            _DAYS.debit_minor - _DAYS.credit_minor,
        )
        .join(accounts, accounts.c.id == _DAYS.account_id)
        .where(owned(BalanceDay), is_of_the_year, _DAYS.day >= running, _DAYS.day < until)
    )
    parts = union_all(months, single).subquery("parts").c
    sums = (
        cast(func.sum(parts[name]), BigInteger).label(f"{name}_minor")
        for name in ("posted", "balance")
    )
    return select(parts.account_id, parts.currency, *sums).group_by(
        parts.account_id, parts.currency
    )


def standings_statement(account_ids: Iterable[UUID], day: date | None = None) -> Select[Any]:
    """The same of accounts of the agency by their ids."""
    return standings(
        select(_ACCOUNTS.id, _ACCOUNTS.type)
        .where(owned(Account), _ACCOUNTS.id.in_(tuple(account_ids)))
        .cte("found"),
        day,
    )


def _year(day: date | None) -> CTE:
    """When the financial year `began`, and the day that counts no more: one row."""
    zone, month = (
        func.coalesce(chosen("timezone"), "UTC"),
        func.coalesce(chosen("financial_year_start_month"), APRIL),
    )
    evening = cast(func.timezone(zone, literal(clock.now(), DateTime(timezone=True))), Date)
    now = select(evening.label("today"), cast(month, Integer).label("month")).cte("now").c
    began = year_of(now.today if day is None else literal(day, Date), now.month)
    year = (
        select(
            now.today,
            began.label("began"),
            cast(began + text("interval '1 year'"), Date).label("ended"),
        )
        .cte("year")
        .c
    )
    until = case(
        (and_(year.today >= year.began, year.today < year.ended), year.today + 1), else_=year.ended
    )
    return select(year.began, until.label("until")).cte("counted")


def _month_of(day: ColumnElement[date]) -> ColumnElement[date]:
    return cast(func.date_trunc("month", day), Date)
