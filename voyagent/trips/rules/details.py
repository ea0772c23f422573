"""The details of each kind of trip line, with their days and names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from voyagent.kernel.fields import (
    STORED,
    YEAR_MAX,
    YEAR_MIN,
    BusinessDate,
    Closed,
    Lines,
    Text,
    Trimmed,
)

NOTES_MAX = 2000
NIGHTS_MAX = 365
PASSENGER_FIELDS = frozenset({"travellers", "traveller", "tickets"})
"""Fields of the details that have names of passengers, or numbers of their tickets."""
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)


def _local_time(value: Any) -> Any:
    """Validate a local time without a time zone, as airlines write it."""
    if isinstance(value, str) and _LOCAL.fullmatch(value):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is not None and YEAR_MIN <= found.year <= YEAR_MAX:
            return value
    raise PydanticCustomError("local_time", "Time must be written YYYY-MM-DDTHH:MM, in local time")


def _clock_time(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        return value
    raise PydanticCustomError("clock_time", "Time must be written HH:MM")


def _stay(value: HotelDetails) -> HotelDetails:
    if not 1 <= (value.check_out - value.check_in).days <= NIGHTS_MAX:
        raise PydanticCustomError("nights", "A stay is one to 365 nights")
    return value


def _days(value: OtherDetails) -> OtherDetails:
    if value.until is not None and (value.on is None or value.until < value.on):
        raise PydanticCustomError("days", "The end is before the start")
    return value


LocalTime = Annotated[
    str,
    BeforeValidator(_local_time),
    Field(json_schema_extra={"pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$"}),
]
ClockTime = Annotated[
    str, BeforeValidator(_clock_time), Field(json_schema_extra={"pattern": r"^\d{2}:\d{2}$"})
]
Airport = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


def _limit_of(hint: Any) -> int | None:
    """Return the maximum length of a free text; None if the field is no free text.

    `hint` is the type annotation of the field.
    """
    for part in get_args(hint):
        limit = part.max_length if isinstance(part, Text | Trimmed | Lines) else _limit_of(part)
        if limit is not None:
            return limit
    return None


class FlightDetails(Closed):
    """The details of a flight.

    Times are local to the airports. An unknown airport code is accepted. `travellers` are the
    passenger names in the booking.
    """

    kind: Literal["flight"]
    carrier: Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")]
    carrier_name: Annotated[str, Text(64)] | None = None
    number: Annotated[str, Field(pattern=r"^[0-9]{1,4}[A-Z]?$")]
    origin: Airport
    destination: Airport
    departs_at: LocalTime
    arrives_at: LocalTime
    origin_terminal: Annotated[str, Text(16)] | None = None
    destination_terminal: Annotated[str, Text(16)] | None = None
    cabin: Annotated[str, Text(32)] | None = None
    seats: Annotated[str, Text(64)] | None = None
    baggage: Annotated[str, Text(64)] | None = None
    travellers: Annotated[list[Annotated[str, Text(200)]], Field(max_length=20)] | None = None
    tickets: (
        Annotated[list[Annotated[str, Field(pattern=r"^[0-9]{13}$")]], Field(max_length=20)] | None
    ) = None
    notes: Annotated[str, Lines(NOTES_MAX)] | None = None

    @property
    def departs(self) -> datetime:
        """Return the local time of departure."""
        return datetime.fromisoformat(self.departs_at)

    @property
    def arrives(self) -> datetime:
        """Return the local time of arrival."""
        return datetime.fromisoformat(self.arrives_at)


class HotelDetails(Closed):
    """The details of a hotel stay, from check-in to check-out."""

    kind: Literal["hotel"]
    name: Annotated[str, Trimmed(200)]
    city: Annotated[str, Trimmed(128)]
    country: Country | None = None
    check_in: BusinessDate
    check_out: BusinessDate
    room: Annotated[str, Text(128)] | None = None
    board: Annotated[str, Text(64)] | None = None
    address: Annotated[str, Lines(255)] | None = None
    phone: Annotated[str, Text(64)] | None = None
    notes: Annotated[str, Lines(NOTES_MAX)] | None = None

    @property
    def nights(self) -> int:
        """Return the number of nights."""
        return (self.check_out - self.check_in).days


class TransferDetails(Closed):
    """The details of a transfer from one place to another."""

    kind: Literal["transfer"]
    on: BusinessDate
    at: ClockTime | None = None
    origin: Annotated[str, Trimmed(200)]
    destination: Annotated[str, Trimmed(200)]
    vehicle: Annotated[str, Text(128)] | None = None
    notes: Annotated[str, Lines(NOTES_MAX)] | None = None


class VisaDetails(Closed):
    """The details of visas of one country.

    `count` is the number of visas. `traveller` is the name of the applicant if the visa is for one
    passenger.
    """

    kind: Literal["visa"]
    country: Country
    type: Annotated[str, Text(64)] | None = None
    count: Annotated[int, Field(ge=1, le=99)] = 1
    traveller: Annotated[str, Text(200)] | None = None
    filed_on: BusinessDate | None = None
    granted_on: BusinessDate | None = None
    notes: Annotated[str, Lines(NOTES_MAX)] | None = None


class OtherDetails(Closed):
    """The details of any other service or of a discount.

    Examples of services are an excursion and insurance.
    """

    kind: Literal["other"]
    title: Annotated[str, Trimmed(200)]
    on: BusinessDate | None = None
    until: BusinessDate | None = None
    at: ClockTime | None = None
    notes: Annotated[str, Lines(NOTES_MAX)] | None = None


Details = Annotated[
    FlightDetails
    | Annotated[HotelDetails, AfterValidator(_stay)]
    | TransferDetails
    | VisaDetails
    | Annotated[OtherDetails, AfterValidator(_days)],
    Field(discriminator="kind"),
]
AnyDetails = FlightDetails | HotelDetails | TransferDetails | VisaDetails | OtherDetails
_FREE_TEXTS = {
    kind: {
        name: limit
        for name, hint in get_type_hints(model, include_extras=True).items()
        if (limit := _limit_of(hint)) is not None
    }
    for kind, model in (
        ("flight", FlightDetails),
        ("hotel", HotelDetails),
        ("transfer", TransferDetails),
        ("visa", VisaDetails),
        ("other", OtherDetails),
    )
}
"""Fields with texts that a person writes, by kind of trip line, each with its largest length."""
_READING: TypeAdapter[AnyDetails] = TypeAdapter(Details)


def stored(details: AnyDetails) -> dict[str, Any]:
    """Convert details to JSON for the table, without kind and empty members."""
    return details.model_dump(mode="json", exclude_none=True, exclude={"kind"})


def read_details(kind: str, stored: dict[str, Any]) -> AnyDetails:
    """Convert the stored JSON of a trip line to its details."""
    return _READING.validate_python({"kind": kind, **stored}, strict=False, context=STORED)


def free_texts(kind: str, stored: dict[str, Any]) -> list[str]:
    """Return the texts in the stored JSON of a trip line that a person has written."""
    found = [value for name in _FREE_TEXTS[kind] if (value := stored.get(name)) is not None]
    return [text for value in found for text in (value if isinstance(value, list) else [value])]


def with_texts(kind: str, stored: dict[str, Any], new: Mapping[str, str]) -> dict[str, Any]:
    """Return the stored JSON of a trip line with its free texts replaced.

    `new` maps each text of `free_texts` to its new text. A new text is cut to the maximum length of
    its field.
    """
    changed = dict(stored)
    for name, limit in _FREE_TEXTS[kind].items():
        value = stored.get(name)
        if isinstance(value, list):
            changed[name] = [new[text][:limit] for text in value]
        elif value is not None:
            changed[name] = new[value][:limit]
    return changed


def names_in(stored: dict[str, Any]) -> list[str]:
    """Return the names of passengers in the stored JSON of a trip line."""
    one = stored.get("traveller")
    return [*(stored.get("travellers") or ()), *([one] if one else ())]


def without_passengers(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the stored JSON of a trip line without its fields about passengers."""
    return {name: value for name, value in stored.items() if name not in PASSENGER_FIELDS}


