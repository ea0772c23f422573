"""What is left of each trip: what the customer pays less what it costs, by currency; a page of trips, and the sums of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from uuid import UUID

from voyagent.kernel import clock
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor
from voyagent.kernel.reading import Reader, Row
from voyagent.reports.queries.periods import Days
from voyagent.trips.margins import margin_totals_statement, margins_statement
from voyagent.trips.queries import Total

PAGE_TRIPS = 100


@dataclass(frozen=True, slots=True)
class TripMargin:
    """A trip with what it costs and brings, by currency."""

    id: UUID
    title: str
    totals: tuple[Total, ...]


@dataclass(frozen=True, slots=True)
class Margins:
    """A page of the trips opened in some days, the newest first, and the sums of all trips of these days."""

    days: Days
    trips: tuple[TripMargin, ...]
    totals: tuple[Total, ...]
    is_first_page: bool
    next_cursor: str | None


def read_margins(reader: Reader, days: Days, zone: str, *, after: Cursor | None = None, limit: int = PAGE_TRIPS) -> Margins:
    """A page behind a cursor and the sums, in one trip; days are those of the zone."""
    begin, end = clock.midnight(days.first, zone), clock.midnight(days.last + timedelta(days=1), zone)
    rows, totals = reader.read(margins_statement(begin, end, after=after, limit=limit + 1), margin_totals_statement(begin, end))
    trips = [list(same) for _, same in groupby(rows, key=lambda row: row["id"])]
    shown = trips[:limit]
    behind = Cursor(shown[-1][0]["created_at"], shown[-1][0]["id"]).encode() if len(trips) > limit else None
    margins = tuple(TripMargin(mine[0]["id"], mine[0]["title"], tuple(map(_total, mine))) for mine in shown)
    return Margins(days, margins, tuple(map(_total, totals)), is_first_page=after is None, next_cursor=behind)


def share(total: Total) -> Decimal | None:
    """The margin in per cent of the price, to one place; None where nothing is paid."""
    if not total.price:
        return None
    return (total.margin.decimal * 100 / total.price.decimal).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def _total(row: Row) -> Total:
    return Total(Money(int(row["cost_minor"]), row["currency"]), Money(int(row["price_minor"]), row["currency"]))
