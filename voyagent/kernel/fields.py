"""Field types for pydantic schemas: strict JSON types and limited texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError

from voyagent.kernel import clock
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import is_currency
from voyagent.kernel.passport_numbers import hidden_in

INT32_MAX = 2**31 - 1
YEAR_MIN, YEAR_MAX = 1900, 2200
_WHOLE = re.compile(r"-?[0-9]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DIRECTIONS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
_INVISIBLES = (
    r"\u00ad\u034f\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0\U000e0000-\U000e007f"
)
_JOINERS = r"\u200c\u200d"
_MISPLACED = rf"(?<![^{_JOINERS}])[{_JOINERS}]|[{_JOINERS}]+\Z"
_CONTROL = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{_DIRECTIONS}]")
_INVISIBLE = re.compile(f"[{_INVISIBLES}]")
_MISPLACED_JOINER = re.compile(_MISPLACED)
_CONTROL_IN_LINE = re.compile(f"{_CONTROL.pattern}|{_INVISIBLE.pattern}|{_MISPLACED}")
_CONTROL_IN_LINES = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_DIRECTIONS}]")
_REMOVED = re.compile(f"[{_DIRECTIONS}{_INVISIBLES}]")
STORED = {"is_stored": True}
"""Validation context of values from the database, whose characters are not checked again."""


class Closed(BaseModel):
    """Request body that refuses unknown members."""

    model_config = ConfigDict(
        strict=True, extra="forbid", str_strip_whitespace=False, hide_input_in_errors=True
    )


class Open(BaseModel):
    """Request body or query string that ignores unknown members."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class Answer(BaseModel):
    """Base class of response bodies.

    The program does not validate responses. The tests compare them with the OpenAPI document.
    """

    model_config = ConfigDict(extra="allow", populate_by_name=True, from_attributes=True)


