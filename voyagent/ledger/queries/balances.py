"""Account balances, read from the monthly and daily balance tables.

Each financial year, revenue and expense accounts start at zero. Other accounts carry their balance
forward.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
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
    Subquery,
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
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, DailyBalance, MonthlyBalance
from voyagent.ledger.queries.yearly import financial_year_start
from voyagent.ledger.rules import PROFIT_AND_LOSS, YEAR_START_MONTH
from voyagent.settings.queries import chosen

_ACCOUNTS = Account.__table__.c
_MONTHS = MonthlyBalance.__table__.c
_DAYS = DailyBalance.__table__.c
SUMS = ("debit_minor", "credit_minor", "base_debit_minor", "base_credit_minor")
"""The columns with sums of both tables of balances."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Total debits and credits of an account in one currency, in minor units."""

    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Return debit less credit in minor units, for accounts of every type."""
        return self.debit_minor - self.credit_minor


def book_balances(accounts: CTE, day: date | None = None) -> Select[Any]:
    """Select the book balances of the accounts in a CTE with the columns id and type.

    There is one row for each account and currency with postings: account_id, currency, posted_minor
    and balance_minor. Both amounts are debit less credit. posted_minor covers all postings. For
    revenue and expense accounts, balance_minor covers only the financial year that contains `day`:
    the whole year if it is over, else the year up to today. For other accounts, balance_minor
    equals posted_minor. `day` defaults to today in the agency's time zone.
    """
    year = _year(day)
    began, until = (select(year.c[name]).scalar_subquery() for name in ("began", "until"))
    running = _month_of(until)
    is_of_the_year = accounts.c.type.in_(PROFIT_AND_LOSS)
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
        .where(owned(MonthlyBalance))
    )
    single = (
        select(
            _DAYS.account_id,
            _DAYS.currency,
            literal(0, BigInteger),
            _DAYS.debit_minor - _DAYS.credit_minor,
        )
        .join(accounts, accounts.c.id == _DAYS.account_id)
        .where(owned(DailyBalance), is_of_the_year, _DAYS.day >= running, _DAYS.day < until)
    )
    parts = union_all(months, single).subquery("parts").c
    sums = (
        cast(func.sum(parts[name]), BigInteger).label(f"{name}_minor")
        for name in ("posted", "balance")
    )
    return select(parts.account_id, parts.currency, *sums).group_by(
        parts.account_id, parts.currency
    )


def book_balances_statement(account_ids: Iterable[UUID], day: date | None = None) -> Select[Any]:
    """Select what `book_balances` selects, for the accounts with the given ids."""
    return book_balances(
        select(_ACCOUNTS.id, _ACCOUNTS.type)
        .where(owned(Account), _ACCOUNTS.id.in_(tuple(account_ids)))
        .cte("found"),
        day,
    )


def balances_statement(as_of: date, account_ids: Iterable[UUID]) -> Select[Any]:
    """Select total debits and credits of accounts up to and including a day.

    Rows: account_id, currency, debit_minor, credit_minor, base_debit_minor, base_credit_minor, and
    base_currency, which is null unless the base amounts of the agency are established.
    """
    return _balances_statement(as_of, tuple(account_ids))


def posted_until(as_of: date, account_ids: Sequence[UUID] | None = None) -> Select[Any]:
    """Select total debits and credits up to and including a day.

    The query adds the monthly balances of whole months and the daily balances of the last month. In
    the second half of a month, it adds the whole month and subtracts the days after `as_of`.
    `account_ids` limits the rows to some accounts. Rows: account_id, currency, debit_minor,
    credit_minor, base_debit_minor, base_credit_minor. A line without a base amount counts as zero
    in the base sums.
    """
    first, days = as_of.replace(day=1), monthrange(as_of.year, as_of.month)[1]
    if as_of.day * 2 <= days:
        whole, sign, some = _MONTHS.month < first, 1, _DAYS.day.between(first, as_of)
    else:
        whole, sign = _MONTHS.month <= first, -1
        some = _DAYS.day.between(as_of + timedelta(days=1), first.replace(day=days))
    months = select(_MONTHS.account_id, _MONTHS.currency, *(_MONTHS[name] for name in SUMS)).where(
        owned(MonthlyBalance), whole
    )
    signed = ((sign * _DAYS[name]).label(name) for name in SUMS)
    single = select(_DAYS.account_id, _DAYS.currency, *signed).where(owned(DailyBalance), some)
    if account_ids is not None:
        months, single = (
            months.where(_MONTHS.account_id.in_(account_ids)),
            single.where(_DAYS.account_id.in_(account_ids)),
        )
    parts: Subquery = union_all(months, single).subquery("parts")
    sums = [func.sum(parts.c[name]) for name in SUMS]
    labelled = (cast(one, BigInteger).label(name) for name, one in zip(SUMS, sums, strict=True))
    return (
        select(parts.c.account_id, parts.c.currency, *labelled)
        .group_by(parts.c.account_id, parts.c.currency)
        .having(or_(*(one != 0 for one in sums)))
    )


@cached_statement
def control_balances_statement(*purposes: str) -> Select[Any]:
    """Select the balances of the accounts with the given purposes.

    Rows: purpose, code, currency, balance_minor (debit less credit of all postings),
    base_balance_minor (the same in the base currency).
    """
    balance = func.sum(_MONTHS.debit_minor - _MONTHS.credit_minor)
    base_balance = func.sum(_MONTHS.base_debit_minor - _MONTHS.base_credit_minor)
    return (
        select(
            _ACCOUNTS.purpose,
            _ACCOUNTS.code,
            _MONTHS.currency,
            cast(balance, BigInteger).label("balance_minor"),
            cast(base_balance, BigInteger).label("base_balance_minor"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _MONTHS.tenant_id) & (_ACCOUNTS.id == _MONTHS.account_id),
        )
        .where(owned(MonthlyBalance), owned(Account), _ACCOUNTS.purpose.in_(purposes))
        .group_by(_ACCOUNTS.purpose, _ACCOUNTS.code, _MONTHS.currency)
    )


@cached_statement
def _balances_statement(as_of: date, account_ids: tuple[UUID, ...]) -> Select[Any]:
    posted = posted_until(as_of, account_ids).subquery("posted")
    return select(posted, chosen("base_currency").label("base_currency")).order_by(
        posted.c.account_id, posted.c.currency
    )


def _year(day: date | None) -> CTE:
    zone, month = (
        func.coalesce(chosen("timezone"), "UTC"),
        func.coalesce(chosen("financial_year_start_month"), YEAR_START_MONTH),
    )
    evening = cast(func.timezone(zone, literal(clock.now(), DateTime(timezone=True))), Date)
    now = select(evening.label("today"), cast(month, Integer).label("month")).cte("now").c
    began = financial_year_start(now.today if day is None else literal(day, Date), now.month)
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