def span(details: AnyDetails) -> tuple[date | None, date | None]:
    """Return the first and last local day of a service.

    Both days are None if the service has no day. The last day is never before the first day.
    """
    match details:
        case FlightDetails():
            return details.departs.date(), max(details.departs.date(), details.arrives.date())
        case HotelDetails():
            return details.check_in, details.check_out
        case TransferDetails():
            return details.on, details.on
        case OtherDetails():
            return details.on, details.until or details.on
        case _:
            return None, None


def service_days(parts: Sequence[AnyDetails]) -> tuple[date | None, date | None]:
    """Return the first and the last day on which services are given.

    The last day is None if it is the first day, or if there is no day. A stay is given by the
    night, so its last day is the one before the departure.
    """
    spans = [(isinstance(details, HotelDetails), *span(details)) for details in parts]
    first = min((first for _is_stay, first, _last in spans if first), default=None)
    lasts = (last - timedelta(days=is_stay) for is_stay, _first, last in spans if last)
    last = max(lasts, default=None)
    return first, None if last == first else last


def name_of(details: AnyDetails) -> str:
    """Return the name of a trip line for staff, such as `EK 533` or a hotel's name."""
    match details:
        case FlightDetails():
            return f"{details.carrier} {details.number}"
        case HotelDetails():
            return str(details.name)
        case TransferDetails():
            return f"{details.origin} – {details.destination}"
        case VisaDetails():
            return str(details.country)
        case OtherDetails():
            return str(details.title)


def nights_of(first: date, after: date) -> list[date]:
    """Return the nights between two days, each as the day on which it begins."""
    return [first + timedelta(days=number) for number in range((after - first).days)]
