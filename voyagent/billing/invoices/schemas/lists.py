"""Schema of the query parameters of the list page of invoices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from voyagent.kernel.fields import (
    CurrencyCode,
    DateFilter,
    Filter,
    IdFilter,
    Query,
    not_before,
)

ListStatus = Literal["draft", "issued", "partially_paid", "paid", "void", "open", "overdue"]
PAGE_MAX = 20_000


class InvoiceListQuery(Query):
    """Query parameters of the list page of invoices.

    The page ignores a value that cannot be read.
    """

    q: Annotated[str | None, Filter(255)] = None
    status: Annotated[ListStatus | None, BeforeValidator(lambda value: value or None)] = None
    currency: Annotated[CurrencyCode | None, BeforeValidator(lambda value: value or None)] = None
    party: Annotated[str | None, Filter(255)] = None
    party_id: IdFilter = None
    due_from: DateFilter = None
    due_to: Annotated[DateFilter, not_before("due_from")] = None
    issued_from: DateFilter = Field(default=None, alias="from")
    issued_to: Annotated[DateFilter, not_before("issued_from")] = Field(default=None, alias="to")
    trip: IdFilter = None
    page: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 1
