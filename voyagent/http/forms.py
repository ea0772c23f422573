"""Forms whose rules are the schema's: what was typed goes through pydantic, and its findings land
at the fields.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Generic, TypeVar

import dateparser
from flask import Response, after_this_request
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from wtforms import Field, HiddenField, StringField
from wtforms.validators import DataRequired

from voyagent.http.errors import sentence_of
from voyagent.http.htmx import is_htmx
from voyagent.http.pace import answer_no_earlier_than
from voyagent.http.template_filters import MINUS, amount, today
from voyagent.kernel.db import finish
from voyagent.kernel.errors import TooManyRequests, VoyagentError
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import AmountNegative, AmountTooFine, AmountTooLarge, Money, ungrouped

Schema = TypeVar("Schema", bound=BaseModel)
Result = TypeVar("Result")
DATE_SHAPES = [
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d/%m",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d %b",
    "%d %B",
]

_SHORT_YEAR = re.compile(
    r"^(\s*\d{1,2}(?:\s*[/.-]\s*\d{1,2}\s*[/.-]|[\s-]+[^\W\d]+[\s,-]+)\s*)'?(\d{2}\s*)$"
)
_NUMBER = re.compile(r"([-−–+]?)(\d+)(?:\.(\d*))?")
_WHOLE_MAX, _DECIMALS_MAX = 15, 4
"""How many figures an amount on the wire has at most before its point and behind it."""
AMOUNT_SENTENCE = lazy_gettext("Enter an amount such as 45000 or 45,000.50.")
_SENTENCES: dict[str, Callable[[], Any]] = {
    "missing": lambda: lazy_gettext("This is needed."),
    "string_too_short": lambda: lazy_gettext("This is needed, or it is too short."),
    "string_too_long": lambda: lazy_gettext("This is too long."),
    "string_unstorable": lambda: lazy_gettext("This has characters that cannot be stored."),
    "date_parsing": lambda: lazy_gettext("Write a date such as 24 Nov 2026 or 24/11."),
    "date_from_datetime_parsing": lambda: lazy_gettext(
        "Write a date such as 24 Nov 2026 or 24/11."
    ),
    "date_out_of_range": lambda: lazy_gettext("Use a date between 1900 and 2200."),
    "int_parsing": lambda: lazy_gettext("Write a whole number."),
    "greater_than_equal": lambda: lazy_gettext("This is too small."),
    "less_than_equal": lambda: lazy_gettext("This is too large."),
    "decimal_parsing": lambda: AMOUNT_SENTENCE,
    "email_invalid": lambda: lazy_gettext("Enter an e-mail address such as name@example.com."),
    "string_pattern_mismatch": lambda: lazy_gettext("This is not written as it has to be."),
    "cash_or_bank": lambda: lazy_gettext("Write “bank” or “cash”."),
    "literal_error": lambda: lazy_gettext("Choose one from the list."),
    "enum": lambda: lazy_gettext("Choose one from the list."),
}


NEXT, NEAR, BOOKED, PAST = 364, 182, 31, 0
"""How many days ahead one that is written without its year may lie; else it is the last such day.

What is to come, what is due, book dates, what has been.
"""


class DateText(StringField):
    """A date as people write it: `24 Nov 2026`, `24/11`, `tomorrow`; day before month.

    `ahead` is what it is without its year.
    """

    def __init__(self, *arguments: Any, ahead: int = NEXT, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.ahead = ahead

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep what was typed; `iso` has what it means."""
        super().process_formdata(valuelist)

    @property
    def iso(self) -> str | None:
        """The date as YYYY-MM-DD; the raw text where it cannot be read, so that the schema refuses
        it; None where blank.
        """
        if isinstance(self.data, date):
            return self.data.isoformat()  # what the form began with, where the field was not sent
        text = (self.data or "").strip()
        if not text:
            return None
        found = read_date(text, ahead=self.ahead)
        return found.isoformat() if found else text


