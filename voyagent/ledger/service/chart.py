"""Rules of the chart of accounts: add, change, archive and restore; never delete."""

from __future__ import annotations

from typing import TypedDict, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import current_tenant
from voyagent.ledger.models import Account
from voyagent.ledger.queries import accounts
from voyagent.ledger.rules import (
    OPENING_ACCOUNT,
    CashFlowKind,
    ChartAccount,
    cash_flow_kind,
    chart_account,
    normal_side_of,
    revalued,
)
from voyagent.ledger.service.errors import (
    AccountCodeTaken,
    AccountHasBalance,
    AccountPosted,
    AccountServesProgram,
)

_BY_CODE = ("is_monetary", "cash_flow")
"""Columns that follow from the code of an account without a purpose while they are null."""
_ACCOUNTS = cast("Table", Account.__table__)


class AccountChanges(TypedDict, total=False):
    """New values of an account; a field without a key stays as it is."""

    code: str
    name: str
    type: str
    normal_side: str
    is_archived: bool
    is_monetary: bool
    """True if a month-end revaluation includes the account."""
    cash_flow: CashFlowKind
    """Section of the cash flow statement."""


def add_account(
    actor: Actor, *, code: str, name: str, account_type: str, normal_side: str | None = None
) -> UUID:
    """Add an account and return its id.

    `normal_side` defaults to the normal side of the account's type.

    Raises Forbidden, AccountCodeTaken.
    """
    actor.require("ledger.chart")
    account_id = new_id()
    values = {
        "code": code,
        "name": name,
        "type": account_type,
        "normal_side": normal_side or normal_side_of(account_type),
    }
    first = insert(_ACCOUNTS).values(tenant_id=current_tenant(db.session), id=account_id, **values)
    if db.session.scalar(first.on_conflict_do_nothing().returning(_ACCOUNTS.c.id)) is None:
        raise AccountCodeTaken
    audit.record(
        actor,
        "ledger.account_added",
        entity_refs={"account_id": account_id},
        inputs={field: value for field, value in values.items() if field != "name"},
        private={"name": name},
    )
    return account_id


def opening_account(actor: Actor) -> UUID:
    """Return the id of the equity account for opening balances.

    If the chart of accounts has no such account, the function creates one.

    Raises Forbidden. Raises AccountCodeTaken if other accounts have all codes that the new account
    could get.
    """
    actor.require("ledger.chart")
    return _account_of(actor, OPENING_ACCOUNT)


def account_of(actor: Actor, purpose: str) -> UUID:
    """Return the id of the account of the chart for a purpose.

    An agency of an earlier release may lack the account; the function then creates it. The actor
    needs only the permission `ledger.post` for this, not `ledger.chart`.

    Raises Forbidden. Raises AccountCodeTaken as `opening_account` does.
    """
    actor.require("ledger.post")
    return _account_of(actor, chart_account(purpose))


def change_account(actor: Actor, account_id: UUID, changes: AccountChanges) -> Account:
    """Change the code or name of an account, archive it or restore it.

    Type and normal side can change only if the account has no postings. If the application posts to
    the account automatically, type and normal side cannot change, the account cannot be archived,
    and its purpose decides whether it is monetary and its section of the cash flow statement. An
    account with a balance cannot be archived either.

    Raises Forbidden, AccountNotFound, AccountCodeTaken, AccountPosted, AccountServesProgram,
    AccountHasBalance.
    """
    actor.require("ledger.chart")
    account = accounts.get_account(account_id, lock=True)
    values = {name: value for name, value in changes.items() if name != "is_archived"}
    if "type" in values and values["type"] != account.type:
        values.setdefault("normal_side", normal_side_of(str(values["type"])))
    row = accounts.read_account(SessionReader(db.session), account_id)
    present = row | {"is_monetary": revalued(row) is not None, "cash_flow": cash_flow_kind(row)}
    changed = {
        name: (present[name], value) for name, value in values.items() if present[name] != value
    }
    posted = row["posted"]
    if changed.keys() & {"type", "normal_side"}:
        _check_kind(account, posted)
    if changed.keys() & set(_BY_CODE) and account.purpose is not None:
        raise AccountServesProgram
    if changed:
        kept = {name: present[name] for name in _BY_CODE if _depends_on_code(account, name)}
        _write(account, kept | {name: value for name, (_before, value) in changed.items()})
        fields = [
            {"field": name, "before": before, "after": after}
            for name, (before, after) in changed.items()
        ]
        inputs, private = audit.split_changes(fields, private=("name",))
        audit.record(
            actor,
            "ledger.account_changed",
            entity_refs={"account_id": account_id},
            inputs=inputs,
            private=private,
        )
    if (is_active := not changes.get("is_archived", not account.is_active)) != account.is_active:
        if not is_active:
            _check_archive(account, posted)
        account.is_active = is_active
        db.session.flush()
        audit.record(
            actor,
            "ledger.account_restored" if is_active else "ledger.account_archived",
            entity_refs={"account_id": account_id},
        )
    return account


def _depends_on_code(account: Account, name: str) -> bool:
    """Return True if the code of an account decides a column of `_BY_CODE`."""
    return account.purpose is None and getattr(account, name) is None


def _account_of(actor: Actor, wanted: ChartAccount) -> UUID:
    purpose = str(wanted.purpose)
    known = accounts.find_accounts([purpose])
    if purpose in known:
        return known[purpose].id
    values = {"name": wanted.name, "type": wanted.type, "normal_side": wanted.normal_side}
    for code in (wanted.code, *(f"{wanted.code}-{number}" for number in range(1, 10))):
        account_id = new_id()
        first = insert(_ACCOUNTS).values(
            tenant_id=current_tenant(db.session),
            id=account_id,
            code=code,
            purpose=purpose,
            **values,
        )
        if db.session.scalar(first.on_conflict_do_nothing().returning(_ACCOUNTS.c.id)) is not None:
            audit.record(
                actor,
                "ledger.account_added",
                entity_refs={"account_id": account_id},
                inputs=values | {"code": code},
            )
            return account_id
        known = accounts.find_accounts(
            [purpose]
        )  # created by a concurrent request; else another account has the code
        if purpose in known:
            return known[purpose].id
    raise AccountCodeTaken


def _check_kind(account: Account, posted: dict[str, int] | None) -> None:
    if account.purpose is not None:
        raise AccountServesProgram
    if posted is not None:
        raise AccountPosted


def _check_archive(account: Account, posted: dict[str, int] | None) -> None:
    if account.purpose is not None:
        raise AccountServesProgram
    if any((posted or {}).values()):
        raise AccountHasBalance


def _write(account: Account, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(account, name, value)
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_accounts_code" in str(error.orig):
            raise AccountCodeTaken from None
        raise
