"""HTML forms over pydantic schemas, whose errors appear at the fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Generic, TypeVar

from flask import Response, after_this_request
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from wtforms import Field, HiddenField, SelectChoice, StringField
from wtforms.validators import DataRequired

from voyagent.http.errors import sentence_of
from voyagent.http.htmx import is_htmx
from voyagent.http.pace import answer_no_earlier_than
from voyagent.http.template_filters import MINUS, amount, country_choices, day, number, today
from voyagent.kernel.db import finish
from voyagent.kernel.errors import Remedy, TooManyRequests, VoyagentError
from voyagent.kernel.fields import YEAR_MAX, YEAR_MIN
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import AmountNegative, AmountTooFine, AmountTooLarge, Money, ungrouped
from voyagent.kernel.text import dates
from voyagent.kernel.text.amounts import find_figures, read_amount
from voyagent.kernel.text.dates import DateKind, Day, UnclearDate
from voyagent.kernel.text.passages import FIELD_MAX

Schema = TypeVar("Schema", bound=BaseModel)
Result = TypeVar("Result")
_NUMBER = re.compile(r"([-−–+]?)(\d+)(?:\.(\d*))?")
_WHOLE_MAX, _DECIMALS_MAX = 15, 4
"""Maximum number of digits of an amount before and after the decimal point, as in the API."""
_LIMIT = re.compile(r"-?[0-9]+\Z", re.ASCII)
"""The limit at the end of pydantic's message, such as `less than or equal to 99`."""
_DATE_SENTENCE = lazy_gettext("Enter a date such as 24 Nov 2026 or 24/11.")
AMOUNT_SENTENCE = lazy_gettext("Enter an amount such as 45000 or 45,000.50.")
_SENTENCES: dict[str, Callable[[], Any]] = {
    "missing": lambda: lazy_gettext("This field is required."),
    "string_too_short": lambda: lazy_gettext("This is missing or too short."),
    "string_too_long": lambda: lazy_gettext("This is too long."),
    "string_unstorable": lambda: lazy_gettext(
        "This has characters that can’t be stored. Remove them."
    ),
    "string_control_character": lambda: lazy_gettext(
        "This has invisible characters, such as a line break or a change of the text’s direction."
        " Delete them or type the text again."
    ),
    "date_parsing": lambda: _DATE_SENTENCE,
    "date_from_datetime_parsing": lambda: _DATE_SENTENCE,
    "date_out_of_range": lambda: lazy_gettext("Use a date between 1900 and 2200."),
    "int_parsing": lambda: lazy_gettext("Enter a whole number."),
    "quantity_invalid": lambda: lazy_gettext(
        "Enter a quantity above 0 and at most 1,000,000, with at most 3 decimals."
    ),
    "greater_than_equal": lambda: lazy_gettext("This is too small."),
    "less_than_equal": lambda: lazy_gettext("This is too large."),
    "decimal_parsing": lambda: AMOUNT_SENTENCE,
    "email_invalid": lambda: lazy_gettext("Enter an e-mail address such as name@example.com."),
    "string_pattern_mismatch": lambda: lazy_gettext("The format is not valid."),
    "cash_or_bank": lambda: lazy_gettext("Enter “bank” or “cash”."),
    "literal_error": lambda: lazy_gettext("Choose one from the list."),
    "enum": lambda: lazy_gettext("Choose one from the list."),
}


