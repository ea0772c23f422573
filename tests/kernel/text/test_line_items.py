"""Lines of invoices and bills are read from a text, with quantities.

Their prices are read too.
"""

from __future__ import annotations

import pytest

from voyagent.kernel.text.amounts import find_figures
from voyagent.kernel.text.line_items import find_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("45,000 for Dubai visa", [("Dubai visa", 1, "45000")]),
        ("12,500 for tickets and 2,000 for service charge", [
            ("Tickets", 1, "12500"), ("Service charge", 1, "2000"),
        ]),
        ("insurance 2,400, service fee 500", [("Insurance", 1, "2400"), ("Service fee", 1, "500")]),
        ("hotel 42,000 plus taxi 6,500", [("Hotel", 1, "42000"), ("Taxi", 1, "6500")]),
        ("visa 6500 each for 3", [("Visa", 3, "6500")]),
        ("3 visas at 6500 each", [("Visas", 3, "6500")]),
        ("2 x Visa fee at ₹4,500", [("Visa fee", 2, "4500")]),
        ("visa fee 6 x 4,200", [("Visa fee", 6, "4200")]),
        ("Dubai package 2 pax 85,000 each", [("Dubai package", 2, "85000")]),
        ("Andaman honeymoon, 78,500", [("Andaman honeymoon", 1, "78500")]),
        ("2 rooms, 11,000", [("2 rooms", 1, "11000")]),
        ("ka invoice banao 45 hazaar Dubai visa", [("Dubai visa", 1, "45000")]),
        ("an invoice", []),
    ],
)  # fmt: skip
def test_each_amount_is_a_line_with_its_words_and_quantity(
    text: str, lines: list[tuple[str, int, str]]
) -> None:
    found = find_lines(text, find_figures(text))
    assert [(line.description, line.quantity, line.price.plain) for line in found] == lines


def test_names_and_dates_are_not_part_of_a_line() -> None:
    text = "invoice Meera Joshi Goa tour 32,000"
    (line,) = find_lines(text, find_figures(text), [(8, 19)])
    assert line.description == "Goa tour"
