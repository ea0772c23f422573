"""Foreign balances of monetary accounts at a month end, and their revaluations."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    cast,
    func,
    or_,
    select,
    text,
)

from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.kernel.tenancy import owned, owned_by_key
from voyagent.ledger.models import Account, Posting, Revaluation
from voyagent.ledger.queries.balances import posted_until
from voyagent.ledger.queries.base_amounts import READY, state_statement
from voyagent.ledger.rules import next_month, revalued
from voyagent.rates.errors import RateMissing
from voyagent.rates.queries import base_currency, find_rate

_ACCOUNTS = Account.__table__.c
_POSTINGS = Posting.__table__.c
_REVALUATIONS = Revaluation.__table__.c
_OF_ACCOUNT = ("id", "code", "name", "type", "purpose", "is_monetary")


@dataclass(frozen=True, slots=True)
class Position:
    """A foreign balance of a monetary account at the end of a month.

    `account` has id, code and name of the account. `balance` is debit less credit, and
    `base_before` its amount in the base currency. `quote` is the closing rate, or None if there is
    none or the balance is zero. If `is_reversed`, the difference is reversed on the next day, else
    it is kept.
    """

    account: Row
    balance: Money
    base_before: Money
    quote: Quote | None
    is_reversed: bool

    @property
    def base_after(self) -> Money | None:
        """The balance at the closing rate, or None if the rate is missing."""
        if not self.balance:
            return Money(0, self.base_before.currency)
        return None if self.quote is None else self.quote.convert(self.balance)

    @property
    def difference(self) -> Money | None:
        """The amount to post: a positive one is a debit, or None if the rate is missing."""
        after = self.base_after
        return None if after is None else after - self.base_before


@dataclass(frozen=True, slots=True)
class Positions:
    """The foreign balances of an agency on the last day of a month.

    `is_ready` says that the base amounts of the agency are established. If they are not, `items`
    have partial base amounts.
    """

    month: date
    base_currency: str
    is_ready: bool
    items: tuple[Position, ...]

    @property
    def day(self) -> date:
        """The last day of the month."""
        return last_day(self.month)

    @property
    def missing(self) -> list[str]:
        """The currencies without a closing rate that is needed."""
        return list(
            dict.fromkeys(one.balance.currency for one in self.items if one.difference is None)
        )

    @property
    def is_revalued(self) -> bool:
        """True if every balance is at its closing rate."""
        return not any(one.difference is None or one.difference for one in self.items)

    def total(self, *, is_reversed: bool) -> Money:
        """Return the sum of the differences that are reversed, or of those that are kept.

        A balance without a closing rate is left out.
        """
        found = (one.difference for one in self.items if one.is_reversed is is_reversed)
        return sum((one for one in found if one is not None), Money(0, self.base_currency))


@dataclass(frozen=True, slots=True)
class Runs:
    """The results of the runs of a month, by run, account code and currency.

    Each of `items` has the columns of `revaluations`, code and name of the account, base_currency,
    difference_minor and created_by (the name of the person).
    """

    month: date
    items: list[Row]


def last_day(month: date) -> date:
    """Return the last day of a month, given by its first day."""
    return next_month(month) - timedelta(days=1)


def read_positions(reader: Reader, month: date) -> Positions:
    """Return the foreign balances of monetary accounts at the end of a month.

    They are ordered by account code. `month` is its first day. The closing rate of a currency is
    the reference rate of the last day. The balances come from stored sums: no posting is read.
    """
    day = last_day(month)
    ((books,), rows) = reader.read(state_statement(), _balances_statement(day))
    base = str(books["currency"])
    found = [(row, how) for row in rows if (how := revalued(row)) is not None]
    quotes = _quotes(reader, {row["currency"] for row, _how in found if row["balance_minor"]}, day)
    items = (
        Position(
            row,
            Money(row["balance_minor"], row["currency"]),
            Money(row["base_minor"], base),
            quotes.get(row["currency"]) if row["balance_minor"] else None,
            how == "reversed",
        )
        for row, how in found
    )
    return Positions(month, base, books["state"] == READY, tuple(items))


def is_revalued(reader: Reader, month: date) -> bool:
    """Return True if every foreign balance is at the closing rate of a month.

    The result is also True if the base amounts of the agency are not established.
    """
    positions = read_positions(reader, month)
    return not positions.is_ready or positions.is_revalued


def read_runs(reader: Reader, month: date) -> Runs:
    """Return what the revaluations of a month posted; `month` is its first day."""
    return Runs(month, reader.read(_runs_statement(month))[0])


def next_run(month: date) -> int:
    """Return the number of the next run for a month; the first is 1."""
    last = db.session.scalar(select(func.max(Revaluation.run_no)).where(Revaluation.month == month))
    return (last or 0) + 1


def closing_rates(reader: Reader, day: date) -> dict[str, Quote]:
    """Return the rates at which foreign balances were last revalued for a day.

    The keys are currencies. The result is empty unless the day is the last one of a month that was
    revalued.
    """
    month = day.replace(day=1)
    if day != last_day(month):
        return {}
    runs = read_runs(reader, month).items  # the last run comes last
    return {row["currency"]: quote for row in runs if (quote := quote_of(row))}


@cached_statement
def posted_statement() -> Select[Any]:
    """Select all revaluations with the amounts that their entries post on the account.

    Rows have the columns of `Runs.items`, and those of the account that `rules.revalued` needs.
    `posted_minor` is what the entry posts on the last day of the month, and `reversed_minor` what
    the reversal posts on the next day: debit less credit in the base currency, 0 without an entry.
    """
    next_day = cast(_REVALUATIONS.month + text("interval '1 month'"), Date)
    return _statement().add_columns(
        *(_ACCOUNTS[name] for name in ("purpose", "type", "is_monetary")),
        _posted(_REVALUATIONS.entry_id, next_day - 1).label("posted_minor"),
        _posted(_REVALUATIONS.reversal_entry_id, next_day).label("reversed_minor"),
    )


@cached_statement
def standing_statement(day: date) -> Select[Any]:
    """Select the revaluations that are not reversed yet at the end of a day.

    A revaluation of an account of documents is selected only for the last day of its month, because
    it is reversed on the next day. Revaluations without a reversal are left out. Rows: purpose (of
    the account), currency, base_minor (debit less credit).
    """
    difference = func.sum(_REVALUATIONS.base_after_minor - _REVALUATIONS.base_before_minor)
    return (
        select(
            _ACCOUNTS.purpose,
            _REVALUATIONS.currency,
            cast(difference, BigInteger).label("base_minor"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _REVALUATIONS.tenant_id)
            & (_ACCOUNTS.id == _REVALUATIONS.account_id),
        )
        .where(
            owned(Revaluation),
            owned(Account),
            cast(_REVALUATIONS.month + text("interval '1 month'"), Date) == day + timedelta(days=1),
            _REVALUATIONS.reversal_entry_id.is_not(None),
        )
        .group_by(_ACCOUNTS.purpose, _REVALUATIONS.currency)
    )


def quote_of(row: Row) -> Quote | None:
    """Return the rate of a row of `Runs.items`, or None for a zero balance."""
    if row["rate"] is None:
        return None
    pair = (row["currency"], row["base_currency"])
    if row["is_rate_inverse"]:
        pair = pair[::-1]
    return Quote(*pair, row["rate"], row["rate_on"], row["rate_source"])


def _quotes(reader: Reader, currencies: Iterable[str], day: date) -> dict[str, Quote]:
    found = {}
    for currency in sorted(currencies):
        with suppress(RateMissing):
            found[currency] = find_rate(reader, currency, day)
    return found


@cached_statement
def _balances_statement(day: date) -> Select[Any]:
    """Select the accounts with a foreign balance or base amount after a day."""
    posted = posted_until(day).subquery("posted")
    balance = posted.c.debit_minor - posted.c.credit_minor
    base = posted.c.base_debit_minor - posted.c.base_credit_minor
    return (
        select(
            *(_ACCOUNTS[name] for name in _OF_ACCOUNT),
            posted.c.currency,
            balance.label("balance_minor"),
            base.label("base_minor"),
        )
        .join(posted, posted.c.account_id == _ACCOUNTS.id)
        .where(owned(Account), posted.c.currency != base_currency(), or_(balance != 0, base != 0))
        .order_by(_ACCOUNTS.code, posted.c.currency)
    )


@cached_statement
def _runs_statement(month: date) -> Select[Any]:
    return _statement().where(_REVALUATIONS.month == month)


def _statement() -> Select[Any]:
    difference = _REVALUATIONS.base_after_minor - _REVALUATIONS.base_before_minor
    return (
        select(
            *_REVALUATIONS,
            _ACCOUNTS.code,
            _ACCOUNTS.name,
            base_currency().label("base_currency"),
            difference.label("difference_minor"),
            name_of(_REVALUATIONS.created_by_user_id).label("created_by"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _REVALUATIONS.tenant_id)
            & (_ACCOUNTS.id == _REVALUATIONS.account_id),
        )
        .where(owned(Revaluation), owned(Account))
        .order_by(_REVALUATIONS.month, _REVALUATIONS.run_no, _ACCOUNTS.code, _REVALUATIONS.currency)
    )


def _posted(entry_id: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[Any]:
    net = func.sum(_POSTINGS.base_debit_minor - _POSTINGS.base_credit_minor)
    return (
        select(cast(func.coalesce(net, 0), BigInteger))
        .where(
            owned_by_key(Posting),
            _POSTINGS.entry_id == entry_id,
            _POSTINGS.account_id == _REVALUATIONS.account_id,
            _POSTINGS.currency == _REVALUATIONS.currency,
            _POSTINGS.effective_date == day,
        )
        .correlate(Revaluation.__table__)
        .scalar_subquery()
    )
