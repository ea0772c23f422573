"""Valid e-mail addresses, and the form in which they are stored."""

from __future__ import annotations

import pytest

from voyagent.kernel.addresses import normal_address


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Neha@Malabar.example", "neha@malabar.example"),
        ("  neha@malabar.example\n", "neha@malabar.example"),
        ("neha+visa@malabar.example", "neha+visa@malabar.example"),
        ("Ünal@malabar.example", "ünal@malabar.example"),
        ("neha@EXÄMPLE.com", "neha@exämple.com"),
        ("neha@xn--exmple-cua.com", "neha@exämple.com"),
    ],
)
def test_an_address_is_stored_in_lower_case(typed: str, stored: str) -> None:
    assert normal_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "neha",
        "neha@malabar",
        "neha@localhost",
        "neha@malabar.test",
        "neha kulkarni@malabar.example",
        '"neha"@malabar.example',
        "neha@[127.0.0.1]",
        "Neha <neha@malabar.example>",
        "neha@malabar.example, ravi@malabar.example",
        "\N{KELVIN SIGN}iran@malabar.example",
        "neha@\N{KELVIN SIGN}erala.example",
        "\N{FULLWIDTH LATIN SMALL LETTER N}eha@malabar.example",
        "neha@\N{FULLWIDTH LATIN SMALL LETTER M}alabar.example",
        "\N{LATIN SMALL LIGATURE FI}at@malabar.example",
        "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}nal@malabar.example",
        "e\N{COMBINING ACUTE ACCENT}va@malabar.example",
        "n" * 250 + "@malabar.example",
    ],
)
def test_an_invalid_or_deceptive_address_is_refused(typed: str) -> None:
    assert normal_address(typed) is None
