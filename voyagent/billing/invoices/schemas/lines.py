"""Request and response bodies of invoice lines and their taxes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from voyagent.billing.core.schemas.documents import DocumentLineOut
from voyagent.billing.core.schemas.lines import InvoiceLineIn, ServiceFrom
from voyagent.billing.core.service.pricing import LineItem
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Id,
    PlainAmount,
    Text,
    WireAmount,
)
from voyagent.kernel.serializers import AnswerOf, Converted, Minor

TaxCode = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
State = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,3}$")]
ServiceCode = Annotated[str, Text(6, min_length=4)]
TaxNumber = Annotated[str, Text(20, min_length=1)]


class SoldLineIn(InvoiceLineIn):
    """A line of an invoice, before tax.

    `sold_as` is `principal` for the agency's own sale, `agent` for a sale on a supplier's behalf,
    or `fee` for the agency's fee. `tax` is the code of a tax treatment of the agency's country.
    `collection` is such a code for tax collected at source. `basic_fare` is the basic fare of the
    whole line; it is required if the tax is on the basic fare. `commission` is the agency's
    commission on the whole line, before tax, for a line sold as agent. `sac` is the service code of
    4 or 6 digits; it defaults to the usual code of the tax treatment. `place_of_supply` is the
    state of a hotel, or that in which a journey begins, if the law takes it and not the customer's
    state. `trip_line_id` is the line of
    the trip that is sold. With `price_includes_tax` the taxes are taken out of unit price and
    discount.

    The service lasts from `service_date`, also accepted as `service_from`, to `service_to`, or one
    day without `service_to`.
    """

    sold_as: Literal["principal", "agent", "fee"] = "principal"
    tax: TaxCode | None = None
    collection: TaxCode | None = None
    basic_fare: PlainAmount | None = None
    service_date: ServiceFrom = None
    service_to: BusinessDate | None = None
    commission: PlainAmount | None = None
    sac: ServiceCode | None = None
    place_of_supply: State | None = None
    trip_line_id: Id | None = None
    price_includes_tax: bool = False

    def item(self, currency: str) -> LineItem:
        """Return the line in the type that the invoice service takes."""
        item = super().item(currency)
        item |= {
            "sold_as": self.sold_as,
            "tax": self.tax,
            "collection": self.collection,
            "basic_fare": self.basic_fare,
            "service_date": self.service_date,
            "service_to": self.service_to,
        }
        item |= {"commission": self.commission, "sac": self.sac, "trip_line_id": self.trip_line_id}
        item |= {"price_includes_tax": self.price_includes_tax}
        item |= {"place_of_supply": self.place_of_supply}
        return item


def _percent(percent: Decimal) -> str:
    return f"{percent.normalize():f}"


Percent = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3})?$"), Converted(_percent)]
"""A rate of tax as text, such as `2.5`."""


class TaxOut(AnswerOf[Row]):
    """A tax component of an invoice line.

    `confirmed` is true if the rate was checked against the text of the law.
    """

    component: str
    percent: Percent
    taxable_amount: Annotated[WireAmount, Minor("taxable_minor")]
    amount: Annotated[WireAmount, Minor("amount_minor")]
    confirmed: bool


class SoldLineOut(DocumentLineOut):
    """A line of an invoice; `amount` is after the discount, before tax.

    `recognition` is how its revenue was posted: `at_start`, `at_completion` or `by_day` of the
    service, and for the commission of a sale as agent `at_booking` or `at_service`. It is null if
    nothing of the line can be deferred, in a draft, and for lines that an earlier release posted.
    """

    sold_as: Literal["principal", "agent", "fee"]
    tax: str | None
    collection: str | None
    basic_fare: Annotated[WireAmount | None, Minor("basic_fare_minor")]
    service_date: date | None
    service_to: date | None
    recognition: str | None
    commission: Annotated[WireAmount, Minor("commission_minor")]
    sac: str | None
    place_of_supply: str | None
    trip_line_id: UUID | None
    taxes: list[TaxOut]
