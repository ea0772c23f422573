"""Journal lines that add up to a revenue, cost or margin.

The lines are those of one trip, of a customer's trips, of all trips in one month, of all trips, or
those that were posted without a trip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.billing.core.queries.of_trips import invoiced
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.queries.trip_earnings import (
    Side,
    earning_lines_statement,
    earning_lines_total_statement,
    other_entries_statement,
    trip_entries_statement,
)
from voyagent.ledger.rules import next_month
from voyagent.reports.queries.periods import Days
from voyagent.trips.queries.margins import trips_of_customer
from voyagent.trips.queries.trips import TripNotFound, title_statement

PAGE_LINES = 100
AllTrips = Literal["any", "none"]


class MonthElsewhere(Unprocessable):
    """The requested month is outside the period."""

    code = "month must lie within from and to"
    message = N_("This month is outside the period.")


@dataclass(frozen=True, slots=True)
class Whose:
    """Selection of the trips whose journal lines are read.

    At most one field is set. If no field is set, the lines of all trips are read.

    `trip` is the id of one trip. `customer` is the name of a customer and selects the customer's
    trips; an empty text selects trips without a known customer. `month` is the first day of a
    month: the lines of all trips are read, but only those with a book date in this month. If
    `without_trip` is true, the lines that were posted without a trip are read.
    """

    trip: UUID | None = None
    customer: str | None = None
    month: date | None = None
    without_trip: bool = False

    def days_of(self, days: Days) -> Days:
        """Return the days of the period that are in the selected month.

        Without a selected month, the whole period is returned. Raises MonthElsewhere if the month
        is outside the period.
        """
        if self.month is None:
            return days
        first, last = (
            max(days.first, self.month),
            min(days.last, next_month(self.month) - timedelta(days=1)),
        )
        if first > last:
            raise MonthElsewhere
        return Days(first, last)


class MarginLine(NamedTuple):
    """A journal line with the document that posted it.

    `source_type` and `source_id` identify the document; for a reversal, they identify the document
    of the reversed entry.
    """

    entry_id: UUID
    line_no: int
    day: date
    code: str
    name: str
    narration: str
    party_name: str | None
    memo: str | None
    source_type: str
    source_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class MarginLines:
    """A page of journal lines, oldest first.

    `count` and `total` are number and sum of the journal lines on all pages. `title` is the title
    of the trip, or None if the selection is not one trip.
    """

    days: Days
    of: Side
    whose: Whose
    title: str | None
    lines: tuple[MarginLine, ...]
    count: int
    total: Money
    is_first_page: bool
    next_cursor: str | None


def read_margin_lines(
    reader: Reader,
    days: Days,
    whose: Whose,
    of: Side,
    currency: str,
    *,
    after: LineCursor | None = None,
    limit: int = PAGE_LINES,
) -> MarginLines:
    """Return a page of the journal lines of a revenue, cost or margin, and their sum.

    `of` selects revenue, cost or margin. The sum covers all pages. Lines in another currency than
    `currency` are left out. Everything is read in one database round trip.

    Raises MonthElsewhere, TripNotFound, and InvalidCursor if `after` is outside the period.
    """
    days = whose.days_of(days)
    if after is not None and not days.first <= after.day <= days.last:
        raise InvalidCursor
    entries = entries_statement(whose, days)
    statements = [
        earning_lines_statement(entries, of, currency, after=after, limit=limit + 1),
        earning_lines_total_statement(entries, of, currency),
    ]
    rows, sums, *titles = reader.read(
        *statements, *([title_statement(whose.trip)] if whose.trip else [])
    )
    if titles and not titles[0]:
        raise TripNotFound
    shown = tuple(_lines(rows[:limit], currency))
    next_cursor = (
        LineCursor(shown[-1].day, shown[-1].entry_id, shown[-1].line_no).encode()
        if len(rows) > limit
        else None
    )
    return MarginLines(
        days=days,
        of=of,
        whose=whose,
        title=titles[0][0]["title"] if titles else None,
        lines=shown,
        count=sums[0]["n"],
        total=Money(sums[0]["minor"], currency),
        is_first_page=after is None,
        next_cursor=next_cursor,
    )


def entries_statement(whose: Whose, days: Days) -> Select[Any]:
    """Select the journal entries of the selected trips, or those without a trip.

    Rows: entry_id, source_type, source_id, thing_id (the trip's id; null without a trip).
    """
    if whose.without_trip:
        return other_entries_statement(days.first, days.last)
    found = trip_entries_statement(days.first, days.last, whose.trip)
    if whose.customer is None:
        return found
    all_of_days = found.cte("all_of_days")
    return select(all_of_days).where(
        all_of_days.c.thing_id.in_(
            trips_of_customer(whose.customer, invoiced, select(all_of_days.c.thing_id))
        )
    )


def _lines(rows: list[Row], currency: str) -> Iterable[MarginLine]:
    for row in rows:
        facts = {
            name: row[name]
            for name in (
                "entry_id",
                "line_no",
                "code",
                "name",
                "narration",
                "party_name",
                "memo",
                "source_type",
                "source_id",
            )
        }
        yield MarginLine(day=row["effective_date"], amount=Money(row["minor"], currency), **facts)
