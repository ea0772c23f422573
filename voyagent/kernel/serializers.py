"""Serializers that write rows and objects as responses.

A response class declares its members and their types.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, Self, TypeVar, Union, get_args, get_origin

from pydantic import PlainSerializer
from pydantic.fields import FieldInfo

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Answer, wire_instant
from voyagent.kernel.money import wire_amount
from voyagent.kernel.pages import CursorPage, Page

_PATH = re.compile(r"(\w+)((?:\.\w+|\[\w+\])*)")
_COLUMN = re.compile(r"\[(\w+)\]")
DISPLAY_MAX = 15
"""CPython builds a dict literal of up to 15 members in one step, which is faster."""
Source = TypeVar("Source")
Declared = TypeVar("Declared")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Read:
    """Annotation: read the member from another name or a path, such as `trip[title]`."""

    path: str


@dataclass(frozen=True, slots=True)
class Minor:
    """Annotation: write an amount in minor units as a decimal string.

    `amount` is a column, or a function of the row. `currency` is the column with the currency.
    `less` are columns that are subtracted from the amount.
    """

    amount: str | Callable[[Any], int | None]
    currency: str = "currency"
    less: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """Annotation for a member whose value a function computes from the row or object.

    The type of the member decides how the result is written.
    """

    function: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Converted:
    """Annotation for a value that a function converts, while None stays None."""

    function: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class OmitNone:
    """Annotation: leave the member out of the response if it is None."""


@dataclass(frozen=True, slots=True)
class AsRead:
    """Annotation for a value that the query returns in its final form."""


class _FromMoney:
    """Annotation of `MoneyText`: the value that is read is a `Money`."""


MoneyText = Annotated[str, _FromMoney()]
"""A decimal string that is read from a `Money`."""


@dataclass(frozen=True, slots=True)
class Body(Generic[Declared]):
    """The JSON object that a handler returns for a declared response class."""

    members: dict[str, Any]


class AnswerOf(Answer, Generic[Source]):
    """Base class of responses that are written from a row or an object of one type.

    A member is read from the column or attribute with its name, unless its annotation has `Read`,
    `Minor` or `Computed`. The type of the member decides how the value is written:
    - an `Instant` as UTC with microseconds;
    - a `MoneyText`, and a member with `Minor`, as a decimal string;
    - a member with `Converted` as its function returns it;
    - a response class, or a list of it, as that class declares;
    - any other type, and a member with `AsRead`, unchanged.
    """

    @classmethod
    def of(cls, source: Source) -> Body[Self]:
        """Return the response body for a row or an object."""
        return Body(serializer(cls)(source))

    @classmethod
    def members_of(cls, source: Source) -> dict[str, Any]:
        """Return the members by name, for use in another response or in a file."""
        return serializer(cls)(source)


class PageOf(AnswerOf[Page[Row]], Generic[Item]):
    """A page of a list, with the total count of the rows that match."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    next_cursor: str | None


class CursorPageOf(AnswerOf[CursorPage[Row]], Generic[Item]):
    """A page of a list without a total count; the last page has no `next_cursor`."""

    items: list[Item]
    limit: int
    next_cursor: str | None


@cache
def serializer(answer: type[AnswerOf[Any]]) -> Callable[[Any], dict[str, Any]]:
    """Return the function that turns a row or an object into members of a response.

    `answer` is the class of the response. The source code of the function is generated from it.
    """
    code = _Code(answer)
    # The code is generated only from response classes of this program, never from input.
    exec(compile(code.text, f"<{answer.__name__}>", "exec"), code.names)  # noqa: S102
    function: Callable[[Any], dict[str, Any]] = code.names["serialize"]
    return function


