"""Reading the journal: its entries by book date, the newest first, and how many are dated on days
to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Select, Uuid, cast, func, literal, select, tuple_

from voyagent.identity.queries import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import db
from voyagent.kernel.pages import Cursor, cut_by_day
from voyagent.kernel.tenancy import owned
from voyagent.ledger.errors import EntryNotFound
from voyagent.ledger.models import Account, JournalEntry, Posting

_ACCOUNTS = Account.__table__.c
_TABLE = JournalEntry.__table__
_ENTRIES = _TABLE.c
_POSTINGS = Posting.__table__.c
LATER_COUNT_MAX = 1000
"""So many entries of days to come are counted, and of more it is said that there are more."""


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of entries, and the text that asks for the page behind it; None where the journal
    ends.
    """

    items: list[Row]
    next_cursor: str | None


def list_entries(
    reader: Reader,
    first: date | None,
    last: date | None,
    *,
    limit: int,
    cursor: Cursor | None = None,
) -> Entries:
    """Entries with book dates from `first` to `last`, the newest first, behind the row of a cursor;
    each with its debits by currency in minor units.
    """
    return Entries(
        *cut_by_day(
            reader.read(entries_page_statement(first, last, limit + 1, cursor))[0],
            limit,
            "entry_date",
        )
    )


def list_entries_until(
    reader: Reader, first: date | None, today: date, *, limit: int, cursor: Cursor | None = None
) -> tuple[Entries, int]:
    """The same up to today, and how many entries are dated after it, counted up to one more than
    COMING_MAX; in one trip.
    """
    rows, coming = reader.read(
        entries_page_statement(first, today, limit + 1, cursor), later_count_statement(today)
    )
    return Entries(*cut_by_day(rows, limit, "entry_date")), coming[0]["n"]


@cached_statement
def later_count_statement(today: date) -> Select[Any]:
    """How many entries are dated after a day, at most one more than COMING_MAX: one row with `n`.

    In the order of the index, so that no more are looked at.
    """
    few = (
        select(_ENTRIES.id)
        .where(owned(JournalEntry), _ENTRIES.entry_date > today)
        .order_by(_ENTRIES.entry_date.desc(), _ENTRIES.id.desc())
    )
    return select(func.count().label("n")).select_from(
        few.limit(LATER_COUNT_MAX + 1).subquery("few")
    )


@cached_statement
def entries_page_statement(
    first: date | None, last: date | None, limit: int, cursor: Cursor | None
) -> Select[Any]:
    """The rows of a page; `limit` is how many are read."""
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
            _POSTINGS.entry_id,
            _POSTINGS.currency,
            cast(func.sum(_POSTINGS.debit_minor), BigInteger).label("minor"),
        )
        .where(owned(Posting), _POSTINGS.entry_id.in_(select(found.c.id)))
        .group_by(_POSTINGS.entry_id, _POSTINGS.currency)
        .subquery("sums")
    )
    reversing = _TABLE.alias("reversing")
    return select(
        *found.c,
        name_of(found.c.created_by_user_id).label("created_by"),
        select(reversing.c.id)
        .where(owned(reversing), reversing.c.reverses_id == found.c.id)
        .scalar_subquery()
        .label("reversed_by_id"),
        select(func.jsonb_object_agg(sums.c.currency, sums.c.minor))
        .where(sums.c.entry_id == found.c.id)
        .scalar_subquery()
        .label("totals"),
    ).order_by(found.c.entry_date.desc(), found.c.id.desc())


def get_entry(entry_id: UUID) -> JournalEntry:
    """A journal entry of the agency. Raises EntryNotFound."""
    found = db.session.scalar(select(JournalEntry).where(JournalEntry.id == entry_id))
    if found is None:
        raise EntryNotFound
    return found


def get_source_entry_id(source_type: str, source_id: UUID, purpose: str) -> UUID:
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


def entry_lines_statement(*entry_ids: Any) -> Select[Any]:
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


_of_entry = keyed_select(
    lambda entry_id: (entry_statement(entry_id), entry_lines_statement(entry_id))
)


def read_entry(reader: Reader, entry_id: UUID) -> tuple[Row, list[Row]]:
    """An entry and its lines, in one trip. Raises EntryNotFound."""
    entries, lines = reader.read(*_of_entry(entry_id))
    if not entries:
        raise EntryNotFound
    return entries[0], lines
