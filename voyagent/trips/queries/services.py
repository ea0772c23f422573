"""Query services of trips that were given and not invoiced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.tenancy import owned
from voyagent.trips.models import Trip, TripLine
from voyagent.trips.rules.details import name_of, read_details
from voyagent.trips.rules.journey import BOOKED

_LINES, _TRIPS = TripLine.__table__.c, Trip.__table__.c
# The expression of an index; under row security no index is used for coalesce (decision 2).
_LAST_DAY = func.greatest(_LINES.ends_on, _LINES.starts_on)
GIVEN_ON: ColumnElement[date | None] = case(
    (_LINES.kind == "hotel", func.greatest(_LINES.ends_on - 1, _LINES.starts_on)),
    else_=_LAST_DAY,
)
"""Last day on which the service of a trip line is given; for a stay it is the last night."""
IsInvoiced = Callable[[FromClause], ColumnElement[bool]]
"""Function from the table of trip lines to a condition: an invoice has the line."""


def list_not_invoiced(
    reader: Reader, first: date, last: date, is_invoiced: IsInvoiced, *, limit: int
) -> list[Row]:
    """Return priced services that were given in a period and are not invoiced.

    The last day of a service decides; the earliest is first. Only booked lines of accepted trips
    count; those without a day are left out. Each row has trip_id, trip_title, trip_line_id, service
    (the name), kind, supplier, given_on (the last day), currency and price_minor (the quoted price,
    or else the present one).
    """
    return [
        {**row, "service": name_of(read_details(row["kind"], row["details"]))}
        for row in reader.read(not_invoiced_statement(first, last, is_invoiced, limit))[0]
    ]


def not_invoiced_statement(
    first: date, last: date, is_invoiced: IsInvoiced, limit: int
) -> Select[Any]:
    """Select the services of `list_not_invoiced`."""
    price = func.coalesce(_LINES.quoted_price_minor, _LINES.price_minor)
    return (
        select(
            _LINES.trip_id,
            _TRIPS.title.label("trip_title"),
            _LINES.id.label("trip_line_id"),
            *(_LINES[name] for name in ("kind", "details", "supplier", "currency")),
            GIVEN_ON.label("given_on"),
            price.label("price_minor"),
        )
        .join_from(TripLine.__table__, Trip.__table__, _TRIPS.id == _LINES.trip_id)
        .where(
            owned(TripLine),
            owned(Trip),
            _TRIPS.accepted_at.is_not(None),
            _LINES.status.in_(BOOKED),
            # The index on this day bounds the read; a stay is given until the day before.
            _LAST_DAY.between(first, last + timedelta(1)),
            GIVEN_ON.between(first, last),
            price > 0,
            ~is_invoiced(TripLine.__table__),
        )
        .order_by(GIVEN_ON, _LINES.id)
        .limit(limit)
    )