class DateText(StringField):
    """A field for a date as people write it, with the day before the month.

    Examples: `24 Nov 2026`, `24/11`, `Friday`. `kind` is the purpose of the date, such as
    `travel` or `past`, and decides which year is meant if the text has none.
    """

    def __init__(self, *arguments: Any, kind: DateKind = "travel", **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.kind = kind

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Store the text as the user typed it; `iso` returns the date that it means."""
        super().process_formdata(valuelist)

    @property
    def iso(self) -> str | None:
        """Return the date as YYYY-MM-DD, or None if the field is blank.

        Text that is not a date is returned unchanged, so that the schema refuses it.
        """
        if isinstance(self.data, date):
            return self.data.isoformat()  # the default value of a field that was not submitted
        text = (self.data or "").strip()
        if not text:
            return None
        found = read_date(text, self.kind)
        return found.isoformat() if found else text

    @property
    def is_invalid(self) -> bool:
        """Return True if the field contains text that is not a date."""
        text = self.data.strip() if isinstance(self.data, str) else ""
        return bool(text) and read_date(text, self.kind) is None


def country_options() -> list[SelectChoice]:
    """Return the options of a country field in the page's language, a blank first."""
    return [SelectChoice("", ""), *(SelectChoice(*country) for country in country_choices())]


class RowsField(StringField):
    """A field of several rows with several inputs each, such as invoice lines.

    `names` are the names of the inputs of a row. A row is left out if all its inputs in `written`
    are blank.
    """

    names: ClassVar[tuple[str, ...]]
    also: ClassVar[tuple[str, ...]] = ()
    """Further inputs of a row that only some pages have."""
    written: ClassVar[tuple[str, ...]]
    most: ClassVar[int]

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Read the submitted rows, or use `data` if none were submitted."""
        super().process(None, data, extra_filters)
        self.data: list[dict[str, str]] = list(data or [])
        if formdata is not None and any(name in formdata for name in self.names):
            names = self.names + tuple(name for name in self.also if name in formdata)
            columns = [formdata.getlist(name)[: self.most + 1] for name in names]
            rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False))
            self.data = [row for row in rows if any(row[name].strip() for name in self.written)]


class SchemaForm(FlaskForm, Generic[Schema]):
    """A form whose input is validated by a pydantic schema.

    A subclass sets `schema` and declares a field for each member of the schema.
    """

    schema: ClassVar[type[BaseModel]]
    empty_as_none: ClassVar[bool] = True
    sentences: ClassVar[dict[str, Any]] = {}
    """Error sentences that replace the usual sentences.

    A key is `type`, `field.type` or `field.type.blank`, where `type` is the type of a pydantic
    error and `field` the name of a field.
    """

    stand_ins: ClassVar[dict[str, Any]] = {}
    """Values that `dry_run` uses for fields that are still blank."""

    awaited: ClassVar[Collection[str]] = ()
    """Codes of errors that only mean that a field is still blank; `dry_run` ignores them."""
    problems: Sequence[str] = ()
    """Sentences that say why the form would be refused; set by `dry_run`."""
    refused: str | None = None
    """Code of the error with which the service refused the form, None if it did not."""
    remedy: Remedy | None = None
    """The page that removes the cause of the error, if there is one."""
    _is_rate_limited: bool = False

    @property
    def status(self) -> int:
        """Return the page's HTTP status: 200, 422 (refused) or 429 (too many attempts)."""
        if self._is_rate_limited:
            return 429
        return 422 if self.is_submitted() else 200

    def accepted(self) -> Any | None:
        """Return the validated object, or None if the form was not sent or is invalid.

        If the form is invalid, each invalid field gets an error sentence.
        """
        if not self.is_submitted() or not self.validate():
            return None
        try:
            return self.schema.model_validate(self.values(), strict=False)
        except ValidationError as error:
            for item in error.errors(include_url=False):
                self._note(self.place_of(item["loc"]), item)
            return None

    def values(self) -> dict[str, Any]:
        """Return the submitted values by field, for the schema.

        If `empty_as_none` is true, a blank text counts as None. A field that is None is left out,
        unless the schema allows None.
        """
        values: dict[str, Any] = {}
        for name, field in self._fields.items():
            if name == "csrf_token" or name not in self.schema.model_fields:
                continue
            value = field.iso if isinstance(field, DateText) else field.data
            if isinstance(value, str) and not value.strip() and self.empty_as_none:
                value = None
            if value is None and not self._nullable(name):
                continue
            values[name] = value
        return values

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the name of the field at which a schema error is shown.

        If the result is an empty text, the error is shown above the form.
        """
        return str(loc[0]) if loc else ""

    def attempt(self, act: Callable[[Any], Result], **fields: str) -> Result | None:
        """Validate the form and return the result of `act`, or None after an error.

        `act` is called with the validated object, unless the form is invalid. `fields` maps the
        codes of errors that `act` may raise to the field where the error is shown. With the field
        "" the error is shown above the form. An error with a remedy, and TooManyRequests, are shown
        above the form too. But if htmx sent the request, TooManyRequests is raised, because htmx
        shows it as an alert. All other errors are raised. An error that is shown ends the
        transaction: with a commit if the error has `keeps_work`, else with a rollback.
        """
        value = self.accepted()
        if value is None:
            return None
        try:
            return act(value)
        except VoyagentError as error:
            too_often = (
                isinstance(error, TooManyRequests) and not is_htmx()
            )  # with htmx the page stays as it is and shows an alert
            if error.code not in fields and error.remedy is None and not too_often:
                raise
            finish(error)
            self.refuse(error, **fields)
            return None

    def dry_run(self, act: Callable[[Any], Result]) -> Result | None:
        """Return the result of `act` for a form that may be incomplete.

        `act` is called with the validated object and must only read. The result is None if a
        required field or an amount is blank, or if the form would be refused. `problems` has the
        reasons for a refusal, if there are any.
        """
        self.problems = ()
        if any(
            isinstance(field, AmountText) and not str(field.data or "").strip() for field in self
        ):
            return None
        try:
            typed = {
                name: value for name, value in self.typed_values().items() if value is not None
            }
            return act(self.schema.model_validate(self.stand_ins | typed, strict=False))
        except ValidationError as error:
            found = [item for item in error.errors(include_url=False) if not _is_blank(item)]
            self.problems = [
                *dict.fromkeys(self._sentence(self.place_of(item["loc"]), item) for item in found)
            ]
        except VoyagentError as error:
            if error.code not in self.awaited:
                self.problems, self.remedy = [sentence_of(error)], error.remedy
        return None

    def typed_values(self) -> dict[str, Any]:
        """Return the values that `dry_run` uses, by field."""
        return self.values()

    def refuse(self, error: VoyagentError, **fields: str) -> None:
        """Show an error at the field that `fields` gives for the code of the error.

        If `fields` has no field for the code, the error is shown above the form.
        """
        self.refused, self.remedy = error.code, error.remedy
        if error.answer_at is not None:
            answer_no_earlier_than(error.answer_at)
        if isinstance(error, TooManyRequests):
            self._is_rate_limited = True
            _set_retry_after(error.retry_after_s)
        place = fields.get(error.code, "")
        target = self._fields.get(place)
        sentence = sentence_of(error)
        if target is not None:
            target.errors = [*target.errors, sentence]
        else:
            self.form_errors.append(sentence)

    def _nullable(self, name: str) -> bool:
        return type(None) in getattr(self.schema.model_fields[name].annotation, "__args__", ())

    def _sentence(self, name: str, finding: ErrorDetails) -> str:
        typed = self._fields.get(name)
        if isinstance(typed, DateText) and typed.is_invalid:
            return date_sentence(str(typed.data), typed.kind)
        kind = f"{finding['type']}.blank" if _is_blank(finding) else finding["type"]
        own = next(
            (
                self.sentences[key]
                for key in (f"{name}.{kind}", f"{name}.{finding['type']}", finding["type"])
                if key in self.sentences
            ),
            None,
        )
        if own is AMOUNT_SENTENCE:
            return amount_sentence(finding["input"])
        if own is None and finding["type"] == "date_parsing" and isinstance(finding["input"], str):
            return date_sentence(finding["input"])
        return str(own or finding_in_words(finding["type"], finding["msg"]))

    def _note(self, name: str, finding: ErrorDetails) -> None:
        sentence = self._sentence(name, finding)
        field: Field | None = self._fields.get(name)
        if field is None:
            self.form_errors.append(sentence)
        elif sentence not in field.errors:  # several rows of a field may have the same error
            field.errors = [*field.errors, sentence]


class AmountText(StringField):
    """Field of an amount that must be entered; a blank field is an error."""

    def __init__(self, label: Any, **keywords: Any) -> None:
        super().__init__(label, [DataRequired(lazy_gettext("This field is required."))], **keywords)


class SentOnce:
    """Mixin for a form that takes effect only once, even if it is sent again.

    The form has a hidden key, which is generated when the form is opened. Each submission sends the
    same key, and a page with the option `once` processes a key only once.
    """

    form_key = HiddenField(default=lambda: str(new_id()))


def _is_blank(finding: ErrorDetails) -> bool:
    """Return True if an error is about a field that is still blank."""
    typed = finding["input"]
    return (
        finding["type"] in ("missing", "too_short")
        or typed is None
        or (isinstance(typed, str) and not typed.strip())
    )


def finding_in_words(kind: str, message: str) -> str:
    """Return the sentence for a type of schema error, else the message of the schema.

    For a number that is too large or too small, the sentence states the limit.
    """
    limit = _LIMIT.search(message)
    if limit is not None and kind == "less_than_equal":
        return gettext("Enter at most %(limit)s.", limit=number(int(limit.group())))
    if limit is not None and kind == "greater_than_equal":
        return gettext("Enter at least %(limit)s.", limit=number(int(limit.group())))
    return str(_SENTENCES[kind]()) if kind in _SENTENCES else message.removeprefix("Value error, ")


def amount_sentence(typed: object) -> str:
    """Return the reason why an amount is refused, else a sentence on how to write one."""
    figure = _NUMBER.fullmatch(typed.strip()) if isinstance(typed, str) else None
    if figure is None:
        return _words_sentence(typed) if isinstance(typed, str) else str(AMOUNT_SENTENCE)
    sign, whole, decimals = figure.groups(default="")
    if sign in ("-", "−", "–"):
        return gettext(AmountNegative.message)
    if len(whole.lstrip("0")) > _WHOLE_MAX:
        return gettext(AmountTooLarge.message)
    return gettext(AmountTooFine.message) if len(decimals) > _DECIMALS_MAX else str(AMOUNT_SENTENCE)


def _words_sentence(typed: str) -> str:
    figures = find_figures(typed[:FIELD_MAX])
    if any(figure.ranged for figure in figures):
        return gettext("This is a range. Enter one amount.")
    if any(figure.each for figure in figures):
        return gettext("This is a price per person or piece. Enter the amount alone.")
    amount = read_amount(typed)
    if amount and amount.currency:
        return gettext(
            "Enter the amount without %(currency)s, in the currency of this form.",
            currency=amount.currency,
        )
    return str(AMOUNT_SENTENCE)


class AmountForm(SchemaForm[Schema]):
    """A form whose field `amount` may contain digit groups, such as `1,20,000`."""

    def values(self) -> dict[str, Any]:
        """Return the submitted values, with `amount` as a plain decimal number."""
        values = super().values()
        return values | ({"amount": plain(values["amount"])} if values.get("amount") else {})


def plain(typed: str, currency: str | None = None) -> str:
    """Return a typed amount as a decimal number with the digits 0 to 9.

    Examples of valid input: `1,20,000`, `1.2 lakh` and, if `currency` is INR, `₹60k`. Other text is
    returned without surrounding spaces, so that the schema refuses it.
    """
    digits = ungrouped(
        "".join(
            str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in typed
        )
    )
    if _NUMBER.fullmatch(digits):
        return digits
    found = read_amount(typed)
    return found.plain if found and found.currency in (None, currency) else typed.strip()


def typed_amount(value: Money) -> str:
    """Return an amount as the value of an input field, with grouped digits.

    `plain` can read the text back.
    """
    return amount(value).replace(MINUS, "-")


def _set_retry_after(retry_after_s: int) -> None:
    @after_this_request
    def stamp(response: Response) -> Response:
        response.headers["Retry-After"] = str(retry_after_s)
        return response


def opened_state(seen: str | None) -> datetime | None:
    """Return the version of the record that the form showed, from the field `seen`.

    The version is the time of the last change, in UTC. The result is None if the field is blank. If
    the text is not a time, the result is the earliest datetime, so that the form counts as
    outdated.
    """
    if not seen:
        return None
    try:
        return datetime.fromisoformat(seen).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def read_date(text: str, kind: DateKind = "travel", *, since: date | None = None) -> date | None:
    """Return the date that a text means, or None if the text is not exactly one date.

    A relative date such as `Friday` is counted from today in the page's time zone. With `since`, a
    date without a year is the first such date on or after `since`.
    """
    found = dates.read_date(text, today(), kind, since=since)
    return found.day if isinstance(found, Day) else None


def read_past_day(text: str) -> date | None:
    """Return the date that a text means; a date without a year is in the past.

    A year that is written is used, even if the date is in the future. The result is None if the
    text is not exactly one date, or if the year is not between YEAR_MIN and YEAR_MAX.
    """
    found = read_date(text, "past") if text else None
    return found if found and YEAR_MIN <= found.year <= YEAR_MAX else None


def date_sentence(text: str, kind: DateKind = "travel") -> str:
    """Return the reason why a text is no date, with a date that may be meant."""
    found = dates.read_date(text, today(), kind)
    if not isinstance(found, UnclearDate):
        return str(_DATE_SENTENCE)
    offer = day(found.offers[0], year=True, weekday=True) if found.offers else ""
    match found.reason:
        case "no_such_day":
            return gettext("The calendar has no %(date)s.", date=found.words)
        case "month_first":
            return gettext("Enter the day before the month. Did you mean %(date)s?", date=offer)
        case "other_weekday":
            return gettext(
                "“%(words)s” is not correct: this date is %(date)s.", words=found.words, date=offer
            )
        case "no_year":
            return gettext("Enter the year too, such as 24 Nov 1986.")
        case "two_dates":
            return gettext("Enter one date, not two.")
        case "open" | "unknown":
            return gettext(
                "“%(words)s” is not an exact date. Enter a date such as 24 Nov 2026 or 24/11.",
                words=found.words,
            )
