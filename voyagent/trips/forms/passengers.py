"""Form of a passenger."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from pydantic import BaseModel
from wtforms import BooleanField, SelectChoice, SelectField, StringField, TextAreaField

from voyagent.http.forms import DateText, SchemaForm, country_options
from voyagent.http.template_filters import today
from voyagent.kernel.errors import Invalid
from voyagent.trips.rules.journey import Passenger
from voyagent.trips.rules.mrz import MachineZone, read_zone
from voyagent.trips.schemas import PassengerIn
from voyagent.trips.words import PASSENGER_WORDS

# The form field at which each error of the service is shown.

# The form field at which each error of the service is shown.
PASSENGER_ERROR_FIELDS = {"invalid_date_of_birth": "date_of_birth", "trip_full": ""}


class PassengerForm(SchemaForm[PassengerIn]):
    """Form of a passenger.

    A blank passport number keeps the stored number. A checkbox deletes the stored number. Instead
    of typing the data, the user can paste the two machine-readable lines of the passport.
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
    nationality = SelectField(_("Nationality"), choices=country_options, validate_choice=False)
    passport_number = StringField(_("Passport number"))
    passport_expiry = DateText(_("Passport expiry"))
    passport_lines = TextAreaField(_("Passport lines (machine-readable zone)"))
    forget_passport = BooleanField(_("Delete the passport number"))

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.zone: MachineZone | None = None
        self.is_named_otherwise = False

    @property
    def status(self) -> int:
        """Return the HTTP status of the page with the form: 200, 422 or 429.

        A submitted form that is shown again normally has the status 422. The status is 200 if the
        form was filled from a passport's machine-readable lines and is shown for review.
        """
        return 200 if self.zone else super().status

    def accepted(self) -> Any | None:
        """Return the validated passenger, or None if the form has errors or needs review.

        If the user entered the machine-readable lines of a passport, the form fills its other
        fields from the lines and returns None, so that the user can review the fields.
        """
        if self.is_submitted() and self.validate() and (self.passport_lines.data or "").strip():
            try:
                self._fill(read_zone(self.passport_lines.data or "", today()))
            except Invalid as error:
                self.refuse(error, **{error.code: "passport_lines"})
            return None
        return super().accepted()

    def _fill(self, zone: MachineZone) -> None:
        """Fill the fields from the machine-readable lines of a passport.

        A name that the user entered is kept.
        """
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
        """Return a form filled with the values of a passenger."""
        names = ("full_name", "kind", "date_of_birth", "nationality", "passport_expiry")
        return cls(data={name: getattr(passenger, name) for name in names})

    def changes(self, body: PassengerIn) -> dict[str, Any]:
        """Return the new values of the passenger's fields.

        `body` is the result of `accepted`. The passport number is included only if it was entered
        or is to be deleted; every other field is included.
        """
        changes: dict[str, Any] = {
            name: getattr(body, name)
            for name in PassengerIn.model_fields
            if name != "passport_number"
        }
        if self.forget_passport.data:
            return changes | {"passport_number": None}
        return (
            changes
            if body.passport_number is None
            else changes | {"passport_number": body.passport_number}
        )
