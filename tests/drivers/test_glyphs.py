"""PDFs with text of any alphabet, and a stand-in for characters without a font."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

from tests.paper_text import text_of
from voyagent.drivers.paper import Paper
from voyagent.drivers.paper.glyphs import STAND_IN, legible
from voyagent.http.template_filters import currency_name, symbol_money
from voyagent.kernel.money import Money, currency_codes

SOURCE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(font: json(bytes(sys.inputs.fonts)), lang: data.lang)
#for line in data.lines [#line #text(weight: 600, line) #parbreak()]
"""
PRIVATE, UNFONTED = "\ue000", "\N{OL CHIKI LETTER LA}"
INDIAN = (
    "தமிழ்",
    "മലയാളം",
    "বাংলা",
    "తెలుగు",
    "ಕನ್ನಡ",
    "ગુજરાતી",
    "ਪੰਜਾਬੀ",
    "ଓଡ଼ିଆ",
    "हिन्दी",
    "සිංහල",
)
FOREIGN = (
    "日本 Travel",
    "한국",
    "ไทย",
    "Привет",
    "ΔΕΛΤΑ",
    "Việt Nam",
    "ქართული",
    "Հայ",
    "ትግርኛ",
    "မြန်မာ",
    "ខ្មែរ",
    "ລາວ",
)
RIGHT_TO_LEFT = ("مرحبا", "תל אביב", "دبي → Kochi", "اردو ٹریول")
SIGNS = ("😀 ✈ ✈\ufe0f ✓ ★ ☎", "฿ ₩ ﷼ ₫ ₪ ₱ ₺ ₦ ₴ ₸ ₾ ₿", "x̌ é ṇ̀")


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    (tmp_path / "page.typ").write_text(SOURCE)
    return Paper(tmp_path)


@pytest.fixture
def nonstandard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the documents that were made without the PDF standard."""
    found: list[str] = []
    monkeypatch.setattr(
        "voyagent.drivers.paper.log.warning",
        lambda _event, **about: found.append(about["document"]),
    )
    return found


def set_on(paper: Paper, *lines: str, title: str = "A page", lang: str = "en") -> bytes:
    return paper.pdf("page.typ", {"title": title, "lang": lang, "lines": lines})


@pytest.mark.parametrize("text", [*INDIAN, *FOREIGN, *RIGHT_TO_LEFT, *SIGNS])
def test_texts_of_customers_are_printed_unchanged(
    paper: Paper, nonstandard: list[str], text: str
) -> None:
    read = text_of(set_on(paper, text, title=text))
    assert set(text) - {"\ufe0f"} <= set(read)
    assert (STAND_IN in read, nonstandard) == (False, [])


@pytest.mark.parametrize("lang", ["en", "hi"])
def test_sign_and_name_of_every_currency_are_printed(
    app: Flask, paper: Paper, nonstandard: list[str], lang: str
) -> None:
    with app.test_request_context(), force_locale(lang):
        words = [
            f"{symbol_money(Money(123_456, code))} {currency_name(code)}"
            for code in currency_codes()
        ]
    read = text_of(set_on(paper, *words, lang=lang))
    assert set("".join("".join(words).split())) <= set(read)
    assert (STAND_IN in read, nonstandard) == (False, [])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"a{PRIVATE}b", f"a{STAND_IN}b"),
        (f"Travel {UNFONTED}", f"Travel {STAND_IN}"),
        ("a\ud800", f"a{STAND_IN}"),
    ],
)
def test_a_character_without_a_font_is_replaced(
    paper: Paper, nonstandard: list[str], text: str, read: str
) -> None:
    assert set(read) <= set(text_of(set_on(paper, text, title=text)))
    assert nonstandard == [], "and the document is tagged all the same"
    assert len(paper.png("page.typ", {"title": text, "lang": "en", "lines": [text]})) == 1


def test_invisible_characters_are_not_printed(paper: Paper, nonstandard: list[str]) -> None:
    assert text_of(set_on(paper, "a\x00b\x07c\ufeffd\x7f")).split()[:2] == ["abcd", "abcd"]
    assert STAND_IN not in text_of(set_on(paper, "\u200b\u200d\u200e\u202e\u2060\x85\u00ad"))
    assert nonstandard == []


def test_a_sample_of_all_unicode_characters_can_be_printed(
    paper: Paper, nonstandard: list[str]
) -> None:
    """Print every 30th assigned character, and a few unassigned ones."""
    meant = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if code % 3_000 == 0 or unicodedata.category(chr(code)) not in {"Cn", "Co", "Cs"}
    ]
    assert set_on(paper, *meant[::30]).startswith(b"%PDF")
    assert nonstandard == []


def test_a_pdf_that_violates_the_standard_is_made_without_it(
    paper: Paper, nonstandard: list[str]
) -> None:
    assert set_on(paper, "A line", title="\x00").startswith(b"%PDF")
    assert nonstandard == ["page.typ"]


def test_right_to_left_text_is_isolated(paper: Paper) -> None:
    isolated = json.loads(
        legible(
            {"texts": ["plain", "שלום, 12\nStreet"], "size": 3, "none": None, "bytes": [1, 2]},
            paper._files,  # noqa: SLF001
        )
    )
    assert isolated == {
        "texts": ["plain", "\u2067" + "שלום, 12" + "\u2069\nStreet"],
        "size": 3,
        "none": None,
        "bytes": [1, 2],
    }
    way = json.loads(legible(["دبي → Kochi", "\u202eabc"], paper._files))  # noqa: SLF001
    assert way == [
        "\u2066دبي → Kochi\u2069",
        "\u2066\u202eabc\u2069",
    ], "the arrow still leads to Kochi, and what turns its own line turns no other"
    assert paper.png("page.typ", {"title": "t", "lang": "en", "lines": ["שלום!"]}) != paper.png(
        "page.typ", {"title": "t", "lang": "en", "lines": ["\N{LEFT-TO-RIGHT MARK}שלום!"]}
    )


def test_text_with_known_glyphs_is_not_changed(paper: Paper) -> None:
    assert (
        legible({"a": ['"₹2,28,200.50"\n', "दुबई", 1]}, paper._files)  # noqa: SLF001
        == '{"a": ["\\"₹2,28,200.50\\"\\n", "दुबई", 1]}'
    )
