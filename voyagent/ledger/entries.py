"""Reading the journal: its entries by book date, the newest first, and how many are dated on days
to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, Select, Uuid, cast, func, literal, select, tuple_

from voyagent.identity.queries import name_of
from voyagent.kernel.pages import Cursor, cut_by_day
from voyagent.kernel.reading import Reader, Row, cached_statement
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import JournalEntry, Posting

_TABLE = JournalEntry.__table__
_ENTRIES = _TABLE.c
_POSTINGS = Posting.__table__.c
COMING_MAX = 1000
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
            reader.read(page_statement(first, last, limit + 1, cursor))[0], limit, "entry_date"
        )
    )


def list_happened(
    reader: Reader, first: date | None, today: date, *, limit: int, cursor: Cursor | None = None
) -> tuple[Entries, int]:
    """The same up to today, and how many entries are dated after it, counted up to one more than
    COMING_MAX; in one trip.
    """
    rows, coming = reader.read(
        page_statement(first, today, limit + 1, cursor), coming_statement(today)
    )
    return Entries(*cut_by_day(rows, limit, "entry_date")), coming[0]["n"]


@cached_statement
def coming_statement(today: date) -> Select[Any]:
    """How many entries are dated after a day, at most one more than COMING_MAX: one row with `n`.

    In the order of the index, so that no more are looked at.
    """
    few = (
        select(_ENTRIES.id)
        .where(owned(JournalEntry), _ENTRIES.entry_date > today)
        .order_by(_ENTRIES.entry_date.desc(), _ENTRIES.id.desc())
    )
    return select(func.count().label("n")).select_from(few.limit(COMING_MAX + 1).subquery("few"))


@cached_statement
def page_statement(
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
