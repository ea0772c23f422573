"""Every sentence is translated, with the placeholders of the original."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "_l": None,
    "N_": None,
    "pgettext": ((1, "c"), 2),
}
CATALOGUES = sorted((ROOT / "translations").glob("*/LC_MESSAGES/*.po"))


def messages() -> set[str | tuple[str, ...]]:
    """Return the sentences that the catalogue must have.

    Each is a text, or its singular and plural.
    """
    with (ROOT / "babel.cfg").open(encoding="utf-8") as cfg:
        methods, options = parse_mapping_cfg(cfg)
    found: set[str | tuple[str, ...]] = set()
    for folder in ("templates", "voyagent"):
        # The mapping names paths from the root of the repository.
        for _, _, message, _, _ in extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix(f"{folder}/"), how) for pattern, how in methods],
            options,
            KEYWORDS,
        ):
            found.add(message)
    return found


def collected() -> set[str]:
    return {
        word
        for message in messages()
        for word in ([message] if isinstance(message, str) else message)
    }


def test_texts_of_pages_statuses_and_rules_are_extracted() -> None:
    words = collected()
    assert {
        "Skip to content",
        "Partly paid",
        "%(num)d approvals waiting",
        "Please sign in again.",
    } <= words


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_has_the_placeholders_of_the_original(catalogue: Path) -> None:
    with catalogue.open("rb") as file:
        translated = [
            message
            for message in read_po(file)
            if message.id and message.string and any(message.string)
        ]
    assert translated
    for message in translated:
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        heard = [message.string] if isinstance(message.string, str) else list(message.string)
        assert set(re.findall(r"%\(\w+\)\w", heard[-1])) == set(
            re.findall(r"%\(\w+\)\w", texts[-1])
        ), message.id


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_sentence_is_translated(catalogue: Path) -> None:
    """All texts of templates and rules count, in singular and plural.

    Fuzzy translations do not count.
    """
    with catalogue.open("rb") as file:
        spoken = {
            message.id if isinstance(message.id, str) else message.id[0]
            for message in read_po(file)
            if message.id and _is_whole(message)
        }
    singular = {words if isinstance(words, str) else words[0] for words in messages()}
    assert sorted(singular - spoken) == []


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_translation_is_of_a_removed_sentence(catalogue: Path) -> None:
    with catalogue.open("rb") as file:
        translated = {
            message.id if isinstance(message.id, str) else message.id[0]
            for message in read_po(file)
            if message.id
        }
    assert sorted(translated - collected()) == []


# Terms of the trade, each with its only Hindi translation.
TERMS = {
    r"\benquir(y|ies)\b": "पूछताछ",
    r"\bapprovals?\b": "स्वीकृति",
    r"\binvoices?\b": "इनवॉइस",
    r"\bjournal\b": "रोज़नामच",
    r"\bdebits?\b(?! note)": "नामे",
    r"\bcredits?\b(?! note| limit)": "जमा",
    r"\bcredit limits?\b": "उधार सीमा",
    r"\bsettings\b": "सेटिंग",
    r"\baudit\b": "लेखा-परीक्षा",
    r"\bteam\b": "टीम",
    r"\btrial balance\b": "तलपट",
    r"\breceivables?\b": "प्राप्य",
    r"\binvitations?\b": "निमंत्रण",
    r"\boverdue\b": "अतिदेय",
}


def test_a_term_has_the_same_hindi_word_in_every_sentence() -> None:
    with (ROOT / "translations/hi/LC_MESSAGES/messages.po").open("rb") as file:
        spoken = [
            (message.id, message.string)
            for message in read_po(file)
            if isinstance(message.id, str) and isinstance(message.string, str)
        ]
    # A number stands for the word in `%(invoice)s`; the verb “to invoice” is an example that people
    # type.
    plain = [(re.sub(r"%\(\w+\)\w|“[^”]*”", "", english), heard) for english, heard in spoken]
    strays = [
        (english, heard)
        for english, heard in plain
        for term, word in TERMS.items()
        if re.search(term, english, re.IGNORECASE) and word not in heard
    ]
    assert strays == []


def _is_whole(message: Message) -> bool:
    return not message.fuzzy and all(
        message.string if isinstance(message.string, list | tuple) else [message.string]
    )
