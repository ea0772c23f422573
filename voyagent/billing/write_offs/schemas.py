"""Request body that reverses a write-off."""

from __future__ import annotations

from typing import Annotated

from voyagent.billing.core.schemas.payments import PartialAmountIn
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


class WriteOffIn(PartialAmountIn):
    """Write-off of an invoice.

    The amount defaults to the amount due, the date to today in the agency's time zone.
    """

    reason: Annotated[str, Trimmed(500)]
    written_off_on: BusinessDate | None = None
