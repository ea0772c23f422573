"""Rates of exchange on the wire of the API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from voyagent.billing.core.rules import plain_rate
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, Trimmed
from voyagent.kernel.rates import Quote
from voyagent.kernel.serializers import AnswerOf, Converted, Read

SOURCE_MAX = 64
RATE_SHAPE = r"^\d{1,9}(\.\d{1,8})?$"


class RateIn(Closed):
    """A rate as it is quoted: one `base` costs `rate` of `quote`, as `source` has it on a day.

    It is never turned round.
    """

    base: CurrencyCode
    quote: CurrencyCode
    rate: Annotated[str, Field(pattern=RATE_SHAPE)]
    on: BusinessDate
    source: Annotated[str, Trimmed(SOURCE_MAX)]

    @property
    def quoted(self) -> Quote:
        """Return the quote for the service."""
        return Quote(self.base, self.quote, Decimal(self.rate), self.on, self.source)


class RateOut(AnswerOf[Row]):
    """A rate as it was quoted: one `base` costs `rate` of `quote`."""

    base: Annotated[str, Read("rate_base")]
    quote: Annotated[str, Read("rate_quote")]
    rate: Annotated[str, Field(pattern=r"^\d+(\.\d+)?$"), Converted(plain_rate)]
    on: Annotated[date, Read("rate_on")]
    source: Annotated[str, Read("rate_source")]


def rated(row: Row) -> Row | None:
    """Return a row that has a rate, or None if it has none."""
    return None if row["rate"] is None else row
