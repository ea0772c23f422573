"""Shapes of margins; amounts are decimal strings of one currency."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Filter, Query, ZoneFilter
from voyagent.kernel.serializers import AnswerOf, Computed, MoneyText, Read
from voyagent.reports.queries.margins import (
    PAGE_TRIPS,
    GroupBy,
    Margin,
    Margins,
    Tie,
    TripMargin,
    share,
)
from voyagent.reports.schemas.books import PageOfReport, PeriodResponse
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


def _share(total: Total) -> str | None:
    part = share(total)
    return None if part is None else str(part)


def _planned_share(margin: Margin) -> str | None:
    return _share(margin.planned)


class ActualItem(AnswerOf[Total]):
    """Posted in these days: revenue, cost and margin.

    `share` is a percentage of the revenue.
    """

    revenue: Annotated[MoneyText, Read("price")]
    cost: MoneyText
    margin: MoneyText
    share: Annotated[str | None, Computed(_share)]


class MarginItem(AnswerOf[Margin]):
    """Price, cost and margin; `actual` is as posted.

    `share` is a percentage of the price, null without a price.
    """

    currency: str
    price: Annotated[MoneyText, Read("planned.price")]
    cost: Annotated[MoneyText, Read("planned.cost")]
    margin: Annotated[MoneyText, Read("planned.margin")]
    share: Annotated[str | None, Computed(_planned_share)]
    actual: ActualItem


class TripMarginItem(AnswerOf[TripMargin]):
    """A trip without its cancelled and failed lines.

    The customer is that of its enquiry, else of its newest invoice.
    """

    trip_id: Annotated[UUID, Read("id")]
    title: str
    customer: str | None
    by_currency: Annotated[list[MarginItem], Read("totals")]


class MarginGroupItem(AnswerOf[Row]):
    """Trips of a customer (null if unknown), or of a month, given by its first day.

    A month has the plans of trips opened in it and the postings of that month.
    """

    customer: str | None
    month: date | None
    by_currency: list[MarginItem]


class EarnedItem(AnswerOf[Total]):
    """Revenue, direct cost and margin."""

    revenue: Annotated[MoneyText, Read("price")]
    cost: MoneyText
    margin: MoneyText


class MarginBooksItem(AnswerOf[Tie]):
    """Postings for trips beside the trial balance of the same days, in one currency.

    `without_trip` is the difference, so with `of_trips` it equals `trial_balance`; `in_all` is that
    sum.
    """

    currency: str
    of_trips: EarnedItem
    without_trip: EarnedItem
    in_all: Annotated[EarnedItem, Read("trial_balance")]
    trial_balance: EarnedItem


def _groups(source: PageOfReport[Margins]) -> list[Row]:
    report = source.report
    return [
        {"customer": None, "month": None, report.group_by: one.key, "by_currency": one.totals}
        for one in report.groups
    ]


class MarginsResponse(AnswerOf[PageOfReport[Margins]]):
    """Trips, newest first; the last page has no `next_cursor`.

    `totals` and `books` cover all trips, on every page. With `group_by` the page is in `groups` and
    `trips` is empty.
    """

    tenant_id: UUID
    period: Annotated[PeriodResponse, Read("report.days")]
    group_by: Annotated[GroupBy, Read("report.group_by")]
    trips: Annotated[list[TripMarginItem], Read("report.trips")]
    groups: Annotated[list[MarginGroupItem], Computed(_groups)]
    totals: Annotated[list[MarginItem], Read("report.totals")]
    books: Annotated[list[MarginBooksItem], Read("report.books")]
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]
