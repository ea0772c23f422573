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

    The date defaults to today in the agency's time zone. The reversal of a credit with a later
    issue date defaults to that issue date.
    """

    reason: Annotated[str, Trimmed(500)]
    reversed_on: BusinessDate | None = None
