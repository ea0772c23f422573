"""Masking of passport numbers in messages: exact, and in linear time."""

from __future__ import annotations

import pytest

from tests.cpu_time import cpu_seconds
from voyagent.kernel.masking import MASK
from voyagent.kernel.passport_numbers import hidden_in

HOSTILE = {
    "a word and a number": "passport A1234567 ",
    "words": "passport ",
    "numbers": "A1234567 ",
    "digits": "1",
    "half a word": "pas",
    "spaces after the short word": "pp   ",
    "numbers in two parts": "ppt\nB 1234567, ",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_long_hostile_text_is_masked_in_linear_time(kind: str) -> None:
    def seconds(length: int) -> float:
        unit = HOSTILE[kind]
        text = (unit * (length // len(unit) + 1))[:length] + " passport A1234567"
        assert hidden_in(text).endswith(f"passport {MASK}4567")
        return cpu_seconds(lambda: hidden_in(text), calls=3)

    short, long = seconds(20_000), seconds(200_000)
    assert long < max(40 * short, 0.5), (short, long)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("passport " + "x" * 58 + " A1234567", True),
        ("passport " + "x" * 59 + " A1234567", False),
        ("A1234567 " + "x" * 58 + " passport", True),
        ("A1234567 " + "x" * 59 + " passport", False),
        ("passport " + "x" * 100 + " A1234567 " + "x" * 100 + " passport", False),
        ("passport " + "x" * 100 + " A1234567 of the passport, passport", True),
        ("passport passport " + "x" * 40 + " A1234567", True),
    ],
)
def test_a_number_is_masked_at_most_60_characters_from_the_word(text: str, masked: bool) -> None:
    assert ("A1234567" not in hidden_in(text)) == masked
