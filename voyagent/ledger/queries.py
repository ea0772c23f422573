"""Reading the books: accounts, entries with their lines, balances and the trial balance on any day,
and which months are closed.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Subquery,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)

from voyagent.identity.queries import name_of
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict, NotFound
from voyagent.kernel.reading import Reader, Row, cached_statement, generic_plan, keyed_select
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import (
    Account,
    BalanceDay,
    BalanceMonth,
    ClosedMonth,
    JournalEntry,
    Posting,
)

_ACCOUNTS = Account.__table__.c
_ENTRIES = JournalEntry.__table__.c
_POSTINGS = Posting.__table__.c
_MONTHS = BalanceMonth.__table__.c
_DAYS = BalanceDay.__table__.c
_CLOSED = ClosedMonth.__table__.c


class AccountNotFound(NotFound):
    """No such account in the agency's chart."""

    code = "account_not_found"
    message = N_("We could not find that account in your chart of accounts.")


class AccountAmbiguous(Conflict):
    """Several accounts have the words in their names."""

    code = "account_ambiguous"
    message = N_("Several accounts have that in their name. Say the account's code.")


class EntryNotFound(NotFound):
    """No such journal entry in the agency."""

    code = "journal_entry_not_found"
    message = N_("We could not find that journal entry.")


class MonthNotFound(NotFound):
    """Not a month such as `2026-03`, from 1900 to 2200."""

    code = "month_not_found"
    message = N_("That is not a month of the books.")


@dataclass(frozen=True, slots=True)
class Months:
    """Some months of the books, newest first, by their first days.

    `items` have month, is_closed, closed_at and closed_by (None where a later month closed it).
    `closed_through` is the last closed month, `next_to_close` the first open one with entries, each
    None where there is none. `before` asks for what is older; None at the end.
    """

    items: list[Row]
    closed_through: date | None
    next_to_close: date | None
    before: date | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What was posted to an account in one currency up to a day, in minor units."""

    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debit less credit, for every type of account."""
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account with its balance in each currency that was posted to it; none where nothing was."""

    account: Row
    as_of: date
    balances: list[Balance]


def list_accounts(reader: Reader) -> list[Row]:
    """The chart of accounts by code: id, code, name, type, normal_side, purpose, is_active."""
    return reader.read(accounts_statement())[0]


@cached_statement
def accounts_statement() -> Select[Any]:
    """The same for whoever reads more in the same trip."""
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


def find_account(reader: Reader, said: str) -> Row:
    """The account that a person means: by id, code, purpose, whole name, or a part of the name that
    only one has. Raises AccountNotFound, AccountAmbiguous.
    """
    words = said.strip().casefold()
    accounts = list_accounts(reader)
    meant = [
        a
        for a in accounts
        if words in {str(a["id"]), a["code"].casefold(), a["purpose"], a["name"].casefold()}
    ]
    meant = meant or [a for a in accounts if words and words in a["name"].casefold()]
    if not meant:
        raise AccountNotFound
    if len(meant) > 1:
        raise AccountAmbiguous
    return meant[0]


def account_balance(reader: Reader, code_or_name: str, as_of: date) -> AccountBalance:
    """What an account stands at on the evening of a day, in each currency.

    Raises AccountNotFound, AccountAmbiguous.
    """
    account = find_account(reader, code_or_name)
    rows = reader.read(balances_statement(as_of, [account["id"]]))[0]
    return AccountBalance(
        account,
        as_of,
        [Balance(row["currency"], row["debit_minor"], row["credit_minor"]) for row in rows],
    )


def trial_balance_rows(reader: Reader, as_of: date, include_zero: bool = False) -> list[Row]:  # noqa: FBT001, FBT002 - the report's own question
    """Debit and credit of each account and currency, book dates up to and including `as_of`, by
    code and currency.

    Rows: account_id, code, name, type, normal_side, purpose, currency, debit_minor, credit_minor.
    An account without postings comes only with `include_zero`, and then with a currency of None and
    zeros.
    """
    return reader.read(trial_balance_statement(as_of, include_zero=include_zero))[0]


@cached_statement
def trial_balance_statement(as_of: date, *, include_zero: bool = False) -> Select[Any]:
    """The same for whoever reads more in the same trip."""
    posted = _posted(as_of).subquery("posted")
    return (
        select(
            _ACCOUNTS.id.label("account_id"),
            _ACCOUNTS.code,
            _ACCOUNTS.name,
            _ACCOUNTS.type,
            _ACCOUNTS.normal_side,
            _ACCOUNTS.purpose,
            posted.c.currency,
            func.coalesce(posted.c.debit_minor, 0).label("debit_minor"),
            func.coalesce(posted.c.credit_minor, 0).label("credit_minor"),
        )
        .select_from(Account.__table__)
        .join(posted, posted.c.account_id == _ACCOUNTS.id, isouter=include_zero)
        .where(owned(Account))
        .order_by(_ACCOUNTS.code, posted.c.currency)
    )


@cached_statement
def trial_balance_planned_once_statement(as_of: date) -> Select[Any]:
    """The same by a plan that is made once, for a report of several days: planning one takes as
    long as its answer, and the plan is alike on every day.
    """
    return generic_plan(trial_balance_statement(as_of))


def balances_statement(as_of: date, account_ids: Iterable[UUID]) -> Select[Any]:
    """account_id, currency, debit_minor, credit_minor of some accounts up to and including a day."""
    return _balances_statement(as_of, tuple(account_ids))


@cached_statement
def _balances_statement(as_of: date, account_ids: tuple[UUID, ...]) -> Select[Any]:
    posted = _posted(as_of, account_ids).subquery("posted")
    return select(posted).order_by(posted.c.account_id, posted.c.currency)


def find_accounts(wanted: Iterable[UUID | str], *, hold: bool = False) -> dict[UUID | str, Account]:
    """Accounts of the agency by id or by purpose, whichever was asked for; what is not there is
    left out.

    With `hold` none of them is archived until the transaction ends; others may post to them
    meanwhile.
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