class RowsField(StringField):
    """Rows of several inputs each, such as the lines of a document; a row in which nothing of
    `written` is written is none.
    """

    names: ClassVar[tuple[str, ...]]
    also: ClassVar[tuple[str, ...]] = ()
    """Inputs that only some of the pages have."""
    written: ClassVar[tuple[str, ...]]
    most: ClassVar[int]

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Read the rows that were sent, side by side and one more than `most` at the utmost, or
        take those that are known.
        """
        super().process(None, data, extra_filters)
        self.data: list[dict[str, str]] = list(data or [])
        if formdata is not None and any(name in formdata for name in self.names):
            names = self.names + tuple(name for name in self.also if name in formdata)
            columns = [formdata.getlist(name)[: self.most + 1] for name in names]
            rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False))
            self.data = [row for row in rows if any(row[name].strip() for name in self.written)]


class SchemaForm(FlaskForm, Generic[Schema]):
    """A form over a schema: fields give labels and controls, the schema gives the rules, CSRF is
    Flask-WTF's.
    """

    schema: ClassVar[type[BaseModel]]
    empty_as_none: ClassVar[bool] = True
    sentences: ClassVar[dict[str, Any]] = {}
    """What to say for a kind of finding, `kind`, `field.kind` or `field.kind.blank`, where the
    usual sentence does not fit.
    """

    stand_ins: ClassVar[dict[str, Any]] = {}
    """What a look takes for a field that is not typed yet, where it can go without."""

    awaited: ClassVar[Collection[str]] = ()
    """Codes of rules that ask for something that is not typed yet; a look says nothing of them."""
    unfit: Sequence[str] = ()
    """Why what is typed so far would be refused, in sentences; `look` finds that out."""
    refused: str | None = None
    """The code of the rule that refused what was sent, where one did."""
    _came_too_often: bool = False

    @property
    def status(self) -> int:
        """What a page that shows the form answers: 200, or 422 when it was sent and came back, or
        429 when it was sent too often.
        """
        if self._came_too_often:
            return 429
        return 422 if self.is_submitted() else 200

    def accepted(self) -> Any | None:
        """The schema's value when this is a submission that passes; else None, with a sentence at
        each wrong field.
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
        """What was typed, by field; blank is None, which a schema with a default replaces by
        absence.
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
        """The field at which a finding of the schema is shown, "" for above the form."""
        return str(loc[0]) if loc else ""

    def attempt(self, act: Callable[[Any], Result], **fields: str) -> Result | None:
        """Do the act with the schema's value; None where the form was not accepted or the rule
        refused it, which it then shows.

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

    def look(self, act: Callable[[Any], Result]) -> Result | None:
        """What comes of the schema's value as it is typed so far, where `act` only reads; None
        while something that it takes is not typed yet.

        It is None too where what is typed would be refused once it is sent, and `unfit` then says
        why, in the sentences that are shown there.
        """
        self.unfit = ()
        if any(
            isinstance(field, AmountText) and not str(field.data or "").strip() for field in self
        ):
            return None
        try:
            typed = {name: value for name, value in self.looked_at().items() if value is not None}
            return act(self.schema.model_validate(self.stand_ins | typed, strict=False))
        except ValidationError as error:
            found = [item for item in error.errors(include_url=False) if not _is_blank(item)]
            self.unfit = [
                *dict.fromkeys(self._sentence(self.place_of(item["loc"]), item) for item in found)
            ]
        except VoyagentError as error:
            self.unfit = [] if error.code in self.awaited else [sentence_of(error)]
        return None

    def looked_at(self) -> dict[str, Any]:
        """What a look takes of what is typed."""
        return self.values()

    def refuse(self, error: VoyagentError, **fields: str) -> None:
        """Show a rule's refusal: at the field that `fields` names for its code, else above the
        form.
        """
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
        return str(own or finding_in_words(finding["type"], finding["msg"]))

    def _note(self, name: str, finding: ErrorDetails) -> None:
        sentence = self._sentence(name, finding)
        field: Field | None = self._fields.get(name)
        if field is None:
            self.form_errors.append(sentence)
        elif sentence not in field.errors:  # several rows of a field may be wrong in one way
            field.errors = [*field.errors, sentence]


