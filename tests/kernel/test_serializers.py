"""Answers are written from their declarations."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, TypeAdapter
from pydantic_core import to_json

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Instant, WireAmount
from voyagent.kernel.money import Money
from voyagent.kernel.pages import CursorPage, Page
from voyagent.kernel.serializers import (
    AnswerOf,
    AsRead,
    Computed,
    Converted,
    CursorPageOf,
    Minor,
    MoneyText,
    OmitNone,
    PageOf,
    Read,
    serializer,
)
from voyagent.routes import APIS

ID = UUID("0197FFFF-0000-7000-8000-00000000000A")
DAY = date(2026, 11, 24)
WHOLE = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PARTIAL = WHOLE.replace(microsecond=7)


@dataclass(frozen=True, slots=True)
class Leg:
    day: date
    price: Money
    refund: Money | None = None
    carrier: Row = field(default_factory=lambda: {"code": "AI"})


class LegOut(AnswerOf[Leg]):
    """An object."""

    on: Annotated[date, Read("day")]
    price: MoneyText
    refund: MoneyText | None
    currency: Annotated[str, Read("price.currency")]
    carrier: Annotated[str, Read("carrier[code]")]


def _half_minor(row: Row) -> int | None:
    return row["total_minor"] // 2 or None


def _is_large(row: Row) -> bool:
    return bool(row["total_minor"] > 100_00)


def _newest_first(row: Row) -> list[Leg]:
    return list(reversed(row["legs"]))


class SaleOut(AnswerOf[Row]):
    """A row."""

    id: UUID
    sold_at: Instant
    paid_at: Instant | None
    total: Annotated[WireAmount, Minor("total_minor")]
    tax: Annotated[WireAmount | None, Minor("tax_minor", "tax_currency")]
    net: Annotated[WireAmount, Minor("total_minor", less=("rebate_minor",))]
    half: Annotated[WireAmount | None, Minor(_half_minor)]
    is_large: Annotated[bool, Computed(_is_large)]
    began: Annotated[date, Read("from_day"), Field(alias="from")]
    first_leg: LegOut | None
    legs: Annotated[list[LegOut], Computed(_newest_first)]
    logged_at: Annotated[Instant, AsRead()]
    size: Annotated[str | None, Converted(str)]
    note: Annotated[str | None, OmitNone()] = None


class SaleList(PageOf[SaleOut]):
    """A page with a total."""


class LegList(CursorPageOf[SaleOut]):
    """A page without a total."""


def row(**changes: Any) -> Row:
    return {
        "id": ID,
        "sold_at": WHOLE,
        "paid_at": None,
        "total_minor": 12_345,
        "tax_minor": None,
        "rebate_minor": 100,
        "currency": "INR",
        "tax_currency": "KWD",
        "from_day": DAY,
        "first_leg": None,
        "legs": [],
        "logged_at": "2026-11-24T10:00:00.5Z",
        "size": None,
        "note": None,
        "secret": "not declared",
        **changes,
    }


def written(source: Row) -> Any:
    return json.loads(to_json(SaleOut.of(source).members))


def test_a_row_is_serialized_by_its_declaration() -> None:
    assert written(row()) == {
        "id": "0197ffff-0000-7000-8000-00000000000a",
        "sold_at": "2026-11-24T10:00:00.000000Z",
        "paid_at": None,
        "total": "123.45",
        "tax": None,
        "net": "122.45",
        "half": "61.72",
        "is_large": True,
        "from": "2026-11-24",
        "first_leg": None,
        "legs": [],
        "logged_at": "2026-11-24T10:00:00.5Z",
        "size": None,
    }


@pytest.mark.parametrize(
    ("changes", "member", "expected"),
    [
        ({"sold_at": PARTIAL}, "sold_at", "2026-11-24T10:00:00.000007Z"),
        ({"paid_at": WHOLE}, "paid_at", "2026-11-24T10:00:00.000000Z"),
        ({"tax_minor": 1234}, "tax", "1.234"),
        ({"total_minor": 1}, "is_large", False),
        ({"total_minor": 1}, "half", None),
        ({"size": 3}, "size", "3"),
        ({"note": "Paid"}, "note", "Paid"),
    ],
)
def test_a_member_is_serialized_by_its_type(
    changes: dict[str, Any], member: str, expected: object
) -> None:
    assert written(row(**changes))[member] == expected


def test_nested_objects_are_serialized_by_their_own_declaration() -> None:
    first, last = Leg(DAY, Money(1050, "INR")), Leg(DAY, Money(7, "JPY"), Money(3, "JPY"))
    found = written(row(first_leg=first, legs=[first, last]))
    shown = {
        "on": "2026-11-24",
        "price": "10.50",
        "refund": None,
        "currency": "INR",
        "carrier": "AI",
    }
    assert found["first_leg"] == shown
    assert found["legs"] == [
        {"on": "2026-11-24", "price": "7.00", "refund": "3.00", "currency": "JPY", "carrier": "AI"},
        shown,
    ]


def test_members_of_the_first_base_come_first() -> None:
    class Brief(AnswerOf[Row]):
        """Members that a list shows."""

        id: UUID

    class Parts(AnswerOf[Row]):
        """Members that a list leaves out."""

        note: str

    class Whole(Brief, Parts):
        """Both."""

        size: int

    assert list(Whole.members_of({"note": "", "size": 1, "id": ID})) == ["id", "note", "size"]


def test_a_response_matches_its_schema() -> None:
    leg = Leg(DAY, Money(1050, "INR"))
    body = SaleList.of(Page([row(first_leg=leg)], 3, 1, 0, "next"))
    assert list(body.members) == ["items", "total", "limit", "offset", "next_cursor"]
    assert body.members["total"] == 3
    TypeAdapter(LegList).validate_json(
        to_json(LegList.of(CursorPage([row(first_leg=leg)], 1, None)).members)
    )


def test_an_invalid_path_is_refused() -> None:
    class Wrong(AnswerOf[Row]):
        """A path with a call."""

        name: Annotated[str, Read("name.strip()")]

    with pytest.raises(ValueError, match="is not a valid path"):
        serializer(Wrong)


def test_a_class_without_a_source_is_refused() -> None:
    with pytest.raises(TypeError, match="declares no source"):
        serializer(AnswerOf)


@pytest.mark.parametrize(
    "answer",
    sorted(
        {
            one.answer
            for api in APIS
            for one in api.operations
            if isinstance(one.answer, type) and issubclass(one.answer, AnswerOf)
        },
        key=lambda answer: str(answer.__name__),
    ),
)
def test_the_serializer_of_each_operation_can_be_generated(answer: type[AnswerOf[Any]]) -> None:
    assert callable(serializer(answer))
