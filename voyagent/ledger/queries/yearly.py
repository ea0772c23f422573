"""Balances by financial year, read from the monthly balances."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    cast,
    func,
    or_,
    select,
)

from voyagent.kernel.database.read_pool import Row
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


def years_in_base(rows: list[Row], base_currency: str) -> list[Row]:
    """Return yearly balances in the base currency, one for each year and account.

    `rows` are those of `yearly_balances_statement`.
    """
    found = []
    for _key, same in groupby(rows, key=lambda row: (row["year_began"], row["code"])):
        first, *more = same
        balance_minor = sum(int(row["base_balance_minor"]) for row in (first, *more))
        found.append(first | {"currency": base_currency, "balance_minor": balance_minor})
    return found


@cached_statement
def yearly_balances_statement(
    began: date, until: date, types: Collection[str], account_id: UUID | None = None
) -> Select[Any]:
    """Select the balance of accounts of some types in each financial year.

    `began` and `until` are first days of financial years; the year that begins on `until` is
    excluded. Rows, earliest year first: year_began, code, currency, balance_minor (debit less
    credit of the year's postings) and base_balance_minor. Rows in which both are 0 are left out.
    """
    year = financial_year_start(_MONTHS.month, began.month)
    balance = func.sum(_MONTHS.debit_minor - _MONTHS.credit_minor)
    base_balance = func.sum(_MONTHS.base_debit_minor - _MONTHS.base_credit_minor)
    statement = (
        select(
            year.label("year_began"),
            _ACCOUNTS.code,
            _MONTHS.currency,
            cast(balance, BigInteger).label("balance_minor"),
            cast(base_balance, BigInteger).label("base_balance_minor"),
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
        .having(or_(balance != 0, base_balance != 0))
        .order_by(year, _ACCOUNTS.code, _MONTHS.currency)
    )
    return statement if account_id is None else statement.where(_MONTHS.account_id == account_id)
