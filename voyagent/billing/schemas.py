"""What comes in about invoices: the assistant's two tools, and the address of the list."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from voyagent.billing.service import LineItem
from voyagent.billing.service.pricing import LINES_MAX, QUANTITY_MAX
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, DateFilter, Id, Query, filter_field, text_field, trimmed_field

ListStatus = Literal["draft", "issued", "partially_paid", "paid", "void", "open", "overdue"]
PAGE_SIZE = 50
PAGE_MAX = 20_000


class LineItemIn(Closed):
    """A line of an invoice; the price is a decimal string, exact to the currency's places."""

    description: trimmed_field(500)  # type: ignore[valid-type]
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
    unit_price: Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,4})?$")]
    currency: CurrencyCode

    def item(self) -> LineItem:
        """The line as the rules take it."""
        return LineItem(description=self.description, quantity=self.quantity, unit_price=self.unit_price, currency=self.currency)


class DraftInvoiceIn(Closed):
    """What `draft_invoice` needs. `number` is part of the tool's interface and is refused when given: a draft has none."""

    customer_name: trimmed_field(255)  # type: ignore[valid-type]
    issue_date: BusinessDate
    due_date: BusinessDate
    line_items: Annotated[list[LineItemIn], Field(min_length=1, max_length=LINES_MAX)]
    number: text_field(64) | None = None  # type: ignore[valid-type]
    party_reference: text_field(128) | None = None  # type: ignore[valid-type]
    notes: text_field(2000) | None = None  # type: ignore[valid-type]
    enquiry_id: Id | None = None


class IssueInvoiceIn(Closed):
    """What `issue_invoice` needs."""

    invoice_id: Id


class InvoiceListQuery(Query):
    """The address of the invoice list; what cannot be read is left out by the page."""

    q: filter_field(255)  # type: ignore[valid-type]
    status: Annotated[ListStatus | None, BeforeValidator(lambda value: value or None)] = None
    currency: Annotated[CurrencyCode | None, BeforeValidator(lambda value: value or None)] = None
    party: filter_field(255)  # type: ignore[valid-type]
    due_from: DateFilter = None
    due_to: DateFilter = None
    page: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 1
