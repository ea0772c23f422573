"""Request and response bodies and query parameters of the exchange rates API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    DateFilter,
    Filter,
    Instant,
    Query,
    Trimmed,
    not_before,
)
from voyagent.kernel.pages import Cursor
from voyagent.kernel.rates import RATE_SHAPE, SOURCE_MAX, Quote, plain_rate
from voyagent.kernel.serializers import AnswerOf, Converted, CursorPageOf, Read
from voyagent.rates.queries import RateSearch
from voyagent.rates.rules import Kind, Units, rate_of_one

PAGE_SIZE, LIMIT_MAX = 50, 200
RateText = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$"), Converted(plain_rate)]
"""A rate without trailing zeros."""


class RateIn(Closed):
    """An exchange rate as quoted: one unit of `base` costs `rate` units of `quote`.

    `on` is the day of the quotation and `source` names who quoted the rate. The rate is stored as
    given, never inverted.
    """

    base: CurrencyCode
    quote: CurrencyCode
    rate: Annotated[str, Field(pattern=RATE_SHAPE)]
    on: BusinessDate
    source: Annotated[str, Trimmed(SOURCE_MAX)]

    @property
    def quoted(self) -> Quote:
        """Return the rate in the type that the service accepts."""
        return Quote(self.base, self.quote, Decimal(self.rate), self.on, self.source)


class ExchangeRateIn(RateIn):
    """An exchange rate to enter.

    `rate` is the price of `units` units of `base`, which are 1 or 100; the rate of one unit is
    stored. One of the two currencies is the currency of the books. `on` is not after today.
    """

    units: Units = 1
    kind: Kind = "reference"

    @property
    def quoted(self) -> Quote:
        """Return the rate of one unit."""
        rate = rate_of_one(Decimal(self.rate), self.units)
        return Quote(self.base, self.quote, rate, self.on, self.source)


class ExchangeRatesQuery(Query):
    """Filters and cursor of the list of exchange rates."""

    currency: Annotated[CurrencyCode | None, BeforeValidator(lambda typed: typed or None)] = Field(
        default=None, description="One of the two currencies of the rate."
    )
    kind: Annotated[Kind | None, BeforeValidator(lambda typed: typed or None)] = Field(
        default=None, description="Kind of the rate."
    )
    first_day: DateFilter = Field(default=None, alias="from", description="First day.")
    last_day: Annotated[DateFilter, not_before("first_day")] = Field(
        default=None, alias="to", description="Last day."
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def search(self) -> RateSearch:
        """Return the filters in the form that the queries accept."""
        return RateSearch(self.currency, self.kind, self.first_day, self.last_day)

    def place(self) -> Cursor | None:
        """Return the position after which the page begins. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class FindRateQuery(Query):
    """The rate to find: its currency, day and kind."""

    currency: CurrencyCode = Field(description="The currency other than that of the books.")
    on: BusinessDate = Field(description="Day for which the rate is needed.")
    kind: Kind = Field(default="reference", description="Kind of the rate.")


class ExchangeRateOut(AnswerOf[Row]):
    """An exchange rate: one unit of `base` costs `rate` units of `quote`.

    `created_by` is null if the program entered the rate.
    """

    id: UUID
    base: str
    quote: str
    kind: Kind
    rate: RateText
    on: Annotated[date, Read("rate_on")]
    source: str
    created_by: str | None
    created_at: Instant


class ExchangeRateList(CursorPageOf[ExchangeRateOut]):
    """A page of exchange rates, newest day first; the last page has no `next_cursor`."""


class FoundRateOut(AnswerOf[Row]):
    """The rate that applies on a day, as it was quoted.

    `on` is the day of the quotation. If `is_inverse` is true, `base` is the currency of the books,
    and an amount in the other currency is divided by `rate`.
    """

    base: str
    quote: str
    kind: Kind
    rate: RateText
    on: date
    source: str
    is_inverse: bool
