"""Request bodies of document lines."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from voyagent.billing.core.errors import InvalidLine
from voyagent.billing.core.rules import wire_quantity
from voyagent.billing.core.service.pricing import (
    QUANTITY_MAX,
    QUANTITY_PATTERN,
    UNIT_MAX,
    LineItem,
    read_quantity,
)
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, PlainAmount, Text, Trimmed

PAGE_SIZE = 50


def _quantity(value: Any) -> Decimal:
    try:
        return read_quantity(value)
    except InvalidLine:
        raise PydanticCustomError(
            "quantity_invalid",
            "Quantity must be above 0, at most 1000000, with at most 3 decimals",
        ) from None


Quantity = Annotated[
    Decimal,
    BeforeValidator(_quantity),
    PlainSerializer(wire_quantity, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX},
                {"type": "string", "pattern": QUANTITY_PATTERN},
            ]
        }
    ),
]
"""A number of units: an integer, or a decimal string of at most three decimals."""
Unit = Annotated[str, Text(UNIT_MAX)]
ServiceFrom = Annotated[
    BusinessDate | None, Field(validation_alias=AliasChoices("service_date", "service_from"))
]
"""The first day of a service, under either of two names."""


class InvoiceLineIn(Closed):
    """A line of a document; its currency is that of the document.

    `quantity` is an integer or a decimal string such as `"1.5"`. `unit` names what is counted, such
    as `nights`. `discount` is the discount on the whole line, before tax.
    """

    description: Annotated[str, Trimmed(500)]
    quantity: Quantity
    unit: Unit | None = None
    unit_price: PlainAmount
    discount: PlainAmount | None = None

    def item(self, currency: str) -> LineItem:
        """Return the line in the type that the service takes."""
        return LineItem(
            description=self.description,
            quantity=self.quantity,
            unit=self.unit,
            unit_price=self.unit_price,
            discount=self.discount,
            currency=currency,
        )


class LineItemIn(Closed):
    """A line of an invoice or a bill.

    `unit_price` is a decimal string with at most as many decimals as the currency has.
    """

    description: Annotated[str, Trimmed(500)] = Field(description="The text of the line.")
    quantity: Quantity = Field(
        description="The number of units, 1 for a lump sum; a text such as 1.5 if not whole."
    )
    unit: Unit | None = Field(
        default=None, description="What is counted, such as nights; none if absent."
    )
    unit_price: PlainAmount = Field(description="The price of one unit, such as 45000.00.")
    discount: PlainAmount | None = Field(
        default=None, description="Discount on the whole line before tax; none if absent."
    )
    currency: CurrencyCode = Field(description="ISO 4217 code, such as INR.")

    def item(self) -> LineItem:
        """Return the line in the type that the service takes."""
        return LineItem(
            description=self.description,
            quantity=self.quantity,
            unit=self.unit,
            unit_price=self.unit_price,
            discount=self.discount,
            currency=self.currency,
        )


def items(lines: Iterable[InvoiceLineIn], currency: str) -> list[LineItem]:
    """Return the lines, all in one currency, in the type that the service takes."""
    return [line.item(currency) for line in lines]
