"""Sums over the lines themselves, however many there are: what roll-ups are checked against."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, select

from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, Posting

_ACCOUNTS = Account.__table__.c
_POSTINGS = Posting.__table__.c


def results_statement(*types: str) -> Select[Any]:
    """What was ever posted to accounts of some types, from every line: currency, result_minor (credit less debit)."""
    result = func.sum(_POSTINGS.credit_minor - _POSTINGS.debit_minor)
    return (
        select(_POSTINGS.currency, cast(result, BigInteger).label("result_minor"))
        .join(Account.__table__, (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id))
        .where(owned(Posting), owned(Account), _ACCOUNTS.type.in_(types))
        .group_by(_POSTINGS.currency)
    )
