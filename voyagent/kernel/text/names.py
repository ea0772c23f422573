"""Names that the agency knows, found in plain text in spite of typing errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

SIMILARITY_MIN = 88
"""Least similarity of words to a known name, out of 100."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_TYPED_LESS = 2
_PART_MIN = 4
"""A shorter part of a name is too common to stand for it."""


@dataclass(frozen=True, slots=True)
class KnownName:
    """A known name and where a text writes it, in full or (`in_part`) by one of its words."""

    name: str
    start: int
    end: int
    in_part: bool = False


def find_known_names(text: str, names: Sequence[str]) -> list[KnownName]:
    """The known names that a text writes in full, else those of which it has a word of their own.

    A name that is a part of another one found is left out.
    """
    whole = [found for name in names if (found := _in_full(text, name))]
    if whole:
        return sorted(
            (
                found
                for found in whole
                if not any(found.name != one.name and found.name in one.name for one in whole)
            ),
            key=lambda found: found.start,
        )
    return [found for name in names if (found := _by_word(text, name))]


def _in_full(text: str, name: str) -> KnownName | None:
    if len(text) < len(name) - _TYPED_LESS:
        return None
    near = fuzz.partial_ratio_alignment(
        name.casefold(), text.casefold(), score_cutoff=SIMILARITY_MIN
    )
    if near is None:
        return None
    start, end = near.dest_start, near.dest_end
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    words = text[start:end].strip()
    is_near = fuzz.ratio(name.casefold(), words.casefold()) >= SIMILARITY_MIN
    return KnownName(name, start, end) if is_near else None


def _by_word(text: str, name: str) -> KnownName | None:
    parts = [part for part in name.casefold().split() if len(part) >= _PART_MIN]
    return next(
        (
            KnownName(name, *match.span(), in_part=True)
            for match in _WORD.finditer(text)
            if any(fuzz.ratio(part, match.group().casefold()) >= SIMILARITY_MIN for part in parts)
        ),
        None,
    )
