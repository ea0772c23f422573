"""Amounts written out in words."""

from __future__ import annotations

import pytest

from voyagent.kernel.money import Money
from voyagent.kernel.spelling import in_words

CASES = [
    (0, "INR", "Rupees zero only", "शून्य रुपये मात्र"),
    (
        12345650,
        "INR",
        "Rupees one lakh twenty three thousand four hundred fifty six and fifty paise only",
        None,
    ),
    (
        12345600,
        "INR",
        "Rupees one lakh twenty three thousand four hundred and fifty six only",
        None,
    ),
    (5, "INR", "Rupees zero and five paise only", "शून्य रुपये पाँच पैसे मात्र"),
    (10_00_00_000_00, "INR", "Rupees ten crore only", "दस करोड़ रुपये मात्र"),
    (
        123_00_00_001_00,
        "INR",
        "Rupees one hundred and twenty three crore one only",
        "एक सौ तेईस करोड़ एक रुपये मात्र",
    ),
    (1_00_00_000_00_00_000_00, "INR", "Rupees one crore crore only", None),
    (1250, "USD", "US dollars twelve and 50/100 only", None),
    (1200, "JPY", "Japanese yen one thousand two hundred only", None),
    (1005, "KWD", "Kuwaiti dinars one and 005/1000 only", None),
]


@pytest.mark.parametrize(("minor", "currency", "english", "hindi"), CASES)
def test_an_amount_is_written_out(
    minor: int, currency: str, english: str, hindi: str | None
) -> None:
    assert in_words(Money(minor, currency), "en") == english
    if hindi is not None:
        assert in_words(Money(minor, currency), "hi") == hindi


def test_every_number_up_to_a_thousand_is_spelled_out() -> None:
    for language in ("en", "hi"):
        texts = [in_words(Money(n * 100, "INR"), language) for n in range(1001)]
        assert len(set(texts)) == 1001
        assert not any(character.isdigit() for words in texts for character in words)


def test_an_unknown_language_falls_back_to_english() -> None:
    assert in_words(Money(100, "INR"), "fr") == "Rupees one only"
