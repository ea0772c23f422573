"""Reading the chart of accounts: accounts by code, each with what stands on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from voyagent.kernel.db import db
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import Reader, Row
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account
from voyagent.ledger.queries import AccountNotFound
from voyagent.ledger.standings import standings

CODE_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$"
_ACCOUNTS = Account.__table__.c


@dataclass(frozen=True, slots=True)
class Accounts:
    """A page of the chart, and the text that asks for the page behind it; None where the chart
    ends.
    """

    items: list[Row]
    next_cursor: str | None


def list_accounts(
    reader: Reader,
    *,
    account_type: str | None = None,
    is_active: bool | None = None,
    limit: int,
    cursor: str | None = None,
) -> Accounts:
    """Accounts by code, of a type, active or archived where that is asked for, behind the code of a
    cursor.

    Rows: the columns of the account; `posted`, by currency, debit less credit over all that was
    ever posted, in minor units; and `balances`, the same as it stands in the books: of revenue and
    expense what was posted since this financial year began, up to today. Both are None where
    nothing was ever posted. Raises InvalidCursor.
    """
    page = select(*_ACCOUNTS).where(owned(Account))
    if account_type is not None:
        page = page.where(_ACCOUNTS.type == account_type)
    if is_active is not None:
        page = page.where(_ACCOUNTS.is_active.is_(is_active))
    if cursor is not None:
        if re.match(CODE_PATTERN, cursor, re.ASCII) is None:
            raise InvalidCursor
        page = page.where(_ACCOUNTS.code > cursor)
    rows = reader.read(_with_balances(page.order_by(_ACCOUNTS.code).limit(limit + 1)))[0]
    return Accounts(rows[:limit], rows[limit - 1]["code"] if len(rows) > limit else None)


def read_account(reader: Reader, account_id: UUID) -> Row:
    """One account in the same shape. Raises AccountNotFound."""
    rows = reader.read(
        _with_balances(select(*_ACCOUNTS).where(owned(Account), _ACCOUNTS.id == account_id))
    )[0]
    if not rows:
        raise AccountNotFound
    return rows[0]


def get_account(account_id: UUID, *, lock: bool = False) -> Account:
    """An account of the agency; `lock` waits for postings to it that are on their way, and lets
    none begin until the transaction ends.

    Raises AccountNotFound.
    """
    statement = select(Account).where(Account.id == account_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise AccountNotFound
    return found


def _with_balances(accounts: Select[Any]) -> Select[Any]:
    found = accounts.cte("found")
    sums = standings(found).subquery("sums")
    balances = [
        select(func.jsonb_object_agg(sums.c.currency, sums.c[f"{name}_minor"]))
        .where(sums.c.account_id == found.c.id)
        .scalar_subquery()
        .label(label)
        for name, label in (("posted", "posted"), ("balance", "balances"))
    ]
    return select(*found.c, *balances).order_by(found.c.code)
