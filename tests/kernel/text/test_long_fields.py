"""A field or a cell of any length is read as a date or an amount in little time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from tests.cpu_time import cpu_seconds
from voyagent.http import forms
from voyagent.imports.rules import cell_types
from voyagent.kernel.text.amounts import read_amount
from voyagent.kernel.text.dates import read_date
from voyagent.kernel.text.passages import FIELD_MAX

LONG = 60_000
SHAPES = ("K 7", "7K ", "two ", "1 jan ", "monday ", "9", "9,", "9 ", "-", "between 1 and ")
READERS: dict[str, Callable[[str], object]] = {
    "amount of a form": forms.plain,
    "sentence about an amount": forms.amount_sentence,
    "date of a form": forms.read_date,
    "sentence about a date": forms.date_sentence,
    "amount of a cell": lambda text: cell_types.plain_amount(text, "INR"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reader", READERS)
def test_a_long_field_takes_little_time(app: Flask, reader: str, shape: str) -> None:
    text = (shape * LONG)[:LONG]
    with app.test_request_context():
        assert cpu_seconds(lambda: READERS[reader](text)) < 0.1


def test_only_a_short_text_is_one_date_or_amount() -> None:
    today = date(2026, 11, 30)
    for text, length in (("1 jan 2027", FIELD_MAX), ("45,000", FIELD_MAX)):
        padded = text.rjust(length)
        assert read_date(padded, today) is not None or read_amount(padded) is not None
        assert read_date(padded + " ", today) is None
        assert read_amount(padded + " ") is None
