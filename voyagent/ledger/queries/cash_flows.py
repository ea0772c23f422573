"""Flows of money, by the accounts on the other side of their entries."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, or_, select

from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, Posting, Revaluation
from voyagent.ledger.rules import MONEY_PURPOSES

_ACCOUNTS, _POSTINGS = Account.__table__.c, Posting.__table__.c
_NETS = {
    "minor": _POSTINGS.credit_minor - _POSTINGS.debit_minor,
    "base_minor": func.coalesce(_POSTINGS.base_credit_minor - _POSTINGS.base_debit_minor, 0),
}


def money_accounts_statement(bank_accounts: Select[Any]) -> Select[Any]:
    """Select the id of each account that holds money, as the column id.

    These are the accounts of the chart for cash, bank and gateway, and those that `bank_accounts`
    selects.
    """
    return select(_ACCOUNTS.id).where(
        owned(Account), or_(_ACCOUNTS.purpose.in_(MONEY_PURPOSES), _ACCOUNTS.id.in_(bank_accounts))
    )


def cash_flows_statement(first: date, last: date, bank_accounts: Select[Any]) -> Select[Any]:
    """Select the flows of money in a period, by the accounts on the other side.

    An entry moves money if it has a line on an account that holds money
    (`money_accounts_statement`). Its lines on the other accounts show where the money came from or
    went to. The credits less the debits of these lines are the increase of the money, in each
    currency and in base. Only the entries of the period are read.

    Rows, by code and currency: account_id, code, name, type, purpose, cash_flow, currency,
    is_revaluation, minor, base_minor. The amounts are credit less debit. is_revaluation is true for
    the lines of month-end revaluations. A line without a base amount counts as zero in base_minor.
    """
    money = money_accounts_statement(bank_accounts).cte("money")
    in_period = _POSTINGS.effective_date.between(first, last)
    moving = (
        select(_POSTINGS.entry_id)
        .where(owned(Posting), in_period, _POSTINGS.account_id.in_(select(money.c.id)))
        .distinct()
        .cte("moving")
    )
    revalued = select(Revaluation.__table__.c.entry_id).where(owned(Revaluation))
    is_revaluation = _POSTINGS.entry_id.in_(revalued)
    flows = (
        select(
            _POSTINGS.account_id,
            _POSTINGS.currency,
            is_revaluation.label("is_revaluation"),
            *(_total(net).label(name) for name, net in _NETS.items()),
        )
        .join(moving, moving.c.entry_id == _POSTINGS.entry_id)
        .where(owned(Posting), in_period, _POSTINGS.account_id.not_in(select(money.c.id)))
        .group_by(_POSTINGS.account_id, _POSTINGS.currency, is_revaluation)
        .subquery("flows")
    )
    of_account = (_ACCOUNTS[name] for name in ("code", "name", "type", "purpose", "cash_flow"))
    return (
        select(*flows.c, *of_account)
        .join(Account.__table__, _ACCOUNTS.id == flows.c.account_id)
        .where(owned(Account))
        .order_by(_ACCOUNTS.code, flows.c.currency, flows.c.is_revaluation)
    )


def _total(net: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.sum(net), BigInteger)
