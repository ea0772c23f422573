"""Forms of trip lines: flight, hotel, transfer, visa and other service."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from pydantic import BaseModel, ValidationError
from wtforms import SelectChoice, SelectField, StringField, TextAreaField

from voyagent.http.forms import (
    AMOUNT_SENTENCE,
    DateText,
    SchemaForm,
    country_options,
    plain,
    typed_amount,
)
from voyagent.http.template_filters import status_style
from voyagent.kernel.money import Money, currency_codes
from voyagent.trips.forms.trips import CURRENCY_SENTENCES
from voyagent.trips.rules.journey import Line
from voyagent.trips.schemas import LineIn
from voyagent.trips.service.lines import BY_HAND

# The form field at which each error of the service is shown.

# The form field at which each error of the service is shown.
LINE_ERROR_FIELDS = {
    "invalid_currency": "currency",
    "invalid_amount": "price",
    "negative_amount": "price",
    "invalid_line_status": "status",
    "invalid_flight_times": "arrives_on",
    "line_at_supplier": "",
    "line_is_over": "",
    "trip_full": "",
}
_CLOCK = re.compile(r"(\d{1,2})[:.h ]?(\d{2})")


class LineForm(SchemaForm[LineIn]):
    """Base form of a trip line, with the fields that all kinds of line share.

    `untouched_values` has those details of the line for which the form has no field. Saving the
    form keeps these details.
    """

    schema: ClassVar[type[BaseModel]] = LineIn
    kind: ClassVar[str]
    details: ClassVar[tuple[str, ...]]
    """Fields of the form that are members of the details with the same name."""
    untouched: ClassVar[tuple[str, ...]] = ()
    """Members of the details that the form does not show and leaves unchanged."""
    places: ClassVar[dict[str, str]] = {}
    """Form fields for errors of details, where field and detail have different names."""
    sentences: ClassVar[dict[str, Any]] = {
        **CURRENCY_SENTENCES,
        "string_pattern_mismatch": _("Check this value."),
        "cost.string_pattern_mismatch": AMOUNT_SENTENCE,
        "price.string_pattern_mismatch": AMOUNT_SENTENCE,
        "local_time": _("Enter a date such as 24 Nov 2026 and a time such as 16:30."),
        "clock_time": _("Enter a time such as 16:30."),
        "nights": _("Check-out must be at least one day after check-in."),
        "days": _("The end is before the start."),
        "airport.string_pattern_mismatch": _("Enter a three-letter airport code, such as COK."),
    }

    status = SelectField(_("Status"), validate_choice=False)
    currency = SelectField(_("Currency"), validate_choice=False)
    cost = StringField(_("Cost"))
    price = StringField(_("Price"))
    supplier = StringField(_("Supplier"))
    supplier_ref = StringField(_("Booking number"))
    notes = TextAreaField(_("For the customer"))

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(**given)
        self.untouched_values: dict[str, Any] = {}
        self.status.choices = [
            SelectChoice(status, status_style(status).word) for status in BY_HAND[self.kind]
        ]
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency

    @classmethod
    def of(cls, line: Line) -> LineForm:
        """Return a form filled with the values of a trip line."""
        shown = {name: getattr(line.details, name, None) for name in (*cls.details, "notes")}
        plain = {
            "status": line.status,
            "currency": line.price.currency,
            "supplier": line.supplier,
            "supplier_ref": line.supplier_ref,
        }
        form = cls(
            line.price.currency,
            data={
                **shown,
                **plain,
                **cls.shown(line.details),
                "cost": _typed(line.cost),
                "price": _typed(line.price),
            },
        )
        form.untouched_values = {name: getattr(line.details, name) for name in cls.untouched}
        return form

    @classmethod
    def shown(cls, details: Any) -> dict[str, Any]:  # noqa: ARG003 - for subclasses whose fields differ from the details
        """Return values for the fields whose name or format differs from the details.

        `details` are the details of the line that the form shows.
        """
        return {}

    def accepted(self) -> Any | None:
        """Return the validated line, or None if the form has errors."""
        if not self.is_submitted() or not self.validate():
            return None
        try:
            return LineIn.model_validate(self.values(), strict=False)
        except ValidationError as error:
            for item in error.errors(include_url=False):
                name = str(item["loc"][-1]) if item["loc"] else ""
                place = self.places.get(name, name)
                if (
                    place == name or not self[place].errors
                ):  # one message is enough if two details share a field
                    self._note(place, item)
            return None

    def values(self) -> dict[str, Any]:
        """Return the submitted values in the shape of the request schema."""
        texts = {
            name: _text(self[name].data)
            for name in ("status", "currency", "supplier", "supplier_ref")
        }
        amounts = {
            name: plain((self[name].data or "").replace("−", "-"), self.currency.data) or "0"
            for name in ("cost", "price")
        }
        details = {
            name: self[name].iso if isinstance(self[name], DateText) else _text(self[name].data)
            for name in (*self.details, "notes")
        }
        return {
            **texts,
            **amounts,
            "details": (
                {
                    name: value
                    for name, value in {
                        **self.untouched_values,
                        **details,
                        **self.more_details(),
                    }.items()
                    if value is not None
                }
                | {"kind": self.kind}
            ),
        }

    def more_details(self) -> dict[str, Any]:
        """Return the details that are computed from fields of the form."""
        return {}


class FlightForm(LineForm):
    """Form of a flight: airports with local days and times."""

    kind = "flight"
    details = ("origin_terminal", "destination_terminal", "cabin", "seats", "baggage")
    untouched = ("travellers", "tickets", "carrier_name")
    places: ClassVar[dict[str, str]] = {
        "departs_at": "departs_on",
        "arrives_at": "arrives_on",
        "carrier": "flight",
        "number": "flight",
    }
    sentences: ClassVar[dict[str, Any]] = LineForm.sentences | {
        "origin.string_pattern_mismatch": LineForm.sentences["airport.string_pattern_mismatch"],
        "destination.string_pattern_mismatch": LineForm.sentences[
            "airport.string_pattern_mismatch"
        ],
        "flight.string_pattern_mismatch": _("Enter the airline and flight number, such as EK 533."),
        "flight.missing": _("Enter the airline and flight number, such as EK 533."),
    }

    flight = StringField(_("Flight"))
    origin = StringField(_("From"))
    destination = StringField(_("To"))
    departs_on = DateText(_("Departs"))
    departs_time = StringField(_("Departure time"))
    arrives_on = DateText(_("Arrives"))
    arrives_time = StringField(_("Arrival time"))
    origin_terminal = StringField(_("Terminal"))
    destination_terminal = StringField(_("Terminal"))
    cabin = StringField(_("Cabin"))
    seats = StringField(_("Seats"))
    baggage = StringField(_("Baggage"))

    @classmethod
    def shown(cls, details: Any) -> dict[str, Any]:
        """Return the values of the fields for flight number, airports and times."""
        return {
            "flight": f"{details.carrier} {details.number}",
            "origin": details.origin,
            "destination": details.destination,
            "departs_on": details.departs.date(),
            "departs_time": details.departs_at[11:],
            "arrives_on": details.arrives.date(),
            "arrives_time": details.arrives_at[11:],
        }

    def more_details(self) -> dict[str, Any]:
        """Return airline, number, airports and times, computed from the fields.

        If no day of arrival is given, the flight arrives on the day of departure.
        """
        number = "".join((self.flight.data or "").upper().split())
        typed = {name: _text(self[name].data) for name in ("origin", "destination")}
        leaves = self.departs_on.iso
        return {
            **{name: value.upper() if value else None for name, value in typed.items()},
            "carrier": number[:2] or None,
            "number": number[2:] or None,
            "departs_at": _moment(leaves, self.departs_time.data),
            "arrives_at": _moment(self.arrives_on.iso or leaves, self.arrives_time.data),
        }


class HotelForm(LineForm):
    """Form of a hotel stay."""

    kind = "hotel"
    details = (
        "name",
        "city",
        "country",
        "check_in",
        "check_out",
        "room",
        "board",
        "phone",
        "address",
    )

    name = StringField(_("Hotel"))
    city = StringField(_("City"))
    country = SelectField(_("Country"), choices=country_options, validate_choice=False)
    check_in = DateText(_("Arrives"))
    check_out = DateText(_("Leaves"))
    room = StringField(_("Room"))
    board = StringField(_("Meals"))
    phone = StringField(_("Phone"))
    address = StringField(_("Address"))

    places: ClassVar[dict[str, str]] = {"hotel": "check_out"}


class TimedForm(LineForm):
    """Base form of a trip line with a starting time."""

    at = StringField(_("Time"))

    @classmethod
    def shown(cls, details: Any) -> dict[str, Any]:
        """Return the starting time in the details as the value of the field `at`."""
        return {"at": details.at}

    def more_details(self) -> dict[str, Any]:
        """Return the submitted starting time as the member `at` of the details."""
        return {"at": _time(self.at.data)}


class TransferForm(TimedForm):
    """Form of a transfer."""

    kind = "transfer"
    details = ("on", "origin", "destination", "vehicle")

    on = DateText(_("Day"))
    origin = StringField(_("From"))
    destination = StringField(_("To"))
    vehicle = StringField(_("Vehicle"))


class VisaForm(LineForm):
    """Form of visas of one country."""

    kind = "visa"
    details = ("country", "type", "count", "filed_on", "granted_on")
    untouched = ("traveller",)

    country = SelectField(_("Country"), choices=country_options, validate_choice=False)
    type = StringField(_("Visa type"))
    count = StringField(_("How many"))
    filed_on = DateText(_("Applied for on"), kind="book")
    granted_on = DateText(_("Approved on"), kind="book")


class OtherForm(TimedForm):
    """Form of any other service."""

    kind = "other"
    details = ("title", "on", "until")
    places: ClassVar[dict[str, str]] = {"other": "until"}

    title = StringField(_("Description"))
    on = DateText(_("Day"))
    until = DateText(_("Until"))


LINE_FORMS: dict[str, type[LineForm]] = {
    form.kind: form for form in (FlightForm, HotelForm, TransferForm, VisaForm, OtherForm)
}


def _text(value: str | None) -> str | None:
    return value.strip() or None if value else None


def _time(typed: str | None) -> str | None:
    """Parse a time such as `4:30`, `0430` or `16.05`; validation refuses other text."""
    text = _text(typed)
    found = _CLOCK.fullmatch(text) if text else None
    return f"{int(found[1]):02}:{found[2]}" if found else text


def _moment(day: str | None, typed: str | None) -> str | None:
    clock = _time(typed)
    return None if day is None and clock is None else f"{day or ''}T{clock or ''}"


def _typed(amount: Money) -> str:
    return typed_amount(amount) if amount else ""
