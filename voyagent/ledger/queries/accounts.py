"""Queries of the chart of accounts, with balances."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db, load_one
from voyagent.kernel.pages import CursorPage, InvalidCursor
from voyagent.kernel.tenancy import owned
from voyagent.ledger.errors import AccountAmbiguous, AccountNotFound
from voyagent.ledger.models import Account
from voyagent.ledger.queries.balances import Balance, balances_statement, book_balances
from voyagent.ledger.rules import CODE_PATTERN

_ACCOUNTS = Account.__table__.c


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account with its balance in each currency in which it has postings."""

    account: Row
    as_of: date
    balances: list[Balance]


def list_accounts(
    reader: Reader,
    *,
    account_type: str | None = None,
    is_active: bool | None = None,
    limit: int,
    cursor: str | None = None,
) -> CursorPage[Row]:
    """List accounts ordered by code, filtered by type and by active or archived.

    Each row has the columns of `accounts` and two mappings from currency to debit less credit in
    minor units. `posted` covers all postings. For revenue and expense accounts, `balances` covers
    only this financial year up to today; for other accounts, `balances` covers all postings. Both
    mappings are None for an account without postings.

    Raises InvalidCursor if the cursor is not an account code.
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
    return CursorPage(rows[:limit], limit, rows[limit - 1]["code"] if len(rows) > limit else None)


def read_account(reader: Reader, account_id: UUID) -> Row:
    """Return one account, with the columns that `list_accounts` returns.

    Raises:
        AccountNotFound: the agency has no such account.
    """
    return first_row(
        reader.read(
            _with_balances(select(*_ACCOUNTS).where(owned(Account), _ACCOUNTS.id == account_id))
        )[0],
        AccountNotFound,
    )


def get_account(account_id: UUID, *, lock: bool = False) -> Account:
    """Return an account of the agency.

    With `lock`, the call waits until other transactions that post to the account have ended. New
    postings to the account then wait until this transaction ends.

    Raises:
        AccountNotFound: the agency has no such account.
    """
    statement = select(Account).where(Account.id == account_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return load_one(statement, AccountNotFound)


def read_chart(reader: Reader) -> list[Row]:
    """Return all accounts of the agency, ordered by code.

    Rows: id, code, name, type, normal_side, purpose, is_active.
    """
    return reader.read(chart_statement())[0]


@cached_statement
def chart_statement() -> Select[Any]:
    """Select all accounts ordered by code, with the columns of `read_chart`."""
    return (
        select(
            _ACCOUNTS.id,
            _ACCOUNTS.code,
            _ACCOUNTS.name,
            _ACCOUNTS.type,
            _ACCOUNTS.normal_side,
            _ACCOUNTS.purpose,
            _ACCOUNTS.is_active,
        )
        .where(owned(Account))
        .order_by(_ACCOUNTS.code)
    )


def find_account(reader: Reader, text: str) -> Row:
    """Return the account that a text identifies.

    The text is the id, code, purpose or name of the account, or a part of its name.

    Raises:
        AccountNotFound: no account matches.
        AccountAmbiguous: several accounts match.
    """
    wanted = text.strip().casefold()
    accounts = read_chart(reader)
    found = [
        a
        for a in accounts
        if wanted in {str(a["id"]), a["code"].casefold(), a["purpose"], a["name"].casefold()}
    ]
    found = found or [a for a in accounts if wanted and wanted in a["name"].casefold()]
    if not found:
        raise AccountNotFound
    if len(found) > 1:
        raise AccountAmbiguous
    return found[0]


def account_balance(reader: Reader, code_or_name: str, as_of: date) -> AccountBalance:
    """Return the balance of an account in each currency at the end of the day `as_of`.

    `code_or_name` may be any text that `find_account` accepts.

    Raises:
        AccountNotFound: no account matches.
        AccountAmbiguous: several accounts match.
    """
    account = find_account(reader, code_or_name)
    rows = reader.read(balances_statement(as_of, [account["id"]]))[0]
    return AccountBalance(
        account,
        as_of,
        [Balance(row["currency"], row["debit_minor"], row["credit_minor"]) for row in rows],
    )


def find_accounts(wanted: Iterable[UUID | str], *, hold: bool = False) -> dict[UUID | str, Account]:
    """Return the agency's accounts with the given ids or purposes.

    The keys of the result are the given ids and purposes; an id or purpose without an account has
    no key. With `hold`, no other transaction can archive the accounts until this transaction ends,
    but others may post to the accounts.
    """
    keys = set(wanted)
    ids = [key for key in keys if isinstance(key, UUID)]
    purposes = [key for key in keys if isinstance(key, str)]
    statement = select(Account).where(or_(Account.id.in_(ids), Account.purpose.in_(purposes)))
    if hold:
        statement = statement.with_for_update(read=True, key_share=True).execution_options(
            populate_existing=True
        )
    found = db.session.scalars(statement).all()
    return {
        key: account
        for account in found
        for key in (account.id, account.purpose)
        if key in keys and key is not None
    }


def _with_balances(accounts: Select[Any]) -> Select[Any]:
    found = accounts.cte("found")
    sums = book_balances(found).subquery("sums")
    balances = [
        select(func.jsonb_object_agg(sums.c.currency, sums.c[f"{name}_minor"]))
        .where(sums.c.account_id == found.c.id)
        .scalar_subquery()
        .label(label)
        for name, label in (("posted", "posted"), ("balance", "balances"))
    ]
    return select(*found.c, *balances).order_by(found.c.code)
