"""The shapes of what is left of trips on the wire; amounts are decimal strings, each of one
currency.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from voyagent.kernel.fields import Answer, BusinessDate, Filter, Query, ZoneFilter
from voyagent.reports.line_schemas import LIMIT_MAX
from voyagent.reports.queries.margins import PAGE_TRIPS, GroupBy, Margin, Margins, Tie, share
from voyagent.reports.schemas import PeriodResponse
from voyagent.trips.queries import Total

CURSOR_MAX = 2000
"""A cursor behind a customer carries the name, of 255 letters at most."""


class MarginsQuery(Query):
    """Days on which trips were opened, or anything was posted for them; both needed, in UTC or the
    zone `tz`; a page of `limit` trips behind a cursor.

    `group_by` adds the trips up by `customer`, in pages of `limit` customers, or by `month`, all of
    them.
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
    """What was posted in these days: revenue, what the services were bought for, and what is left;
    `share` is in per cent of the revenue.
    """

    revenue: str
    cost: str
    margin: str
    share: str | None


class MarginItem(Answer):
    """What the customer pays, what it costs, and what is left; `share` is in per cent of the price,
    null where nothing is paid. `actual`: in the books.
    """

    currency: str
    price: str
    cost: str
    margin: str
    share: str | None
    actual: ActualItem


class TripMarginItem(Answer):
    """A trip with its lines that are neither cancelled nor failed.

    The customer is that of its enquiry, else of its newest invoice.
    """

    trip_id: UUID
    title: str
    customer: str | None
    by_currency: list[MarginItem]


class MarginGroupItem(Answer):
    """The trips of a customer, null where none is known; or a month, given by its first day.

    In a month stands what was planned of the trips opened in it, and what was posted in it.
    """

    customer: str | None
    month: date | None
    by_currency: list[MarginItem]


class EarnedItem(Answer):
    """Revenue, direct cost, and what is left."""

    revenue: str
    cost: str
    margin: str


class MarginBooksItem(Answer):
    """In one currency what was posted for trips, and the same accounts in the trial balance of
    these days, which is all that was posted.

    `without_trip` is the difference of these two, so with `of_trips` it comes to `trial_balance` by
    itself; `in_all` is that sum.
    """

    currency: str
    of_trips: EarnedItem
    without_trip: EarnedItem
    in_all: EarnedItem
    trial_balance: EarnedItem


class MarginsResponse(Answer):
    """Trips opened in the days or with anything posted in them, the newest first; without
    `next_cursor` the list ends here.

    `totals` and `books` are of all of them, on every page. Grouped by anything but the trip,
    `groups` has the page and `trips` is empty.
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
    """What is left of trips as the API writes it."""
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
