"""Queries of journal entries by book date, and of one entry with its lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    ScalarSelect,
    Select,
    Uuid,
    cast,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import db, load_one
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.rates import Quote
from voyagent.kernel.tenancy import owned, owned_by_key
from voyagent.ledger.errors import EntryNotFound
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.rates.queries import base_currency
from voyagent.settings.queries import chosen

_ACCOUNTS = Account.__table__.c
_TABLE = JournalEntry.__table__
_ENTRIES = _TABLE.c
_POSTINGS = Posting.__table__.c
LATER_COUNT_MAX = 1000
"""Maximum number of entries dated after today that is counted; above it the page shows "more"."""


def list_entries(
    reader: Reader,
    first: date | None,
    last: date | None,
    *,
    limit: int,
    cursor: Cursor | None = None,
) -> CursorPage[Row]:
    """List journal entries with book dates from `first` to `last`, newest first.

    Each row has the columns of `entry_statement`, and `totals`: a mapping from currency to the
    entry's total debit in minor units.
    """
    rows = reader.read(entries_page_statement(first, last, limit + 1, cursor))[0]
    return page_by_day(rows, limit, "entry_date")


def list_entries_until(
    reader: Reader, first: date | None, today: date, *, limit: int, cursor: Cursor | None = None
) -> tuple[CursorPage[Row], int]:
    """List journal entries up to today, and count the entries dated after today.

    If `first` is given, entries dated before this day are left out. The second result is the count
    of entries dated after today, at most LATER_COUNT_MAX plus one. Both results are read in one
    round trip to the database.
    """
    rows, later = reader.read(
        entries_page_statement(first, today, limit + 1, cursor), later_count_statement(today)
    )
    return page_by_day(rows, limit, "entry_date"), later[0]["n"]


def find_unreversed(entry_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the entries that reverse no entry and are not reversed."""
    reversing = aliased(JournalEntry)
    is_reversed = select(reversing.id).where(reversing.reverses_id == JournalEntry.id).exists()
    return set(
        db.session.scalars(
            select(JournalEntry.id).where(
                JournalEntry.id.in_(set(entry_ids)),
                JournalEntry.reverses_id.is_(None),
                ~is_reversed,
            )
        )
    )


@cached_statement
def later_count_statement(today: date) -> Select[Any]:
    """Count the journal entries dated after a day, at most LATER_COUNT_MAX plus one.

    Selects one row with the column `n`. The entries are counted in the order of the index, so that
    PostgreSQL reads no more entries than it counts.
    """
    later = (
        select(_ENTRIES.id)
        .where(owned(JournalEntry), _ENTRIES.entry_date > today)
        .order_by(_ENTRIES.entry_date.desc(), _ENTRIES.id.desc())
    )
    return select(func.count().label("n")).select_from(
        later.limit(LATER_COUNT_MAX + 1).subquery("later")
    )


