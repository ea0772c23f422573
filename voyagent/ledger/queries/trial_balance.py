"""Trial balance at the end of any day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Select, func, select

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement, generic_plan
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account
from voyagent.ledger.queries.balances import SUMS, posted_until
from voyagent.ledger.rules import EXCHANGE
from voyagent.settings.queries import chosen

_ACCOUNTS = Account.__table__.c
OF_EVERY_AGENCY = """
select p.tenant_id::text, p.currency, a.code, sum(p.debit_minor)::text, sum(p.credit_minor)::text
  from postings p
  join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
 group by 1, 2, 3
"""
"""The trial balances of all agencies, from their postings, for a role that sees all rows."""


def trial_balance_rows(reader: Reader, as_of: date, *, include_zero: bool = False) -> list[Row]:
    """Return total debit and credit of each account and currency up to a day.

    The day `as_of` is included. Rows, ordered by code and currency: account_id, code, name, type,
    normal_side, purpose, currency, debit_minor, credit_minor, base_currency, base_debit_minor,
    base_credit_minor. base_currency is None unless the base amounts are established; until then,
    the base sums lack the lines without base amounts. With `include_zero`, accounts without
    postings are included, with currency None and zero amounts.
    """
    return reader.read(trial_balance_statement(as_of, include_zero=include_zero))[0]


def base_currency_of(rows: Iterable[Row]) -> str | None:
    """Return the base currency of the rows of a trial balance.

    The result is None if the base amounts are not established, or if there are no rows.
    """
    return next((row["base_currency"] for row in rows), None)


def in_base(rows: list[Row]) -> list[Row]:
    """Return a trial balance in the base currency, with one row for each account.

    `rows` are those of `trial_balance_rows` of an agency whose base amounts are established. The
    account of exchange is left out if its debits and credits in base are equal, as they should be.
    """
    found = []
    for _code, same in groupby(rows, key=lambda row: row["code"]):
        first, *more = same
        debit, credit = (
            sum(int(row[name]) for row in (first, *more))
            for name in ("base_debit_minor", "base_credit_minor")
        )
        if first["purpose"] != EXCHANGE or debit != credit:
            sums = {"debit_minor": debit, "credit_minor": credit}
            found.append(first | sums | {"currency": first["base_currency"], "base_currency": None})
    return found


@cached_statement
def trial_balance_statement(as_of: date, *, include_zero: bool = False) -> Select[Any]:
    """Select the trial balance of a day, with the columns of `trial_balance_rows`.

    PostgreSQL uses one generic plan for all days, because planning takes as long as the query
    itself.
    """
    posted = posted_until(as_of).subquery("posted")
    return generic_plan(
        select(
            _ACCOUNTS.id.label("account_id"),
            _ACCOUNTS.code,
            _ACCOUNTS.name,
            _ACCOUNTS.type,
            _ACCOUNTS.normal_side,
            _ACCOUNTS.purpose,
            posted.c.currency,
            *(func.coalesce(posted.c[name], 0).label(name) for name in SUMS),
            chosen("base_currency").label("base_currency"),
        )
        .select_from(Account.__table__)
        .join(posted, posted.c.account_id == _ACCOUNTS.id, isouter=include_zero)
        .where(owned(Account))
        .order_by(_ACCOUNTS.code, posted.c.currency)
    )
