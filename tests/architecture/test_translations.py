"""The catalogue: every word of templates and rules can be collected, and a translation keeps what the sentence is filled with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "N_": None}
CATALOGUES = sorted((ROOT / "translations").glob("*/LC_MESSAGES/*.po"))


def collected() -> set[str]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as cfg:
        methods, options = parse_mapping_cfg(cfg)
    found = set()
    for folder in ("templates", "voyagent"):
        # The mapping names paths from the root of the repository.
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, [(pattern.removeprefix(f"{folder}/"), how) for pattern, how in methods], options, KEYWORDS):
            found.update([message] if isinstance(message, str) else message)
    return found


def test_the_words_of_pages_statuses_and_rules_are_collected() -> None:
    words = collected()
    assert {"Skip to content", "Partly paid", "%(num)d approvals waiting", "Please sign in again."} <= words


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_is_filled_with_the_same_values(catalogue: Path) -> None:
    with catalogue.open("rb") as file:
        translated = [message for message in read_po(file) if message.id and message.string and any(message.string)]
    assert translated
    for message in translated:
        said = [message.id] if isinstance(message.id, str) else list(message.id)
        heard = [message.string] if isinstance(message.string, str) else list(message.string)
        assert set(re.findall(r"%\(\w+\)\w", heard[-1])) == set(re.findall(r"%\(\w+\)\w", said[-1])), message.id
