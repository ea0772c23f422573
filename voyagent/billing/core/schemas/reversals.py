"""Request body of a reversal."""

from __future__ import annotations

from typing import Annotated

from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    Trimmed,
)


class ReverseIn(Closed):
    """The reason and the date of a reversal.

    `reversed_on` defaults to today in the agency's time zone. For a credit with a later issue date,
    it defaults to the issue date of the credit.
    """

    reason: Annotated[str, Trimmed(500)]
    reversed_on: BusinessDate | None = None
