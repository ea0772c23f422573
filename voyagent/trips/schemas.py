"""Request and response bodies and query parameters of the trips API.

No response contains a whole passport number.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema

from voyagent.identity.schemas.entry import Email
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    Filter,
    Id,
    Instant,
    Lines,
    Offset,
    Query,
    Text,
    Trimmed,
)
from voyagent.kernel.money import Money
from voyagent.kernel.passport_numbers import masked
from voyagent.kernel.serializers import AnswerOf, Computed, MoneyText, PageOf, Read
from voyagent.trips.queries.acceptance import Acceptance, Decision
from voyagent.trips.queries.facts import LineFacts, Step, TripFacts
from voyagent.trips.rules.details import NOTES_MAX, Country, Details, OtherDetails, stored
from voyagent.trips.rules.journey import Journey, Line, Passenger, Total
from voyagent.trips.rules.lint import Finding, findings
from voyagent.trips.service import passports
from voyagent.trips.service.lines import LineChanges
from voyagent.trips.service.passengers import PassengerChanges
from voyagent.trips.service.trips import TripChanges
from voyagent.trips.words import sentence_of

LIMIT_DEFAULT, LIMIT_MAX = 50, 200
PassengerKind = Literal["adult", "child", "infant", "senior"]
LineKind = Literal["flight", "hotel", "transfer", "visa", "other"]
LineStatus = Literal["planned", "held", "booked", "ticketed", "filed", "cancelled", "failed"]
GivenStatus = Literal["planned", "held", "booked", "ticketed", "filed"]
TripStatus = Literal["planned", "part_booked", "booked"]


def _passport(value: Any) -> Any:
    return passports.normal(value) if isinstance(value, str) else value


Amount = Annotated[str, Field(pattern=r"^-?\d{1,15}(\.\d{1,4})?$")]
PassportNumber = Annotated[str, BeforeValidator(_passport), Field(pattern=passports.PATTERN)]


class TripIn(Closed):
    """A trip to create.

    Members may be absent. The default enquiry is the enquiry of the conversation. The default title
    is derived from the enquiry or the conversation. The default currency is the currency of the
    agency.
    """

    title: Annotated[str, Trimmed(200)] | None = None
    currency: CurrencyCode | None = None
    notes: Annotated[str, Lines(NOTES_MAX)] | None = None
    session_id: Id | None = None
    enquiry_id: Id | None = None


class TripPatch(Closed):
    """Changes of a trip; a member that is absent stays unchanged.

    Null clears the notes, or unlinks the conversation or the enquiry.
    """

    title: Annotated[str, Trimmed(200)] = Field(default_factory=str)
    currency: CurrencyCode = Field(default_factory=str)
    notes: Annotated[str, Lines(NOTES_MAX)] | None = None
    session_id: Id | None = None
    enquiry_id: Id | None = None

    def changes(self) -> TripChanges:
        """Return the members that were sent."""
        return cast("TripChanges", self.model_dump(exclude_unset=True))


class DecisionIn(Closed):
    """The decision on a trip; null takes the present decision back."""

    decision: Decision | None


class PassengerIn(Closed):
    """A passenger.

    The passport number may contain spaces. Responses have only its last four characters.
    """

    full_name: Annotated[str, Trimmed(200)]
    kind: PassengerKind = "adult"
    date_of_birth: BusinessDate | None = None
    nationality: Country | None = None
    passport_number: PassportNumber | None = None
    passport_expiry: BusinessDate | None = None

    def changes(self) -> PassengerChanges:
        """Return the members that were sent."""
        return cast("PassengerChanges", self.model_dump(exclude_unset=True))


class PassengerPatch(PassengerIn):
    """Changes of a passenger; a member that is absent stays unchanged.

    Null clears a member. The name and the kind cannot be cleared.
    """

    full_name: Annotated[str, Trimmed(200)] = Field(default_factory=str)


class LineIn(Closed):
    """A line of a trip: one flight, hotel stay, transfer, visa or other service.

    `details` gives the kind of the service and the data of this kind. Amounts are decimal strings
    in the line's currency; the default is the currency of the trip.
    """

    details: Details
    status: GivenStatus = "planned"
    cost: Amount = "0"
    price: Amount = "0"
    currency: CurrencyCode | None = None
    supplier: Annotated[str, Text(128)] | None = None
    supplier_ref: Annotated[str, Text(64)] | None = None

    def changes(self) -> LineChanges:
        """Return the members that were sent, except the details."""
        return cast(
            "LineChanges",
            {
                name: getattr(self, name)
                for name in self.model_fields_set
                if name != "details" and (name, self.currency) != ("currency", None)
            },
        )


class LinePatch(Closed):
    """Changes of a trip line; a member that is absent stays unchanged.

    `details` are replaced as a whole and must keep their kind. Null clears `supplier` or
    `supplier_ref`, the booking number.
    """

    details: Details = Field(default_factory=lambda: OtherDetails(kind="other", title="-"))
    status: GivenStatus = Field(default_factory=lambda: "planned")
    cost: Amount = Field(default_factory=str)
    price: Amount = Field(default_factory=str)
    currency: CurrencyCode = Field(default_factory=str)
    supplier: Annotated[str, Text(128)] | None = None
    supplier_ref: Annotated[str, Text(64)] | None = None

    def changes(self) -> LineChanges:
        """Return the members that were sent."""
        return cast("LineChanges", {name: getattr(self, name) for name in self.model_fields_set})


class SendIn(Closed):
    """Recipient and language of the itinerary; `prices` includes prices in the PDF."""

    to: Email
    locale: Literal["en", "hi"]
    prices: bool = False


class TripListQuery(Query):
    """Query parameters of the list of trips: conversation, enquiry and page."""

    session_id: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None
    enquiry_id: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Offset = 0
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None,
        description=(
            "`next_cursor` of the previous page. With a cursor, `offset` does not select the page."
        ),
    )


class AmountOut(AnswerOf[Money]):
    """An amount with its currency."""

    amount: Annotated[str, Read("wire")]
    currency: str


class TotalOut(AnswerOf[Total]):
    """The total cost, price and margin of a trip in one currency."""

    currency: str
    cost: MoneyText
    price: MoneyText
    margin: MoneyText


def _masked_passport(passenger: Passenger) -> str | None:
    return masked(passenger.passport_last4)


class PassengerOut(AnswerOf[Passenger]):
    """A passenger, with the last four characters of the passport number."""

    id: UUID
    trip_id: UUID
    full_name: str
    kind: PassengerKind
    date_of_birth: date | None
    nationality: str | None
    passport_number: Annotated[str | None, Computed(_masked_passport)]
    passport_expiry: date | None
    created_at: Instant
    updated_at: Instant


def _details_of(line: Line) -> dict[str, Any]:
    return {"kind": line.kind, **stored(line.details)}


class LineOut(AnswerOf[Line]):
    """A line of a trip: one flight, hotel stay, transfer, visa or other service.

    `quoted_cost` and `quoted_price` are the amounts at the acceptance of the trip, and
    `booked_cost` is the cost at the booking. They do not follow later changes of the line.
    `party_id` is the party of a booked line's supplier.
    """

    id: UUID
    trip_id: UUID
    kind: LineKind
    status: LineStatus
    starts_on: date | None
    ends_on: date | None
    details: Annotated[
        Any,
        WithJsonSchema(
            {"type": "object", "description": "The stored details, without unknown members."},
            mode="serialization",
        ),
        Computed(_details_of),
    ]
    cost: MoneyText
    price: MoneyText
    currency: Annotated[str, Read("price.currency")]
    quoted_cost: MoneyText | None
    quoted_price: MoneyText | None
    booked_cost: MoneyText | None
    party_id: UUID | None
    supplier: str | None
    supplier_ref: str | None
    hold_expires_at: Instant | None
    created_at: Instant
    updated_at: Instant


class CancelledLineOut(LineOut):
    """The trip line after its cancellation.

    If `approval_id` is not null, the line is not cancelled yet: the cancellation may incur a charge
    and needs approval first.
    """

    approval_id: str | None


class FindingOut(AnswerOf[Finding]):
    """A warning about a trip: code, sentence, and the ids of its lines and passengers."""

    code: str
    severity: Literal["error", "warning", "note"]
    sentence: Annotated[str, Computed(sentence_of)]
    line_ids: list[UUID]
    passenger_ids: list[UUID]


class TripSummary(AnswerOf[Row]):
    """A trip in a list; `prices` are the customer's totals, one for each currency."""

    id: UUID
    title: str
    currency: str
    status: TripStatus
    acceptance: Acceptance
    session_id: UUID | None
    enquiry_id: UUID | None
    first_day: date | None
    last_day: date | None
    passenger_count: int
    prices: list[AmountOut]
    created_at: Instant
    updated_at: Instant


