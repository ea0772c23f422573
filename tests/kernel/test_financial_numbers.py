"""PANs, tax numbers and bank accounts are masked in free text, in linear time."""

from __future__ import annotations

import pytest

from tests.cpu_time import cpu_seconds
from voyagent.kernel.financial_numbers import hidden_everywhere, hidden_in


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("invoice Uma, PAN AAPFU0939F, 3 nights", "invoice Uma, PAN ••••939F, 3 nights"),
        ("her number is aapfu0939f.", "her number is ••••939f."),
        ("GSTIN 27AAPFU0939F1ZV", "GSTIN ••••F1ZV"),
        ("gst no: 27 AAPFU 0939 F1ZV please", "gst no: ••••F1ZV please"),
        ("पैन नंबर AAPFU-0939-F है", "पैन नंबर ••••939F है"),
        ("TRN 100 2003 0040 0003 of Emirates Trading", "TRN ••••0003 of Emirates Trading"),
        ("100200300400003", "••••0003"),
        ("A/c 0012 3456 7890, IFSC BMCX0000123", "A/c ••••7890, IFSC BMCX0000123"),
        ("pay to account no. 001234567890", "pay to account no. ••••7890"),
        ("account number is 00123-45678-901", "account number is ••••8901"),
        ("khata 001234567890 mein", "khata ••••7890 mein"),
        ("खाता संख्या ००१२३४५६७८९०", "खाता संख्या ••••७८९०"),
        ("GB82 WEST 1234 5698 7654 32, thanks", "••••5432, thanks"),
        ("IBAN ae070331234567890123456", "IBAN ••••3456"),
        ("PAN \uff21\uff21\uff30\uff26\uff35\uff10\uff19\uff13\uff19\uff26", "PAN ••••939F"),
        ("PAN AAPFU\u200b0939F", "PAN ••••939F"),
        ("AAPFU0939F and BBPFU0939G", "••••939F and ••••939G"),
    ],
)
def test_a_number_is_masked(text: str, wanted: str) -> None:
    assert hidden_in(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "total 1200 a day, TOTAL 1200 A NIGHT",
        "debit account 5200 45000, credit account 1100",
        "debit account 1200 50000 30 nov",
        "received in the bank account, UTR 412345678901",
        "account of Kumar, phone 98765 43210",
        "invoice 2026-27/000123 of 24/11/2026",
        "record 45000 to account 1100 on 30-11-2026",
        "flight AI0131 KL07 to12 this that",
        "hold Q7X4ZP, ticket 098-2412345678",
        "GB82 WEST 1234 5698 7654 33",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert hidden_in(text) == text


def test_texts_of_a_json_value_are_masked() -> None:
    given = {
        "customer_pan": "AAPFU0939F",
        "line_items": [{"note": "A/c 001234567890", "quantity": 2}],
        "none": None,
    }
    assert hidden_everywhere(given) == {
        "customer_pan": "••••939F",
        "line_items": [{"note": "A/c ••••7890", "quantity": 2}],
        "none": None,
    }


@pytest.mark.parametrize(
    "piece", ["account ", "1 ", "A", "12 34 ", "GB82 WEST ", "AAPFU0939", "a/c 0012-", "PAN is "]
)
def test_the_time_grows_with_the_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        return cpu_seconds(lambda: hidden_in(text), calls=3)

    short, long = seconds(25_000), seconds(200_000)
    assert long < max(short, 0.001) * 24, "eight times the text, not the square of it"
