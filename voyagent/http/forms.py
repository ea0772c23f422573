"""Forms over pydantic schemas: the schema has the rules, and its errors are shown at the fields."""

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
from voyagent.http.template_filters import MINUS, amount, country_choices, day, today
from voyagent.kernel.db import finish
from voyagent.kernel.errors import TooManyRequests, VoyagentError
from voyagent.kernel.fields import YEAR_MAX, YEAR_MIN
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import AmountNegative, AmountTooFine, AmountTooLarge, Money, ungrouped
from voyagent.kernel.text import dates
from voyagent.kernel.text.amounts import find_figures, read_amount
from voyagent.kernel.text.dates import DateKind, Day, UnclearDate

Schema = TypeVar("Schema", bound=BaseModel)
Result = TypeVar("Result")
_NUMBER = re.compile(r"([-−–+]?)(\d+)(?:\.(\d*))?")
_WHOLE_MAX, _DECIMALS_MAX = 15, 4
"""The most digits of an amount of the API before and behind its point."""
_DATE_SENTENCE = lazy_gettext("Enter a date such as 24 Nov 2026 or 24/11.")
AMOUNT_SENTENCE = lazy_gettext("Enter an amount such as 45000 or 45,000.50.")
_SENTENCES: dict[str, Callable[[], Any]] = {
    "missing": lambda: lazy_gettext("This field is required."),
    "string_too_short": lambda: lazy_gettext("This is missing or too short."),
    "string_too_long": lambda: lazy_gettext("This is too long."),
    "string_unstorable": lambda: lazy_gettext(
        "This has characters that can’t be stored. Remove them."
    ),
    "date_parsing": lambda: _DATE_SENTENCE,
    "date_from_datetime_parsing": lambda: _DATE_SENTENCE,
    "date_out_of_range": lambda: lazy_gettext("Use a date between 1900 and 2200."),
    "int_parsing": lambda: lazy_gettext("Enter a whole number."),
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
    """A date as people write it: `24 Nov 2026`, `24/11`, `next Friday`; day before month.

    `kind` says what the date is for, which decides a missing year.
    """

    def __init__(self, *arguments: Any, kind: DateKind = "travel", **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.kind = kind

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep the text as it was typed; `iso` has its meaning."""
        super().process_formdata(valuelist)

    @property
    def iso(self) -> str | None:
        """The date as YYYY-MM-DD, None if the field is blank.

        Text that is no date stays as it is, so that the schema refuses it.
        """
        if isinstance(self.data, date):
            return self.data.isoformat()  # the default, where the field was not sent
        text = (self.data or "").strip()
        if not text:
            return None
        found = read_date(text, self.kind)
        return found.isoformat() if found else text

    @property
    def is_unread(self) -> bool:
        """True for text that is not read as a date."""
        text = self.data.strip() if isinstance(self.data, str) else ""
        return bool(text) and read_date(text, self.kind) is None


def country_options() -> list[SelectChoice]:
    """Return a blank choice and the countries, in the reader's language."""
    return [SelectChoice("", ""), *(SelectChoice(*country) for country in country_choices())]


class RowsField(StringField):
    """Rows of several inputs each, such as the lines of a document.

    A row in which all inputs of `written` are blank is left out.
    """

    names: ClassVar[tuple[str, ...]]
    also: ClassVar[tuple[str, ...]] = ()
    """Inputs that only some pages have."""
    written: ClassVar[tuple[str, ...]]
    most: ClassVar[int]

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Read the rows that were sent, at most one more than `most`, or take `data`."""
        super().process(None, data, extra_filters)
        self.data: list[dict[str, str]] = list(data or [])
        if formdata is not None and any(name in formdata for name in self.names):
            names = self.names + tuple(name for name in self.also if name in formdata)
            columns = [formdata.getlist(name)[: self.most + 1] for name in names]
            rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False))
            self.data = [row for row in rows if any(row[name].strip() for name in self.written)]


class SchemaForm(FlaskForm, Generic[Schema]):
    """A form over a schema: fields have labels and controls, the schema has the rules."""

    schema: ClassVar[type[BaseModel]]
    empty_as_none: ClassVar[bool] = True
    sentences: ClassVar[dict[str, Any]] = {}
    """Sentences in place of the usual ones, by `kind`, `field.kind` or `field.kind.blank`."""

    stand_ins: ClassVar[dict[str, Any]] = {}
    """Values that `dry_run` takes for fields that are still blank."""

    awaited: ClassVar[Collection[str]] = ()
    """Codes of rules that fail only because something is still blank; `dry_run` ignores them."""
    problems: Sequence[str] = ()
    """Sentences that say why the form would be refused; set by `dry_run`."""
    refused: str | None = None
    """The code of the rule that refused the form, if one did."""
    _came_too_often: bool = False

    @property
    def status(self) -> int:
        """The status of a page with the form: 200, 422 if it was refused, 429 if sent too often."""
        if self._came_too_often:
            return 429
        return 422 if self.is_submitted() else 200

    def accepted(self) -> Any | None:
        """Return the schema's value; None if the form was not sent or is refused.

        Each wrong field then has its sentence.
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
        """The typed values by field; a blank one is None, or absent if the schema has a default."""
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
        """The field at which an error of the schema is shown, "" for above the form."""
        return str(loc[0]) if loc else ""

    def attempt(self, act: Callable[[Any], Result], **fields: str) -> Result | None:
        """Call `act` with the schema's value; None if the form or the rule refused it.

        `fields` names the expected codes and where each is shown: a field, or "" for above the
        form. Too many attempts are shown above every form, with all that was typed in it. Any other
        error goes its usual way. What the act had written is rolled back, unless the error keeps
        its work.
        """
        value = self.accepted()
        if value is None:
            return None
        try:
            return act(value)
        except VoyagentError as error:
            too_often = (
                isinstance(error, TooManyRequests) and not is_htmx()
            )  # htmx leaves the page as it is and shows an alert
            if error.code not in fields and not too_often:
                raise
            finish(error)
            self.refuse(error, **fields)
            return None

    def dry_run(self, act: Callable[[Any], Result]) -> Result | None:
        """Call `act`, which only reads, with the value as it is typed so far.

        None while a needed field is blank, or if the form would be refused: `problems` says why.
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
            self.problems = [] if error.code in self.awaited else [sentence_of(error)]
        return None

    def typed_values(self) -> dict[str, Any]:
        """The values that `dry_run` takes."""
        return self.values()

    def refuse(self, error: VoyagentError, **fields: str) -> None:
        """Show a rule's refusal at the field that `fields` names for it, or above the form."""
        self.refused = error.code
        if error.answer_at is not None:
            answer_no_earlier_than(error.answer_at)
        if isinstance(error, TooManyRequests):
            self._came_too_often = True
            _tell_when(error.retry_after_s)
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
        if isinstance(typed, DateText) and typed.is_unread:
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
        elif sentence not in field.errors:  # several rows of a field may be wrong in one way
            field.errors = [*field.errors, sentence]


class AmountText(StringField):
    """A required amount: on a page a blank field never means all that is open."""

    def __init__(self, label: Any, **keywords: Any) -> None:
        super().__init__(label, [DataRequired(lazy_gettext("This field is required."))], **keywords)


class SentOnce:
    """A key of a form that records something new, so that a page with `once` takes it once.

    It is set when the form is opened and stays the same however often the form is sent.
    """

    form_key = HiddenField(default=lambda: str(new_id()))


def _is_blank(finding: ErrorDetails) -> bool:
    """True if an error is about a field that is still blank."""
    typed = finding["input"]
    return (
        finding["type"] in ("missing", "too_short")
        or typed is None
        or (isinstance(typed, str) and not typed.strip())
    )


def finding_in_words(kind: str, message: str) -> str:
    """The sentence for a kind of error; the schema's own message if there is none."""
    return str(_SENTENCES[kind]()) if kind in _SENTENCES else message.removeprefix("Value error, ")


def amount_sentence(typed: object) -> str:
    """Say why an amount is refused, or how one is written if the text does not show it."""
    number = _NUMBER.fullmatch(typed.strip()) if isinstance(typed, str) else None
    if number is None:
        return _words_sentence(typed) if isinstance(typed, str) else str(AMOUNT_SENTENCE)
    sign, whole, decimals = number.groups(default="")
    if sign in ("-", "−", "–"):
        return gettext(AmountNegative.message)
    if len(whole.lstrip("0")) > _WHOLE_MAX:
        return gettext(AmountTooLarge.message)
    return gettext(AmountTooFine.message) if len(decimals) > _DECIMALS_MAX else str(AMOUNT_SENTENCE)


def _words_sentence(typed: str) -> str:
    figures = find_figures(typed)
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
    """A form whose field `amount` is read without grouping."""

    def values(self) -> dict[str, Any]:
        """Return the typed values."""
        values = super().values()
        return values | ({"amount": plain(values["amount"])} if values.get("amount") else {})


def plain(typed: str, currency: str | None = None) -> str:
    """Write a typed amount as a plain decimal in the digits 0 to 9.

    `1,20,000`, `1.2 lakh` and, where `currency` is INR, `₹60k` are read. Other text stays as it is,
    so that the schema refuses it.
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
    """Write an amount for an input, grouped as on pages; `plain` reads it."""
    return amount(value).replace(MINUS, "-")


def _tell_when(retry_after_s: int) -> None:
    @after_this_request
    def stamp(response: Response) -> Response:
        response.headers["Retry-After"] = str(retry_after_s)
        return response


def opened_state(seen: str | None) -> datetime | None:
    """The state that a page was opened with, from its hidden field `seen`.

    None if the field is blank. An unreadable one counts as older than any state.
    """
    if not seen:
        return None
    try:
        return datetime.fromisoformat(seen).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def read_date(text: str, kind: DateKind = "travel", *, since: date | None = None) -> date | None:
    """Read a date as people write it, counted from today in the page's time zone.

    None if the text is not exactly one date. With `since` a day without its year is the first such
    day from that one on, such as the day of issue.
    """
    found = dates.read_date(text, today(), kind, since=since)
    return found.day if isinstance(found, Day) else None


def read_past_day(text: str) -> date | None:
    """Read a past date from YEAR_MIN to YEAR_MAX; None if the text is not one."""
    found = read_date(text, "past") if text else None
    return found if found and YEAR_MIN <= found.year <= YEAR_MAX else None


def date_sentence(text: str, kind: DateKind = "travel") -> str:
    """Say why a text is not read as a date, with the date that may be meant."""
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
        case "open":
            return gettext(
                "“%(words)s” is not an exact date. Enter a date such as 24 Nov 2026 or 24/11.",
                words=found.words,
            )
