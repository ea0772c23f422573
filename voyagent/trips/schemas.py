"""Request, filter and response shapes of trips.

A whole passport number is never part of a response.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema

from voyagent.identity.schemas import Email
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Answer,
    BusinessDate,
    Closed,
    CurrencyCode,
    Filter,
    Id,
    Instant,
    Offset,
    Query,
    Text,
    Trimmed,
    wire_instant,
)
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Page
from voyagent.trips import passports
from voyagent.trips.details import NOTES_MAX, Country, Details, OtherDetails, stored
from voyagent.trips.lint import Finding, findings
from voyagent.trips.queries import Journey, Line, Passenger, Total
from voyagent.trips.service import LineChanges, PassengerChanges, TripChanges
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
    """A trip.

    Absent members come from its conversation and enquiry; the currency from the agency.
    """

    title: Annotated[str, Trimmed(200)] | None = None
    currency: CurrencyCode | None = None
    notes: Annotated[str, Text(NOTES_MAX)] | None = None
    session_id: Id | None = None
    enquiry_id: Id | None = None


class TripPatch(Closed):
    """Changes: an absent member is kept; null clears notes and links."""

    title: Annotated[str, Trimmed(200)] = Field(default_factory=str)
    currency: CurrencyCode = Field(default_factory=str)
    notes: Annotated[str, Text(NOTES_MAX)] | None = None
    session_id: Id | None = None
    enquiry_id: Id | None = None

    def changes(self) -> TripChanges:
        """Return the members that were sent."""
        return cast("TripChanges", self.model_dump(exclude_unset=True))


class PassengerIn(Closed):
    """A passenger.

    The passport number may contain spaces and is never returned whole.
    """

    full_name: Annotated[str, Trimmed(200)]
    kind: PassengerKind = "adult"
    date_of_birth: BusinessDate | None = None
    nationality: Country | None = None
    passport_number: PassportNumber | None = None
    passport_expiry: BusinessDate | None = None

    def said(self) -> PassengerChanges:
        """Return the members that were sent."""
        return cast("PassengerChanges", self.model_dump(exclude_unset=True))


class PassengerPatch(PassengerIn):
    """Changes: an absent member is kept; null clears all but name and kind."""

    full_name: Annotated[str, Trimmed(200)] = Field(default_factory=str)


class LineIn(Closed):
    """A line of a trip; `details` has its kind and contents.

    Amounts are decimal strings in the line's currency, by default the trip's.
    """

    details: Details
    status: GivenStatus = "planned"
    cost: Amount = "0"
    price: Amount = "0"
    currency: CurrencyCode | None = None
    supplier: Annotated[str, Text(128)] | None = None
    supplier_ref: Annotated[str, Text(64)] | None = None

    def said(self) -> LineChanges:
        """Return the members that were sent, without the details."""
        return cast(
            "LineChanges",
            {
                name: getattr(self, name)
                for name in self.model_fields_set
                if name != "details" and (name, self.currency) != ("currency", None)
            },
        )


class LinePatch(Closed):
    """Changes: an absent member is kept.

    The details are replaced as a whole and keep their kind; null clears supplier and reference.
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
    """Recipient and language of the itinerary, and whether it shows the price."""

    to: Email
    locale: Literal["en", "hi"]
    prices: bool = False


class TripListQuery(Query):
    """A page of trips, newest first: all, or those of a conversation or an enquiry."""

    session_id: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None
    enquiry_id: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Offset = 0
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the page before; `offset` then only counts."
    )


class AmountOut(Answer):
    """An amount with its currency."""

    amount: str
    currency: str


class TotalOut(Answer):
    """Cost, price and margin in one currency."""

    currency: str
    cost: str
    price: str
    margin: str


class PassengerOut(Answer):
    """A passenger; of the passport number the last four characters."""

    id: UUID
    trip_id: UUID
    full_name: str
    kind: PassengerKind
    date_of_birth: date | None
    nationality: str | None
    passport_number: str | None
    passport_expiry: date | None
    created_at: Instant
    updated_at: Instant


class LineOut(Answer):
    """A line of a trip."""

    id: UUID
    trip_id: UUID
    kind: LineKind
    status: LineStatus
    starts_on: date | None
    ends_on: date | None
    details: Annotated[
        Any,
        WithJsonSchema(
            {"type": "object", "description": "As it was sent, without what is not known."},
            mode="serialization",
        ),
    ]
    cost: str
    price: str
    currency: str
    supplier: str | None
    supplier_ref: str | None
    hold_expires_at: Instant | None
    created_at: Instant
    updated_at: Instant


class CancelledLineOut(LineOut):
    """The line after its cancellation.

    With an `approval_id` it is not cancelled yet: the cancellation may cost something and waits for
    approval.
    """

    approval_id: str | None


