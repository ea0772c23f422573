"""Passport numbers are masked in free text, in English and Hindi, in linear time."""

from __future__ import annotations

import time

import pytest

from voyagent.kernel.passport_numbers import hidden_in


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("passport Z1234567", "passport ••••4567"),
        (
            "Passport no. z1234567 valid till 14 June 2031",
            "Passport no. ••••4567 valid till 14 June 2031",
        ),
        ("pp no: K-1234567", "pp no: ••••4567"),
        ("PPT# Z 1234567, thanks", "PPT# ••••4567, thanks"),
        ("passport: Z 12 345 67", "passport: ••••4567"),
        ("passport Z-123-4567.", "passport ••••4567."),
        ("passport Z 1 2 3 4 5 6 7", "passport ••••4567"),
        ("her pasport is AB1234567", "her pasport is ••••4567"),
        ("pass port 12345678", "pass port ••••5678"),
        ("passport 1234 5678", "passport ••••5678"),
        ("passport 123-456-789", "passport ••••6789"),
        ("पासपोर्ट नंबर Z1234567 है", "पासपोर्ट नंबर ••••4567 है"),
        ("पासपोर्ट नंबर Z१२३४५६७", "पासपोर्ट नंबर ••••४५६७"),
        ("पास पोर्ट १२३४५६७८", "पास पोर्ट ••••५६७८"),
        ("पारपत्र क्रमांक Z 1234567", "पारपत्र क्रमांक ••••4567"),
        ("Deepa ka paasport Z1234567 hai", "Deepa ka paasport ••••4567 hai"),
        ("Z1234567 is the passport of Deepa", "••••4567 is the passport of Deepa"),
        ("passports Z1234567 and Y7654321", "passports ••••4567 and ••••4321"),
    ],
)
def test_a_number_near_the_word_is_masked(text: str, wanted: str) -> None:
    assert hidden_in(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "PNR Z1234567",
        "passport valid till 2031-04-30",
        "passport valid till 30-04-2031",
        "passport expiry 30.04.2031 or 30/04/2031",
        "passport of Deepa, call +91 98470 12345",
        "passport fee INR 1500",
        "passport needed, EK 533 on 19 Dec 2026",
        "passport copies: 12, invoice 2026-27/000123",
        "passport " + "x" * 80 + " Z1234567",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert hidden_in(text) == text


@pytest.mark.parametrize(
    "piece", ["passport Z1234567 ", "passport ", "Z1234567 ", "p" * 20, "A 1 2 3 4 5 ", "पास"]
)
def test_the_time_grows_with_the_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        best = float("inf")
        for _ in range(3):
            begun = time.perf_counter()
            hidden_in(text)
            best = min(best, time.perf_counter() - begun)
        return best

    short, long = seconds(25_000), seconds(200_000)
    assert long < max(short, 0.001) * 24, "eight times the text, not the square of it"
