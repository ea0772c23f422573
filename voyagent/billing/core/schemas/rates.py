"""Response bodies of the exchange rates of documents."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.serializers import AnswerOf, Read
from voyagent.rates.schemas import RateText


class RateOut(AnswerOf[Row]):
    """An exchange rate as it was quoted: one `base` costs `rate` of `quote`."""

    base: Annotated[str, Read("rate_base")]
    quote: Annotated[str, Read("rate_quote")]
    rate: RateText
    on: Annotated[date, Read("rate_on")]
    source: Annotated[str, Read("rate_source")]


def rated(row: Row) -> Row | None:
    """Return the row if it has an exchange rate, else None."""
    return None if row["rate"] is None else row
