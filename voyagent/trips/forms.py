"""Forms of trips, passengers, and each kind of line."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from pydantic import BaseModel, ValidationError
from wtforms import BooleanField, SelectChoice, SelectField, StringField, TextAreaField

from voyagent.http.forms import AMOUNT_SENTENCE, DateText, SchemaForm, SentOnce, plain, typed_amount
from voyagent.http.template_filters import country_choices, status_look, today
from voyagent.kernel.errors import Invalid
from voyagent.kernel.money import Money, currency_codes
from voyagent.trips.rules.journey import Line, Passenger
from voyagent.trips.rules.mrz import MachineZone, read_zone
from voyagent.trips.schemas import LineIn, PassengerIn, SendIn, TripIn
from voyagent.trips.service import BY_HAND
from voyagent.trips.words import PASSENGER_WORDS

# Where a refusal of the rules is shown.
TRIP_PLACES = {"trip_already_open": "", "invalid_currency": "currency"}
PASSENGER_PLACES = {"invalid_date_of_birth": "date_of_birth", "trip_full": ""}
LINE_PLACES = {
    "invalid_currency": "currency",
    "invalid_amount": "price",
    "negative_amount": "price",
    "invalid_line_status": "status",
    "invalid_flight_times": "arrives_on",
    "line_at_supplier": "",
    "line_is_over": "",
    "trip_full": "",
}
SEND_PLACES = {"nothing_to_send": ""}
_CURRENCY = {"invalid_currency": _("Enter a currency code of three capital letters, such as INR.")}
_CLOCK = re.compile(r"(\d{1,2})[:.h ]?(\d{2})")


class TripForm(SchemaForm[TripIn]):
    """A trip's name, currency and notes for the customer."""

    schema: ClassVar[type[BaseModel]] = TripIn
    sentences: ClassVar[dict[str, Any]] = _CURRENCY

    title = StringField(_("Title"))
    currency = SelectField(_("Currency"), validate_choice=False)
    notes = TextAreaField(_("Good to know"))

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(**given)
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency


class SendForm(SentOnce, SchemaForm[SendIn]):
    """Recipient of the itinerary, by default the enquiry's customer."""

    schema: ClassVar[type[BaseModel]] = SendIn
    sentences: ClassVar[dict[str, Any]] = {
        "to.missing": _("Enter an e-mail address."),
        "to.email_invalid": _("Enter an e-mail address such as name@example.com."),
    }

    to = StringField(_("E-mail address"))
    locale = SelectField(
        _("Language"),
        choices=[SelectChoice("en", "English"), SelectChoice("hi", "हिन्दी")],
        validate_choice=False,
    )
    prices = BooleanField(_("With the total price"))

    def __init__(self, locale: str, address: str | None, **given: Any) -> None:
        super().__init__(data={"to": address, "locale": locale, "prices": True}, **given)


class PassengerForm(SchemaForm[PassengerIn]):
    """A passenger.

    A blank number keeps a known passport; a checkbox deletes it.
    """

    schema: ClassVar[type[BaseModel]] = PassengerIn
    sentences: ClassVar[dict[str, Any]] = {
        "full_name.string_too_short": _("Enter a name."),
        "full_name.missing": _("Enter a name."),
        "passport_number.string_pattern_mismatch": _(
            "A passport number has 6 to 20 letters and digits."
        ),
        "nationality.string_pattern_mismatch": _("Choose a country from the list."),
    }

    full_name = StringField(_("Name as in the passport"))
    kind = SelectField(
        _("Passenger type"),
        choices=[SelectChoice(kind, words) for kind, words in PASSENGER_WORDS.items()],
        validate_choice=False,
    )
    date_of_birth = DateText(_("Date of birth"), kind="birth")
    nationality = SelectField(_("Nationality"), validate_choice=False)
    passport_number = StringField(_("Passport number"))
    passport_expiry = DateText(_("Passport expiry"))
    passport_lines = TextAreaField(_("Passport lines (machine-readable zone)"))
    forget_passport = BooleanField(_("Delete the passport number"))

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.nationality.choices = [
            SelectChoice("", ""),
            *(SelectChoice(code, name) for code, name in country_choices()),
        ]
        self.zone: MachineZone | None = None
        self.is_named_otherwise = False

    @property
    def status(self) -> int:
        """200 after the passport's lines were read, because the form is then reviewed."""
        return 200 if self.zone else super().status

    def accepted(self) -> Any | None:
        """Return the passenger; None if passport lines were sent, which first fill the fields."""
        if self.is_submitted() and self.validate() and (self.passport_lines.data or "").strip():
            try:
                self._fill(read_zone(self.passport_lines.data or "", today()))
            except Invalid as error:
                self.refuse(error, **{error.code: "passport_lines"})
            return None
        return super().accepted()

    def _fill(self, zone: MachineZone) -> None:
        """Fill the fields from the passport lines; a typed name is kept."""
        self.zone, self.passport_lines.data = zone, ""
        self.passport_number.data, self.passport_expiry.data = zone.number, zone.expires_on
        self.nationality.data = zone.nationality or self.nationality.data
        self.date_of_birth.data = zone.date_of_birth or self.date_of_birth.data
        self.full_name.data = (self.full_name.data or "").strip() or zone.full_name
        self.is_named_otherwise = zone.full_name is not None and not zone.is_named(
            self.full_name.data or ""
        )

    @classmethod
    def of(cls, passenger: Passenger) -> PassengerForm:
        """Return the form filled with a passenger."""
        names = ("full_name", "kind", "date_of_birth", "nationality", "passport_expiry")
        return cls(data={name: getattr(passenger, name) for name in names})

    def changes(self, body: PassengerIn) -> dict[str, Any]:
        """Return the changes: all fields shown, and the passport only if typed or deleted."""
        said: dict[str, Any] = {
            name: getattr(body, name)
            for name in PassengerIn.model_fields
            if name != "passport_number"
        }
        if self.forget_passport.data:
            return said | {"passport_number": None}
        return (
            said
            if body.passport_number is None
            else said | {"passport_number": body.passport_number}
        )