def _first_day(journey: Journey) -> date | None:
    return journey.days[0]


def _last_day(journey: Journey) -> date | None:
    return journey.days[1]


def _findings_of(journey: Journey) -> list[Finding]:
    return findings(journey.passengers, journey.lines)


class TripOut(AnswerOf[Journey]):
    """A trip with passengers in order of entry, lines in order of time, and warnings."""

    id: Annotated[UUID, Read("trip[id]")]
    tenant_id: Annotated[UUID, Read("trip[tenant_id]")]
    title: Annotated[str, Read("trip[title]")]
    currency: Annotated[str, Read("trip[currency]")]
    notes: Annotated[str | None, Read("trip[notes]")]
    status: TripStatus
    acceptance: Annotated[Acceptance, Read("trip[acceptance]")]
    session_id: Annotated[UUID | None, Read("trip[session_id]")]
    enquiry_id: Annotated[UUID | None, Read("trip[enquiry_id]")]
    first_day: Annotated[date | None, Computed(_first_day)]
    last_day: Annotated[date | None, Computed(_last_day)]
    passengers: list[PassengerOut]
    lines: list[LineOut]
    totals: list[TotalOut]
    findings: Annotated[list[FindingOut], Computed(_findings_of)]
    created_by_user_id: Annotated[UUID, Read("trip[created_by_user_id]")]
    created_at: Annotated[Instant, Read("trip[created_at]")]
    updated_at: Annotated[Instant, Read("trip[updated_at]")]