class _Code:
    """The source text of a serializer.

    `names` has the functions that the text calls, by their names in the text.
    """

    def __init__(self, answer: type[AnswerOf[Any]]) -> None:
        self.names: dict[str, Any] = {"instant": wire_instant, "amount": wire_amount}
        self.locals: dict[str, str] = {}
        self.is_row = _source_of(answer) == Row
        members = [_Member(name, answer.model_fields[name]) for name in _in_order(answer)]
        currencies = {one.minor.currency for one in members if one.minor}
        # A currency is read once for all amounts.
        first = [f"{_local(path)} = {self._at(path)}" for path in sorted(currencies)]
        self.locals = {path: _local(path) for path in currencies}
        included = [(one.key, self._written(one)) for one in members if one.is_kept]
        display = ", ".join(f"{key}: {written}" for key, written in included[:DISPLAY_MAX])
        rest = [f"out[{key}] = {written}" for key, written in included[DISPLAY_MAX:]]
        last = [
            f"if (found := {self._written(one)}) is not None: out[{one.key}] = found"
            for one in members
            if not one.is_kept
        ]
        lines = [*first, f"out = {{{display}}}", *rest, *last, "return out"]
        self.text = "\n    ".join(["def serialize(source):", *lines])

    def _written(self, member: _Member) -> str:
        """Return the Python expression that reads a member and writes it."""
        found, value = self._read(member), f"found_{member.name}"
        template = self._template(member, value)
        if template is None:
            return found
        if not member.may_be_none:
            return template.format(found)
        return f"None if ({value} := {found}) is None else {template.format(value)}"

    def _template(self, member: _Member, value: str) -> str | None:
        """Return a template with `{}` for the value, or None if it is written unchanged."""
        if AsRead() in member.marks:
            return None
        if member.minor:
            return f"amount({{}}, {self._at(member.minor.currency)})"
        for mark in member.marks:
            if isinstance(mark, PlainSerializer) and mark.func is wire_instant:
                # to_json writes a datetime with microseconds in this form too, and faster.
                return f"({value} if ({value} := {{}}).microsecond else instant({value}))"
            if isinstance(mark, _FromMoney):
                return "{}.wire"
            if isinstance(mark, Converted):
                return f"{self._call('convert', member, mark.function)}({{}})"
        listed = get_args(member.type)[0] if get_origin(member.type) is list else None
        nested = listed or member.type
        if not (isinstance(nested, type) and issubclass(nested, AnswerOf)):
            return None
        write = self._call("write", member, serializer(nested))
        return f"[{write}(one) for one in {{}}]" if listed else f"{write}({{}})"

    def _read(self, member: _Member) -> str:
        """Return the Python expression that reads a member from the source."""
        for mark in member.marks:
            if isinstance(mark, Computed):
                return f"{self._call('compute', member, mark.function)}(source)"
            if isinstance(mark, Read):
                return self._at(mark.path)
        if member.minor is None:
            return self._at(member.name)
        if isinstance(member.minor.amount, str):
            return " - ".join(map(self._at, (member.minor.amount, *member.minor.less)))
        return f"{self._call('compute', member, member.minor.amount)}(source)"

    def _call(self, act: str, member: _Member, function: Callable[[Any], object]) -> str:
        self.names[f"{act}_{member.name}"] = function
        return f"{act}_{member.name}"

    def _at(self, path: str) -> str:
        """Return the Python expression for a path, which begins with a column."""
        if path in self.locals:
            return self.locals[path]
        found = _PATH.fullmatch(path)
        if found is None:
            raise ValueError(f"{path} is not a valid path")
        first, rest = found.groups()
        start = f"source[{first!r}]" if self.is_row else f"source.{first}"
        return start + _COLUMN.sub(r"['\1']", rest)


class _Member:
    """A member of a response: its type without None, and its annotations."""

    def __init__(self, name: str, field: FieldInfo) -> None:
        self.name = name
        self.key = repr(field.serialization_alias or field.alias or name)
        self.type, self.marks, self.may_be_none = _unwrapped(field.annotation, field.metadata)
        self.minor = next((mark for mark in self.marks if isinstance(mark, Minor)), None)
        self.is_kept = OmitNone() not in self.marks


def _local(path: str) -> str:
    return "currency_" + re.sub(r"\W", "_", path)


def _in_order(answer: type[AnswerOf[Any]]) -> list[str]:
    """Return the names of a response's members; those of base classes come first."""
    names: dict[str, None] = {}
    for base in answer.__bases__:
        if issubclass(base, AnswerOf):
            names |= dict.fromkeys(_in_order(base))
    return [*names, *(name for name in answer.model_fields if name not in names)]


def _source_of(answer: type[AnswerOf[Any]]) -> Any:
    for base in answer.__mro__:
        made = getattr(base, "__pydantic_generic_metadata__", {})
        if made.get("origin") is AnswerOf:
            return made["args"][0]
    raise TypeError(f"{answer.__name__} declares no source")


def _unwrapped(annotation: Any, marks: list[Any]) -> tuple[Any, list[Any], bool]:
    """Return the type without None, its annotations, and whether None is allowed."""
    may_be_none = False
    while True:
        if get_origin(annotation) in {Union, UnionType}:
            kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
            may_be_none |= len(kinds) < len(get_args(annotation))
            if len(kinds) > 1:
                return annotation, marks, may_be_none
            annotation = kinds[0]
        elif get_origin(annotation) is Annotated:
            annotation, *inner = get_args(annotation)
            marks = [*marks, *inner]
        else:
            return annotation, marks, may_be_none
