"""Queries of closed months, and of the next month to close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, cast, func, literal, select, text

from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import ClosedMonth, JournalEntry
from voyagent.ledger.rules import next_month

_ENTRIES = JournalEntry.__table__.c
_CLOSED = ClosedMonth.__table__.c


@dataclass(frozen=True, slots=True)
class Months:
    """A page of months, newest first.

    Each of `items` has month (its first day), is_closed, closed_at and closed_by. closed_at and
    closed_by are None if the month is open or was closed together with a later month.
    `closed_through` is the latest closed month. `next_to_close` is the first open month with
    journal entries. For the next page, pass `before` to `read_months`; `before` is None on the last
    page.
    """

    items: list[Row]
    closed_through: date | None
    next_to_close: date | None
    before: date | None


def read_first_open_day(reader: Reader) -> date:
    """Return the day after the latest closed month; `date.min` if none is closed."""
    last = func.max(_CLOSED.month)
    ((row,),) = reader.read(select(last.label("month")).where(owned(ClosedMonth)))
    return date.min if row["month"] is None else next_month(row["month"])


def last_closed_month() -> date | None:
    """Return the first day of the latest closed month, or None if no month is closed.

    All months before the latest closed month are closed too.
    """
    return db.session.scalar(select(func.max(ClosedMonth.month)))


def has_entries_between(closed: date | None, month: date) -> bool:
    """Return True if an entry is dated between two months.

    Such an entry is dated after the last day of the month `closed` and before the first day of the
    month `month`. Both months are given by their first day. If `closed` is None, every entry dated
    before the month `month` counts.
    """
    statement = select(JournalEntry.id).where(JournalEntry.entry_date < month).limit(1)
    if closed is not None:
        statement = statement.where(JournalEntry.entry_date >= next_month(closed))
    return db.session.scalar(statement) is not None


def read_months(reader: Reader, before: date | None = None, limit: int = 24) -> Months:
    """Return a page of the months that have entries or were closed, newest first.

    Only months that begin before the day `before` are returned. The duration of the query does not
    depend on the number of entries, because the query needs one index look-up for each month.
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
