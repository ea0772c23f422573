"""Request bodies of document lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from voyagent.billing.core.service.pricing import QUANTITY_MAX, LineItem
from voyagent.kernel.fields import Closed, CurrencyCode, PlainAmount, Trimmed

PAGE_SIZE = 50


class LineItemIn(Closed):
    """A line of an invoice or a bill.

    `unit_price` is a decimal string with at most as many decimals as the currency has.
    """

    description: Annotated[str, Trimmed(500)] = Field(description="The text of the line.")
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)] = Field(
        description="The number of units, 1 for a lump sum."
    )
    unit_price: PlainAmount = Field(description="The price of one unit, such as 45000.00.")
    currency: CurrencyCode = Field(description="ISO 4217 code, such as INR.")

    def item(self) -> LineItem:
        """Return the line in the type that the service takes."""
        return LineItem(
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            currency=self.currency,
        )


class InvoiceLineIn(Closed):
    """A line of a document; its currency is that of the document."""

    description: Annotated[str, Trimmed(500)]
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
    unit_price: PlainAmount

    def item(self, currency: str) -> LineItem:
        """Return the line in the type that the service takes."""
        return LineItem(
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            currency=currency,
        )


def items(lines: Iterable[InvoiceLineIn], currency: str) -> list[LineItem]:
    """Return the lines, all in one currency, in the type that the service takes."""
    return [line.item(currency) for line in lines]
