"""What is left of each trip, by currency: as planned what the customer pays less what it costs, and
what its documents have earned in the books.

A page of trips, or of customers, or the months; the sums of all of them; and what of the trial
balance of the same days was posted without a trip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Select

from voyagent.billing.queries.of_trips import invoiced
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor, NameCursor
from voyagent.ledger.queries.trial_balance import trial_balance_statement
from voyagent.ledger.queries.trip_earnings import total_earnings_statement, trip_earnings_statement
from voyagent.ledger.rules import COST_PURPOSE
from voyagent.reports.queries.periods import Days
from voyagent.trips.margins import (
    Earnings,
    Opened,
    margin_totals_statement,
    margins_by_customer_statement,
    margins_by_month_statement,
    margins_statement,
)
from voyagent.trips.queries import Total

PAGE_TRIPS = 100
GroupBy = Literal["trip", "customer", "month"]


class Margin(NamedTuple):
    """What is left in one currency: planned, and in the books, where the price is the revenue."""

    planned: Total
    actual: Total

    @property
    def currency(self) -> str:
        """The currency of both."""
        return self.planned.currency


@dataclass(frozen=True, slots=True)
class TripMargin:
    """A trip, with the customer where one is known, and what it costs and brings, by currency."""

    id: UUID
    title: str
    customer: str | None
    totals: tuple[Margin, ...]


@dataclass(frozen=True, slots=True)
class GroupMargin:
    """What the trips of a customer, or those of a month, cost and bring, by currency; `key` is None
    for trips of no known customer.
    """

    key: str | date | None
    totals: tuple[Margin, ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """The actual margins of all trips beside the trial balance of the same days, in one currency;
    each of the two is read from a roll-up of its own.

    The price is the revenue and the cost the direct cost.
    """

    of_trips: Total
    trial_balance: Total

    @property
    def currency(self) -> str:
        """The currency of all."""
        return self.of_trips.currency

    @property
    def without_trip(self) -> Total:
        """What was posted without a trip: what the trial balance has more than the trips."""
        return Total(
            self.trial_balance.cost - self.of_trips.cost,
            self.trial_balance.price - self.of_trips.price,
        )


@dataclass(frozen=True, slots=True)
class Margins:
    """A page of the trips of some days, the newest first, or of what they are grouped by, and the
    sums of all of them.

    They are the trips that were opened in the days, and those for which anything was posted in
    them.
    """

    days: Days
    group_by: GroupBy
    trips: tuple[TripMargin, ...]
    groups: tuple[GroupMargin, ...]
    totals: tuple[Margin, ...]
    books: tuple[Tie, ...]
    is_first_page: bool
    next_cursor: str | None


def read_margins(
    reader: Reader,
    days: Days,
    zone: str,
    *,
    group_by: GroupBy = "trip",
    after: str | None = None,
    limit: int = PAGE_TRIPS,
) -> Margins:
    """A page behind a cursor, the sums and the trial balance, in one trip; days are those of the
    zone, and in the books those of the book date.

    Raises InvalidCursor.
    """
    opened = Opened(
        clock.midnight(days.first, zone), clock.midnight(days.last + timedelta(days=1), zone), zone
    )
    earned = Earnings(trip_earnings_statement(days.first, days.last), invoiced)
    rows, totals, *books = reader.read(
        _page(group_by, opened, earned, after, limit + 1),
        margin_totals_statement(opened, earned),
        *_balances(days),
    )
    trips, groups, behind = _shown(group_by, rows, limit)
    sums = tuple(map(_margin, totals))
    tied = _tied({one.currency: one.actual for one in sums}, books)
    return Margins(
        days, group_by, trips, groups, sums, tied, is_first_page=after is None, next_cursor=behind
    )


def read_ties(reader: Reader, days: Days) -> tuple[Tie, ...]:
    """What trips earned and the trial balance alone, over days of any number."""
    earned, *books = reader.read(total_earnings_statement(days.first, days.last), *_balances(days))
    return _tied(summed(earned), books)


def summed(rows: Iterable[Row]) -> dict[str, Total]:
    """Rows of currency, revenue_minor and cost_minor added up by currency."""
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        known = sums.get(row["currency"], (0, 0))
        sums[row["currency"]] = (
            known[0] + int(row["cost_minor"]),
            known[1] + int(row["revenue_minor"]),
        )
    return {currency: _total(currency, *minors) for currency, minors in sums.items()}


def nothing(currency: str) -> Total:
    """Neither revenue nor cost."""
    return _total(currency, 0, 0)


def share(total: Total) -> Decimal | None:
    """The margin in per cent of the price, to one place; None where nothing is paid."""
    if not total.price:
        return None
    return (total.margin.decimal * 100 / total.price.decimal).quantize(
        Decimal("0.1"), rounding=ROUND_HALF_UP
    )


def _page(
    group_by: GroupBy, opened: Opened, earned: Earnings, after: str | None, limit: int
) -> Select[Any]:
    if group_by == "month":
        return margins_by_month_statement(opened, earned)
    if group_by == "customer":
        return margins_by_customer_statement(
            opened, earned, after=NameCursor.decode(after) if after else None, limit=limit
        )
    return margins_statement(
        opened, earned, after=Cursor.decode(after) if after else None, limit=limit
    )


def _balances(days: Days) -> list[Select[Any]]:
    """The trial balance on the evening before the days and on the last."""
    return [trial_balance_statement(evening) for evening in (days.evening_before, days.last)]


def _shown(
    group_by: GroupBy, rows: list[Row], limit: int
) -> tuple[tuple[TripMargin, ...], tuple[GroupMargin, ...], str | None]:
    """The trips or the groups of a page of which one more than is shown was read, and the cursor
    behind it; months are never many.
    """
    name = {"trip": "id", "customer": "key", "month": "month"}[group_by]
    found = [list(same) for _, same in groupby(rows, key=lambda row: row[name])]
    shown = found if group_by == "month" else found[:limit]
    if group_by == "trip":
        behind = (
            Cursor(shown[-1][0]["created_at"], shown[-1][0]["id"]).encode()
            if len(found) > len(shown)
            else None
        )
        return (
            tuple(
                TripMargin(of[0]["id"], of[0]["title"], of[0]["customer"], tuple(map(_margin, of)))
                for of in shown
            ),
            (),
            behind,
        )
    behind = NameCursor(shown[-1][0]["key"]).encode() if len(found) > len(shown) else None
    return (
        (),
        tuple(
            GroupMargin(
                of[0]["customer" if group_by == "customer" else "month"], tuple(map(_margin, of))
            )
            for of in shown
        ),
        behind,
    )


def _tied(for_trips: dict[str, Total], books: list[list[Row]]) -> tuple[Tie, ...]:
    balances = _moved(*books)
    currencies = sorted(for_trips.keys() | balances.keys())
    ties = [
        Tie(*(side.get(currency, nothing(currency)) for side in (for_trips, balances)))
        for currency in currencies
    ]
    return tuple(
        tie for tie in ties if any((*_amounts(tie.of_trips), *_amounts(tie.trial_balance)))
    )


def _moved(before: Iterable[Row], closed: Iterable[Row]) -> dict[str, Total]:
    """Revenue and direct cost of the trial balance between two evenings."""
    signed = [
        (row, sign)
        for rows, sign in ((before, -1), (closed, 1))
        for row in rows
        if row["type"] == "revenue" or row["purpose"] == COST_PURPOSE
    ]
    rows = [
        {
            "currency": row["currency"],
            "revenue_minor": (
                sign * (row["credit_minor"] - row["debit_minor"]) if row["type"] == "revenue" else 0
            ),
            "cost_minor": (
                sign * (row["debit_minor"] - row["credit_minor"])
                if row["purpose"] == COST_PURPOSE
                else 0
            ),
        }
        for row, sign in signed
    ]
    return summed(rows)


def _amounts(total: Total) -> tuple[Money, Money]:
    return total.price, total.cost


def _margin(row: Row) -> Margin:
    currency = row["currency"]
    return Margin(
        _total(currency, row["cost_minor"], row["price_minor"]),
        _total(currency, row["spent_minor"], row["earned_minor"]),
    )


def _total(currency: str, cost_minor: int, price_minor: int) -> Total:
    return Total(Money(int(cost_minor), currency), Money(int(price_minor), currency))