@cached_statement
def entries_page_statement(
    first: date | None, last: date | None, limit: int, cursor: Cursor | None
) -> Select[Any]:
    """Select a page of at most `limit` journal entries, newest first.

    Book dates are from `first` to `last`. The rows have the columns that `list_entries` returns.
    """
    page = select(*_ENTRIES).where(owned(JournalEntry))
    if first is not None:
        page = page.where(_ENTRIES.entry_date >= first)
    if last is not None:
        page = page.where(_ENTRIES.entry_date <= last)
    if cursor is not None:
        page = page.where(
            tuple_(_ENTRIES.entry_date, _ENTRIES.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    found = page.order_by(_ENTRIES.entry_date.desc(), _ENTRIES.id.desc()).limit(limit).cte("found")
    sums = (
        select(
            _POSTINGS.currency,
            cast(func.sum(_POSTINGS.debit_minor), BigInteger).label("minor"),
        )
        .where(owned_by_key(Posting), _POSTINGS.entry_id == found.c.id)
        .group_by(_POSTINGS.currency)
        .correlate(found)
        .subquery("sums")
    )
    reversing = _TABLE.alias("reversing")
    return select(
        *found.c,
        name_of(found.c.created_by_user_id).label("created_by"),
        select(reversing.c.id)
        .where(owned_by_key(reversing), reversing.c.reverses_id == found.c.id)
        .scalar_subquery()
        .label("reversed_by_id"),
        select(func.jsonb_object_agg(sums.c.currency, sums.c.minor))
        .scalar_subquery()
        .label("totals"),
    ).order_by(found.c.entry_date.desc(), found.c.id.desc())


def get_entry(entry_id: UUID) -> JournalEntry:
    """Return a journal entry of the agency.

    Raises:
        EntryNotFound: the agency has no such entry.
    """
    return load_one(select(JournalEntry).where(JournalEntry.id == entry_id), EntryNotFound)


def get_source_entry_id(source_type: str, source_id: UUID, purpose: str) -> UUID:
    """Return the id of the journal entry that a source posted for a purpose.

    A source is a document or act, such as the type `invoice` and the invoice's id. The purpose,
    such as `issue`, distinguishes the entries of one source.

    Raises:
        EntryNotFound: the source has no entry for this purpose.
    """
    return load_one(
        select(JournalEntry.id).where(
            JournalEntry.source_type == source_type,
            JournalEntry.source_id == source_id,
            JournalEntry.purpose == purpose,
        ),
        EntryNotFound,
    )


def find_rate_of(entry_id: UUID, currency: str, base_currency: str) -> Quote | None:
    """Return the rate at which an entry converted a currency to the base currency.

    The result is None if no line of the entry in `currency` was converted at a rate.
    """
    line = db.session.scalar(
        select(Posting)
        .where(
            Posting.entry_id == entry_id,
            Posting.currency == currency,
            Posting.base_basis == "rate",
        )
        .order_by(Posting.line_no)
        .limit(1)
    )
    if line is None or line.rate is None or line.rate_on is None or line.rate_source is None:
        return None
    pair = (base_currency, currency) if line.is_rate_inverse else (currency, base_currency)
    return Quote(*pair, line.rate, line.rate_on, line.rate_source)


def get_lines(entry_id: UUID) -> list[Posting]:
    """Return the lines of a journal entry, ordered by line number."""
    return list(
        db.session.scalars(
            select(Posting).where(Posting.entry_id == entry_id).order_by(Posting.line_no)
        )
    )


def entry_statement(entry_id: UUID) -> Select[Any]:
    """Select a journal entry with its author's name and the entry that reverses it.

    The row has the columns of `journal_entries`, created_by (the author's name) and reversed_by_id
    (null if the entry is not reversed).
    """
    reversing = JournalEntry.__table__.alias("reversing")
    return select(
        *_ENTRIES,
        name_of(_ENTRIES.created_by_user_id).label("created_by"),
        select(reversing.c.id)
        .where(owned(reversing), reversing.c.reverses_id == _ENTRIES.id)
        .scalar_subquery()
        .label("reversed_by_id"),
    ).where(owned(JournalEntry), _ENTRIES.id == entry_id)


def entry_lines_statement(*entry_ids: UUID | ScalarSelect[UUID]) -> Select[Any]:
    """Select the lines of journal entries, each with its account.

    Rows: line_no, account_id, code, name, currency, debit_minor, credit_minor, party_id,
    party_name, memo, base_debit_minor, base_credit_minor, books (the currency of the base amounts)
    and base_currency, which is null unless the base amounts of the agency are established.
    """
    return (
        select(
            *(_POSTINGS.line_no, _POSTINGS.account_id, _ACCOUNTS.code, _ACCOUNTS.name),
            *(_POSTINGS[name] for name in ("currency", "debit_minor", "credit_minor")),
            *(_POSTINGS[name] for name in ("party_id", "party_name", "memo")),
            *(_POSTINGS[name] for name in ("base_debit_minor", "base_credit_minor")),
            base_currency().label("books"),
            chosen("base_currency").label("base_currency"),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(owned_by_key(Posting), _POSTINGS.entry_id.in_(entry_ids))
        .order_by(_POSTINGS.entry_id, _POSTINGS.line_no)
    )


def sides_of(line: Row) -> tuple[Money, Money]:
    """Return debit and credit of a row of `entry_lines_statement`.

    A line that is only a difference in the base currency has both in this currency.
    """
    has_amount = line["debit_minor"] or line["credit_minor"]
    prefix, currency = ("", line["currency"]) if has_amount else ("base_", line["books"])
    debit, credit = (Money(line[f"{prefix}{side}_minor"], currency) for side in ("debit", "credit"))
    return debit, credit


def base_sides_of(lines: Iterable[Row]) -> tuple[Money, Money] | None:
    """Return the sums of debits and credits of lines in the base currency.

    `lines` are rows of `entry_lines_statement`. The result is None if the base amounts of the
    agency are not established, or if all lines are in the base currency.
    """
    rows = list(lines)
    if all(line["base_currency"] in (None, line["currency"]) for line in rows):
        return None
    debit, credit = (
        Money(sum(line[f"base_{side}_minor"] for line in rows), rows[0]["base_currency"])
        for side in ("debit", "credit")
    )
    return debit, credit


_of_entry = keyed_select(
    lambda entry_id: (entry_statement(entry_id), entry_lines_statement(entry_id))
)


def read_entry(reader: Reader, entry_id: UUID) -> tuple[Row, list[Row]]:
    """Return a journal entry and its lines, in one database round trip.

    Raises:
        EntryNotFound: the agency has no such entry.
    """
    entries, lines = reader.read(*_of_entry(entry_id))
    return first_row(entries, EntryNotFound), lines
