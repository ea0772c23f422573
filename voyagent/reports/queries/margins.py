"""Planned, booked and actual margins by trip, customer or month.

The planned margin is quoted price less quoted cost of the lines of accepted trips, and the booked
margin the quoted price less the booked cost of their booked lines. Trips that are only proposed
have a margin of their own. The forecast margin is the forecast price less the forecast cost of each
line. The forecast price is the invoiced amount less credit notes, or else the quoted price. The
forecast cost is what is billed and still expected, or else the present cost. The actual margin is
posted revenue less posted cost.
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

from voyagent.billing.core.queries.of_trips import invoiced, invoiced_of
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor, NameCursor
from voyagent.ledger.queries.trial_balance import (
    base_currency_of,
    in_base,
    trial_balance_statement,
)
from voyagent.ledger.queries.trip_earnings import total_earnings_statement, trip_earnings_statement
from voyagent.ledger.rules import COST_PURPOSE
from voyagent.reports.queries.periods import Days
from voyagent.trips.queries.margins import (
    Earnings,
    Opened,
    margin_totals_statement,
    margins_by_customer_statement,
    margins_by_month_statement,
    margins_statement,
)
from voyagent.trips.rules.journey import Total

PAGE_TRIPS = 100
GroupBy = Literal["trip", "customer", "month"]


class Margin(NamedTuple):
    """Planned, actual, booked, forecast and proposed margin in one currency.

    In `actual`, `price` is the posted revenue and `cost` the posted cost. `base` has the actual
    margin in the base currency, or None if the base amounts are not established.
    """

    planned: Total
    actual: Total
    base: Total | None
    booked: Total
    forecast: Total
    proposed: Total

    @property
    def currency(self) -> str:
        """Currency of all margins except `base`."""
        return self.planned.currency


@dataclass(frozen=True, slots=True)
class TripMargin:
    """A trip with its customer, if known, and its margins in each currency."""

    id: UUID
    title: str
    customer: str | None
    acceptance: str
    totals: tuple[Margin, ...]

    @property
    def base(self) -> Total | None:
        """The actual margin of all currencies in the base currency, if it is known."""
        return added(self.totals)


@dataclass(frozen=True, slots=True)
class GroupMargin:
    """Sum of the margins of a customer's trips or of a month's trips.

    `key` is the customer's name or the first day of the month. `key` is None if the customer is not
    known. `totals` has one margin for each currency.
    """

    key: str | date | None
    totals: tuple[Margin, ...]

    @property
    def base(self) -> Total | None:
        """The actual margin of all currencies in the base currency, if it is known."""
        return added(self.totals)


@dataclass(frozen=True, slots=True)
class Tie:
    """Comparison of the postings for trips with the trial balance in one currency.

    `of_trips` and `trial_balance` have the revenue as `price` and the direct cost as `cost`.
    """

    of_trips: Total
    trial_balance: Total

    @property
    def currency(self) -> str:
        """Currency of all amounts."""
        return self.of_trips.currency

    @property
    def without_trip(self) -> Total:
        """Amounts that were posted without a trip: trial balance less `of_trips`."""
        return Total(
            self.trial_balance.cost - self.of_trips.cost,
            self.trial_balance.price - self.of_trips.price,
        )


@dataclass(frozen=True, slots=True)
class Margins:
    """A page of trips, newest first, or of groups of trips, with totals.

    A trip is included if it was opened in the period `days` or has postings in the period.
    Depending on `group_by`, either `trips` or `groups` is empty. `totals` are the margins of all
    trips in each currency. `books` compares the posted amounts of all trips with the trial balance.
    `base_books` does so in the base currency; it is None if the base amounts are not established.
    """

    days: Days
    group_by: GroupBy
    trips: tuple[TripMargin, ...]
    groups: tuple[GroupMargin, ...]
    totals: tuple[Margin, ...]
    books: tuple[Tie, ...]
    base_books: Tie | None
    is_first_page: bool
    next_cursor: str | None

    @property
    def base(self) -> Total | None:
        """The actual margin of all trips in the base currency, if it is known."""
        return added(self.totals)

    @property
    def adds_others(self) -> bool:
        """True if the base currency adds amounts of other currencies."""
        base = self.base
        return base is not None and any(one.currency != base.currency for one in self.totals)


def read_margins(
    reader: Reader,
    days: Days,
    zone: str,
    *,
    group_by: GroupBy = "trip",
    after: str | None = None,
    limit: int = PAGE_TRIPS,
) -> Margins:
    """Return a page of margins with totals and trial balance, in one round trip.

    The day on which a trip was opened is taken in the time zone `zone`. Postings count by book
    date. Raises InvalidCursor.
    """
    opened = Opened(
        clock.midnight(days.first, zone), clock.midnight(days.last + timedelta(days=1), zone), zone
    )
    earnings = Earnings(trip_earnings_statement(days.first, days.last), invoiced, invoiced_of)
    rows, totals, *books = reader.read(
        _page(group_by, opened, earnings, after, limit + 1),
        margin_totals_statement(opened, earnings),
        *_balances(days),
    )
    base_currency = base_currency_of(books[-1])
    trips, groups, next_cursor = _shown(group_by, rows, limit, base_currency)
    sums = _margins(totals, base_currency)
    base_books = None
    if base_currency is not None:
        of_trips = added(sums) or nothing(base_currency)
        base_books = next(
            iter(_tied({base_currency: of_trips}, [in_base(rows) for rows in books])), None
        )
    return Margins(
        days,
        group_by,
        trips,
        groups,
        sums,
        _tied({one.currency: one.actual for one in sums}, books),
        base_books,
        is_first_page=after is None,
        next_cursor=next_cursor,
    )


def read_ties(reader: Reader, days: Days) -> tuple[Tie, ...]:
    """Return the comparison of the postings for trips with the trial balance.

    The result has one Tie for each currency with revenue or direct cost in the period `days`.
    """
    earnings, *books = reader.read(
        total_earnings_statement(days.first, days.last), *_balances(days)
    )
    return _tied(summed(earnings), books)


def added(margins: Iterable[Margin]) -> Total | None:
    """Return the sum of actual margins in base, or None if it is not known."""
    known = [one.base for one in margins if one.base is not None]
    if not known:
        return None
    zero = Money(0, known[0].currency)
    return Total(sum((one.cost for one in known), zero), sum((one.price for one in known), zero))


def summed(rows: Iterable[Row]) -> dict[str, Total]:
    """Return the sums by currency of rows with currency, revenue_minor and cost_minor."""
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        known = sums.get(row["currency"], (0, 0))
        sums[row["currency"]] = (
            known[0] + int(row["cost_minor"]),
            known[1] + int(row["revenue_minor"]),
        )
    return {currency: _total(currency, *minors) for currency, minors in sums.items()}


def nothing(currency: str) -> Total:
    """Return a Total of zero revenue and zero cost."""
    return _total(currency, 0, 0)


def share(total: Total) -> Decimal | None:
    """Return the margin as a percentage of the price, rounded to one decimal.

    The result is None if the price is zero.
    """
    if not total.price:
        return None
    return (total.margin.decimal * 100 / total.price.decimal).quantize(
        Decimal("0.1"), rounding=ROUND_HALF_UP
    )


def _page(
    group_by: GroupBy, opened: Opened, earnings: Earnings, after: str | None, limit: int
) -> Select[Any]:
    if group_by == "month":
        return margins_by_month_statement(opened, earnings)
    if group_by == "customer":
        return margins_by_customer_statement(
            opened, earnings, after=NameCursor.decode(after) if after else None, limit=limit
        )
    return margins_statement(
        opened, earnings, after=Cursor.decode(after) if after else None, limit=limit
    )


def _balances(days: Days) -> list[Select[Any]]:
    """Select the trial balance before the first day and at the end of the last day."""
    return [trial_balance_statement(balance_day) for balance_day in (days.day_before, days.last)]


def _shown(
    group_by: GroupBy, rows: list[Row], limit: int, base_currency: str | None
) -> tuple[tuple[TripMargin, ...], tuple[GroupMargin, ...], str | None]:
    """Return the margins on a page, by trip or by group, and the next cursor.

    If `group_by` is `trip`, there are no groups, else no trips. The cursor is None on the last
    page.
    """
    name = {"trip": "id", "customer": "key", "month": "month"}[group_by]
    found = [list(same) for _, same in groupby(rows, key=lambda row: row[name])]
    shown = found if group_by == "month" else found[:limit]
    if group_by == "trip":
        next_cursor = (
            Cursor(shown[-1][0]["created_at"], shown[-1][0]["id"]).encode()
            if len(found) > len(shown)
            else None
        )
        return (
            tuple(
                TripMargin(
                    of[0]["id"],
                    of[0]["title"],
                    of[0]["customer"],
                    of[0]["acceptance"],
                    _margins(of, base_currency),
                )
                for of in shown
            ),
            (),
            next_cursor,
        )
    next_cursor = NameCursor(shown[-1][0]["key"]).encode() if len(found) > len(shown) else None
    return (
        (),
        tuple(
            GroupMargin(
                of[0]["customer" if group_by == "customer" else "month"],
                _margins(of, base_currency),
            )
            for of in shown
        ),
        next_cursor,
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
    """Return revenue and direct cost of a period by currency, from two trial balances.

    `before` is the trial balance before the first day, and `closed` the one at the end of the last
    day.
    """
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


def _margins(rows: list[Row], base_currency: str | None) -> tuple[Margin, ...]:
    return tuple(
        Margin(
            _total(row["currency"], row["cost_minor"], row["price_minor"]),
            _total(row["currency"], row["spent_minor"], row["earned_minor"]),
            _total(base_currency, row["base_spent_minor"], row["base_earned_minor"])
            if base_currency
            else None,
            *(
                _total(row["currency"], row[f"{name}_cost_minor"], row[f"{name}_price_minor"])
                for name in ("booked", "forecast", "proposed")
            ),
        )
        for row in rows
    )


def _total(currency: str, cost_minor: int, price_minor: int) -> Total:
    return Total(Money(int(cost_minor), currency), Money(int(price_minor), currency))
