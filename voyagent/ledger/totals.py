"""Sums over the lines themselves, however many there are: what roll-ups are checked against."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select

from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, Posting
from voyagent.ledger.years import year_of

_ACCOUNTS = Account.__table__.c
_POSTINGS = Posting.__table__.c


def results_statement(start_month: int, *types: str) -> Select[Any]:
    """What was posted to accounts of some types in each financial year, from every line: currency,
    year_began, result_minor (credit less debit).

    Years begin on the first of `start_month`; `year_began` is the first day of one.
    """
    result = func.sum(_POSTINGS.credit_minor - _POSTINGS.debit_minor)
    year = year_of(_POSTINGS.effective_date, start_month)
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