def get_entry(entry_id: UUID) -> JournalEntry:
    """A journal entry of the agency. Raises EntryNotFound."""
    found = db.session.scalar(select(JournalEntry).where(JournalEntry.id == entry_id))
    if found is None:
        raise EntryNotFound
    return found


def get_entry_of(source_type: str, source_id: UUID, purpose: str) -> UUID:
    """The id of the entry that stands for a source and purpose. Raises EntryNotFound."""
    found = db.session.scalar(
        select(JournalEntry.id).where(
            JournalEntry.source_type == source_type,
            JournalEntry.source_id == source_id,
            JournalEntry.purpose == purpose,
        )
    )
    if found is None:
        raise EntryNotFound
    return found


def get_lines(entry_id: UUID) -> list[Posting]:
    """The lines of an entry, in order."""
    return list(
        db.session.scalars(
            select(Posting).where(Posting.entry_id == entry_id).order_by(Posting.line_no)
        )
    )


def entry_statement(entry_id: UUID) -> Select[Any]:
    """An entry as a row, with who posted it, what reverses it, and what it comes from."""
    reversing = JournalEntry.__table__.alias("reversing")
    return select(
        *_ENTRIES,
        name_of(_ENTRIES.created_by_user_id).label("created_by"),
        select(reversing.c.id)
        .where(owned(reversing), reversing.c.reverses_id == _ENTRIES.id)
        .scalar_subquery()
        .label("reversed_by_id"),
    ).where(owned(JournalEntry), _ENTRIES.id == entry_id)


