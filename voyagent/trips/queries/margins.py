"""Reads of cost and price of trips, planned and posted, with groups and totals.

Trips of a period are those opened in it, and those with earnings in it. Earnings come as a select:
thing_id (a trip), currency, month (its first day), revenue_minor, cost_minor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from voyagent.enquiries.queries.enquiries import customer_of
from voyagent.kernel.pages import Cursor, NameCursor
from voyagent.kernel.tenancy import owned
from voyagent.trips.models import Trip, TripLine
from voyagent.trips.rules.journey import OVER

_TRIPS, _LINES = Trip.__table__.c, TripLine.__table__.c
_AMOUNTS = ("cost_minor", "price_minor", "spent_minor", "earned_minor")
_NOTHING: ColumnElement[int] = literal(0, BigInteger)
CustomerOf = Callable[[ColumnElement[UUID]], ColumnElement[str]]
"""Returns the customer whom the books have for a column of trip ids."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The instants from `begin` to before `end`, in a zone."""

    begin: datetime
    end: datetime
    zone: str

    @property
    def month(self) -> ColumnElement[date]:
        """Return the first day of the month in which a trip was opened."""
        return cast(func.date_trunc("month", func.timezone(self.zone, _TRIPS.created_at)), Date)

    @property
    def holds(self) -> tuple[ColumnElement[bool], ...]:
        """Return the condition that a trip of the agency was opened in the period."""
        return owned(Trip), _TRIPS.created_at >= self.begin, _TRIPS.created_at < self.end


@dataclass(frozen=True, slots=True)
class Earnings:
    """Earnings of trips in a period, and their customer in the books, if no enquiry says so."""

    statement: Select[Any]
    customer: CustomerOf


def margins_statement(
    opened: Opened, earnings: Earnings, *, after: Cursor | None, limit: int
) -> Select[Any]:
    """Select trips of a period, newest first, after a cursor, with a row for each currency.

    Rows: id, title, customer, created_at, currency, cost_minor, price_minor, spent_minor,
    earned_minor. A trip without amounts has one row with zeros in its own currency. `limit` counts
    trips.
    """
    posted = earnings.statement.cte("posted")
    trips = select(
        *(_TRIPS[name] for name in ("id", "title", "created_at", "currency", "enquiry_id"))
    ).where(owned(Trip))
    if after is not None:
        trips = trips.where(
            tuple_(_TRIPS.created_at, _TRIPS.id)
            < tuple_(literal(after.at, _TRIPS.created_at.type), literal(after.id, _TRIPS.id.type))
        )
    trips = trips.order_by(_TRIPS.created_at.desc(), _TRIPS.id.desc()).limit(limit)
    found = union(trips.where(*opened.holds), trips.where(_of_posted(posted))).subquery("found")
    page = (
        select(found)
        .order_by(found.c.created_at.desc(), found.c.id.desc())
        .limit(limit)
        .cte("page")
    )
    amounts = _amounts(posted, null(), null(), _LINES.trip_id.in_(select(page.c.id)))
    customer = _whom(page, earnings.customer)
    currency = func.coalesce(amounts.c.currency, page.c.currency).label("currency")
    return (
        select(page.c.id, page.c.title, customer, page.c.created_at, currency, *_sums(amounts))
        .select_from(page.outerjoin(amounts, amounts.c.trip_id == page.c.id))
        .group_by(page.c.id, page.c.title, page.c.enquiry_id, page.c.created_at, currency)
        .order_by(page.c.created_at.desc(), page.c.id.desc(), currency)
    )


def margin_totals_statement(opened: Opened, earnings: Earnings) -> Select[Any]:
    """Select totals of all trips of a period by currency.

    Rows: currency, cost_minor, price_minor, spent_minor, earned_minor.
    """
    amounts = _of_days(opened, earnings)
    return (
        select(amounts.c.currency, *_sums(amounts))
        .group_by(amounts.c.currency)
        .order_by(amounts.c.currency)
    )


