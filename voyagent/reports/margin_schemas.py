"""The shapes of what is left of trips on the wire; amounts are decimal strings, each of one currency."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from voyagent.kernel.fields import Answer, BusinessDate, Query, ZoneFilter, filter_field
from voyagent.kernel.pages import Cursor
from voyagent.reports.line_schemas import LIMIT_MAX
from voyagent.reports.queries.margins import PAGE_TRIPS, Margins, share
from voyagent.reports.schemas import PeriodResponse
from voyagent.trips.queries import Total


class MarginsQuery(Query):
    """Days on which trips were opened, both needed, in UTC or the zone `tz`; a page of `limit` trips behind a cursor."""

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    tz: ZoneFilter = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_TRIPS
    cursor: filter_field(200) = Field(default=None, description="`next_cursor` of the page before.")  # type: ignore[valid-type]

    def place(self) -> Cursor | None:
        """The place behind the page before. Raises InvalidCursor."""
        return Cursor.decode(self.cursor) if self.cursor else None


class MarginItem(Answer):
    """What the customer pays, what it costs, and what is left; `share` is in per cent of the price, null where nothing is paid."""

    currency: str
    price: str
    cost: str
    margin: str
    share: str | None


class TripMarginItem(Answer):
    """A trip with its lines that are neither cancelled nor failed."""

    trip_id: UUID
    title: str
    by_currency: list[MarginItem]


class MarginsResponse(Answer):
    """Trips opened in the days, the newest first; without `next_cursor` the list ends here. `totals` are of all of them, on every page."""

    tenant_id: UUID
    period: PeriodResponse
    trips: list[TripMarginItem]
    totals: list[MarginItem]
    limit: int
    next_cursor: str | None


def wire_margins(tenant_id: UUID, report: Margins, limit: int) -> dict[str, Any]:
    """What is left of trips as the API writes it."""
    return {
        "tenant_id": tenant_id,
        "period": {"from": report.days.first, "to": report.days.last},
        "trips": [{"trip_id": one.id, "title": one.title, "by_currency": list(map(_wire, one.totals))} for one in report.trips],
        "totals": list(map(_wire, report.totals)),
        "limit": limit,
        "next_cursor": report.next_cursor,
    }


def _wire(total: Total) -> dict[str, Any]:
    part = share(total)
    return {
        "currency": total.currency,
        "price": total.price.wire,
        "cost": total.cost.wire,
        "margin": total.margin.wire,
        "share": None if part is None else str(part),
    }
