"""JSON API of margins by trip."""

from __future__ import annotations

from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.reports.api.blueprint import api
from voyagent.reports.queries.margins import read_margins
from voyagent.reports.queries.periods import Days, PeriodInverted
from voyagent.reports.schemas.books import PageOfReport
from voyagent.reports.schemas.margins import MarginsQuery, MarginsResponse


@api.get(
    "/reports/trip-margins",
    answer=MarginsResponse,
    permission="report.read",
    errors=(PeriodInverted, InvalidCursor),
)
def get_reports_trip_margins(reader: RequestReader, query: MarginsQuery) -> Body[MarginsResponse]:
    """Return the planned and the actual margin of trips.

    Trips that were opened from `from` to `to` are included, and trips with postings on these days.
    The actual margin is revenue less cost of travel services. Both amounts are sums of the postings
    of the trip's invoices, bills and credits with a book date from `from` to `to`. `books` compares
    the sum of all trips with the trial balance; the difference was posted without a trip. Amounts
    of different currencies are added only in `base` and `base_books`.
    """
    days = Days.between(query.first, query.last)
    report = read_margins(
        reader,
        days,
        query.tz or "UTC",
        group_by=query.group_by,
        after=query.cursor,
        limit=query.limit,
    )
    return MarginsResponse.of(PageOfReport(reader.authenticate().tenant_id, report, query.limit))
