"""Schemas of margins; amounts are decimal strings in one currency."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Filter, Query, ZoneFilter
from voyagent.kernel.serializers import AnswerOf, Computed, MoneyText, OmitNone, Read
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
from voyagent.trips.queries.acceptance import Acceptance
from voyagent.trips.rules.journey import Total

CURSOR_MAX = 2000
"""Maximum length of a cursor; by customer it contains a name of up to 255 characters."""


class MarginsQuery(Query):
    """Query parameters of the margins.

    A trip is included if it was opened from `from` to `to`, or if it has postings on these days.
    The day of opening is in the time zone `tz`, by default UTC. `group_by` selects rows for trips,
    customers or months. `limit` is the number of trips or customers on a page; months have no
    pages.
    """

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    tz: ZoneFilter = None
    group_by: GroupBy = "trip"
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_TRIPS
    cursor: Annotated[str | None, Filter(CURSOR_MAX)] = Field(
        default=None, description="`next_cursor` of the previous page, with the same `group_by`."
    )


def _share(total: Total) -> str | None:
    part = share(total)
    return None if part is None else str(part)


def _planned_share(margin: Margin) -> str | None:
    return _share(margin.planned)


class ActualItem(AnswerOf[Total]):
    """Posted revenue, cost and margin.

    `share` is the margin as a percentage of the revenue, or null if the revenue is zero.
    """

    revenue: Annotated[MoneyText, Read("price")]
    cost: MoneyText
    margin: MoneyText
    share: Annotated[str | None, Computed(_share)]


class BaseActualItem(ActualItem):
    """Posted revenue, cost and margin of all currencies in the base currency."""

    currency: str


class PlanItem(AnswerOf[Total]):
    """Booked, forecast or proposed price, cost and margin (see `MarginItem`)."""

    price: MoneyText
    cost: MoneyText
    margin: MoneyText


class MarginItem(AnswerOf[Margin]):
    """Planned price, cost and margin; `actual` has the posted amounts.

    Planned amounts are those of accepted trips, as they were quoted. `booked` has the quoted price
    and the booked cost of their booked services. `forecast` has for each service the invoiced
    amount less credit notes, or else the quoted price, and the cost that is billed and still
    expected, or else the present cost. It does not depend on the days. `proposed` has the amounts
    of trips that are not accepted yet. Declined and cancelled trips are not counted. `share` is the
    margin as a percentage of the price, or null if the price is zero. `base` has the posted amounts
    in the base currency; it is absent unless the base amounts are established.
    """

    currency: str
    price: Annotated[MoneyText, Read("planned.price")]
    cost: Annotated[MoneyText, Read("planned.cost")]
    margin: Annotated[MoneyText, Read("planned.margin")]
    share: Annotated[str | None, Computed(_planned_share)]
    booked: PlanItem
    actual: ActualItem
    base: Annotated[BaseActualItem | None, OmitNone()] = None
    forecast: PlanItem
    proposed: PlanItem


class TripMarginItem(AnswerOf[TripMargin]):
    """Planned and posted margins of a trip.

    Cancelled and failed lines of the trip do not count in the planned amounts. `acceptance` says
    whether the trip's lines count as planned, as proposed or not at all. `customer` is the
    customer of the trip's enquiry. If the trip has no enquiry, `customer` is the customer of the
    trip's newest invoice. `base` has the posted amounts of all currencies in the base currency; it
    is absent unless the base amounts are established.
    """

    trip_id: Annotated[UUID, Read("id")]
    title: str
    customer: str | None
    acceptance: Acceptance
    by_currency: Annotated[list[MarginItem], Read("totals")]
    base: Annotated[BaseActualItem | None, OmitNone()] = None


class MarginGroupItem(AnswerOf[Row]):
    """Sum of the margins of a customer's trips or of a month's trips.

    `customer` is null if the customer is not known. `month` is the first day of the month. A month
    has the planned amounts of trips that were opened in the month, and the amounts that were posted
    in the month.
    """

    customer: str | None
    month: date | None
    by_currency: list[MarginItem]
    base: Annotated[BaseActualItem | None, OmitNone()] = None


class EarnedItem(AnswerOf[Total]):
    """Revenue, direct cost and margin."""

    revenue: Annotated[MoneyText, Read("price")]
    cost: MoneyText
    margin: MoneyText


class MarginBooksItem(AnswerOf[Tie]):
    """Comparison of the postings for trips with the trial balance of the same days.

    All amounts are in one currency. `without_trip` has the postings without a trip. `in_all` is the
    sum of `of_trips` and `without_trip` and equals `trial_balance`.
    """

    currency: str
    of_trips: EarnedItem
    without_trip: EarnedItem
    in_all: Annotated[EarnedItem, Read("trial_balance")]
    trial_balance: EarnedItem


def _groups(source: PageOfReport[Margins]) -> list[Row]:
    report = source.report
    return [
        {
            "customer": None,
            "month": None,
            report.group_by: one.key,
            "by_currency": one.totals,
            "base": one.base,
        }
        for one in report.groups
    ]


class MarginsResponse(AnswerOf[PageOfReport[Margins]]):
    """Margins of trips, newest first; the last page has no `next_cursor`.

    If `group_by` is `customer` or `month`, the results are in `groups` and `trips` is empty.
    `totals` and `books` cover all trips. Every page has the same `totals` and `books`. `base` and
    `base_books` have both in the base currency, which adds all currencies. They are absent unless
    the base amounts of the agency are established.
    """

    tenant_id: UUID
    period: Annotated[PeriodResponse, Read("report.days")]
    group_by: Annotated[GroupBy, Read("report.group_by")]
    trips: Annotated[list[TripMarginItem], Read("report.trips")]
    groups: Annotated[list[MarginGroupItem], Computed(_groups)]
    totals: Annotated[list[MarginItem], Read("report.totals")]
    books: Annotated[list[MarginBooksItem], Read("report.books")]
    base: Annotated[BaseActualItem | None, Read("report.base"), OmitNone()] = None
    base_books: Annotated[MarginBooksItem | None, Read("report.base_books"), OmitNone()] = None
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]
