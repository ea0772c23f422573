"""Basic values: ids, times, dates, canonical JSON and cursors."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from voyagent.kernel import clock
from voyagent.kernel.canonical import canonical_json, digest
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.ids import new_id, new_turn_id, parse_id
from voyagent.kernel.pages import Cursor, InvalidCursor, Page, next_cursor


def test_ids_are_uuid_7_and_sort_by_creation_time() -> None:
    made = [new_id() for _ in range(1000)]
    assert {key.version for key in made} == {7}
    assert made == sorted(made)
    assert len(set(made)) == 1000


def test_a_turn_has_a_short_name() -> None:
    name = new_turn_id()
    assert name.startswith("t-")
    assert len(bytes.fromhex(name[2:])) == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "0" * 32,
        "{01a2106e-8927-7239-ba9b-e857b5135be4}",
        "urn:uuid:01a2106e-8927-7239-ba9b-e857b5135be4",
        "01a2106e89277239ba9be857b5135be4",
        None,
        7,
        "\N{ARABIC-INDIC DIGIT ZERO}1a2106e-8927-7239-ba9b-e857b5135be4",
    ],
)
def test_only_the_canonical_notation_is_an_id(text: object) -> None:
    assert parse_id(text) is None


def test_an_id_is_accepted_in_either_case() -> None:
    key = uuid4()
    assert parse_id(str(key)) == parse_id(str(key).upper()) == key


def test_now_has_a_time_zone_and_a_date_depends_on_it() -> None:
    with time_machine.travel(datetime(2026, 11, 24, 20, 0, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
        assert clock.today() == date(2026, 11, 24)
        assert clock.today("Asia/Kolkata") == date(2026, 11, 25)
        assert clock.today("America/Los_Angeles") == date(2026, 11, 24)


def test_a_time_zone_must_be_in_the_database() -> None:
    assert clock.is_zone("Asia/Kolkata")
    for name in (
        "Mars/Olympus",
        "",
        "../etc/passwd",
        "asia/kolkata",
        "UTC+5",
        "localtime",
        "Factory",
    ):
        assert not clock.is_zone(name)
    assert "Asia/Dubai" in clock.zones()


def test_a_serialized_time_has_microseconds_and_z() -> None:
    assert wire_instant(datetime(2026, 11, 24, 10, 0, tzinfo=UTC)) == "2026-11-24T10:00:00.000000Z"
    kolkata = datetime.fromisoformat("2026-11-24T15:30:00.5+05:30")
    assert wire_instant(kolkata) == "2026-11-24T10:00:00.500000Z"


def test_equal_values_have_one_canonical_form_and_hash() -> None:
    assert canonical_json({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert len(bytes.fromhex(digest({}))) == 32


@pytest.mark.parametrize(
    "value",
    [1.5, {"a": [1.0]}, float("nan"), {"a": {"b": (0.1,)}}, {"a": object()}, {"a": UUID(int=0)}],
)
def test_a_value_without_a_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


def test_a_cursor_can_be_decoded() -> None:
    at, key = datetime(2026, 11, 24, 10, 0, 0, 123456, tzinfo=UTC), new_id()
    assert Cursor.decode(Cursor(at, key).encode()) == Cursor(at, key)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "é",
        "AAAA",
        base64.urlsafe_b64encode(b"2026-11-24|x").decode(),
        base64.urlsafe_b64encode(
            b"2026-11-24T10:00:00|01a2106e-8927-7239-ba9b-e857b5135be4"
        ).decode(),
        "a" * 5000,
        "\x00",
    ],
)
def test_an_invalid_cursor_is_refused(token: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.decode(token)


def test_a_page_that_is_not_full_is_the_last() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    rows = [{"created_at": at - timedelta(days=n), "id": new_id()} for n in range(3)]
    assert next_cursor(rows, 4) is None
    assert next_cursor([], 1) is None
    assert Cursor.decode(next_cursor(rows, 3) or "") == Cursor(rows[2]["created_at"], rows[2]["id"])


def test_a_page_highlights_its_menu_entry() -> None:
    assert (Page([1, 2], 412, 50, 50).first, Page([1, 2], 412, 50, 50).last) == (51, 52)
    assert (Page([], 0, 50, 0).first, Page([], 0, 50, 0).last) == (0, 0)
