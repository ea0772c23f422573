"""Forms of enquiries, and the query parameters of the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from flask import url_for
from flask_babel import lazy_gettext as _l
from pydantic import BaseModel, BeforeValidator, ValidationError
from wtforms import HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from voyagent.enquiries.models import Enquiry
from voyagent.enquiries.queries.enquiries import InvalidCreatedRange, InvalidDepartRange
from voyagent.enquiries.schemas import EnquiryFilter, EnquiryIn, EnquiryPatch
from voyagent.enquiries.service import InvalidDateRange, check_dates, next_statuses
from voyagent.http.forms import DateText, SchemaForm, SentOnce, plain, read_date
from voyagent.http.list_pages import PLACE, PlacedQuery
from voyagent.kernel.money import currency_codes

_DATES = ("depart_from", "depart_to", "created_from", "created_to")
STATUS_WORDS = {
    "new": _l("New"),
    "quoted": _l("Quoted"),
    "booked": _l("Booked"),
    "cancelled": _l("Cancelled"),
}
_LABELS = {
    "depart_from": _l("departs from"),
    "depart_to": _l("departs until"),
    "created_from": _l("received from"),
    "created_to": _l("received until"),
    "status": _l("status"),
    "open": _l("the open row"),
}
# The form field at which each error of the service is shown.
ERROR_FIELDS = {
    "invalid_currency": "budget_currency",
    "invalid_date_range": "return_date",
    "invalid_pax_count": "pax_count",
    "budget_currency_required": "budget_currency",
    "invalid_status_transition": "status",
    "enquiry_has_documents": "status",
    "enquiry_changed": "",
}


class EnquiryForm(SentOnce, SchemaForm[EnquiryIn]):
    """Form of a new enquiry.

    The amount of the budget may have group separators. The currency is used only if an amount is
    given.
    """

    schema: ClassVar[type[BaseModel]] = EnquiryIn
    sentences: ClassVar[dict[str, Any]] = {
        "budget_amount.decimal_parsing": _l("Enter the amount in digits, such as 2,85,000."),
        "budget_out_of_range": _l("The budget must be between 0 and 999,999,999,999.99."),
        "customer_name.string_too_short": _l("Enter a name."),
        "customer_name.missing": _l("Enter a name."),
        "pax_count.int_parsing": _l("Enter the number of people in digits."),
    }

    customer_name = StringField(_l("Name"))
    customer_phone = StringField(_l("Phone"))
    customer_email = StringField(_l("E-mail"))
    origin = StringField(_l("From"))
    destination = StringField(_l("To"))
    depart_date = DateText(_l("Departs"))
    return_date = DateText(_l("Returns"))
    pax_count = StringField(_l("People"))
    budget_currency = SelectField(_l("Currency"), validate_choice=False)
    budget_amount = StringField(_l("Budget"))
    notes = TextAreaField(_l("Notes"))

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(**given)
        here = self.budget_currency.data or currency
        self.budget_currency.choices = [
            *dict.fromkeys(
                [currency, here if here in currency_codes() else currency, *currency_codes()]
            )
        ]
        if self.budget_currency.data is None:
            self.budget_currency.data = currency

    def accepted(self) -> Any | None:
        """Return the validated input, or None if the form has errors.

        The input is an object of the form's schema, such as `EnquiryIn`.
        """
        value = super().accepted()
        if value is None and self.is_submitted():
            try:
                check_dates(
                    read_date(self.depart_date.data or ""), read_date(self.return_date.data or "")
                )
            except InvalidDateRange as error:
                self.refuse(error, **ERROR_FIELDS)
        return value

    def values(self) -> dict[str, Any]:
        """Return the submitted values; the budget amount has no group separators."""
        values = super().values()
        amount = values.get("budget_amount")
        if amount is None:
            values["budget_currency"] = None
        else:
            values["budget_amount"] = plain(amount, values.get("budget_currency"))
        return values


class EditForm(EnquiryForm):
    """Form of an existing enquiry, with its status.

    `seen` is the `updated_at` of the enquiry at the time when the form was opened.
    """

    status = SelectField(_l("Status"), validate_choice=False)
    seen = HiddenField()

    @classmethod
    def of(cls, enquiry: Enquiry, currency: str) -> EditForm:
        """Return a form filled with the values of an enquiry."""
        amount = enquiry.budget_hundredths
        known = {
            name: getattr(enquiry, name)
            for name in EnquiryIn.model_fields
            if name not in ("budget_amount", "session_id")
        }
        form = cls(
            currency,
            data={
                **known,
                "budget_amount": (
                    None
                    if amount is None
                    else f"{Decimal(amount).scaleb(-2):,f}".removesuffix(".00")
                ),
                "seen": enquiry.updated_at.isoformat(),
            },
        )
        form.status.choices = [
            SelectChoice(status, STATUS_WORDS[status]) for status in next_statuses(enquiry.status)
        ]
        return form

    @property
    def opened_state(self) -> datetime | None:
        """Return the enquiry's `updated_at` at the time when the form was opened.

        The result is None if the form was sent without this value. If the value is not a valid
        time, the result is the earliest possible time, so that the change is refused.
        """
        if not self.seen.data:
            return None
        try:
            return datetime.fromisoformat(self.seen.data).astimezone(UTC)
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)


class StatusForm(SchemaForm[EnquiryPatch]):
    """Form of a button that sets an enquiry's status."""

    schema: ClassVar[type[BaseModel]] = EnquiryPatch

    status = StringField()