def lines_statement(*entry_ids: Any) -> Select[Any]:
    """The lines of entries as rows, each with its account: line_no, account_id, code, name,
    currency, debit_minor, credit_minor, party_name, memo.
    """
    return (
        select(
            *(_POSTINGS.line_no, _POSTINGS.account_id, _ACCOUNTS.code, _ACCOUNTS.name),
            *(
                _POSTINGS[name]
                for name in ("currency", "debit_minor", "credit_minor", "party_name", "memo")
            ),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(owned(Posting), _POSTINGS.entry_id.in_(entry_ids))
        .order_by(_POSTINGS.entry_id, _POSTINGS.line_no)
    )


_of_entry = keyed_select(lambda entry_id: (entry_statement(entry_id), lines_statement(entry_id)))


def read_entry(reader: Reader, entry_id: UUID) -> tuple[Row, list[Row]]:
    """An entry and its lines, in one trip. Raises EntryNotFound."""
    entries, lines = reader.read(*_of_entry(entry_id))
    if not entries:
        raise EntryNotFound
    return entries[0], lines


def parse_month(text: str) -> date:
    """The first day of a month written `2026-03`. Raises MonthNotFound."""
    if re.fullmatch(r"(19|2[01])\d\d-(0[1-9]|1[0-2])|2200-(0[1-9]|1[0-2])", text, re.ASCII) is None:
        raise MonthNotFound
    return date(int(text[:4]), int(text[5:]), 1)


def last_closed_month() -> date | None:
    """The first day of the last closed month; everything up to its end is closed."""
    return db.session.scalar(select(func.max(ClosedMonth.month)))


def has_entries_between(closed: date | None, month: date) -> bool:
    """Whether anything was posted after a closed month (None: ever) and before another month."""
    statement = select(JournalEntry.id).where(JournalEntry.entry_date < month).limit(1)
    if closed is not None:
        statement = statement.where(JournalEntry.entry_date >= following(closed))
    return db.session.scalar(statement) is not None


def read_months(reader: Reader, before: date | None = None, limit: int = 24) -> Months:
    """The months that have entries or were closed, newest first, in one trip; each costs one look
    at an index, however many entries there are.
    """
    rows, states = reader.read(
        _months_statement(before or date(2201, 1, 1), limit), _state_statement()
    )
    state = states[0]
    items = rows[:limit]
    return Months(
        items,
        state["closed_through"],
        state["next_to_close"],
        items[-1]["month"] if len(rows) > limit else None,
    )


def untied_balances(reader: Reader) -> list[Row]:
    """Where the balances of months or of days and the lines behind them disagree; empty in healthy
    books, whatever was posted.
    """
    return reader.read(untied_statement())[0]


def untied_statement(only: date | None = None) -> Select[Any]:
    """The same for whoever reads more in the same trip; `only` is the first day of the one month
    that is looked at.

    Rows: which (`month` or `day`), account_id, currency, since (the first day of the month, or the
    day), debit_minor, credit_minor.
    """
    month, day = (
        cast(func.date_trunc("month", _POSTINGS.effective_date), Date),
        _POSTINGS.effective_date,
    )
    parts: list[Select[Any]] = []
    for which, table, since, of_line in (
        ("month", BalanceMonth, _MONTHS.month, month),
        ("day", BalanceDay, _DAYS.day, day),
    ):
        rows = table.__table__.c
        sums = select(
            literal(which).label("which"),
            rows.account_id,
            rows.currency,
            since.label("since"),
            rows.debit_minor,
            rows.credit_minor,
        )
        lines = select(
            literal(which),
            _POSTINGS.account_id,
            _POSTINGS.currency,
            of_line,
            -_POSTINGS.debit_minor,
            -_POSTINGS.credit_minor,
        )
        days = [] if only is None else [since >= only, since < following(only)]
        days_of_lines = [] if only is None else [day >= only, day < following(only)]
        parts += [sums.where(owned(table), *days), lines.where(owned(Posting), *days_of_lines)]
    both = union_all(*parts).subquery("both").c
    place = (both.which, both.account_id, both.currency, both.since)
    debit, credit = func.sum(both.debit_minor), func.sum(both.credit_minor)
    return (
        select(
            *place,
            cast(debit, BigInteger).label("debit_minor"),
            cast(credit, BigInteger).label("credit_minor"),
        )
        .group_by(*place)
        .having(or_(debit != 0, credit != 0))
        .order_by(*place)
    )


def sides_statement() -> Select[Any]:
    """Currencies whose debits and credits differ over all that was ever posted: currency,
    difference_minor; from the balances of months.
    """
    difference = func.sum(_MONTHS.debit_minor - _MONTHS.credit_minor)
    return (
        select(_MONTHS.currency, cast(difference, BigInteger).label("difference_minor"))
        .where(owned(BalanceMonth))
        .group_by(_MONTHS.currency)
        .having(difference != 0)
        .order_by(_MONTHS.currency)
    )


def unbalanced_statement() -> Select[Any]:
    """Entries whose lines do not balance: entry_id, currency, difference_minor (debit less credit)."""
    difference = func.sum(_POSTINGS.debit_minor - _POSTINGS.credit_minor)
    return (
        select(
            _POSTINGS.entry_id,
            _POSTINGS.currency,
            cast(difference, BigInteger).label("difference_minor"),
        )
        .where(owned(Posting))
        .group_by(_POSTINGS.entry_id, _POSTINGS.currency)
        .having(difference != 0)
        .order_by(_POSTINGS.currency, _POSTINGS.entry_id)
    )


def control_statement(*purposes: str) -> Select[Any]:
    """What the accounts of some purposes stand at over all that was ever posted: purpose, code,
    currency, balance_minor (debit less credit).
    """
    balance = func.sum(_MONTHS.debit_minor - _MONTHS.credit_minor)
    return (
        select(
            _ACCOUNTS.purpose,
            _ACCOUNTS.code,
            _MONTHS.currency,
            cast(balance, BigInteger).label("balance_minor"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _MONTHS.tenant_id) & (_ACCOUNTS.id == _MONTHS.account_id),
        )
        .where(owned(BalanceMonth), owned(Account), _ACCOUNTS.purpose.in_(purposes))
        .group_by(_ACCOUNTS.purpose, _ACCOUNTS.code, _MONTHS.currency)
    )


def _months_statement(before: date, limit: int) -> Select[Any]:
    found = select(_newest_before(literal(before, Date)).label("month"), literal(1).label("n")).cte(
        "found", recursive=True
    )
    found = found.union_all(
        select(_newest_before(found.c.month), found.c.n + 1).where(
            found.c.month.is_not(None), found.c.n <= limit
        )
    )
    through = select(func.max(_CLOSED.month)).where(owned(ClosedMonth)).scalar_subquery()
    own = (_CLOSED.month == found.c.month) & owned(ClosedMonth)
    return (
        select(
            found.c.month,
            func.coalesce(found.c.month <= through, False).label("is_closed"),
            _CLOSED.closed_at,
            name_of(_CLOSED.closed_by_user_id).label("closed_by"),
        )
        .select_from(found.outerjoin(ClosedMonth.__table__, own))
        .where(found.c.month.is_not(None))
        .order_by(found.c.month.desc())
    )


def _newest_before(day: ColumnElement[date]) -> ColumnElement[date]:
    """The newest month before a month that has entries or was closed, or null."""
    entry = (
        select(func.max(_ENTRIES.entry_date))
        .where(owned(JournalEntry), _ENTRIES.entry_date < day)
        .scalar_subquery()
    )
    closed = (
        select(func.max(_CLOSED.month))
        .where(owned(ClosedMonth), _CLOSED.month < day)
        .scalar_subquery()
    )
    return func.greatest(cast(func.date_trunc("month", entry), Date), closed, type_=Date())


def _state_statement() -> Select[Any]:
    through = (
        select(func.max(_CLOSED.month).label("month")).where(owned(ClosedMonth)).cte("through")
    )
    after = cast(
        func.coalesce(through.c.month + text("interval '1 month'"), date(1900, 1, 1)), Date
    )
    first = (
        select(func.min(_ENTRIES.entry_date))
        .where(owned(JournalEntry), _ENTRIES.entry_date >= after)
        .scalar_subquery()
    )
    return select(
        through.c.month.label("closed_through"),
        cast(func.date_trunc("month", first), Date).label("next_to_close"),
    )


def following(month: date) -> date:
    """The first day of the month after a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _posted(as_of: date, account_ids: Sequence[UUID] | None = None) -> Select[Any]:
    """What was posted up to a day: whole months from their balances, and of the day's own month the
    shorter side from those of days, added or taken away.
    """
    first, days = as_of.replace(day=1), monthrange(as_of.year, as_of.month)[1]
    if as_of.day * 2 <= days:
        whole, sign, some = _MONTHS.month < first, 1, _DAYS.day.between(first, as_of)
    else:
        whole, sign = _MONTHS.month <= first, -1
        some = _DAYS.day.between(as_of + timedelta(days=1), first.replace(day=days))
    months = select(
        _MONTHS.account_id, _MONTHS.currency, _MONTHS.debit_minor, _MONTHS.credit_minor
    ).where(owned(BalanceMonth), whole)
    signed = (
        (sign * _DAYS.debit_minor).label("debit_minor"),
        (sign * _DAYS.credit_minor).label("credit_minor"),
    )
    single = select(_DAYS.account_id, _DAYS.currency, *signed).where(owned(BalanceDay), some)
    if account_ids is not None:
        months, single = (
            months.where(_MONTHS.account_id.in_(account_ids)),
            single.where(_DAYS.account_id.in_(account_ids)),
        )
    parts: Subquery = union_all(months, single).subquery("parts")
    debit, credit = (
        cast(func.sum(side), BigInteger) for side in (parts.c.debit_minor, parts.c.credit_minor)
    )
    return (
        select(
            parts.c.account_id,
            parts.c.currency,
            debit.label("debit_minor"),
            credit.label("credit_minor"),
        )
        .group_by(parts.c.account_id, parts.c.currency)
        .having(or_(func.sum(parts.c.debit_minor) != 0, func.sum(parts.c.credit_minor) != 0))
    )
