"""Base amounts of an agency: their state, what is missing, and their checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, or_, select

from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, MonthlyBalance, Posting
from voyagent.ledger.rules import EXCHANGE
from voyagent.rates.queries import base_currency
from voyagent.settings.queries import chosen

READY = "ready"
_ACCOUNTS = Account.__table__.c
_MONTHS = MonthlyBalance.__table__.c
_POSTINGS = Posting.__table__.c


@dataclass(frozen=True, slots=True)
class CurrencyLines:
    """The lines of one currency that have no base amount.

    `first_day` and `last_day` are their first and last book date, or None if there are none.
    """

    currency: str
    lines: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class BaseState:
    """State of the base amounts of an agency.

    `currency` is the base currency, and `lines` is the number of lines in it without a base amount.
    `state` is `ready` if the base amounts are established, else `asked`. `foreign` has every other
    currency with postings, also those whose lines all have base amounts.
    """

    currency: str
    state: str
    lines: int
    foreign: list[CurrencyLines]

    @property
    def is_ready(self) -> bool:
        """True if the base amounts are established."""
        return self.state == READY

    @property
    def missing(self) -> int:
        """The number of lines without a base amount, in all currencies."""
        return self.lines + sum(one.lines for one in self.foreign)


def read_base_state(reader: Reader) -> BaseState:
    """Return the state of the agency's base amounts, and what is missing."""
    ((settings,), rows) = reader.read(state_statement(), _missing_statement())
    found = [CurrencyLines(**row) for row in rows]
    currency = str(settings["currency"])
    return BaseState(
        currency,
        str(settings["state"]),
        sum(one.lines for one in found if one.currency == currency),
        [one for one in found if one.currency != currency],
    )


def is_established(reader: Reader) -> bool:
    """Return True if the base amounts of the agency are established."""
    ((settings,),) = reader.read(state_statement())
    return bool(settings["state"] == READY)


def has_foreign_base(reader: Reader) -> bool:
    """Return True if a line was posted when the agency had another base currency.

    Such a line is found in two ways. The monthly sums in the base currency differ from their base
    amounts, or a line in another currency has the basis `own`. The result is also True if a line in
    the base currency has no base amount.
    """
    return any(reader.read(_foreign_base_statement(), _other_own_statement()))


@cached_statement
def balance_in_base_statement(purpose: str = EXCHANGE) -> Select[Any]:
    """Select the base balance of an account, by default currency exchange.

    Selects no row if the balance is zero, else one: currency (the base currency), difference_minor
    (debit less credit). A line without a base amount counts as zero, so the balance is right only
    if every line has one.
    """
    difference = func.sum(_MONTHS.base_debit_minor - _MONTHS.base_credit_minor)
    return (
        select(
            _books(),
            cast(difference, BigInteger).label("difference_minor"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _MONTHS.tenant_id) & (_ACCOUNTS.id == _MONTHS.account_id),
        )
        .where(owned(MonthlyBalance), owned(Account), _ACCOUNTS.purpose == purpose)
        .having(difference != 0)
    )


@cached_statement
def unbased_statement() -> Select[Any]:
    """Select the number of lines without a base amount.

    Selects one row with the column `lines`, or no row if there are no such lines.
    """
    return (
        select(func.count().label("lines"))
        .where(owned(Posting), _POSTINGS.base_basis.is_(None))
        .having(func.count() > 0)
    )


@cached_statement
def unbalanced_in_base_statement() -> Select[Any]:
    """Select the entries whose lines all have base amounts that do not balance.

    Rows: entry_id, currency (the base currency), difference_minor (debit less credit).
    """
    difference = func.sum(_POSTINGS.base_debit_minor - _POSTINGS.base_credit_minor)
    return (
        select(
            _POSTINGS.entry_id,
            _books(),
            cast(difference, BigInteger).label("difference_minor"),
        )
        .where(owned(Posting))
        .group_by(_POSTINGS.entry_id)
        .having(func.bool_and(_POSTINGS.base_basis.is_not(None)), difference != 0)
        .order_by(_POSTINGS.entry_id)
    )


@cached_statement
def state_statement() -> Select[Any]:
    """Select the currency of the books, and the state of their base amounts."""
    return select(
        _books(),
        func.coalesce(chosen("base_state"), "asked").label("state"),
    )


def _books() -> ColumnElement[Any]:
    return base_currency().label("currency")


@cached_statement
def _missing_statement() -> Select[Any]:
    """Select all currencies with postings, and their lines without base amounts."""
    currencies = select(_MONTHS.currency).where(owned(MonthlyBalance)).distinct().subquery().c
    missing = (
        select(
            _POSTINGS.currency,
            func.count().label("lines"),
            func.min(_POSTINGS.effective_date).label("first_day"),
            func.max(_POSTINGS.effective_date).label("last_day"),
        )
        .where(owned(Posting), _POSTINGS.base_basis.is_(None))
        .group_by(_POSTINGS.currency)
        .subquery()
    )
    return (
        select(
            currencies.currency,
            func.coalesce(missing.c.lines, 0).label("lines"),
            missing.c.first_day,
            missing.c.last_day,
        )
        .outerjoin(missing, missing.c.currency == currencies.currency)
        .order_by(currencies.currency)
    )


@cached_statement
def _foreign_base_statement() -> Select[Any]:
    return (
        select(_MONTHS.account_id)
        .where(
            owned(MonthlyBalance),
            _MONTHS.currency == base_currency(),
            or_(
                _MONTHS.base_debit_minor != _MONTHS.debit_minor,
                _MONTHS.base_credit_minor != _MONTHS.credit_minor,
            ),
        )
        .limit(1)
    )


@cached_statement
def _other_own_statement() -> Select[Any]:
    return (
        select(_POSTINGS.entry_id)
        .where(owned(Posting), _POSTINGS.base_basis == "own", _POSTINGS.currency != base_currency())
        .limit(1)
    )
