"""Consistency checks: entries balance, and stored balances equal their postings."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, Select, cast, func, literal, or_, select, union_all

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, DailyBalance, MonthlyBalance, Posting
from voyagent.ledger.queries.yearly import financial_year_start
from voyagent.ledger.rules import next_month

_ACCOUNTS = Account.__table__.c
_POSTINGS = Posting.__table__.c
_MONTHS = MonthlyBalance.__table__.c
_DAYS = DailyBalance.__table__.c


def balance_differences(reader: Reader) -> list[Row]:
    """Return the monthly and daily balances that differ from the sum of the postings.

    The list is empty if the ledger is consistent. `balance_differences_statement` names the
    columns.
    """
    return reader.read(balance_differences_statement())[0]


def balance_differences_statement(only: date | None = None) -> Select[Any]:
    """Select the stored balances that differ from the sum of the postings.

    `only` is the first day of a month and limits the check to that month. Rows: which (`month` or
    `day`), account_id, currency, since (first day of the month, or the day), debit_minor and
    credit_minor. Both amounts are stored balance less sum of the postings.
    """
    month, day = (
        cast(func.date_trunc("month", _POSTINGS.effective_date), Date),
        _POSTINGS.effective_date,
    )
    parts: list[Select[Any]] = []
    for which, table, since, of_line in (
        ("month", MonthlyBalance, _MONTHS.month, month),
        ("day", DailyBalance, _DAYS.day, day),
    ):
        rows = table.__table__.c
        sums = select(
            literal(which).label("which"),
            rows.account_id,
            rows.currency,
            since.label("since"),
            rows.debit_minor,
            rows.credit_minor,
        )
        lines = select(
            literal(which),
            _POSTINGS.account_id,
            _POSTINGS.currency,
            of_line,
            -_POSTINGS.debit_minor,
            -_POSTINGS.credit_minor,
        )
        days = [] if only is None else [since >= only, since < next_month(only)]
        days_of_lines = [] if only is None else [day >= only, day < next_month(only)]
        parts += [sums.where(owned(table), *days), lines.where(owned(Posting), *days_of_lines)]
    both = union_all(*parts).subquery("both").c
    place = (both.which, both.account_id, both.currency, both.since)
    debit, credit = func.sum(both.debit_minor), func.sum(both.credit_minor)
    return (
        select(
            *place,
            cast(debit, BigInteger).label("debit_minor"),
            cast(credit, BigInteger).label("credit_minor"),
        )
        .group_by(*place)
        .having(or_(debit != 0, credit != 0))
        .order_by(*place)
    )


def unbalanced_currencies_statement() -> Select[Any]:
    """Select the currencies in which total debits and total credits differ.

    The totals are read from the monthly balances. Rows: currency, difference_minor (debit less
    credit).
    """
    difference = func.sum(_MONTHS.debit_minor - _MONTHS.credit_minor)
    return (
        select(_MONTHS.currency, cast(difference, BigInteger).label("difference_minor"))
        .where(owned(MonthlyBalance))
        .group_by(_MONTHS.currency)
        .having(difference != 0)
        .order_by(_MONTHS.currency)
    )


def unbalanced_entries_statement() -> Select[Any]:
    """Select the journal entries whose debits and credits differ in a currency.

    Rows: entry_id, currency, difference_minor (debit less credit).
    """
    difference = func.sum(_POSTINGS.debit_minor - _POSTINGS.credit_minor)
    return (
        select(
            _POSTINGS.entry_id,
            _POSTINGS.currency,
            cast(difference, BigInteger).label("difference_minor"),
        )
        .where(owned(Posting))
        .group_by(_POSTINGS.entry_id, _POSTINGS.currency)
        .having(difference != 0)
        .order_by(_POSTINGS.currency, _POSTINGS.entry_id)
    )


def yearly_results_statement(start_month: int, *types: str) -> Select[Any]:
    """Select the result of each financial year: credits less debits of some accounts.

    `types` are the types of the accounts. Financial years begin on the first day of the month
    `start_month`. Rows: currency, year_began (first day of the year), result_minor.
    """
    result = func.sum(_POSTINGS.credit_minor - _POSTINGS.debit_minor)
    year = financial_year_start(_POSTINGS.effective_date, start_month)
    return (
        select(
            _POSTINGS.currency,
            year.label("year_began"),
            cast(result, BigInteger).label("result_minor"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(owned(Posting), owned(Account), _ACCOUNTS.type.in_(types))
        .group_by(_POSTINGS.currency, year)
    )
