"""Request body that reverses a write-off."""

from __future__ import annotations

from typing import Annotated

from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    Trimmed,
)


class TakeBackIn(Closed):
    """Reason and date of the reversal of a write-off.

    The date defaults to today in the agency's time zone.
    """

    reason: Annotated[str, Trimmed(500)]
    effective_on: BusinessDate | None = None
