"""Find stored names of customers and suppliers, in spite of typing errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from voyagent.kernel.text.naming import Run, WordOfName, find_runs, is_title
from voyagent.kernel.text.vocabulary import COMMON_WORDS, FIRM_WORDS, plain

SIMILARITY_MIN = 88
"""Minimum similarity of words in the text to a stored name, out of 100."""
_TYPED_LESS = 2
_PART_MIN = 3
"""Minimum length of a part of a name that can mean the name; shorter words are too common."""
_WORD_MIN = 75
"""Minimum similarity of each word of a name, so that `Rohan` is not taken for `Rohini`."""
_LETTER = re.compile(r"[\w\u0900-\u0963]")
_PARTS = re.compile(r"[\s.&]+")


@dataclass(frozen=True, slots=True)
class KnownName:
    """A stored name that a text contains, in full or (`in_part`) by some of its words."""

    name: str
    start: int
    end: int
    in_part: bool = False


def find_known_names(text: str, names: Sequence[str]) -> list[KnownName]:
    """Return the names that the text contains in full, else those found in part.

    A part does not count if other words of a name are next to it: with `Suresh Pillai` stored,
    `Pillai` means him, but `Rohan Pillai` is another person. A name that is contained in another
    name found is left out.
    """
    runs = find_runs(text)
    whole = [found for name in names if (found := _in_full(text, name, runs))]
    if whole:
        return sorted(
            (
                found
                for found in whole
                if not any(found.name != one.name and found.name in one.name for one in whole)
            ),
            key=lambda found: found.start,
        )
    return [found for name in names if (found := _in_part(name, runs))]


def near_names(text: str, names: Sequence[str]) -> list[str]:
    """Return the names of which the text contains a word, whatever the next words are."""
    words = [one.text for run in find_runs(text) for one in run.named if _can_stand_alone(one)]
    return [
        name
        for name in dict.fromkeys(names)
        if any(_is_alike(word, part) for word in words for part in _parts(name))
    ]


def _in_full(text: str, name: str, runs: Sequence[Run]) -> KnownName | None:
    near = _aligned(text, name)
    if near is not None:
        return None if _continues_name(near, runs) else near
    parts = _parts(name)
    for run in runs:
        if len(parts) > 1 and _is_written_otherwise([one.text for one in run.named], parts):
            return KnownName(name, run.start, run.end)
    return None


def _aligned(text: str, name: str) -> KnownName | None:
    """Find words of the text that are similar to the name, in the order of the name."""
    if len(text) < len(name) - _TYPED_LESS:
        return None
    near = fuzz.partial_ratio_alignment(
        name.casefold(), text.casefold(), score_cutoff=SIMILARITY_MIN
    )
    if near is None:
        return None
    start, end = near.dest_start, near.dest_end
    while start and _LETTER.match(text[start - 1]):
        start -= 1
    while end < len(text) and _LETTER.match(text[end]):
        end += 1
    words = text[start:end].strip()
    start += len(text[start:end]) - len(text[start:end].lstrip())
    is_near = fuzz.ratio(name.casefold(), words.casefold()) >= SIMILARITY_MIN
    pairs = zip(name.casefold().split(), words.casefold().split(), strict=False)
    is_near = is_near and all(fuzz.ratio(one, other) >= _WORD_MIN for one, other in pairs)
    return KnownName(name, start, start + len(words)) if is_near else None


def _continues_name(found: KnownName, runs: Sequence[Run]) -> bool:
    """Return True if the words found are only a part of a longer name in the text.

    If one word was found, any word of a name next to it continues the name. If more were found,
    only a capitalised word does.
    """
    is_single = len(_parts(found.name)) == 1
    return any(
        (is_single or word.is_capital)
        for run in runs
        if run.start < found.end and found.start < run.end
        for word in run.named
        if word.end <= found.start or found.end <= word.start
    )


def _is_written_otherwise(words: Sequence[str], parts: Sequence[str]) -> bool:
    """Return True if the words are the name in another order or with initials.

    Dots in the name are ignored.
    """
    given = _parts(" ".join(words))
    if "".join(given) == "".join(parts):
        return True
    return len(given) == len(parts) and _has_each(given, parts, may_shorten=True)


def _in_part(name: str, runs: Sequence[Run]) -> KnownName | None:
    """Find words of a name alone: its first name, its surname, or a word of a firm."""
    parts = _parts(name)
    for run in runs:
        given = [part for one in run.named for part in _parts(one.text)]
        if (
            given
            and any(map(_can_stand_alone, run.named))
            and len(given) <= len(parts)
            and _has_each(given, parts)
        ):
            return KnownName(name, run.start, run.end, in_part=True)
    return None


def _can_stand_alone(word: WordOfName) -> bool:
    return len(word.text) >= _PART_MIN and plain(word.text) not in FIRM_WORDS | COMMON_WORDS


def _has_each(given: Sequence[str], parts: Sequence[str], *, may_shorten: bool = False) -> bool:
    """Return True if each word matches a different part of the name.

    `may_shorten` also accepts initials.
    """
    left = list(parts)
    whole = 0
    for word in sorted(given, key=len, reverse=True):
        own = next((part for part in left if _is_alike(word, part)), None)
        whole += own is not None
        if own is None and may_shorten:
            own = next((part for part in left if _is_initial(word, part)), None)
        if own is None:
            return False
        left.remove(own)
    return whole > 0


def _is_alike(word: str, part: str) -> bool:
    return fuzz.ratio(plain(word), plain(part)) >= SIMILARITY_MIN


def _is_initial(word: str, part: str) -> bool:
    return len(word) == 1 and part.startswith(word)


def _parts(name: str) -> list[str]:
    return list(_words_of(name))


def _words_of(name: str) -> Iterator[str]:
    for part in _PARTS.split(name.casefold()):
        if part and part != "and" and not is_title(part):
            yield part
