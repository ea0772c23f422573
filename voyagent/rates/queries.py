"""Queries of exchange rates: the rate of a day, the list, and its download."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.listings import Column, Listing, ends_of
from voyagent.kernel.pages import Cursor, CursorPage, page_by_day
from voyagent.kernel.rates import Quote
from voyagent.kernel.tenancy import owned
from voyagent.rates.errors import RateMissing, SameCurrency
from voyagent.rates.models import StoredRate
from voyagent.rates.rules import Kind
from voyagent.settings.queries import chosen

_RATES = StoredRate.__table__.c
_CURRENCY_DEFAULT, _MAX_AGE_DEFAULT_DAYS = "INR", 7


@dataclass(frozen=True, slots=True)
class RateSearch:
    """Filters of the list of exchange rates.

    `currency` finds the rates in which it is one of the two currencies.
    """

    currency: str | None = None
    kind: str | None = None
    first_day: date | None = None
    last_day: date | None = None


def base_currency() -> ColumnElement[str]:
    """Return the SQL expression of the currency of the agency's books."""
    return func.coalesce(chosen("base_currency"), chosen("default_currency"), _CURRENCY_DEFAULT)


def read_base_currency(reader: Reader) -> str:
    """Return the agency's base currency, in which its books are kept."""
    ((row,),) = reader.read(_base_statement())
    return str(row["books"])


def find_rate(reader: Reader, currency: str, on: date, kind: Kind = "reference") -> Quote:
    """Return the rate between a currency and that of the books, for a day.

    It is the newest rate of the pair that was quoted on the day `on` or before, in either
    direction. It is at most `rate_max_age_days` (a setting of the agency) older than this day. Of
    several rates of a day, the one entered last counts. `Quote.convert` converts an amount at the
    rate as it was quoted.

    Raises RateMissing if there is no such rate. Raises SameCurrency if `currency` is the currency
    of the books.
    """
    ((row,),) = reader.read(_find_statement(currency, on, kind))
    if row["books"] == currency:
        raise SameCurrency
    if row["rate"] is None:
        raise RateMissing(currency, on)
    return Quote(row["base"], row["quote"], row["rate"], row["rate_on"], row["source"])


@dataclass(slots=True)
class DayRates:
    """Reference rates by currency and day, each read once.

    `missing` has the currencies and days without a rate.
    """

    reader: Reader
    missing: set[tuple[str, date]] = field(default_factory=set)
    _found: dict[tuple[str, date], Quote] = field(default_factory=dict)

    def find(self, currency: str, on: date) -> Quote:
        """Return the reference rate of a day. Raises RateMissing."""
        place = (currency, on)
        if place in self.missing:
            raise RateMissing(currency, on)
        if place not in self._found:
            try:
                self._found[place] = find_rate(self.reader, currency, on)
            except RateMissing:
                self.missing.add(place)
                raise
        return self._found[place]


def list_rates(
    reader: Reader, search: RateSearch, *, limit: int, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of exchange rates, newest day first.

    Of one day, the rate entered last comes first. Each row has the columns of the table, and
    `created_by`: the name of the person, or None.
    """
    rows = reader.read(_list_statement(search, limit + 1, cursor))[0]
    return page_by_day(rows, limit, "rate_on")


def rates_listing(search: RateSearch) -> Listing:
    """Return the list of exchange rates for a download."""
    wanted = _conditions(search)

    def base(cells: Sequence[ColumnElement[Any]]) -> Select[Any]:
        return select(*cells).where(owned(StoredRate), *wanted)

    return Listing(
        name="exchange-rates",
        columns=[
            Column("on", _RATES.rate_on),
            Column("base", _RATES.base),
            Column("quote", _RATES.quote),
            Column("rate", _RATES.rate),
            Column("kind", _RATES.kind),
            Column("source", _RATES.source, "text"),
            Column("created_by", name_of(_RATES.created_by_user_id), "text"),
        ],
        base=base,
        day=_RATES.rate_on,
        ends=ends_of(_RATES.rate_on, owned(StoredRate), *wanted),
        currency=_RATES.quote,
        order=(_RATES.id.desc(),),
    )


@cached_statement
def _base_statement() -> Select[Any]:
    return select(base_currency().label("books"))


@cached_statement
def _find_statement(currency: str, on: date, kind: str) -> Select[Any]:
    """Select one row: the currency of the books, and the columns of the rate.

    The columns of the rate are null if there is none. The settings are read first: row security
    keeps PostgreSQL from using the index with expressions that it does not know as safe, such as
    `coalesce`.
    """
    wanted, books = literal(currency, Text()), base_currency()
    max_age_days = func.coalesce(chosen("rate_max_age_days"), _MAX_AGE_DEFAULT_DAYS)
    of_agency = (
        select(
            books.label("books"),
            func.least(wanted, books).label("lower"),
            func.greatest(wanted, books).label("higher"),
            (literal(on, Date()) - max_age_days).label("first_day"),
        )
        .cte("of_agency")
        .prefix_with("materialized")
    )
    newest = (
        select(_RATES.base, _RATES.quote, _RATES.rate, _RATES.rate_on, _RATES.source)
        .where(
            owned(StoredRate),
            func.least(_RATES.base, _RATES.quote) == of_agency.c.lower,
            func.greatest(_RATES.base, _RATES.quote) == of_agency.c.higher,
            _RATES.kind == kind,
            _RATES.rate_on.between(of_agency.c.first_day, on),
        )
        .order_by(_RATES.rate_on.desc(), _RATES.created_at.desc())
        .limit(1)
        .lateral("newest")
    )
    return select(of_agency.c.books, *newest.c).select_from(of_agency.outerjoin(newest, true()))


@cached_statement
def _list_statement(search: RateSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    page = select(*_RATES, name_of(_RATES.created_by_user_id).label("created_by")).where(
        owned(StoredRate), *_conditions(search)
    )
    if cursor is not None:
        page = page.where(
            tuple_(_RATES.rate_on, _RATES.id)
            < tuple_(literal(cursor.at.date(), Date()), literal(cursor.id, Uuid()))
        )
    return page.order_by(_RATES.rate_on.desc(), _RATES.id.desc()).limit(limit)


def _conditions(search: RateSearch) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if search.currency is not None:
        wanted.append(or_(_RATES.base == search.currency, _RATES.quote == search.currency))
    if search.kind is not None:
        wanted.append(_RATES.kind == search.kind)
    if search.first_day is not None:
        wanted.append(_RATES.rate_on >= search.first_day)
    if search.last_day is not None:
        wanted.append(_RATES.rate_on <= search.last_day)
    return wanted
