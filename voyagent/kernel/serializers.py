"""Serialize rows and objects as the API's answers, from the answers' declarations.

An answer class names its members and their types. `of` runs one function per class, generated from
the annotations at its first use, so that a request pays for no validation and no loop over names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
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
Source = TypeVar("Source")
Declared = TypeVar("Declared")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Read:
    """Read a member under another name, or from a path such as `days.first` or `trip[title]`."""

    path: str


@dataclass(frozen=True, slots=True)
class Minor:
    """Read an amount in minor units and its currency from two columns; write a decimal string."""

    amount: str
    currency: str = "currency"


@dataclass(frozen=True, slots=True)
class Computed:
    """Compute a member from the whole source; the result is written by the member's type."""

    function: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Converted:
    """Write what a function makes of the value that was read; None stays None."""

    function: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class OmitNone:
    """Leave the member out where it is None."""


@dataclass(frozen=True, slots=True)
class AsRead:
    """Write a member unchanged, because the query has given it the form of its type."""


class _FromMoney:
    """Marks text that is read from a `Money`."""


MoneyText = Annotated[str, _FromMoney()]
"""A decimal string, read from a `Money`."""


@dataclass(frozen=True, slots=True)
class Body(Generic[Declared]):
    """The JSON object of a declared answer, as a handler returns it."""

    members: dict[str, Any]


class AnswerOf(Answer, Generic[Source]):
    """An answer that is written from a row or an object of one type.

    A member is read under its own name unless its annotation has `Read`, `Minor` or `Computed`. Its
    type says how it is written: `Instant` in UTC with microseconds, `MoneyText` as a decimal
    string, a nested answer or a list of them by their own declaration, everything else and every
    `AsRead` unchanged.
    """

    @classmethod
    def of(cls, source: Source) -> Body[Self]:
        """Return the body of a response."""
        return Body(serializer(cls)(source))

    @classmethod
    def members_of(cls, source: Source) -> dict[str, Any]:
        """Return the members by name, for another answer or a file."""
        return serializer(cls)(source)


class PageOf(AnswerOf[Page[Row]], Generic[Item]):
    """A page of a list with the number of all that match."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    next_cursor: str | None


class CursorPageOf(AnswerOf[CursorPage[Row]], Generic[Item]):
    """A page of a list without a total; the last page has no `next_cursor`."""

    items: list[Item]
    limit: int
    next_cursor: str | None


@cache
def serializer(answer: type[AnswerOf[Any]]) -> Callable[[Any], dict[str, Any]]:
    """Return the function that writes an answer, generated from its annotations.

    It names each member in one dict display: a loop over names with a converter each takes longer.
    """
    names: dict[str, Any] = {"instant": wire_instant, "amount": wire_amount}
    always, sometimes = [], []
    numbers = count()
    is_row = _source_of(answer) == Row
    for name, field in answer.model_fields.items():
        written = _written(name, field, names, numbers, is_row=is_row)
        key = repr(field.serialization_alias or field.alias or name)
        if OmitNone() in field.metadata:
            sometimes.append(
                f"    if (found := {written}) is not None:\n        out[{key}] = found\n"
            )
        else:
            always.append(f"{key}: {written}")
    code = f"def serialize(source):\n    out = {{{', '.join(always)}}}\n{''.join(sometimes)}"
    # Only the declarations of this program's answer classes are in the code.
    exec(compile(f"{code}    return out\n", f"<{answer.__name__}>", "exec"), names)  # noqa: S102
    function: Callable[[Any], dict[str, Any]] = names["serialize"]
    return function


def _source_of(answer: type[AnswerOf[Any]]) -> Any:
    for base in answer.__mro__:
        made = getattr(base, "__pydantic_generic_metadata__", {})
        if made.get("origin") is AnswerOf:
            return made["args"][0]
    raise TypeError(f"{answer.__name__} names no source")


def _written(
    name: str, field: FieldInfo, names: dict[str, Any], numbers: Iterator[int], *, is_row: bool
) -> str:
    """Return the expression that reads and writes a member."""
    kind, marks, may_be_none = _unwrapped(field.annotation, list(field.metadata))
    found, value = _read(name, marks, names, is_row=is_row), f"v{next(numbers)}"
    template = _template(kind, marks, value, names, is_row=is_row)
    if template is None:
        return found
    if not may_be_none:
        return template.format(found)
    return f"None if ({value} := {found}) is None else {template.format(value)}"


def _template(
    kind: Any, marks: list[Any], value: str, names: dict[str, Any], *, is_row: bool
) -> str | None:
    """Return how a member of a type is written, `{}` being what was read; None: unchanged."""
    if AsRead() in marks:
        return None
    for mark in marks:
        if isinstance(mark, Minor):
            return f"amount({{}}, {_at(mark.currency, is_row=is_row)})"
        if isinstance(mark, PlainSerializer) and mark.func is wire_instant:
            # to_json writes an instant with microseconds in the same form, and faster.
            return f"({value} if ({value} := {{}}).microsecond else instant({value}))"
        if isinstance(mark, _FromMoney):
            return "{}.wire"
        if isinstance(mark, Converted):
            names[f"convert_{value}"] = mark.function
            return f"convert_{value}({{}})"
    listed = get_args(kind)[0] if get_origin(kind) is list else None
    nested = listed or kind
    if not (isinstance(nested, type) and issubclass(nested, AnswerOf)):
        return None
    names[f"write_{value}"] = serializer(nested)
    return f"[write_{value}(one) for one in {{}}]" if listed else f"write_{value}({{}})"


def _unwrapped(annotation: Any, marks: list[Any]) -> tuple[Any, list[Any], bool]:
    """Return the type of a member without None and `Annotated`, its marks, and None's place."""
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


def _read(name: str, marks: list[Any], names: dict[str, Any], *, is_row: bool) -> str:
    for mark in marks:
        if isinstance(mark, Computed):
            names[f"compute_{name}"] = mark.function
            return f"compute_{name}(source)"
        if isinstance(mark, Read):
            return _at(mark.path, is_row=is_row)
        if isinstance(mark, Minor):
            return _at(mark.amount, is_row=is_row)
    return _at(name, is_row=is_row)


def _at(path: str, *, is_row: bool) -> str:
    """Return the expression of a path; its first name is a column or an attribute."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError(f"{path} is no path")
    first, rest = found.groups()
    start = f"source[{first!r}]" if is_row else f"source.{first}"
    return start + _COLUMN.sub(r"['\1']", rest)
