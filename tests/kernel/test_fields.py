"""Field types shared by schemas."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError

from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    DateFilter,
    Filter,
    Int32,
    Offset,
    Open,
    Query,
    Text,
    Trimmed,
)


class Shape(Closed):
    """One field of each kind."""

    name: Annotated[str, Trimmed(5)] = "x"
    text: Annotated[str, Text(5, min_length=1)] = "x"
    day: BusinessDate | None = None
    number: Int32 = 0
    flag: bool = False


class Loose(Open):
    """A schema that ignores unknown members."""

    name: str = "x"


class Filters(Query):
    """A query string."""

    q: Annotated[str | None, Filter(5)] = None
    day: DateFilter = None
    offset: Offset = 0


def kinds(shape: type[BaseModel], document: str) -> list[str]:
    """Return the types of the errors."""
    with pytest.raises(ValidationError) as refused:
        shape.model_validate_json(document)
    return [item["type"] for item in refused.value.errors()]


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ('{"name": "  "}', "string_too_short"),
        ('{"name": "abcdef"}', "string_too_long"),
        ('{"name": 7}', "string_type"),
        ('{"text": ""}', "string_too_short"),
        ('{"text": "abcdef"}', "string_too_long"),
        ('{"number": 2147483648}', "less_than_equal"),
        ('{"number": -2147483649}', "greater_than_equal"),
        ('{"number": "1"}', "int_type"),
        ('{"number": true}', "int_type"),
        ('{"number": 1.0}', "int_type"),
        ('{"number": 1.5}', "int_type"),
        ('{"flag": 1}', "bool_type"),
        ('{"flag": "yes"}', "bool_type"),
        ('{"day": 20261124}', "date_type"),
        ('{"day": "2026-1-1"}', "date_parsing"),
        ('{"day": "2026-11-24T00:00:00"}', "date_parsing"),
        ('{"day": "1899-12-31"}', "date_out_of_range"),
        ('{"day": "2201-01-01"}', "date_out_of_range"),
        ('{"unknown": 1}', "extra_forbidden"),
    ],
)
def test_a_closed_body_is_strict_about_type_and_range(document: str, kind: str) -> None:
    assert kinds(Shape, document) == [kind]


def test_valid_values_are_accepted_and_names_are_trimmed() -> None:
    given = Shape.model_validate_json(
        '{"name": "  abcde\\n", "text": " abc ", "day": "2026-11-24", "number": -2147483648,'
        ' "flag": true}'
    )
    assert (given.name, given.text, given.day.isoformat() if given.day else None, given.number) == (
        "abcde",
        " abc ",
        "2026-11-24",
        -(2**31),
    )
    assert Shape.model_validate_json('{"day": "1900-01-01"}').day is not None
    assert Shape.model_validate_json('{"day": "2200-12-31"}').day is not None


def test_an_open_body_ignores_unknown_members() -> None:
    assert Loose.model_validate_json('{"name": "y", "unknown": [1]}') == Loose(name="y")


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "a\udfffb"])
def test_a_value_that_no_column_can_store_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"cannot be stored|valid string"):
        Shape(text=text)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"q": "", "day": ""}, (None, None)),
        ({"q": "  "}, (None, None)),
        ({"q": "abc", "day": "2026-11-24"}, ("abc", "2026-11-24")),
    ],
)
def test_an_empty_filter_is_ignored(
    given: dict[str, Any], stored: tuple[str | None, str | None]
) -> None:
    filters = Filters.model_validate(given)
    assert (filters.q, filters.day.isoformat() if filters.day else None) == stored


@pytest.mark.parametrize(
    "given",
    [
        {"q": "abcdef"},
        {"day": "soon"},
        {"offset": "-1"},
        {"offset": "2147483648"},
        {"offset": "1.5"},
    ],
)
def test_a_filter_out_of_range_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Filters.model_validate(given)
