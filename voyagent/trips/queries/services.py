"""Query services of trips that were given and not invoiced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import ColumnElement, FromClause, func, select

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.tenancy import owned
from voyagent.trips.models import Trip, TripLine
from voyagent.trips.rules.details import name_of, read_details
from voyagent.trips.rules.journey import BOOKED

_LINES, _TRIPS = TripLine.__table__.c, Trip.__table__.c
IsInvoiced = Callable[[FromClause], ColumnElement[bool]]
"""Function from the table of trip lines to a condition: an invoice has the line."""


def list_not_invoiced(
    reader: Reader, first: date, last: date, is_invoiced: IsInvoiced, *, limit: int
) -> list[Row]:
    """Return priced services that were given in a period and are not invoiced.

    The last day of a service decides; the earliest is first. Only booked lines of accepted trips
    count; those without a day are left out. Each row has trip_id, trip_title, trip_line_id, service
    (the name), kind, supplier, given_on (the last day), currency and price_minor (quoted, or of
    now).
    """
    given_on = func.coalesce(_LINES.ends_on, _LINES.starts_on)
    price = func.coalesce(_LINES.quoted_price_minor, _LINES.price_minor)
    statement = (
        select(
            _LINES.trip_id,
            _TRIPS.title.label("trip_title"),
            _LINES.id.label("trip_line_id"),
            *(_LINES[name] for name in ("kind", "details", "supplier", "currency")),
            given_on.label("given_on"),
            price.label("price_minor"),
        )
        .join_from(TripLine.__table__, Trip.__table__, _TRIPS.id == _LINES.trip_id)
        .where(
            owned(TripLine),
            owned(Trip),
            _TRIPS.accepted_at.is_not(None),
            _LINES.status.in_(BOOKED),
            given_on.between(first, last),
            price > 0,
            ~is_invoiced(TripLine.__table__),
        )
        .order_by(given_on, _LINES.id)
        .limit(limit)
    )
    return [
        {**row, "service": name_of(read_details(row["kind"], row["details"]))}
        for row in reader.read(statement)[0]
    ]