def margins_by_month_statement(opened: Opened, earnings: Earnings) -> Select[Any]:
    """Select totals by month: planned by opening, earned by book date.

    Rows: month beside the others.
    """
    amounts = _of_days(opened, earnings)
    return (
        select(amounts.c.month, amounts.c.currency, *_sums(amounts))
        .group_by(amounts.c.month, amounts.c.currency)
        .order_by(*amounts.c["month", "currency"])
    )


def margins_by_customer_statement(
    opened: Opened, earnings: Earnings, *, after: NameCursor | None, limit: int
) -> Select[Any]:
    """Select totals by customer, whatever the case of the name; those without one first.

    After a cursor; `limit` counts customers. Rows: key (the name in lower case, empty if unknown),
    customer (None then), and the others.
    """
    amounts = _of_days(opened, earnings)
    named = _named(earnings.customer, select(amounts.c.trip_id)).cte("named")
    keys = select(named.c.key).distinct().order_by(named.c.key).limit(limit)
    page = (keys.where(named.c.key > after.key) if after is not None else keys).subquery("page")
    return (
        select(
            named.c.key,
            func.max(named.c.customer).label("customer"),
            amounts.c.currency,
            *_sums(amounts),
        )
        .select_from(
            page.join(named, named.c.key == page.c.key).join(
                amounts, amounts.c.trip_id == named.c.id
            )
        )
        .group_by(named.c.key, amounts.c.currency)
        .order_by(named.c.key, amounts.c.currency)
    )


def trips_of_customer(name: str, in_books: CustomerOf, among: Select[Any]) -> Select[Any]:
    """Select the trips grouped under a customer; an empty name means none.

    Rows: id.
    """
    named = _named(in_books, among).subquery("named_so")
    return select(named.c.id).where(named.c.key == func.lower(literal(name)))


def _named(in_books: CustomerOf, trip_ids: Select[Any]) -> Select[Any]:
    """Select trips with their customer and its group key: id, key, customer."""
    found = select(_TRIPS.id, _whom(Trip.__table__, in_books)).where(
        owned(Trip), _TRIPS.id.in_(trip_ids)
    )
    trips = found.cte("trips").prefix_with(
        "materialized"
    )  # else the customer of each trip is looked up twice, for the key and for the name
    return select(
        trips.c.id,
        cast(func.coalesce(func.lower(trips.c.customer), ""), Text).label("key"),
        trips.c.customer,
    )


def _whom(trips: Any, in_books: CustomerOf) -> ColumnElement[str]:
    """Return a trip's customer: the enquiry's, else that of the books."""
    return func.coalesce(customer_of(trips.c.enquiry_id), in_books(trips.c.id)).label("customer")


def _of_days(opened: Opened, earnings: Earnings) -> CTE:
    """Return the amounts of all trips of a period with the month in which they count."""
    posted = earnings.statement.cte("posted")
    planned = (
        owned(Trip) & (_TRIPS.id == _LINES.trip_id) & or_(_of_posted(posted), and_(*opened.holds))
    )
    return _amounts(posted, opened.month, posted.c.month, planned)


def _amounts(
    posted: CTE,
    planned_in: ColumnElement[Any],
    earned_in: ColumnElement[Any],
    planned: ColumnElement[bool],
) -> CTE:
    """Return planned and earned amounts as rows: trip_id, currency, month, amounts."""
    lines = select(
        _LINES.trip_id,
        _LINES.currency,
        cast(planned_in, Date).label("month"),
        _LINES.cost_minor,
        _LINES.price_minor,
    )
    lines = lines.add_columns(_NOTHING.label("spent_minor"), _NOTHING.label("earned_minor")).where(
        owned(TripLine), planned, _LINES.status.notin_(OVER)
    )
    booked = select(
        posted.c.thing_id,
        posted.c.currency,
        cast(earned_in, Date),
        _NOTHING,
        _NOTHING,
        posted.c.cost_minor,
        posted.c.revenue_minor,
    )
    return union_all(lines, booked).cte("amounts")


def _of_posted(posted: CTE) -> ColumnElement[bool]:
    return _TRIPS.id.in_(select(posted.c.thing_id))


def _sums(amounts: CTE) -> list[ColumnElement[int]]:
    return [
        cast(func.coalesce(func.sum(amounts.c[name]), 0), BigInteger).label(name)
        for name in _AMOUNTS
    ]
