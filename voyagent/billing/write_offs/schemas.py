"""Request bodies that request and reverse a write-off."""

from __future__ import annotations

from typing import Annotated

from voyagent.billing.core.schemas.payments import PartialAmountIn
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    Trimmed,
)


class TakeBackIn(Closed):
    """The reason and the date of reversing a write-off.

    The date defaults to today in the agency's time zone.
    """

    reason: Annotated[str, Trimmed(500)]
    effective_on: BusinessDate | None = None


class WriteOffIn(PartialAmountIn):
    """A request to write off an amount of an invoice.

    The amount defaults to the amount due. The date defaults to today in the agency's time zone, or
    to the issue date of the invoice if the issue date is later.
    """

    reason: Annotated[str, Trimmed(500)]
    written_off_on: BusinessDate | None = None
