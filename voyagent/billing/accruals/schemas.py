"""Bodies of services that are not billed or not invoiced, and of their accruals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from voyagent.billing.accruals.queries import AccrualDue, Accruals, AccrualsDue, OpenServices
from voyagent.billing.core.schemas.documents import SignedAmount
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Closed, Instant, Trimmed, WireAmount
from voyagent.kernel.serializers import AnswerOf, Computed, Converted, Minor, MoneyText, Read
from voyagent.ledger.schemas.months import Month
from voyagent.ledger.service.months import wire_month
from voyagent.rates.schemas import RateText


class UnbilledOut(AnswerOf[Row]):
    """A service that was given, whose supplier has not sent the whole bill.

    `open_amount` is what is still expected, and `accrued_amount` the cost of it that is accrued.
    `given_on` is the last day of the service, or the day of the booking if the service has no day.
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
    accrued_amount: Annotated[WireAmount, Minor("accrued_minor")]


class UninvoicedOut(AnswerOf[Row]):
    """A service that was given and is on no invoice; `price` is before tax."""

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

    `unbilled` are those whose supplier has not sent the whole bill. `uninvoiced` are those of the
    last 12 months that are on no invoice. `cancelled` were not given after all, but their cost is
    still accrued. The earliest service is first.
    """

    month: Annotated[Month, Converted(wire_month)]
    unbilled: list[UnbilledOut]
    uninvoiced: list[UninvoicedOut]
    cancelled: list[UnbilledOut]


def _rate(one: AccrualDue) -> Decimal | None:
    return None if one.quote is None else one.quote.rate


def _is_rate_inverse(one: AccrualDue) -> bool | None:
    return None if one.quote is None else one.quote.is_inverse_for(one.amount.currency)


def _missing(due: AccrualsDue) -> list[str]:
    return list(dict.fromkeys(one.amount.currency for one in due.missing))


def _items(due: AccrualsDue) -> list[AccrualDue]:
    return list(due.items)


class AccrualDueOut(AnswerOf[AccrualDue]):
    """Cost of a service that was given, which `POST` of the accruals posts on `day`.

    One unit of `currency` costs `rate` of the base currency, or if `is_rate_inverse`, one unit of
    the base currency costs `rate` of `currency`. An amount in the base currency has no rate.
    Without a rate that is needed, `base_amount` is null too.
    """

    expected_bill_id: Annotated[UUID, Read("expected[id]")]
    trip_id: Annotated[UUID, Read("expected[trip_id]")]
    service: Annotated[str | None, Read("expected[service]")]
    supplier: Annotated[str | None, Read("expected[supplier]")]
    day: date
    currency: Annotated[str, Read("amount.currency")]
    amount: MoneyText
    rate: Annotated[RateText | None, Computed(_rate)]
    is_rate_inverse: Annotated[bool | None, Computed(_is_rate_inverse)]
    base_amount: Annotated[MoneyText | None, Read("base")]


class AccrualsPreview(AnswerOf[AccrualsDue]):
    """The cost to accrue at a month's end, at most that of 1,000 services.

    `missing` has the currencies without a reference rate that is needed.
    """

    month: Annotated[Month, Converted(wire_month)]
    base_currency: str
    missing: Annotated[list[str], Computed(_missing)]
    total: MoneyText
    items: Annotated[list[AccrualDueOut], Computed(_items)]


class AccrualOut(AnswerOf[Row]):
    """A change of the accrued cost of an expected bill, with its journal entry.

    The cost is `accrued`, `billed` by the bill `bill_id`, or `released`. The amounts are positive
    if the accrued cost grows; a void of the bill takes its rows back with the opposite sign.
    """

    id: UUID
    expected_bill_id: UUID
    trip_id: UUID
    service: str | None
    supplier: str | None
    kind: Literal["accrued", "billed", "released"]
    bill_id: UUID | None
    booked_on: date
    currency: str
    amount: Annotated[SignedAmount, Minor("amount_minor")]
    base_amount: Annotated[SignedAmount, Minor("base_minor", currency="base_currency")]
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    created_by: str | None
    created_at: Instant


class AccrualList(AnswerOf[Accruals]):
    """The changes of accrued cost on the days of a month, by day."""

    month: Annotated[Month, Converted(wire_month)]
    items: list[AccrualOut]


class ReleaseIn(Closed):
    """The reason why no bill is expected, and the day of the entry, by default today."""

    reason: Annotated[str, Trimmed(500)]
    released_on: BusinessDate | None = None