class FindingOut(Answer):
    """A warning: code, sentence, and the lines and passengers concerned."""

    code: str
    severity: Literal["error", "warning", "note"]
    sentence: str
    line_ids: list[UUID]
    passenger_ids: list[UUID]


class TripSummary(Answer):
    """A trip in the list; `prices` are the customer's, by currency."""

    id: UUID
    title: str
    currency: str
    status: TripStatus
    session_id: UUID | None
    enquiry_id: UUID | None
    first_day: date | None
    last_day: date | None
    passenger_count: int
    prices: list[AmountOut]
    created_at: Instant
    updated_at: Instant


class TripOut(Answer):
    """A trip with passengers in order of entry, lines in order of time, and warnings."""

    id: UUID
    tenant_id: UUID
    title: str
    currency: str
    notes: str | None
    status: TripStatus
    session_id: UUID | None
    enquiry_id: UUID | None
    first_day: date | None
    last_day: date | None
    passengers: list[PassengerOut]
    lines: list[LineOut]
    totals: list[TotalOut]
    findings: list[FindingOut]
    created_by_user_id: UUID
    created_at: Instant
    updated_at: Instant


class TripList(Answer):
    """A page of trips; `total` counts all that match."""

    items: list[TripSummary]
    total: int
    limit: int
    offset: int
    next_cursor: str | None


class PassengerList(Answer):
    """The passengers in order of entry."""

    items: list[PassengerOut]


class LineList(Answer):
    """The lines in order of time."""

    items: list[LineOut]


def wire_trip(journey: Journey) -> Row:
    """Return a trip as the API writes it."""
    first, last = journey.days
    own = {
        name: journey.trip[name]
        for name in (
            "id",
            "tenant_id",
            "title",
            "currency",
            "notes",
            "session_id",
            "enquiry_id",
            "created_by_user_id",
        )
    }
    return {
        **own,
        "status": journey.status,
        "first_day": first,
        "last_day": last,
        "passengers": [wire_passenger(one) for one in journey.passengers],
        "lines": [wire_line(one) for one in journey.lines],
        "totals": [_total(one) for one in journey.totals],
        "findings": [_finding(one) for one in findings(journey.passengers, journey.lines)],
        **_instants(journey.trip["created_at"], journey.trip["updated_at"]),
    }


def wire_page(page: Page[Row]) -> Row:
    """Return a page of trips as the API writes it."""
    return {
        "items": [_summary(row) for row in page.items],
        "total": page.total,
        "limit": page.limit,
        "offset": page.offset,
        "next_cursor": page.next_cursor,
    }


def wire_passenger(one: Passenger) -> Row:
    """Return a passenger as the API writes it."""
    plain = {
        name: getattr(one, name)
        for name in (
            "id",
            "trip_id",
            "full_name",
            "kind",
            "date_of_birth",
            "nationality",
            "passport_expiry",
        )
    }
    return {
        **plain,
        "passport_number": passports.masked(one.passport_last4),
        **_instants(one.created_at, one.updated_at),
    }


def wire_line(one: Line) -> Row:
    """Return a line as the API writes it."""
    plain = {
        name: getattr(one, name)
        for name in (
            "id",
            "trip_id",
            "kind",
            "status",
            "starts_on",
            "ends_on",
            "supplier",
            "supplier_ref",
        )
    }
    held = None if one.hold_expires_at is None else wire_instant(one.hold_expires_at)
    amounts = {"cost": one.cost.wire, "price": one.price.wire, "currency": one.price.currency}
    details = {"kind": one.kind, **stored(one.details)}
    return {
        **plain,
        **amounts,
        "details": details,
        "hold_expires_at": held,
        **_instants(one.created_at, one.updated_at),
    }


def wire_cancelled(one: Line, approval_id: str | None) -> Row:
    """Return the result of a cancellation as the API writes it, with its request."""
    return {**wire_line(one), "approval_id": approval_id}


def _summary(row: Row) -> Row:
    plain = {
        name: row[name]
        for name in TripSummary.model_fields
        if name not in ("prices", "created_at", "updated_at")
    }
    return {
        **plain,
        "prices": [_amount(one) for one in row["prices"]],
        **_instants(row["created_at"], row["updated_at"]),
    }


def _total(total: Total) -> Row:
    return {
        "currency": total.currency,
        "cost": total.cost.wire,
        "price": total.price.wire,
        "margin": total.margin.wire,
    }


def _finding(finding: Finding) -> Row:
    plain = {
        name: getattr(finding, name) for name in ("code", "severity", "line_ids", "passenger_ids")
    }
    return {**plain, "sentence": sentence_of(finding)}


def _amount(amount: Money) -> Row:
    return {"amount": amount.wire, "currency": amount.currency}


def _instants(created_at: Any, updated_at: Any) -> Row:
    return {"created_at": wire_instant(created_at), "updated_at": wire_instant(updated_at)}
