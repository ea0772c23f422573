"""Names of downloaded files cannot change the header that they stand in."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from voyagent.http.files import file_name
from voyagent.trips.queries import itinerary

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOSTILE = [
    'BSP"; filename="x.html',
    "a\r\nSet-Cookie: a=b",
    "../../etc/passwd",
    "दीपा",
    "a;b\\c",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_file_name_has_only_letters_digits_and_hyphens(text: str) -> None:
    for name in (file_name("bill", text), itinerary.file_name(text, NOON)):
        assert re.fullmatch(r"[A-Za-z0-9-]+", name)
