"""Query cost and price of trips, planned and posted, with groups and totals.

Planned amounts are those of accepted trips: the quoted ones, or the present ones of a line that was
added after the acceptance. Proposed trips stand apart, and declined and cancelled trips have none.

A report contains the trips that were created in its period, and the trips for which revenue or cost
was posted in the period. The caller gives the posted amounts as a select with the columns thing_id
(the trip's id), currency, month (its first day), revenue_minor and cost_minor, and both in the base
currency: base_revenue_minor and base_cost_minor. Each row of a result has beside the posted amounts
base_spent_minor (cost) and base_earned_minor (revenue).
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
    FromClause,
    Select,
    Text,
    and_,
    case,
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
from voyagent.trips.models import ExpectedBill, Trip, TripLine
from voyagent.trips.queries.acceptance import acceptance_of
from voyagent.trips.rules.journey import BOOKED, OVER

_TRIPS, _LINES = Trip.__table__.c, TripLine.__table__.c
_PLANNED = (
    *("cost_minor", "price_minor", "booked_cost_minor", "booked_price_minor"),
    *("forecast_cost_minor", "forecast_price_minor"),
    *("proposed_cost_minor", "proposed_price_minor"),
)
_POSTED = {
    "spent_minor": "cost_minor",
    "earned_minor": "revenue_minor",
    "base_spent_minor": "base_cost_minor",
    "base_earned_minor": "base_revenue_minor",
}
"""Column of the posted amounts for each sum of posted amounts."""
_AMOUNTS = (*_PLANNED, *_POSTED)
_NOTHING: ColumnElement[int] = literal(0, BigInteger)
CustomerOf = Callable[[ColumnElement[UUID]], ColumnElement[str]]
"""Function from a column of trip ids to the customer's name in the books."""
InvoicedOf = Callable[[FromClause], ColumnElement[int]]
"""Function from the table of trip lines to the amount that invoices have of each line.

The amount is in minor units of the line's currency, and null without an invoice.
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A period in which trips were created: `begin` is included, `end` is not.

    `zone` is the time zone in which months begin.
    """

    begin: datetime
    end: datetime
    zone: str

    @property
    def month(self) -> ColumnElement[date]:
        """Return the column of the first day of the month in which a trip was created."""
        return cast(func.date_trunc("month", func.timezone(self.zone, _TRIPS.created_at)), Date)

    @property
    def holds(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for a trip of the current agency created in the period."""
        return owned(Trip), _TRIPS.created_at >= self.begin, _TRIPS.created_at < self.end


@dataclass(frozen=True, slots=True)
class Earnings:
    """Posted revenue and cost of trips in a period, as a select.

    `customer` takes a column of trip ids and returns a column with the names of the customers in
    the books. Such a name is used for a trip without an enquiry. `invoiced` takes the table
    of trip lines.
    """

    statement: Select[Any]
    customer: CustomerOf
    invoiced: InvoicedOf


def margins_statement(
    opened: Opened, earnings: Earnings, *, after: Cursor | None, limit: int
) -> Select[Any]:
    """Select the trips of a period after a cursor, one row for each currency.

    The newest trip is first.

    Rows: id, title, acceptance, customer, created_at, currency and the amounts of `_amounts`. A
    trip without amounts has one row with zeros in the trip's own currency. `limit` is the maximum
    number of trips.
    """
    posted = earnings.statement.cte("posted")
    trips = select(
        *(_TRIPS[name] for name in ("id", "title", "created_at", "currency", "enquiry_id")),
        acceptance_of().label("acceptance"),
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
    in_page = _TRIPS.id.in_(select(page.c.id))
    amounts = _amounts(posted, null(), null(), in_page, earnings.invoiced)
    customer = _whom(page, earnings.customer)
    currency = func.coalesce(amounts.c.currency, page.c.currency).label("currency")
    return (
        select(
            *page.c["id", "title", "acceptance", "created_at"],
            customer,
            currency,
            *_sums(amounts),
        )
        .select_from(page.outerjoin(amounts, amounts.c.trip_id == page.c.id))
        .group_by(
            *page.c["id", "title", "acceptance", "enquiry_id", "created_at"],
            currency,
        )
        .order_by(page.c.created_at.desc(), page.c.id.desc(), currency)
    )


def margin_totals_statement(opened: Opened, earnings: Earnings) -> Select[Any]:
    """Select the totals of all trips of a period by currency.

    Rows: currency and the amounts of `_amounts`.
    """
    amounts = _of_days(opened, earnings)
    return (
        select(amounts.c.currency, *_sums(amounts))
        .group_by(amounts.c.currency)
        .order_by(amounts.c.currency)
    )


def margins_by_month_statement(opened: Opened, earnings: Earnings) -> Select[Any]:
    """Select totals by month and currency.

    A planned amount counts in the month in which its trip was created, a posted amount in the month
    of its book date. Rows: month (its first day), currency and the amounts of `_amounts`.
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
    """Select totals by customer, ignoring case; trips without a customer come first.

    `limit` is the maximum number of customers after the cursor. Rows: key (the customer's name in
    lower case), customer, currency and the amounts of `_amounts`. Without a customer, key is empty
    and customer is None.
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
    """Select the ids of a customer's trips, ignoring case.

    An empty name selects the trips without a customer. `in_books` takes a column of trip ids and
    returns a column with the customers' names in the books, for trips without an enquiry. `among`
    is a select of the trip ids to consider.
    """
    named = _named(in_books, among).subquery("named_so")
    return select(named.c.id).where(named.c.key == func.lower(literal(name)))


def _named(in_books: CustomerOf, trip_ids: Select[Any]) -> Select[Any]:
    """Select trips with their customer and the key to group by: id, key, customer."""
    found = select(_TRIPS.id, _whom(Trip.__table__, in_books)).where(
        owned(Trip), _TRIPS.id.in_(trip_ids)
    )
    trips = found.cte("trips").prefix_with(
        "materialized"
    )  # otherwise each customer is looked up twice, for key and name
    return select(
        trips.c.id,
        cast(func.coalesce(func.lower(trips.c.customer), ""), Text).label("key"),
        trips.c.customer,
    )


def _whom(trips: Any, in_books: CustomerOf) -> ColumnElement[str]:
    """Return a column with the customer's name.

    This is the name in the trip's enquiry, or else the name in the books.
    """
    return func.coalesce(customer_of(trips.c.enquiry_id), in_books(trips.c.id)).label("customer")


def _of_days(opened: Opened, earnings: Earnings) -> CTE:
    """Return planned and posted amounts of all trips of a period, by trip and month."""
    posted = earnings.statement.cte("posted")
    planned = or_(_of_posted(posted), and_(*opened.holds))
    return _amounts(posted, opened.month, posted.c.month, planned, earnings.invoiced)


def _amounts(
    posted: CTE,
    planned_in: ColumnElement[Any],
    earned_in: ColumnElement[Any],
    planned: ColumnElement[bool],
    invoiced: InvoicedOf,
) -> CTE:
    """Return planned and posted amounts by trip, currency and month.

    `posted` has the posted amounts, and `planned` is the condition for the trips with planned
    amounts. `planned_in` and `earned_in` are the months of planned and of posted amounts. Columns:
    trip_id, currency, month (its first day or null), planned cost_minor and price_minor,
    booked_cost_minor and booked_price_minor of booked lines, forecast_cost_minor and
    forecast_price_minor, proposed_cost_minor and proposed_price_minor, and the posted amounts named
    in `_POSTED`.

    The forecast price of a line is what is invoiced less credit notes, or else its quoted price.
    Its forecast cost is what is billed, accrued and still expected, or else its present cost.
    """
    is_accepted = _TRIPS.accepted_at.is_not(None)
    is_booked = is_accepted & _LINES.status.in_(BOOKED)
    price = func.coalesce(_LINES.quoted_price_minor, _LINES.price_minor)
    columns = [
        case((condition, amount), else_=_NOTHING)
        for condition, amount in (
            (is_accepted, func.coalesce(_LINES.quoted_cost_minor, _LINES.cost_minor)),
            (is_accepted, price),
            (is_booked, func.coalesce(_LINES.booked_cost_minor, _LINES.cost_minor)),
            (is_booked, price),
            (is_accepted, func.coalesce(_expected(), _LINES.cost_minor)),
            (is_accepted, func.coalesce(invoiced(TripLine.__table__), price)),
            (~is_accepted, _LINES.cost_minor),
            (~is_accepted, _LINES.price_minor),
        )
    ]
    lines = (
        select(_LINES.trip_id, _LINES.currency, cast(planned_in, Date).label("month"))
        .add_columns(*(column.label(name) for name, column in zip(_PLANNED, columns, strict=True)))
        .add_columns(*(_NOTHING.label(name) for name in _POSTED))
        .where(
            owned(Trip),
            owned(TripLine),
            _TRIPS.id == _LINES.trip_id,
            planned,
            _LINES.status.notin_(OVER),
            acceptance_of().in_(("accepted", "proposed")),
        )
    )
    booked = select(
        posted.c.thing_id,
        posted.c.currency,
        cast(earned_in, Date),
        *(_NOTHING for _name in _PLANNED),
        *(posted.c[name] for name in _POSTED.values()),
    )
    return union_all(lines, booked).cte("amounts")


def _expected() -> ColumnElement[int]:
    """Return what is billed, accrued and expected for a line, or null without a bill."""
    expected = ExpectedBill.__table__.c
    comes_to = case(
        (expected.status == "matched", expected.matched_minor),
        else_=func.greatest(expected.amount_minor, expected.matched_minor + expected.accrued_minor),
    )
    return (
        select(comes_to)
        .where(
            owned(ExpectedBill),
            expected.trip_line_id == _LINES.id,
            expected.status != "released",
            expected.currency == _LINES.currency,
        )
        .scalar_subquery()
    )


def _of_posted(posted: CTE) -> ColumnElement[bool]:
    return _TRIPS.id.in_(select(posted.c.thing_id))


def _sums(amounts: CTE) -> list[ColumnElement[int]]:
    return [
        cast(func.coalesce(func.sum(amounts.c[name]), 0), BigInteger).label(name)
        for name in _AMOUNTS
    ]