class Query(BaseModel):
    """Query string: texts become the declared types, and blank texts count as absent.

    A whole number may have only the digits 0 to 9, with or without a minus.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_whole(cls, value: Any, info: ValidationInfo) -> Any:
        if (
            isinstance(value, str)
            and value.strip()
            and info.field_name in _whole_numbers(cls)
            and _WHOLE.fullmatch(value) is None
        ):
            raise PydanticKnownError("int_parsing")
        return value


@cache
def _whole_numbers(schema: type[BaseModel]) -> frozenset[str]:
    """Return the names of the members that are whole numbers."""
    return frozenset(
        name
        for name, field in schema.model_fields.items()
        if re.search(r"\bint\b", str(field.annotation))
    )


def storable(text: str) -> str:
    """Return the text unchanged if PostgreSQL can store it.

    Raises ValueError if the text has a NUL character or a lone surrogate.
    """
    if _UNSTORABLE.search(text):
        raise PydanticCustomError(
            "string_unstorable", "String contains characters that cannot be stored"
        )
    return text


def without_controls(text: str) -> str:
    """Return a text on one line: each control or direction character becomes a space.

    Invisible characters are removed. Use this function for text that nobody can be asked to
    correct, such as a response of an outside system.
    """
    return _MISPLACED_JOINER.sub("", _INVISIBLE.sub("", _CONTROL.sub(" ", text)))


def readable(text: str) -> str:
    """Return a pasted text without the characters that `Lines` refuses.

    Direction characters and invisible characters are removed. Control characters other than tabs
    and line ends become spaces.
    """
    return _CONTROL_IN_LINES.sub(" ", _REMOVED.sub("", text))


def contains_control(text: str) -> bool:
    """Return True if a text of one line contains a refused character.

    Refused are the controls of ASCII and Unicode, line and paragraph separators, and characters
    that change the direction of text (Unicode's Bidi_Control). Invisible characters, such as the
    zero-width space, the soft hyphen and tag characters, are refused as well. The joiners of Indian
    scripts (U+200C, U+200D) are accepted between other characters, but not at the beginning or end
    and not twice in a row.
    """
    return _CONTROL_IN_LINE.search(text) is not None


def _on_one_line(text: str, info: ValidationInfo) -> str:
    return _without(_CONTROL_IN_LINE, text, info)


def _on_lines(text: str, info: ValidationInfo) -> str:
    return _without(_CONTROL_IN_LINES, text, info)


def _without(refused: re.Pattern[str], text: str, info: ValidationInfo) -> str:
    if info.context is not STORED and refused.search(text):
        raise PydanticCustomError(
            "string_control_character", "String contains control or direction characters"
        )
    return text


def composed(text: str) -> str:
    """Return the text with letters and their accents composed (Unicode NFC).

    Two texts that look equal, but were typed in different ways, are then equal.
    """
    return unicodedata.normalize("NFC", text)


def contains_unstorable(text: str) -> bool:
    """Return True if the text has a NUL or lone surrogate, which PostgreSQL refuses."""
    return _UNSTORABLE.search(text) is not None


def without_unstorable(text: str) -> str:
    """Replace NUL and lone surrogates with U+FFFD.

    Use this function for text that nobody can be asked to correct, such as a response of an outside
    system.
    """
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _blank_to_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _business_date(value: date) -> date:
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise PydanticCustomError("date_out_of_range", "Date must lie between 1900 and 2200")
    return value


def _plain_date(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) is not None:
            return date.fromisoformat(value)
    except ValueError:
        pass  # a day such as 30 February is refused like any other text
    raise PydanticCustomError("date_parsing", "Date must be written YYYY-MM-DD")


def not_before(first: str) -> AfterValidator:
    """Return a validator that refuses a last day before the first day.

    `first` is the name of the member with the first day. The schema must declare this member before
    the member with the validator. The validator accepts the value if one of the two days is None.
    """

    def check(last: date | None, info: ValidationInfo) -> date | None:
        begins = info.data.get(first)
        if begins is not None and last is not None and last < begins:
            raise PydanticCustomError(
                "invalid_range", "The last day must not be before the first day"
            )
        return last

    return AfterValidator(check)


def _zone_name(value: str) -> str:
    if not clock.is_zone(value):
        raise PydanticCustomError(
            "zone_unknown", "Zone must be a name of the IANA database, such as Asia/Kolkata"
        )
    return value


def _id(value: Any) -> Any:
    found = parse_id(value) if isinstance(value, str) else value
    if not isinstance(found, UUID):
        raise PydanticCustomError("uuid_parsing", "Id must be a UUID")
    return found


def _currency(value: Any) -> Any:
    if not isinstance(value, str) or not is_currency(value):
        raise PydanticCustomError(
            "invalid_currency", "Currency must be a code of ISO 4217, such as INR"
        )
    return value


def wire_instant(value: datetime) -> str:
    """Return a datetime as the API writes it: UTC, microseconds, ending in `Z`."""
    plain = value.astimezone(UTC).replace(tzinfo=None)
    return (
        plain.isoformat() if plain.microsecond else plain.isoformat(timespec="microseconds")
    ) + "Z"


@dataclass(frozen=True, slots=True)
class Exact(GroupedMetadata):
    """Annotation of a text that is used exactly as given, such as a password."""

    max_length: int
    min_length: int = 0

    def __iter__(self) -> Iterator[object]:
        """Yield the constraints in the order in which pydantic applies them."""
        yield StringConstraints(min_length=self.min_length, max_length=self.max_length)
        yield AfterValidator(storable)


@dataclass(frozen=True, slots=True)
class Text(GroupedMetadata):
    """Annotation of a text on one line of at most `max_length` characters.

    The text is stored as typed, except that passport numbers near a word such as "passport" are
    masked. Control and direction characters are refused (`contains_control`).
    """

    max_length: int
    min_length: int = 0

    def __iter__(self) -> Iterator[object]:
        """Yield the constraints in the order in which pydantic applies them."""
        yield from Exact(self.max_length, self.min_length)
        yield AfterValidator(_on_one_line)
        yield AfterValidator(hidden_in)


@dataclass(frozen=True, slots=True)
class Lines(GroupedMetadata):
    """Annotation of a text of several lines, of at most `max_length` characters.

    The text is stored as typed, except that passport numbers near a word such as "passport" are
    masked. Control and direction characters are refused, but tabs and line ends are accepted.
    """

    max_length: int

    def __iter__(self) -> Iterator[object]:
        """Yield the constraints in the order in which pydantic applies them."""
        yield from Exact(self.max_length)
        yield AfterValidator(_on_lines)
        yield AfterValidator(hidden_in)


@dataclass(frozen=True, slots=True)
class Trimmed(GroupedMetadata):
    """Annotation of a required text on one line, which is trimmed and not blank.

    The text has at most `max_length` characters. Passport numbers near a word such as
    "passport" are masked. Control and direction characters are refused. Letters and their accents
    are composed (NFC).
    """

    max_length: int

    def __iter__(self) -> Iterator[object]:
        """Yield the constraints in the order in which pydantic applies them."""
        yield StringConstraints(strip_whitespace=True, min_length=1, max_length=self.max_length)
        yield AfterValidator(storable)
        yield AfterValidator(_on_one_line)
        yield AfterValidator(composed)
        yield AfterValidator(hidden_in)


@dataclass(frozen=True, slots=True)
class Filter:
    """Annotation of a filter in a query string; blank text becomes None (no filter)."""

    max_length: int

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return a schema that turns a blank text into None before the length is checked."""
        text = Annotated[str, Text(self.max_length), AfterValidator(composed)]
        return handler.generate_schema(Annotated[text | None, BeforeValidator(_blank_to_none)])


Id = Annotated[UUID, BeforeValidator(_id)]
CurrencyCode = Annotated[str, BeforeValidator(_currency)]
BusinessDate = Annotated[date, BeforeValidator(_plain_date), AfterValidator(_business_date)]
IdFilter = Annotated[Id | None, BeforeValidator(_blank_to_none)]
DateFilter = Annotated[BusinessDate | None, BeforeValidator(_blank_to_none)]
ZoneFilter = Annotated[
    Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone_name)] | None,
    BeforeValidator(_blank_to_none),
]
Instant = Annotated[datetime, PlainSerializer(wire_instant, return_type=str, when_used="json")]
Int32 = Annotated[int, Field(ge=-INT32_MAX - 1, le=INT32_MAX)]
Offset = Annotated[int, Field(ge=0, le=INT32_MAX)]
PLAIN_AMOUNT = r"^\d{1,15}(\.\d{1,4})?$"
PlainAmount = Annotated[str, Field(pattern=PLAIN_AMOUNT)]
"""A decimal string; business rules check that it is positive and fits the currency."""
WireAmount = Annotated[str, Field(pattern=r"^\d+\.\d{2,4}$")]
"""An amount in the form that API responses have, such as `"1000.00"`."""


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


MAY_BE_ABSENT: Any = Field(default=None, json_schema_extra=_without_default)
"""Default of a member that may be absent and is never null."""
