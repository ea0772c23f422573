"""Queries of given services that are not billed or invoiced, and their accruals."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select

from voyagent.billing.core.models.accruals import Accrual
from voyagent.billing.core.queries.of_trips import is_invoiced
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries import closed_months
from voyagent.ledger.rules import next_month
from voyagent.rates.errors import RateMissing
from voyagent.rates.queries import DayRates, read_base_currency
from voyagent.trips.queries import expected_bills, services

_ACCRUALS = Accrual.__table__.c
LIST_MAX = 200
"""The number of services in each list, at most."""
RUN_MAX = 1000
"""The number of accruals that one run posts, at most."""
LOOKED_BACK = timedelta(days=365)
"""List a service that is not invoiced if it ended at most this long before the month's end."""


@dataclass(frozen=True, slots=True)
class OpenServices:
    """Services that were given by the end of a month, and lack a bill or an invoice.

    `unbilled` are those whose supplier has not sent the whole bill, and `uninvoiced` those that are
    on no invoice. `cancelled` were not given after all, but their cost is still accrued.
    """

    month: date
    unbilled: list[Row]
    uninvoiced: list[Row]
    cancelled: list[Row]


def read_open_services(reader: Reader, month: date) -> OpenServices:
    """Return given services that are not billed or not invoiced at a month's end.

    `month` is its first day. Services that are not invoiced are those of the last 12 months. Each
    list has at most 200 services, the earliest first.
    """
    last = next_month(month) - timedelta(days=1)
    return OpenServices(
        month,
        expected_bills.list_given(reader, last, limit=LIST_MAX),
        services.list_not_invoiced(reader, last - LOOKED_BACK, last, is_invoiced, limit=LIST_MAX),
        expected_bills.list_cancelled(reader, last, limit=LIST_MAX),
    )


@dataclass(frozen=True, slots=True)
class AccrualDue:
    """Cost of a service that was given, to accrue on a day.

    `quote` is the reference rate of the day, or None if there is none or the amount is in the base
    currency.
    """

    expected: Row
    day: date
    amount: Money
    base: Money | None
    quote: Quote | None

    @property
    def rates(self) -> dict[str, Quote]:
        """The rate at which the amount is converted, by currency."""
        return {} if self.quote is None else {self.amount.currency: self.quote}


@dataclass(frozen=True, slots=True)
class AccrualsDue:
    """The cost to accrue at a month's end, the earliest service first."""

    month: date
    base_currency: str
    items: tuple[AccrualDue, ...]

    @property
    def missing(self) -> list[AccrualDue]:
        """The accruals whose currency has no rate on their day."""
        return [one for one in self.items if one.base is None]

    @property
    def total(self) -> Money:
        """The sum of the known base amounts."""
        bases = (one.base for one in self.items if one.base is not None)
        return sum(bases, Money(0, self.base_currency))


@dataclass(frozen=True, slots=True)
class Accruals:
    """The changes of accrued cost on the days of a month, by day.

    Each of `items` has the columns of `accruals`, of the expected bill trip_id, service, supplier
    and currency, base_currency, and created_by (the name of the person).
    """

    month: date
    items: list[Row]


def read_due(reader: Reader, month: date) -> AccrualsDue:
    """Return the cost to accrue at the end of a month, given by its first day.

    For each open expected bill it is the amount that is still expected and not accrued yet. It is
    accrued on the last day of the service, or on the first open day if that day is in a closed
    month. At most RUN_MAX expected bills are read.
    """
    last = next_month(month) - timedelta(days=1)
    first_open = closed_months.read_first_open_day(reader)
    base_currency = read_base_currency(reader)
    rates, items = DayRates(reader), []
    for row in expected_bills.list_given(reader, last, limit=RUN_MAX):
        amount = Money(row["open_minor"] - row["accrued_minor"], row["currency"])
        if amount.amount_minor <= 0:
            continue
        day = max(row["given_on"], first_open)
        if amount.currency == base_currency:
            items.append(AccrualDue(row, day, amount, amount, None))
            continue
        quote = None
        with suppress(RateMissing):
            quote = rates.find(amount.currency, day)
        base = None if quote is None else quote.convert(amount)
        items.append(AccrualDue(row, day, amount, base, quote))
    return AccrualsDue(month, base_currency, tuple(items))


def read_accruals(reader: Reader, month: date) -> Accruals:
    """Return the changes of accrued cost in a month, given by its first day."""
    (rows,) = reader.read(_month_statement(month, next_month(month)))
    return Accruals(month, _with_service(reader, rows))


def read_accrual(reader: Reader, accrual_id: UUID) -> Row:
    """Return an accrual that exists, with the columns of `Accruals.items`."""
    (row,) = _with_service(reader, reader.read(_accruals().where(_ACCRUALS.id == accrual_id))[0])
    return row


def last_booked(expected_bill_id: UUID) -> date:
    """Return the day of the last entry of an expected bill for which cost is accrued."""
    statement = select(func.max(Accrual.booked_on)).where(
        Accrual.expected_bill_id == expected_bill_id
    )
    found: date = db.session.scalars(statement).one()
    return found


@cached_statement
def sums_statement() -> Select[Any]:
    """Select what the accruals of each expected bill add up to.

    Rows: expected_bill_id, minor, base_minor.
    """
    return (
        select(
            _ACCRUALS.expected_bill_id,
            cast(func.sum(_ACCRUALS.amount_minor), BigInteger).label("minor"),
            cast(func.sum(_ACCRUALS.base_minor), BigInteger).label("base_minor"),
        )
        .where(owned(Accrual))
        .group_by(_ACCRUALS.expected_bill_id)
    )


def _with_service(reader: Reader, rows: Sequence[Row]) -> list[Row]:
    names = ("trip_id", "service", "supplier", "currency")
    books = {"base_currency": read_base_currency(reader)}
    of_bills = {
        one["id"]: {name: one[name] for name in names} | books
        for one in expected_bills.read_expected_bills(
            reader, {row["expected_bill_id"] for row in rows}
        )
    }
    return [row | of_bills[row["expected_bill_id"]] for row in rows]


@cached_statement
def _month_statement(first: date, end: date) -> Select[Any]:
    of_days = _accruals().where(_ACCRUALS.booked_on >= first, _ACCRUALS.booked_on < end)
    return of_days.order_by(_ACCRUALS.booked_on, _ACCRUALS.id).limit(RUN_MAX)


def _accruals() -> Select[Any]:
    return select(
        *(column for column in _ACCRUALS if column.name != "tenant_id"),
        name_of(_ACCRUALS.created_by_user_id).label("created_by"),
    ).where(owned(Accrual))
