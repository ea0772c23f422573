"""The grammar of a Hindi sentence shows who gave money."""

from __future__ import annotations

import pytest

from voyagent.kernel.text.money_direction import Direction, money_direction


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Zachariah 50000 diye", "received"),
        ("Zachariah ne 50000 diye", "received"),
        ("Zachariah ko 50000 diye", "given"),
        ("Anil ne 5 tarikh ko 2000 diye", "received"),
        ("Anil 5 tarikh ko 2000 de gaya", "received"),
        ("aaj Joseph ne humko 3000 diye", "received"),
        ("hum ne Taj ko 20000 diye", "given"),
        ("maine driver ko 1500 de diye", "given"),
        ("Farhan ko kal 8000 bheje", "given"),
        ("रवि ने 5000 दिए", "received"),
        ("रवि को 5000 दिए", "given"),
        ("Deepa ko itinerary bhej do", None),
        ("Deepa ko 5000 ka invoice do", None),
        ("we paid Akbar 5000", None),
    ],
)
def test_the_direction_of_money_is_read_from_a_text(text: str, direction: Direction | None) -> None:
    assert money_direction(text) == direction
