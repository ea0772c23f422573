"""What comes in about documents of money: what the assistant proposes, and the address of the
invoice list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from voyagent.billing.service import LineItem
from voyagent.billing.service.pricing import QUANTITY_MAX
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    DateFilter,
    Filter,
    IdFilter,
    PlainAmount,
    Query,
    Text,
    Trimmed,
)
from voyagent.kernel.money import Money

ListStatus = Literal["draft", "issued", "partially_paid", "paid", "void", "open", "overdue"]
PAGE_SIZE = 50
PAGE_MAX = 20_000


class LineItemIn(Closed):
    """A line of an invoice or a bill.

    The price is a decimal string, exact to the currency's places.
    """

    description: Annotated[str, Trimmed(500)] = Field(description="The text of the line.")
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)] = Field(
        description="The number of units, 1 for a lump sum."
    )
    unit_price: PlainAmount = Field(description="The price of one unit, such as 45000.00.")
    currency: CurrencyCode = Field(description="ISO 4217 code, such as INR.")

    def item(self) -> LineItem:
        """The line as the rules take it."""
        return LineItem(
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            currency=self.currency,
        )


class InvoiceLineIn(Closed):
    """A line of an invoice whose currency the invoice names."""

    description: Annotated[str, Trimmed(500)]
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
    unit_price: PlainAmount

    def item(self, currency: str) -> LineItem:
        """The line as the rules take it."""
        return LineItem(
            description=self.description,
            quantity=self.quantity,
            unit_price=self.unit_price,
            currency=currency,
        )


def items(lines: Iterable[InvoiceLineIn], currency: str) -> list[LineItem]:
    """Lines of one currency as the rules take them."""
    return [line.item(currency) for line in lines]


def _cash_or_bank(account: str) -> str:
    said = account.strip().lower()
    if said not in ("bank", "cash"):
        raise PydanticCustomError("cash_or_bank", "Write “bank” or “cash”.")
    return said


MoneyAccount = Annotated[
    str,
    AfterValidator(_cash_or_bank),
    Field(max_length=16, json_schema_extra={"enum": ["bank", "cash"]}),
]
"""Where money lies: the account of the chart that serves as the agency's bank, or the one that is
its cash in hand.
"""


class PaymentIn(Closed):
    """Money that settles a document, or a part of it, the day on which it moved, and the account
    that it came into or went from.
    """

    amount: PlainAmount
    currency: CurrencyCode
    paid_on: BusinessDate
    account: MoneyAccount = "bank"
    reference: Annotated[str, Text(128)] | None = None


class PartIn(Closed):
    """How much of what is open of a document: all of it where no amount is named."""

    amount: PlainAmount | None = None
    currency: CurrencyCode | None = None

    def money(self, currency: str) -> Money | None:
        """The amount, in the document's currency where none is named. Raises InvalidAmount."""
        return None if self.amount is None else Money.parse(self.amount, self.currency or currency)


class WriteOffIn(PartIn):
    """What is to be given up of an invoice: all that is open where no amount is named, today in the
    agency's zone where no day is; and why.
    """

    reason: Annotated[str, Trimmed(500)]
    written_off_on: BusinessDate | None = None


class InvoiceListQuery(Query):
    """The address of the invoice list; what cannot be read is left out by the page."""

    q: Annotated[str | None, Filter(255)] = None
    status: Annotated[ListStatus | None, BeforeValidator(lambda value: value or None)] = None
    currency: Annotated[CurrencyCode | None, BeforeValidator(lambda value: value or None)] = None
    party: Annotated[str | None, Filter(255)] = None
    due_from: DateFilter = None
    due_to: DateFilter = None
    issued_from: DateFilter = Field(default=None, alias="from")
    issued_to: DateFilter = Field(default=None, alias="to")
    trip: IdFilter = None
    page: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 1