class AmountText(StringField):
    """An amount as people write it, which has to be written: on a page an emptied field is never
    the whole of what could be meant.
    """

    def __init__(self, label: Any, **keywords: Any) -> None:
        super().__init__(label, [DataRequired(lazy_gettext("This is needed."))], **keywords)


class SentOnce:
    """What a form has that records something new each time: a key of its own from when it is
    opened, by which a page with `once` knows it again.

    It is the same however often the form is sent: by two clicks, or from behind the back button.
    """

    form_key = HiddenField(default=lambda: str(new_id()))


def _is_blank(finding: ErrorDetails) -> bool:
    """Whether a finding is about something that is not typed yet."""
    typed = finding["input"]
    return (
        finding["type"] in ("missing", "too_short")
        or typed is None
        or (isinstance(typed, str) and not typed.strip())
    )


def finding_in_words(kind: str, message: str) -> str:
    """What to say to a person for a kind of finding; the schema's own words where there is no
    sentence.
    """
    return str(_SENTENCES[kind]()) if kind in _SENTENCES else message.removeprefix("Value error, ")


def amount_sentence(typed: object) -> str:
    """Why an amount is refused, where its figures show that; else how one is written."""
    number = _NUMBER.fullmatch(typed.strip()) if isinstance(typed, str) else None
    if number is None:
        return str(AMOUNT_SENTENCE)
    sign, whole, decimals = number.groups(default="")
    if sign in ("-", "−", "–"):
        return gettext(AmountNegative.message)
    if len(whole.lstrip("0")) > _WHOLE_MAX:
        return gettext(AmountTooLarge.message)
    return gettext(AmountTooFine.message) if len(decimals) > _DECIMALS_MAX else str(AMOUNT_SENTENCE)


def plain(typed: str) -> str:
    """An amount as it was typed, without its grouping and in the figures 0 to 9; what no comma
    groups stays as it is, so that the schema refuses it.
    """
    return ungrouped(
        "".join(
            str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in typed
        )
    )


def typed_amount(value: Money) -> str:
    """An amount as it stands in an input: grouped as pages group it, which `plain` takes away
    again.
    """
    return amount(value).replace(MINUS, "-")


def _tell_when(retry_after_s: int) -> None:
    @after_this_request
    def stamp(response: Response) -> Response:
        response.headers["Retry-After"] = str(retry_after_s)
        return response


def opened_state(seen: str | None) -> datetime | None:
    """The state that a page was opened with, from its hidden field `seen`; None where it says none,
    and older than any where it is unreadable.
    """
    if not seen:
        return None
    try:
        return datetime.fromisoformat(seen).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def read_date(text: str, *, ahead: int = NEXT, since: date | None = None) -> date | None:
    """A date as people write it, or None.

    A missing year means the last such day that lies no more than `ahead` days ahead; two figures
    are a year of today's.

    With `since` it means the first such day from that one on, such as the day of issue. `today` and
    the like go by the page's time zone.
    """
    if text[:4].isdigit() and len(text) == 10:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    text = _SHORT_YEAR.sub(rf"\g<1>{today().year // 100}\g<2>", text)
    behind, next_one = (_parsed(text, near) for near in ("past", "future"))
    if behind is None or next_one is None or behind == next_one:
        return next_one
    if since is not None:
        return next(
            (
                day
                for year in range(since.year, since.year + 9)
                if (day := _of_year(behind, year)) and day >= since
            ),
            next_one,
        )
    years = range(today().year + 1, today().year - 8, -1)
    return next(
        (
            day
            for year in years
            if (day := _of_year(behind, year)) and day <= today() + timedelta(days=ahead)
        ),
        behind,
    )


def _parsed(text: str, near: str) -> date | None:
    settings = {
        "DATE_ORDER": "DMY",
        "PREFER_DATES_FROM": near,
        "REQUIRE_PARTS": ["day", "month"],
        "RELATIVE_BASE": datetime.combine(today(), time.min),
    }
    found = dateparser.parse(text, languages=["en", "hi"], settings=settings)
    return found.date() if found else None


def _of_year(day: date, year: int) -> date | None:
    """The same day of another year; None for a 29 February that it has not."""
    try:
        return day.replace(year=year)
    except ValueError:
        return None
