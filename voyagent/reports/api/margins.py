"""The JSON door of what is left of trips."""

from __future__ import annotations

from typing import Any

from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import LaneReader
from voyagent.reports.api.blueprint import api
from voyagent.reports.margin_schemas import MarginsQuery, MarginsResponse, wire_margins
from voyagent.reports.queries.margins import read_margins
from voyagent.reports.queries.periods import Days, PeriodInverted


@api.get("/reports/trip-margins", answer=MarginsResponse, permission="report.read", errors=(PeriodInverted, InvalidCursor))
def get_reports_trip_margins(reader: LaneReader, query: MarginsQuery) -> dict[str, Any]:
    """What the customer pays, what it costs and what is left of each trip opened from `from` to `to`. Currencies are never added."""
    report = read_margins(reader, Days.between(query.first, query.last), query.tz or "UTC", after=query.place(), limit=query.limit)
    return wire_margins(reader.prove().tenant_id, report, query.limit)
