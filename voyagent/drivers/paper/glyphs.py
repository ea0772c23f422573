"""Replaces characters that no font has, so that every text can be typeset."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from voyagent.kernel.json_values import JsonMapping

STAND_IN = "\N{REPLACEMENT CHARACTER}"
"""Replacement for a character without a glyph; one of the fonts must contain it."""
_BREAKS = frozenset("\n\r\t")
_NEVER_SET = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""A character that PDF/UA-1 forbids and that has no visible form."""
_REORDERING = frozenset({"R", "AL", "RLE", "RLO", "LRE", "LRO"})
"""Bidirectional classes (Unicode Annex 9) that change the order of the text next to them."""


def legible(data: JsonMapping, fonts: Sequence[Path]) -> str:
    """Return `data` as JSON in which every character has a glyph in one of the fonts.

    A character without a glyph becomes STAND_IN. Two kinds of characters are removed: control
    characters other than line breaks and tabs, and format characters without a glyph. A line with
    right-to-left script gets Unicode isolate characters, so it does not reorder the text around it.

    `fonts` are the paths of TTF and OTF files or collections; of a collection only the first font
    is read. Raises OSError if a file cannot be read.
    """
    text = json.dumps(data, ensure_ascii=False)
    letters = set(text)
    hidden = _without_glyph(letters, fonts)
    # JSON writes control characters as \u00..
    if (
        not hidden
        and _NEVER_SET not in letters
        and "\\u" not in text
        and not any(map(_reorders, letters))
    ):
        return text
    return json.dumps(_with_texts(data, lambda typed: _legible(typed, hidden)), ensure_ascii=False)


def _without_glyph(letters: set[str], fonts: Sequence[Path]) -> set[str]:
    # Most texts need only the first font; the others are read for the characters that it lacks.
    for font in fonts:
        if not letters:
            break
        letters = letters - _covered_by(font)
    return letters


@cache
def _covered_by(font: Path) -> frozenset[str]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - few processes make documents

    with TTFont(font, fontNumber=0, lazy=True) as opened:
        # The names of 65,000 Chinese glyphs take four times as long to read as the table itself.
        opened.setGlyphOrder([str(number) for number in range(opened["maxp"].numGlyphs)])
        return frozenset(map(chr, opened.getBestCmap() or ()))


def _legible(typed: str, hidden: set[str]) -> str:
    return "\n".join(
        _isolated("".join(_set(letter, hidden) for letter in line)) for line in typed.split("\n")
    )


def _isolated(line: str) -> str:
    """Return a line; enclose right-to-left script in Unicode isolate characters.

    The line then does not reorder the text around it. A line that also has left-to-right letters is
    isolated as left to right, so that the arrow in a route such as `A → B` keeps its meaning.
    """
    kinds = set(map(unicodedata.bidirectional, line))
    if not kinds & _REORDERING:
        return line
    start = "\N{LEFT-TO-RIGHT ISOLATE}" if "L" in kinds else "\N{RIGHT-TO-LEFT ISOLATE}"
    return f"{start}{line}\N{POP DIRECTIONAL ISOLATE}"


def _set(letter: str, hidden: set[str]) -> str:
    kind = unicodedata.category(letter)
    if letter in _BREAKS:
        return letter
    if letter == _NEVER_SET or kind == "Cc" or (kind == "Cf" and letter in hidden):
        return ""
    return STAND_IN if letter in hidden else letter


def _reorders(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in _REORDERING


def _with_texts(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _with_texts(one, change) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_texts(one, change) for one in value]
    return value
