"""Forms of a trip: create it, change its title, send the itinerary."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from pydantic import BaseModel
from wtforms import BooleanField, SelectChoice, SelectField, StringField, TextAreaField

from voyagent.http.forms import SchemaForm, SentOnce
from voyagent.kernel.money import currency_codes
from voyagent.trips.schemas import DecisionIn, SendIn, TripIn

# The form field at which each error of the service is shown.

# The form field at which each error of the service is shown.
TRIP_ERROR_FIELDS = {"trip_already_open": "", "invalid_currency": "currency"}
DECISION_ERROR_FIELDS = {"another_trip_accepted": "", "trip_has_facts": ""}
SEND_ERROR_FIELDS = {"nothing_to_send": "", "agency_not_verified": ""}
CURRENCY_SENTENCES = {
    "invalid_currency": _("Enter a currency code of three capital letters, such as INR.")
}


class TripForm(SchemaForm[TripIn]):
    """Form of a trip's title, currency and notes for the customer."""

    schema: ClassVar[type[BaseModel]] = TripIn
    sentences: ClassVar[dict[str, Any]] = CURRENCY_SENTENCES

    title = StringField(_("Title"))
    currency = SelectField(_("Currency"), validate_choice=False)
    notes = TextAreaField(_("Good to know"))

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(**given)
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency


class DecisionForm(SchemaForm[DecisionIn]):
    """The buttons that accept, decline or cancel a trip, or take this back."""

    schema: ClassVar[type[BaseModel]] = DecisionIn

    decision = StringField()


class SendForm(SentOnce, SchemaForm[SendIn]):
    """Form to send the itinerary; the recipient is by default the enquiry's customer."""

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
