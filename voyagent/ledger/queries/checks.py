"""Consistency checks: currencies and entries balance; results of financial years."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select

from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, MonthlyBalance, Posting
from voyagent.ledger.queries.yearly import financial_year_start

_ACCOUNTS = Account.__table__.c
_POSTINGS = Posting.__table__.c
_MONTHS = MonthlyBalance.__table__.c


@cached_statement
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


@cached_statement
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


@cached_statement
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
