"""Services of bank accounts: open, change and close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy import Table, func, select, update
from sqlalchemy.dialects.postgresql import insert

from voyagent.audit.service import recording as audit
from voyagent.banking import queries
from voyagent.banking.errors import (
    BankAccountClosed,
    BankAccountIsDefault,
    BankAccountNeeded,
    CardNumberTooLong,
    LedgerAccountUnfit,
    TooManyBankAccounts,
)
from voyagent.banking.models import NUMBER, BankAccount
from voyagent.banking.rules import (
    CARD_DIGITS_MAX,
    DEFAULT_PURPOSES,
    Kind,
    account_type,
    free_code,
)
from voyagent.kernel import clock, resealing
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.resealing import SealedColumn
from voyagent.kernel.tenancy import bind, current_tenant
from voyagent.ledger.queries import accounts as ledger_accounts
from voyagent.ledger.queries.balances import book_balances_statement
from voyagent.ledger.service import chart, direct
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import AccountCurrency, AccountHasBalance
from voyagent.rates.queries import read_base_currency
from voyagent.settings.queries import get_settings

SEALED = (SealedColumn("bank_accounts", "number_sealed", NUMBER),)
PERMISSION = "settings.bank_details"
BANK_ACCOUNTS_MAX = 200
_TABLE = cast("Table", BankAccount.__table__)
_PRIVATE = frozenset({"name", "bank_name", "number", "ifsc", "swift"})
"""Fields of which an audit event has only the name, because events are never deleted."""


_TEXTS = ("kind", "currency", "name", "bank_name", "number", "ifsc", "swift")


class BankAccountChanges(TypedDict, total=False):
    """Changes of a bank account: an absent field is unchanged, None clears a field.

    `is_default` can only be set to true: another account of the kind and currency loses it.
    """

    name: str
    bank_name: str | None
    number: str | None
    """The number of the account, without spaces; of a card the last four digits."""
    ifsc: str | None
    swift: str | None
    is_default: bool
    is_printed: bool


def open_account(
    actor: Actor,
    *,
    kind: Kind,
    currency: str,
    details: BankAccountChanges,
    account_id: UUID | None = None,
    opened_on: date | None = None,
) -> BankAccount:
    """Add a bank account and return it.

    `account_id` is its account in the chart; without it, one is added with the name of the bank
    account. `opened_on` defaults to today. The first account of a kind and currency is its default.

    Raises Forbidden, NotFresh, TooManyBankAccounts, CardNumberTooLong, AccountNotFound,
    LedgerAccountUnfit, AccountCurrency.
    """
    actor.require_step_up(PERMISSION)
    get_settings(lock=True)  # another act may choose the same default or code meanwhile
    make_defaults(actor)
    if (db.session.scalar(select(func.count(BankAccount.id))) or 0) >= BANK_ACCOUNTS_MAX:
        raise TooManyBankAccounts
    _check_number(kind, details.get("number"))
    is_default = details.get("is_default", False) or queries.default_of(kind, currency) is None
    if account_id is None:
        account_id = _add_to_chart(actor, kind, details["name"])
    else:
        _check_chart(account_id, kind, currency)
    if is_default:
        _clear_default(kind, currency)
    now = clock.now()
    account = BankAccount(
        id=new_id(),
        account_id=account_id,
        kind=kind,
        currency=currency,
        opened_on=opened_on or clock.today(actor.timezone),
        created_at=now,
        updated_at=now,
        **(dict(details) | {"is_default": is_default}),
    )
    db.session.add(account)
    db.session.flush()
    values = {"kind": kind, "currency": currency} | details | {"is_default": is_default}
    _record(actor, "bank_account.opened", account, {n: v for n, v in values.items() if v})
    return account


def change_account(actor: Actor, bank_account_id: UUID, changes: BankAccountChanges) -> BankAccount:
    """Change a bank account; if no value differs, nothing is stored or audited.

    Raises Forbidden, NotFresh, BankAccountNotFound, BankAccountClosed, CardNumberTooLong,
    BankAccountIsDefault.
    """
    actor.require_step_up(PERMISSION)
    get_settings(lock=True)  # another act may choose another default meanwhile
    account = queries.get_account(bank_account_id, lock=True)
    if account.closed_on is not None:
        raise BankAccountClosed
    changed = {name: value for name, value in changes.items() if getattr(account, name) != value}
    if not changed:
        return account
    _check_number(account.kind, changes.get("number"))
    if changed.get("is_default") is False:
        raise BankAccountIsDefault
    if changed.get("is_default"):
        _clear_default(account.kind, account.currency)
    for name, value in changed.items():
        setattr(account, name, value)
    account.updated_at = clock.now()
    db.session.flush()
    _record(actor, "bank_account.changed", account, changed)
    return account


def close_account(actor: Actor, bank_account_id: UUID) -> BankAccount:
    """Close a bank account today, and archive its account in the chart.

    The accounts of the chart to which the system posts, such as those for bank and cash, always
    stay open. A default can be closed only as the last account of its kind and currency. The
    defaults for bank and cash in the currency of the books cannot be closed.

    Raises Forbidden, NotFresh, BankAccountNotFound, BankAccountClosed, BankAccountNeeded,
    BankAccountIsDefault, AccountHasBalance.
    """
    actor.require_step_up(PERMISSION)
    account = queries.get_account(bank_account_id, lock=True)
    if account.closed_on is not None:
        raise BankAccountClosed
    in_chart = ledger_accounts.get_account(account.account_id, lock=True)
    is_needed = account.kind in DEFAULT_PURPOSES and account.currency == actor.currency
    if in_chart.purpose is not None:
        raise BankAccountNeeded
    if account.is_default and (is_needed or queries.has_sibling(account)):
        raise BankAccountIsDefault
    posted = ledger_accounts.read_account(SessionReader(db.session), in_chart.id)["posted"]
    if any((posted or {}).values()):
        raise AccountHasBalance
    if in_chart.is_active:
        chart.change_account(actor, in_chart.id, {"is_archived": True})
    account.is_default = account.is_printed = False
    account.closed_on = max(clock.today(actor.timezone), account.opened_on)
    account.updated_at = clock.now()
    db.session.flush()
    _record(actor, "bank_account.closed", account, {})
    return account


def listed(reader: Reader, actor: Callable[[], Actor]) -> list[Row]:
    """Return `queries.list_accounts`; make the defaults first if the agency has none.

    `actor` returns the actor of the request. It is called only to make the defaults, after the read
    that authenticates the request.
    """
    rows = queries.list_accounts(reader)
    if not rows:
        bind(db.session(), actor().tenant_id)
        make_defaults(actor())
        rows = queries.list_accounts(SessionReader(db.session))
    return rows


def find_account(
    actor: Actor, kind: str, currency: str, bank_account_id: UUID | None = None
) -> BankAccount | None:
    """Return the bank account that holds an amount in a currency.

    `bank_account_id` names it. Without an id it is the default of the kind, `bank` or `cash`, in
    the currency. The result is None if there is no default: the amount is then in the chart's
    account for the kind.

    Raises BankAccountNotFound, BankAccountClosed, AccountCurrency.
    """
    if bank_account_id is not None:
        account = queries.get_account(bank_account_id)
        if account.closed_on is not None:
            raise BankAccountClosed
        if account.currency != currency:
            raise AccountCurrency
        return account
    found = queries.defaults()
    if not found:
        make_defaults(actor)
        found = queries.defaults()
    return next(
        (one for one in found if (one.kind, one.currency) == (kind, currency)),
        None,
    )


@direct.on_written
def check_currencies(lines: Sequence[Line], accounts: direct.Accounts) -> None:
    """Check that a manual entry posts to a bank account only in its currency.

    `accounts` are the accounts of the lines that exist, by id or purpose as in the lines. There are
    two exceptions. The chart's account for bank or cash may have a currency in which the agency has
    no default bank account of this kind, because payments are posted there too. And a balance in
    another currency may be reduced to zero, but not increased.

    Raises AccountCurrency.
    """
    ids = {account.id for account in accounts.values()}
    found = select(BankAccount).where(BankAccount.account_id.in_(ids))
    by_account = {one.account_id: one for one in db.session.scalars(found)}
    held = {key: by_account.get(account.id) for key, account in accounts.items()}
    changes = Counter[tuple[UUID, str]]()
    for line in lines:
        bank_account, currency = held.get(line.account), line.amount.currency
        if bank_account is None or bank_account.currency == currency:
            continue
        is_fallback = bank_account.kind == accounts[line.account].purpose
        if not is_fallback or queries.default_of(bank_account.kind, currency) is not None:
            changes[bank_account.account_id, currency] += line.signed_minor
    if not changes:
        return
    statement = book_balances_statement([account_id for account_id, _currency in changes])
    rows = SessionReader(db.session).read(statement)[0]
    balances = {(row["account_id"], row["currency"]): row["posted_minor"] for row in rows}
    for key, minor in changes.items():
        balance = balances.get(key, 0)
        if not min(balance, 0) <= balance + minor <= max(balance, 0):
            raise AccountCurrency


def make_defaults(actor: Actor) -> None:
    """Make the bank accounts for bank and cash, unless the agency has any.

    They use the chart's accounts for bank and cash, and the currency of the books. New agencies,
    and those of earlier releases, have none before the first use.
    """
    if queries.defaults():
        return
    currency = read_base_currency(SessionReader(db.session))
    now = clock.now()
    for purpose, in_chart in ledger_accounts.find_accounts(DEFAULT_PURPOSES).items():
        made = insert(_TABLE).values(
            tenant_id=current_tenant(db.session),
            id=new_id(),
            account_id=in_chart.id,
            kind=purpose,
            currency=currency,
            name=in_chart.name,
            is_default=True,
            opened_on=clock.today(actor.timezone),
            created_at=now,
            updated_at=now,
        )
        db.session.execute(made.on_conflict_do_nothing())


def reseal(keyring: Keyring) -> int:
    """Encrypt numbers again that an earlier secret encrypted; return how many.

    A call encrypts the numbers of up to 500 bank accounts of the current agency.
    """
    return resealing.reseal(keyring, BankAccount, "number")


def _check_number(kind: str, number: str | None) -> None:
    if kind == "card" and number is not None and len(number) > CARD_DIGITS_MAX:
        raise CardNumberTooLong


def _add_to_chart(actor: Actor, kind: Kind, name: str) -> UUID:
    taken = {row["code"] for row in ledger_accounts.read_chart(SessionReader(db.session))}
    return chart.add_account(
        actor, code=free_code(kind, taken), name=name, account_type=account_type(kind)
    )


def _check_chart(account_id: UUID, kind: Kind, currency: str) -> None:
    """Check that an account of the chart can be the account of a new bank account.

    Raises AccountNotFound, LedgerAccountUnfit, AccountCurrency.
    """
    in_chart = ledger_accounts.get_account(account_id, lock=True)
    is_own = in_chart.purpose is None or (kind, in_chart.purpose) == ("gateway", "gateway_clearing")
    is_used = db.session.scalar(select(BankAccount.id).where(BankAccount.account_id == account_id))
    if not (is_own and in_chart.is_active and in_chart.type == account_type(kind)) or is_used:
        raise LedgerAccountUnfit
    posted = ledger_accounts.read_account(SessionReader(db.session), account_id)["posted"] or {}
    if posted.keys() - {currency}:
        raise AccountCurrency


def _clear_default(kind: str, currency: str) -> None:
    db.session.execute(
        update(BankAccount)
        .where(BankAccount.kind == kind, BankAccount.currency == currency, BankAccount.is_default)
        .values(is_default=False, updated_at=clock.now())
    )


def _record(actor: Actor, event: str, account: BankAccount, changed: Mapping[str, Any]) -> None:
    fields = [
        {"field": name}
        if name in _PRIVATE
        else {"field": name, "after": changed[name] if name in _TEXTS else bool(changed[name])}
        for name in (*_TEXTS, "is_default", "is_printed")
        if name in changed
    ]
    audit.record(
        actor,
        event,
        entity_refs={"bank_account_id": account.id, "account_id": account.account_id},
        inputs={"fields": fields} if fields else {},
    )
