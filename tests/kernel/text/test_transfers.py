"""Origin and destination of a transfer are read as written."""

from __future__ import annotations

import pytest

from voyagent.kernel.text.transfers import find_transfer


@pytest.mark.parametrize(
    ("text", "origin", "destination"),
    [
        ("add a transfer from Dubai airport to the hotel", "Dubai airport", "hotel"),
        ("airport se hotel tak gaadi lagao", "airport", "hotel"),
        ("arrange a car Kochi to Munnar on the 10th", "Kochi", "Munnar"),
        ("book vehicle Jeddah apt - Makkah hotel", "Jeddah apt", "Makkah hotel"),
        ("drop to DXB on Sunday", None, "DXB"),
        ("need airport pickup", "airport", None),
        ("add a taxi", None, None),
    ],
)
def test_a_transfer_has_an_origin_and_a_destination(
    text: str, origin: str | None, destination: str | None
) -> None:
    ends = find_transfer(text)
    assert (ends.get("origin"), ends.get("destination")) == (origin, destination)
