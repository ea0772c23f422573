"""Request and response bodies and query parameters of the enquiries API."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from voyagent.enquiries.queries.enquiries import Search
from voyagent.enquiries.service import BudgetOutOfRange, EnquiryChanges, NewEnquiry, hundredths
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    DateFilter,
    Exact,
    Filter,
    Instant,
    Int32,
    Lines,
    Query,
    Text,
    Trimmed,
    ZoneFilter,
)
from voyagent.kernel.pages import PartQuery
from voyagent.kernel.serializers import AnswerOf, Computed, PageOf

LIMIT_DEFAULT, LIMIT_MAX = 50, 500
_PLAIN_DECIMAL = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_DECIMAL_PATTERN = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"

Status = Literal["new", "quoted", "booked", "cancelled"]


def _budget(value: Any) -> Decimal:
    """Parse a number or decimal text as a budget with two decimal places."""
    plain = (
        str(value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        else value
    )
    if not isinstance(plain, str) or (
        isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(plain) is None
    ):
        raise PydanticCustomError("decimal_parsing", "Input should be a plain decimal number")
    try:
        return Decimal(hundredths(Decimal(plain))).scaleb(-2)
    except BudgetOutOfRange:
        raise PydanticCustomError(
            "budget_out_of_range", "Budget must lie between 0 and 999999999999.99"
        ) from None


BudgetAmount = Annotated[
    Decimal,
    BeforeValidator(_budget),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DECIMAL_PATTERN}]},
        mode="validation",
    ),
]


class _EnquiryFields(Closed):
    customer_name: Annotated[str, Trimmed(255)] | None = None
    customer_email: Annotated[str, Text(255)] | None = None
    customer_phone: Annotated[str, Text(64)] | None = None
    origin: Annotated[str, Text(128)] | None = None
    destination: Annotated[str, Text(128)] | None = None
    depart_date: BusinessDate | None = None
    return_date: BusinessDate | None = None
    pax_count: Int32 | None = None
    budget_amount: BudgetAmount | None = None
    budget_currency: Annotated[str, Exact(64)] | None = None
    status: Status | None = None
    notes: Annotated[str, Lines(10_000)] | None = None
    session_id: Annotated[str, Exact(64)] | None = None


class EnquiryIn(_EnquiryFields):
    """A customer's enquiry.

    Only the name is required. The budget is rounded to two decimals, half away from zero.
    """

    customer_name: Annotated[str, Trimmed(255)]
    pax_count: Int32 = 1
    status: Status = "new"

    def fields(self) -> NewEnquiry:
        """Return the members that were sent, under the names that the service uses."""
        return cast("NewEnquiry", self.model_dump(exclude_unset=True))


class EnquiryPatch(_EnquiryFields):
    """Changes of an enquiry; a member that is absent stays unchanged.

    Null clears a member. The name, the number of people and the status cannot be cleared.
    """

    def changes(self) -> EnquiryChanges:
        """Return the members that were sent, including nulls."""
        return cast("EnquiryChanges", self.model_dump(exclude_unset=True))


def _any_status(value: Any) -> Any:
    return "all" if value == "" else value


class EnquiryFilter(Query):
    """Filters of the list; an enquiry must match all of them.

    Text matches parts of words and ignores case. The first and the last day of a range are
    included.
    """

    status: Annotated[
        Literal["new", "quoted", "booked", "cancelled", "all"], BeforeValidator(_any_status)
    ] = "all"
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description="Part of the name, e-mail address, phone number, origin or destination.",
    )
    customer_email: Annotated[str | None, Filter(255)] = None
    origin: Annotated[str | None, Filter(128)] = None
    destination: Annotated[str | None, Filter(128)] = None
    depart_from: DateFilter = None
    depart_to: DateFilter = None
    created_from: DateFilter = None
    created_to: DateFilter = None
    tz: ZoneFilter = Field(
        default=None,
        description=("IANA time zone of the days `created_from` and `created_to`; UTC if absent."),
    )

    def search(self, zone: str = "UTC") -> Search:
        """Return the filters as a `Search` for the queries.

        `zone` is the time zone of `created_from` and `created_to` if the request names no time
        zone.
        """
        return Search(
            text=self.q,
            customer_email=self.customer_email,
            origin=self.origin,
            destination=self.destination,
            status=None if self.status == "all" else self.status,
            depart_from=self.depart_from,
            depart_to=self.depart_to,
            created_from=self.created_from,
            created_to=self.created_to,
            zone=self.tz or zone,
        )


class EnquiryListQuery(PartQuery, EnquiryFilter):
    """Query parameters of the list: filters, and an offset or a cursor.

    A cursor reads later pages as fast as the first. An offset becomes slower with each page.
    """

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT


def _budget_text(row: Row) -> str | None:
    """Format the budget with two decimals, also for currencies with other decimals."""
    amount = row["budget_hundredths"]
    return None if amount is None else f"{amount // 100}.{amount % 100:02d}"


class EnquiryOut(AnswerOf[Row]):
    """An enquiry.

    `status_source` is `fact` if an issued invoice or a booking has set the status. The budget is a
    decimal string with two decimals. `session_id` is null if the conversation was deleted.
    """

    id: UUID
    tenant_id: UUID
    created_by_user_id: UUID
    customer_name: str
    customer_email: str | None
    customer_phone: str | None
    origin: str | None
    destination: str | None
    depart_date: date | None
    return_date: date | None
    pax_count: int
    budget_amount: Annotated[
        Annotated[str, Field(pattern=r"^\d+\.\d{2}$")] | None, Computed(_budget_text)
    ]
    budget_currency: str | None
    status: Status
    status_source: Literal["fact", "person"]
    notes: str | None
    session_id: UUID | None
    created_at: Instant
    updated_at: Instant


class EnquiryList(PageOf[EnquiryOut]):
    """A page of enquiries, newest first; `total` counts all that match the filters."""


class PromoteOut(AnswerOf[Row]):
    """The enquiry, and the id of the conversation about it."""

    enquiry: EnquiryOut
    session_id: UUID


__all__ = [
    "EnquiryFilter",
    "EnquiryIn",
    "EnquiryList",
    "EnquiryListQuery",
    "EnquiryOut",
    "EnquiryPatch",
    "PromoteOut",
]
