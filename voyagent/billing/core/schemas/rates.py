"""Rates of exchange on the wire of the API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from voyagent.billing.core.rules import plain_rate
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Answer, BusinessDate, Closed, CurrencyCode, Trimmed
from voyagent.kernel.rates import Quote

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
        """The same as the rules take it."""
        return Quote(self.base, self.quote, Decimal(self.rate), self.on, self.source)


class RateOut(Answer):
    """A rate as it was quoted: one `base` costs `rate` of `quote`."""

    base: str
    quote: str
    rate: Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")]
    on: date
    source: str


def wire_rate(row: Row) -> Row | None:
    """The rate that a row keeps as the API writes it, without zeros behind; None where it keeps
    none.
    """
    if row["rate"] is None:
        return None
    return {
        "base": row["rate_base"],
        "quote": row["rate_quote"],
        "rate": plain_rate(row["rate"]),
        "on": row["rate_on"],
        "source": row["rate_source"],
    }
