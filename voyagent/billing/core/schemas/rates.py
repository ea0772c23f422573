"""Request and response bodies of exchange rates."""

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


class RateOut(AnswerOf[Row]):
    """An exchange rate as it was quoted: one `base` costs `rate` of `quote`."""

    base: Annotated[str, Read("rate_base")]
    quote: Annotated[str, Read("rate_quote")]
    rate: Annotated[str, Field(pattern=r"^\d+(\.\d+)?$"), Converted(plain_rate)]
    on: Annotated[date, Read("rate_on")]
    source: Annotated[str, Read("rate_source")]


def rated(row: Row) -> Row | None:
    """Return the row if it has an exchange rate, else None."""
    return None if row["rate"] is None else row
