"""Passport numbers are masked in free text, in English and Hindi, in linear time."""

from __future__ import annotations

import pytest

from tests.cpu_time import cpu_seconds
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
        ("passport C01X00T47", "passport ••••0T47"),
        ("Pass no. c01x00t47, Berlin", "Pass no. ••••0t47, Berlin"),
        ("passport \uff3a\uff17\uff16\uff15\uff14\uff13\uff12\uff11.", "passport ••••4321."),
        (
            "\uff30\uff21\uff33\uff33\uff30\uff2f\uff32\uff34 Z7654321",
            "\uff30\uff21\uff33\uff33\uff30\uff2f\uff32\uff34 ••••4321",
        ),
        ("PP: Z 765 4321", "PP: ••••4321"),
        ("P/P:Z7654321", "P/P:••••4321"),
        ("passport Z765\u200b4321", "passport ••••4321"),
        ("pass\u00adport \ufeffZ\u200d7654321", "pass\u00adport \ufeff••••4321"),
        ("Z7654321<4IND8001014F3104305<<<<<<<<<<<<<<04", "••••4321"),
        ("P<INDNAIR<<ANNA<<<<\nZ7654321<4IND8001014F3104305<", "P<INDNAIR<<ANNA<<<<\n••••4321"),
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
        "C01X00T47 is a reference, the passport is not here",
        "passport fee for Christiane, KLMNPRTVW",
        "boarding pass no 12345678",
        "app: 12345678",
        "passport copies: 12, invoice 2026-27/000123",
        "passport " + "x" * 80 + " Z1234567",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert hidden_in(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "passport Z1234567 ",
        "passport ",
        "Z1234567 ",
        "p" * 20,
        "A 1 2 3 4 5 ",
        "पास",
        "C01X00T4",
        "Z\u200b",
        "pp: \uff3a",
        "C01X00T47 passport ",
        "<4IND80",
    ],
)
def test_the_time_grows_with_the_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        return cpu_seconds(lambda: hidden_in(text), calls=3)

    short, long = seconds(25_000), seconds(200_000)
    assert long < max(short, 0.001) * 24, "eight times the text, not the square of it"
