"""Balances by financial year, read from the monthly balances."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, Select, cast, func, select

from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, MonthlyBalance

_ACCOUNTS = Account.__table__.c
_MONTHS = MonthlyBalance.__table__.c


def financial_year_start(
    day: ColumnElement[date], start_month: int | ColumnElement[int]
) -> ColumnElement[date]:
    """Return the SQL expression for the first day of the financial year of a day.

    Financial years begin on the first day of the month with the number `start_month`.
    """
    year = cast(func.extract("year", day), Integer)
    before = cast(func.extract("month", day) < start_month, Integer)
    return func.make_date(year - before, start_month, 1, type_=Date())


@cached_statement
def yearly_balances_statement(
    began: date, until: date, types: Collection[str], account_id: UUID | None = None
) -> Select[Any]:
    """Select the balance of accounts of some types in each financial year.

    `began` and `until` are first days of financial years; the year that begins on `until` is
    excluded. Rows, earliest year first: year_began, code, currency, balance_minor (debit less
    credit of the year's postings, never 0).
    """
    year = financial_year_start(_MONTHS.month, began.month)
    balance = func.sum(_MONTHS.debit_minor - _MONTHS.credit_minor)
    statement = (
        select(
            year.label("year_began"),
            _ACCOUNTS.code,
            _MONTHS.currency,
            cast(balance, BigInteger).label("balance_minor"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _MONTHS.tenant_id) & (_ACCOUNTS.id == _MONTHS.account_id),
        )
        .where(
            owned(MonthlyBalance),
            owned(Account),
            _ACCOUNTS.type.in_(types),
            _MONTHS.month >= began,
            _MONTHS.month < until,
        )
        .group_by(year, _ACCOUNTS.code, _MONTHS.currency)
        .having(balance != 0)
        .order_by(year, _ACCOUNTS.code, _MONTHS.currency)
    )
    return statement if account_id is None else statement.where(_MONTHS.account_id == account_id)
