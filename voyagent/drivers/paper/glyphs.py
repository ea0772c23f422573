"""Letters: which of them the fonts show, what stands for one that none does, and what is written
from right to left kept together.

Typst refuses a tagged document for one letter that no font has. So whatever people have typed is
made such that each letter of it can be set.
"""

from __future__ import annotations

import json
import struct
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

STAND_IN = "\N{REPLACEMENT CHARACTER}"
"""What stands for a letter that no font has. It must be in a font itself."""
_BREAKS = frozenset("\n\r\t")
_NEVER_SET = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""PDF/UA-1 forbids it, and there is nothing of it to be seen."""
_TURNING = frozenset({"R", "AL", "RLE", "RLO", "LRE", "LRO"})
"""Kinds of letters (Unicode, annex 9) that change in which order the ones beside them are read."""


def legible(data: Any, fonts: Sequence[Path]) -> str:
    """`data` as JSON in which each letter of each text can be set with the fonts, files of TTF, OTF
    or collections of either. Raises OSError.

    A letter that none shows is STAND_IN, or nothing where there is nothing to be seen of it, such
    as a control character. A line with letters that are written from right to left stands by
    itself, whatever stands beside it: from right to left where it has no others, and else as the
    page shows it.
    """
    text = json.dumps(data, ensure_ascii=False)
    letters = set(text)
    hidden = _hidden_among(letters, fonts)
    if (
        not hidden
        and _NEVER_SET not in letters
        and "\\u" not in text
        and not any(map(_turns, letters))
    ):  # JSON writes control characters as \u00..
        return text
    return json.dumps(_with_texts(data, lambda typed: _legible(typed, hidden)), ensure_ascii=False)


def _hidden_among(letters: set[str], fonts: Sequence[Path]) -> set[str]:
    """The letters that no font shows; a font is read where those before it leave a letter over."""
    for font in fonts:
        if not letters:
            break
        letters = letters - _shown_by(font)
    return letters


@cache
def _shown_by(font: Path) -> frozenset[str]:
    return frozenset(map(chr, _codes(font.read_bytes())))


def _legible(typed: str, hidden: set[str]) -> str:
    return "\n".join(
        _isolated("".join(_set(letter, hidden) for letter in line)) for line in typed.split("\n")
    )


def _isolated(line: str) -> str:
    """A line by itself.

    Between Latin letters an arrow keeps its meaning only from left to right.
    """
    kinds = set(map(unicodedata.bidirectional, line))
    if not kinds & _TURNING:
        return line
    begun = "\N{LEFT-TO-RIGHT ISOLATE}" if "L" in kinds else "\N{RIGHT-TO-LEFT ISOLATE}"
    return f"{begun}{line}\N{POP DIRECTIONAL ISOLATE}"


def _set(letter: str, hidden: set[str]) -> str:
    kind = unicodedata.category(letter)
    if letter in _BREAKS:
        return letter
    if letter == _NEVER_SET or kind == "Cc" or (kind == "Cf" and letter in hidden):
        return ""
    return STAND_IN if letter in hidden else letter


def _turns(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in _TURNING


def _with_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _with_texts(one, change) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_texts(one, change) for one in value]
    return value


def _codes(font: bytes) -> Iterable[int]:
    """The code points of a font, from its table `cmap` as OpenType describes it; of a collection
    those of its first font.
    """
    start = struct.unpack_from(">I", font, 12)[0] if font[:4] == b"ttcf" else 0
    tables = (
        struct.unpack_from(">4sIII", font, start + 12 + 16 * number)
        for number in range(struct.unpack_from(">H", font, start + 4)[0])
    )
    place = next(offset for tag, _sum, offset, _length in tables if tag == b"cmap")
    for number in range(struct.unpack_from(">H", font, place + 2)[0]):
        part = place + struct.unpack_from(">I", font, place + 4 + 8 * number + 4)[0]
        form = struct.unpack_from(">H", font, part)[0]
        if form == 4:
            yield from _runs_of_two_bytes(font, part)
        elif form == 12:
            for run in range(struct.unpack_from(">I", font, part + 12)[0]):
                first, last, glyph = struct.unpack_from(">III", font, part + 16 + 12 * run)
                yield from range(first + (glyph == 0), last + 1)


def _runs_of_two_bytes(font: bytes, part: int) -> Iterable[int]:
    count = struct.unpack_from(">H", font, part + 6)[0] // 2
    lasts, firsts, deltas, offsets = (
        struct.unpack_from(f">{count}H", font, part + start)
        for start in (14, 16 + 2 * count, 16 + 4 * count, 16 + 6 * count)
    )
    for run, (first, last, delta, offset) in enumerate(
        zip(firsts, lasts, deltas, offsets, strict=True)
    ):
        for code in range(first, min(last, 0xFFFE) + 1):
            place = part + 16 + 6 * count + 2 * run + offset + 2 * (code - first)
            if (
                struct.unpack_from(">H", font, place)[0] if offset else (code + delta) & 0xFFFF
            ) != 0:
                yield code
