"""Response bodies of services that are not billed or not invoiced."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from voyagent.billing.accruals.queries import OpenServices
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import WireAmount
from voyagent.kernel.serializers import AnswerOf, Converted, Minor, Read
from voyagent.ledger.schemas.months import Month
from voyagent.ledger.service.months import wire_month


class UnbilledOut(AnswerOf[Row]):
    """A service that was given, whose supplier has not sent the whole bill.

    `open_amount` is what is still expected. `given_on` is the last day of the service, or the day
    of the booking if the service has no day.
    """

    expected_bill_id: Annotated[UUID, Read("id")]
    trip_id: UUID
    trip_title: str
    trip_line_id: UUID | None
    service: str | None
    party_id: UUID | None
    supplier: str | None
    given_on: date
    currency: str
    open_amount: Annotated[WireAmount, Minor("open_minor")]


class UninvoicedOut(AnswerOf[Row]):
    """A service that was given and that no invoice has; `price` is before tax."""

    trip_id: UUID
    trip_title: str
    trip_line_id: UUID
    service: str
    supplier: str | None
    given_on: date
    currency: str
    price: Annotated[WireAmount, Minor("price_minor")]


class OpenServicesOut(AnswerOf[OpenServices]):
    """Services that were given by the end of a month, at most 200 in each list.

    `unbilled` are those whose bill has not come. `uninvoiced` are those of the last 12 months that
    no invoice has. The earliest service is first.
    """

    month: Annotated[Month, Converted(wire_month)]
    unbilled: list[UnbilledOut]
    uninvoiced: list[UninvoicedOut]
