"""Reading what trips cost and bring: a page of them behind a cursor, and the sums of all that were opened in a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal, select, tuple_

from voyagent.kernel.pages import Cursor
from voyagent.kernel.tenancy import owned
from voyagent.trips.models import OVER, Trip, TripLine

_TRIPS, _LINES = Trip.__table__.c, TripLine.__table__.c


def margins_statement(begin: datetime, end: datetime, *, after: Cursor | None, limit: int) -> Select[Any]:
    """Trips opened from `begin` to before `end`, the newest first, those behind a cursor; a row for each currency of a trip's lines that are not over.

    Rows: id, title, created_at, currency, cost_minor, price_minor; a trip without such lines has one with its own currency and zeros. `limit` counts trips.
    """
    trips = select(_TRIPS.id, _TRIPS.title, _TRIPS.created_at, _TRIPS.currency).where(*_opened(begin, end))
    if after is not None:
        trips = trips.where(tuple_(_TRIPS.created_at, _TRIPS.id) < tuple_(literal(after.at, _TRIPS.created_at.type), literal(after.id, _TRIPS.id.type)))
    page = trips.order_by(_TRIPS.created_at.desc(), _TRIPS.id.desc()).limit(limit).subquery("page")
    lines = TripLine.__table__.alias("lines")
    currency = func.coalesce(lines.c.currency, page.c.currency).label("currency")
    return (
        select(page.c.id, page.c.title, page.c.created_at, currency, *_sums(lines.c))
        .select_from(page.outerjoin(lines, owned(lines) & (lines.c.trip_id == page.c.id) & lines.c.status.notin_(OVER)))
        .group_by(page.c.id, page.c.title, page.c.created_at, currency)
        .order_by(page.c.created_at.desc(), page.c.id.desc(), currency)
    )


def margin_totals_statement(begin: datetime, end: datetime) -> Select[Any]:
    """The lines that are not over of all trips opened from `begin` to before `end`: currency, cost_minor, price_minor."""
    return (
        select(_LINES.currency, *_sums(_LINES))
        .join(Trip.__table__, (_TRIPS.tenant_id == _LINES.tenant_id) & (_TRIPS.id == _LINES.trip_id))
        .where(*_opened(begin, end), owned(TripLine), _LINES.status.notin_(OVER))
        .group_by(_LINES.currency)
        .order_by(_LINES.currency)
    )


def _opened(begin: datetime, end: datetime) -> list[ColumnElement[bool]]:
    return [owned(Trip), _TRIPS.created_at >= begin, _TRIPS.created_at < end]


def _sums(columns: Any) -> list[ColumnElement[int]]:
    return [cast(func.coalesce(func.sum(columns[name]), 0), BigInteger).label(name) for name in ("cost_minor", "price_minor")]