class LineForm(SchemaForm[LineIn]):
    """Fields of every line: status, cost, price, supplier, reference, notes."""

    schema: ClassVar[type[BaseModel]] = LineIn
    kind: ClassVar[str]
    details: ClassVar[tuple[str, ...]]
    """Fields that belong to the details under their own names."""
    untouched: ClassVar[tuple[str, ...]] = ()
    """Details that the form does not show and keeps."""
    places: ClassVar[dict[str, str]] = {}
    """Fields of the details whose errors appear at another field."""
    sentences: ClassVar[dict[str, Any]] = {
        **_CURRENCY,
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
        self.kept: dict[str, Any] = {}
        self.status.choices = [
            SelectChoice(status, status_look(status).word) for status in BY_HAND[self.kind]
        ]
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency

    @classmethod
    def of(cls, line: Line) -> LineForm:
        """Return the form filled with a line."""
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
        form.kept = {name: getattr(line.details, name) for name in cls.untouched}
        return form

    @classmethod
    def shown(cls, details: Any) -> dict[str, Any]:  # noqa: ARG003 - a kind whose fields are not those of its details reads them here
        """Return fields that the details have under other names."""
        return {}

    def accepted(self) -> Any | None:
        """Return the schema's value; errors of the details appear at their fields."""
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
                ):  # one sentence is enough where two of the details are one field
                    self._note(place, item)
            return None

    def values(self) -> dict[str, Any]:
        """Return the input as the schema expects it."""
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
                    for name, value in {**self.kept, **details, **self.further()}.items()
                    if value is not None
                }
                | {"kind": self.kind}
            ),
        }

    def further(self) -> dict[str, Any]:
        """Return further details."""
        return {}


class FlightForm(LineForm):
    """A flight: airports with local days and times."""

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
    departs_time = StringField(_("At"))
    arrives_on = DateText(_("Arrives"))
    arrives_time = StringField(_("At"))
    origin_terminal = StringField(_("Terminal"))
    destination_terminal = StringField(_("Terminal"))
    cabin = StringField(_("Cabin"))
    seats = StringField(_("Seats"))
    baggage = StringField(_("Baggage"))

    @classmethod
    def shown(cls, details: Any) -> dict[str, Any]:
        """Return number, airports and times."""
        return {
            "flight": f"{details.carrier} {details.number}",
            "origin": details.origin,
            "destination": details.destination,
            "departs_on": details.departs.date(),
            "departs_time": details.departs_at[11:],
            "arrives_on": details.arrives.date(),
            "arrives_time": details.arrives_at[11:],
        }

    def further(self) -> dict[str, Any]:
        """Split airline and number, capitalise airports, join days and times.

        Without a day of arrival the flight lands on the day of departure.
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
    """A stay."""

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
    country = SelectField(_("Country"), validate_choice=False)
    check_in = DateText(_("Arrives"))
    check_out = DateText(_("Leaves"))
    room = StringField(_("Room"))
    board = StringField(_("Meals"))
    phone = StringField(_("Phone"))
    address = StringField(_("Address"))

    places: ClassVar[dict[str, str]] = {"hotel": "check_out"}

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(currency, **given)
        self.country.choices = [
            SelectChoice("", ""),
            *(SelectChoice(code, name) for code, name in country_choices()),
        ]


class TimedForm(LineForm):
    """A line that begins at a time of day."""

    at = StringField(_("At"))

    @classmethod
    def shown(cls, details: Any) -> dict[str, Any]:
        """Return the time."""
        return {"at": details.at}

    def further(self) -> dict[str, Any]:
        """Return the time."""
        return {"at": _time(self.at.data)}


class TransferForm(TimedForm):
    """A transfer."""

    kind = "transfer"
    details = ("on", "origin", "destination", "vehicle")

    on = DateText(_("Day"))
    origin = StringField(_("From"))
    destination = StringField(_("To"))
    vehicle = StringField(_("Vehicle"))


class VisaForm(LineForm):
    """Visas of a country."""

    kind = "visa"
    details = ("country", "type", "count", "filed_on", "granted_on")
    untouched = ("traveller",)

    country = SelectField(_("Country"), validate_choice=False)
    type = StringField(_("Visa type"))
    count = StringField(_("How many"))
    filed_on = DateText(_("Applied for on"), kind="book")
    granted_on = DateText(_("Approved on"), kind="book")

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(currency, **given)
        self.country.choices = [
            SelectChoice("", ""),
            *(SelectChoice(code, name) for code, name in country_choices()),
        ]


class OtherForm(TimedForm):
    """Any other service."""

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
    """Read a time such as `4:30`, `0430`, `16.05`; other text is refused by the schema."""
    text = _text(typed)
    found = _CLOCK.fullmatch(text) if text else None
    return f"{int(found[1]):02}:{found[2]}" if found else text


def _moment(day: str | None, typed: str | None) -> str | None:
    clock = _time(typed)
    return None if day is None and clock is None else f"{day or ''}T{clock or ''}"


def _typed(amount: Money) -> str:
    return typed_amount(amount) if amount else ""