class ListQuery(PlacedQuery, EnquiryFilter):
    """Query parameters of the list: filters, page and the id of the open enquiry."""

    ordered_by = "created_at"
    words_of = _LABELS

    open: Annotated[UUID | None, BeforeValidator(lambda value: value or None)] = None

    @classmethod
    def read(cls, given: Mapping[str, str]) -> ListQuery:
        """Parse the query parameters of the list.

        Invalid parameters are ignored, and their names are listed in `invalid`.
        """
        values = {
            name: given[name]
            for name in cls.model_fields
            if name in given and name not in ("invalid", "tz")
        }
        for name in _DATES:
            found = (
                read_date(values[name].strip(), "past" if name.startswith("created") else "travel")
                if values.get(name, "").strip()
                else None
            )
            values[name] = found.isoformat() if found else values.get(name, "")
        try:
            query = cls.model_validate(values)
        except ValidationError as error:
            invalid = {str(item["loc"][0]) for item in error.errors(include_url=False)}
            query = cls.model_validate(
                {name: value for name, value in values.items() if name not in invalid}
                | {"invalid": (*sorted(invalid),)}
            )
        return _sensible(query)

    @property
    def narrowed(self) -> bool:
        """Return True if a filter other than the status is set."""
        return any(
            getattr(self, name)
            for name in ("q", "customer_email", "origin", "destination", *_DATES)
        )

    def address(self, **changes: Any) -> str:
        """Return the list's URL with some query parameters changed.

        After a change of a filter, the URL leads to the first page.
        """
        keeps_place = set(changes) <= {"open"} or "cursor" in changes or "before" in changes
        values = self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        if not keeps_place or "cursor" in changes or "before" in changes:
            values = {name: value for name, value in values.items() if name not in (*PLACE, "open")}
        return url_for(
            "enquiries.index",
            **{
                name: value
                for name, value in (values | changes).items()
                if value not in (None, "", "all")
            },
        )

    def tabs(self, by_status: Mapping[str, int]) -> list[dict[str, Any]]:
        """Return one tab per status with its number of enquiries, with "All" first."""
        entries = [
            (None, _l("All"), sum(by_status.values())),
            *((status, word, by_status.get(status, 0)) for status, word in STATUS_WORDS.items()),
        ]
        return [
            {
                "label": word,
                "href": self.address(status=status),
                "here": self.status == (status or "all"),
                "count": number,
            }
            for status, word, number in entries
        ]

    def hidden(self) -> dict[str, str]:
        """Return all filters but the search text, as hidden fields of the search form."""
        values = self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        return {
            name: str(value)
            for name, value in values.items()
            if name not in ("q", "cursor", "before", "offset", "open")
        }


def _sensible(query: ListQuery) -> ListQuery:
    """Return the query without an invalid cursor and without inverted ranges.

    The end of an inverted range is before its start.
    """
    wrong: tuple[str, ...] = ()
    try:
        query.search().check()
    except InvalidDepartRange:
        wrong = ("depart_from", "depart_to")
    except InvalidCreatedRange:
        wrong = ("created_from", "created_to")
    sensible = query.without(*wrong)
    return sensible if sensible is query else _sensible(sensible)