class TripList(PageOf[TripSummary]):
    """A page of trips; `total` counts all that match the filters."""


class PassengerList(AnswerOf[Journey]):
    """The passengers of a trip in order of entry."""

    items: Annotated[list[PassengerOut], Read("passengers")]


class LineList(AnswerOf[Journey]):
    """The lines of a trip in order of time."""

    items: Annotated[list[LineOut], Read("lines")]


class LineFactsOut(AnswerOf[LineFacts]):
    """The facts of a service of a trip, all in the currency of its line.

    A fact is null if it is missing. `quoted_cost` and `quoted_price` are the amounts at the
    acceptance of the trip, or the present ones before it. `booked_cost` is the cost at the booking.
    `billed` is what bills are matched for, and `expected` what the supplier is still expected to
    bill with the expected bill `expected_bill_id`, or what is accrued if that is more. `paid` is
    the part of `billed` that is paid. `invoiced` is the amount on issued invoices, before tax and
    less credit notes. `received` is the service's part of what the customer has paid of these
    invoices, without tax. It is above `invoiced` if a credit note came after the payment.
    `next_steps` are the missing facts of an accepted trip.
    """

    line_id: Annotated[UUID, Read("line.id")]
    name: Annotated[str, Read("line.name")]
    status: Annotated[LineStatus, Read("line.status")]
    currency: Annotated[str, Read("line.price.currency")]
    quoted_cost: Annotated[MoneyText, Read("quoted.cost")]
    quoted_price: Annotated[MoneyText, Read("quoted.price")]
    booked_cost: Annotated[MoneyText | None, Read("booked")]
    expected: MoneyText | None
    expected_bill_id: UUID | None
    billed: MoneyText | None
    paid: MoneyText | None
    invoiced: MoneyText | None
    received: MoneyText | None
    next_steps: Annotated[list[Step], Read("steps")]


class TripMarginsOut(AnswerOf[Row]):
    """Cost, price and margin of a trip in one currency.

    `planned` is quoted, `booked` has the quoted price and the booked cost of the booked services,
    and `actual` is posted. `forecast` has for each service the invoiced amount less credit notes,
    or else the quoted price, and the cost that is billed and still expected, or else the present
    cost.
    """

    currency: Annotated[str, Read("planned.currency")]
    planned: TotalOut
    booked: TotalOut
    actual: TotalOut
    forecast: TotalOut


class TripFactsOut(AnswerOf[TripFacts]):
    """The facts of a trip's services in order of time, and its margins by currency.

    Cancelled and failed services are left out. `actual` includes their postings.
    """

    trip_id: Annotated[UUID, Read("journey.trip[id]")]
    acceptance: Annotated[Acceptance, Read("journey.trip[acceptance]")]
    lines: list[LineFactsOut]
    margins: list[TripMarginsOut]
