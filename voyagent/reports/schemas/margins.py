"""Shapes of margins; amounts are decimal strings of one currency."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from voyagent.kernel.fields import Answer, BusinessDate, Filter, Query, ZoneFilter
from voyagent.reports.queries.margins import PAGE_TRIPS, GroupBy, Margin, Margins, Tie, share
from voyagent.reports.schemas.books import PeriodResponse
from voyagent.reports.schemas.lines import LIMIT_MAX
from voyagent.trips.rules.journey import Total

CURSOR_MAX = 2000
"""Length of a cursor; by customer it contains a name of up to 255 letters."""


class MarginsQuery(Query):
    """Days on which trips were opened or posted to, in UTC or the zone `tz`.

    A page of `limit` trips by cursor. `group_by` adds trips up by `customer`, in pages of `limit`
    customers, or by `month`, all of them.
    """

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    tz: ZoneFilter = None
    group_by: GroupBy = "trip"
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_TRIPS
    cursor: Annotated[str | None, Filter(CURSOR_MAX)] = Field(
        default=None, description="`next_cursor` of the page before, of the same group."
    )


class ActualItem(Answer):
    """Posted in these days: revenue, cost and margin.

    `share` is a percentage of the revenue.
    """

    revenue: str
    cost: str
    margin: str
    share: str | None


class MarginItem(Answer):
    """Price, cost and margin; `actual` is as posted.

    `share` is a percentage of the price, null without a price.
    """

    currency: str
    price: str
    cost: str
    margin: str
    share: str | None
    actual: ActualItem


class TripMarginItem(Answer):
    """A trip without its cancelled and failed lines.

    The customer is that of its enquiry, else of its newest invoice.
    """

    trip_id: UUID
    title: str
    customer: str | None
    by_currency: list[MarginItem]


class MarginGroupItem(Answer):
    """Trips of a customer (null if unknown), or of a month, given by its first day.

    A month has the plans of trips opened in it and the postings of that month.
    """

    customer: str | None
    month: date | None
    by_currency: list[MarginItem]


class EarnedItem(Answer):
    """Revenue, direct cost and margin."""

    revenue: str
    cost: str
    margin: str


class MarginBooksItem(Answer):
    """Postings for trips beside the trial balance of the same days, in one currency.

    `without_trip` is the difference, so with `of_trips` it equals `trial_balance`; `in_all` is that
    sum.
    """

    currency: str
    of_trips: EarnedItem
    without_trip: EarnedItem
    in_all: EarnedItem
    trial_balance: EarnedItem


class MarginsResponse(Answer):
    """Trips, newest first; the last page has no `next_cursor`.

    `totals` and `books` cover all trips, on every page. With `group_by` the page is in `groups` and
    `trips` is empty.
    """

    tenant_id: UUID
    period: PeriodResponse
    group_by: GroupBy
    trips: list[TripMarginItem]
    groups: list[MarginGroupItem]
    totals: list[MarginItem]
    books: list[MarginBooksItem]
    limit: int
    next_cursor: str | None


def wire_margins(tenant_id: UUID, report: Margins, limit: int) -> dict[str, Any]:
    """Return margins as the API writes them."""
    return {
        "tenant_id": tenant_id,
        "period": {"from": report.days.first, "to": report.days.last},
        "group_by": report.group_by,
        "trips": [
            {
                "trip_id": one.id,
                "title": one.title,
                "customer": one.customer,
                "by_currency": list(map(_wire, one.totals)),
            }
            for one in report.trips
        ],
        "groups": [
            {"customer": None, "month": None}
            | {report.group_by: one.key, "by_currency": list(map(_wire, one.totals))}
            for one in report.groups
        ],
        "totals": list(map(_wire, report.totals)),
        "books": list(map(_wire_tie, report.books)),
        "limit": limit,
        "next_cursor": report.next_cursor,
    }


def _wire(margin: Margin) -> dict[str, Any]:
    planned = margin.planned
    return {
        "currency": margin.currency,
        "price": planned.price.wire,
        "cost": planned.cost.wire,
        "margin": planned.margin.wire,
        "share": _share(planned),
        "actual": _earned(margin.actual) | {"share": _share(margin.actual)},
    }


def _wire_tie(tie: Tie) -> dict[str, Any]:
    sides = {
        name: _earned(getattr(tie, name)) for name in ("of_trips", "without_trip", "trial_balance")
    }
    return {"currency": tie.currency, **sides, "in_all": sides["trial_balance"]}


def _earned(total: Total) -> dict[str, Any]:
    return {"revenue": total.price.wire, "cost": total.cost.wire, "margin": total.margin.wire}


def _share(total: Total) -> str | None:
    part = share(total)
    return None if part is None else str(part)
