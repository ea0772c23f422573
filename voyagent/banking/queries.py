"""Queries of bank accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, func, select

from voyagent.banking.errors import BankAccountNotFound
from voyagent.banking.models import NUMBER, BankAccount
from voyagent.banking.rules import KINDS
from voyagent.banking.words import printed_lines
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.keyring import opened_text
from voyagent.kernel.tenancy import current_tenant, owned, owned_by_key
from voyagent.ledger.queries.accounts import chart_statement
from voyagent.ledger.queries.balances import book_balances_statement
from voyagent.settings import queries as settings

_COLUMNS = tuple(
    column
    for column in BankAccount.__table__.c
    if column.name not in ("tenant_id", "number_sealed")
)
_TABLE = BankAccount.__table__.c
_KIND_PLACE = case({kind: place for place, kind in enumerate(KINDS)}, value=_TABLE.kind)


def list_accounts(reader: Reader) -> list[Row]:
    """Return all bank accounts of the agency, with balances.

    Open accounts come before closed ones. Within both groups, the order is by kind and currency,
    then the default, then by name. Each row has the columns of the table without the number, and
    `balances`: a mapping from currency to debit less credit in minor units.
    """
    return _with_balances(reader, reader.read(_list_statement())[0])


def read_account(reader: Reader, bank_account_id: UUID) -> Row:
    """Return a bank account as in `list_accounts`. Raises BankAccountNotFound."""
    statement = _statement().where(_TABLE.id == bank_account_id)
    found = first_row(reader.read(statement)[0], BankAccountNotFound)
    return _with_balances(reader, [found])[0]


def with_printed(reader: Reader, letterhead: Row, currency: str) -> Row:
    """Return a letterhead with the bank details of an invoice in a currency.

    The details are number and bank of each bank account in this currency that is printed on
    invoices. Without such an account, the letterhead keeps its own bank details.
    """
    return _with_accounts(letterhead, reader.read(_printed_statement(currency))[0])


def read_letterhead(reader: Reader, currency: str) -> Row:
    """Read the agency's settings; return them with the bank details of `with_printed`."""
    rows, printed = reader.read(settings.statement(), _printed_statement(currency))
    return _with_accounts(settings.opened(rows[0]) if rows else {}, printed)


def _with_accounts(letterhead: Row, rows: list[Row]) -> Row:
    if not rows:
        return letterhead
    accounts = [row | {"number": opened_text(NUMBER, row["number_sealed"], None)} for row in rows]
    return letterhead | {"bank_details": "\n\n".join(map(printed_lines, accounts))}


def get_account(bank_account_id: UUID, *, lock: bool = False) -> BankAccount:
    """Return a bank account of the agency. Raises BankAccountNotFound."""
    key = (current_tenant(db.session), bank_account_id)
    found = db.session.get(BankAccount, key, with_for_update=lock, populate_existing=lock)
    if found is None:
        raise BankAccountNotFound
    return found


def open_accounts(reader: Reader, currency: str | None = None) -> list[Row]:
    """Return the open bank accounts of one currency or of all, by kind and name.

    The rows have the columns of the table without the number.
    """
    statement = _statement().where(_TABLE.closed_on.is_(None))
    if currency is not None:
        statement = statement.where(_TABLE.currency == currency)
    return reader.read(statement.order_by(_KIND_PLACE, func.lower(_TABLE.name), _TABLE.id))[0]


def defaults() -> list[BankAccount]:
    """Return the default of each kind and currency; none before the first use."""
    return list(db.session.scalars(select(BankAccount).where(BankAccount.is_default)))


def name_of(bank_account_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return an SQL subquery of the name of a bank account."""
    return (
        select(_TABLE.name)
        .where(owned_by_key(BankAccount), _TABLE.id == bank_account_id)
        .scalar_subquery()
    )


def default_of(kind: str, currency: str) -> BankAccount | None:
    """Return the default of a kind and currency, or None."""
    return db.session.scalar(
        select(BankAccount).where(
            BankAccount.kind == kind, BankAccount.currency == currency, BankAccount.is_default
        )
    )


def fit_accounts(reader: Reader) -> list[Row]:
    """Return the accounts of the chart that a new bank account may have, by code.

    The rows are those of `read_chart`.
    """
    used, chart = reader.read(
        select(_TABLE.account_id).where(owned(BankAccount)), chart_statement()
    )
    taken = {row["account_id"] for row in used}
    return [
        row
        for row in chart
        if row["type"] in ("asset", "liability")
        and row["is_active"]
        and row["id"] not in taken
        and row["purpose"] in (None, "gateway_clearing")
    ]


def money_codes(reader: Reader) -> dict[str, str]:
    """Return the codes of the chart accounts of bank accounts, with `cash` or `bank`.

    Every kind of bank account except cash gives `bank`.
    """
    kinds, chart = reader.read(
        select(_TABLE.account_id, _TABLE.kind).where(owned(BankAccount)), chart_statement()
    )
    kind_of = {row["account_id"]: row["kind"] for row in kinds}
    return {
        row["code"]: "cash" if kind_of[row["id"]] == "cash" else "bank"
        for row in chart
        if row["id"] in kind_of
    }


def account_ids() -> Select[Any]:
    """Select the accounts of the chart that bank accounts have, also the closed ones."""
    return select(_TABLE.account_id).where(owned(BankAccount))


def has_sibling(account: BankAccount) -> bool:
    """Return True if another account of the same kind and currency is open."""
    other = select(BankAccount.id).where(
        BankAccount.kind == account.kind,
        BankAccount.currency == account.currency,
        BankAccount.closed_on.is_(None),
        BankAccount.id != account.id,
    )
    return db.session.scalar(other.limit(1)) is not None


@cached_statement
def _list_statement() -> Select[Any]:
    return _statement().order_by(
        _TABLE.closed_on.is_not(None),
        _KIND_PLACE,
        _TABLE.currency,
        _TABLE.is_default.desc(),
        func.lower(_TABLE.name),
        _TABLE.id,
    )


@cached_statement
def gateways_statement() -> Select[Any]:
    """Select the accounts of payment gateways, also the closed ones.

    Order and columns are those of `list_accounts`, without `balances`.
    """
    return _list_statement().where(_TABLE.kind == "gateway")


@cached_statement
def _printed_statement(currency: str) -> Select[Any]:
    return (
        select(_TABLE.name, _TABLE.bank_name, _TABLE.number_sealed, _TABLE.ifsc, _TABLE.swift)
        .where(owned(BankAccount), _TABLE.is_printed, _TABLE.currency == currency)
        .order_by(_TABLE.is_default.desc(), func.lower(_TABLE.name), _TABLE.id)
    )


def _statement() -> Select[Any]:
    return select(*_COLUMNS).where(owned(BankAccount))


def _with_balances(reader: Reader, rows: list[Row]) -> list[Row]:
    if not rows:
        return []
    found: dict[UUID, dict[str, int]] = {}
    for row in reader.read(book_balances_statement([one["account_id"] for one in rows]))[0]:
        found.setdefault(row["account_id"], {})[row["currency"]] = row["posted_minor"]
    return [row | {"balances": found.get(row["account_id"], {})} for row in rows]
