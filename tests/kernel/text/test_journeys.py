"""Origin and destination are read from codes, links and places."""

from __future__ import annotations

import pytest

from voyagent.kernel.text.journeys import find_ends


@pytest.mark.parametrize(
    ("text", "origin", "destination"),
    [
        ("Mumbai to Dubai", "Mumbai", "Dubai"),
        ("दिल्ली से गोवा", "दिल्ली", "गोवा"),
        ("bom dxb 12 feb", "BOM", "DXB"),
        ("fares jaipur mumbai", "Jaipur", "Mumbai"),
        ("honeymoon in Bali from Hyderabad", "Hyderabad", "Bali"),
        ("Shimla Manali tour", None, "Manali"),
        ("send the bill", None, None),
    ],
)
def test_origin_and_destination_are_read_from_a_text(
    text: str, origin: str | None, destination: str | None
) -> None:
    ends = {side: place.name for side, place in find_ends(text).items()}
    assert (ends.get("origin"), ends.get("destination")) == (origin, destination)
