"""Find stored names of customers and suppliers, in spite of typing errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from voyagent.kernel.text.naming import Run, find_runs, is_title
from voyagent.kernel.text.vocabulary import COMMON_WORDS, FIRM_WORDS, plain

SIMILARITY_MIN = 88
"""Minimum similarity of words in the text to a stored name, out of 100."""
RUNS_MAX = 50
"""Most names in a text that are compared with the stored names; further ones are not read."""
_TYPED_LESS = 2
_PART_MIN = 3
"""Minimum length of a part of a name that can mean the name; shorter words are too common."""
_WORD_MIN = 75
"""Minimum similarity of each word of a name, so that `Rohan` is not taken for `Rohini`."""
_LETTER = re.compile(r"[\w\u0900-\u0963]")
_PARTS = re.compile(r"[\s.&]+")
_NEVER_ALONE = FIRM_WORDS | COMMON_WORDS
"""Words that do not mean a name without its other words."""


@dataclass(frozen=True, slots=True)
class KnownName:
    """A stored name that a text contains, in full or (`in_part`) by some of its words."""

    name: str
    start: int
    end: int
    in_part: bool = False


def find_known_names(text: str, names: Sequence[str]) -> list[KnownName]:
    """Return the stored names that a text contains in full, or else in part.

    For example, if `Suresh Pillai` is stored, the text `Pillai` means this name, but the text
    `Rohan Pillai` is another name and finds nothing. If one name that was found contains another,
    only the longer name is returned.
    """
    runs = _compared(text)
    words = {name: _parts(name) for name in names}
    whole = [found for name, parts in words.items() if (found := _in_full(text, name, parts, runs))]
    if whole:
        return sorted(
            (
                found
                for found in whole
                if not any(found.name != one.name and found.name in one.name for one in whole)
            ),
            key=lambda found: found.start,
        )
    return [found for name, parts in words.items() if (found := _in_part(name, parts, runs))]


def near_names(text: str, names: Sequence[str]) -> list[str]:
    """Return the stored names that have a word in common with the text.

    For example, a text about `Rohan Pillai` returns the stored name `Suresh Pillai`, which
    `find_known_names` does not return.
    """
    words = {plain(one.text) for run in find_runs(text)[:RUNS_MAX] for one in run.named}
    words = {word for word in words if _can_stand_alone(word)}
    return [
        name
        for name in dict.fromkeys(names)
        if any(_is_alike(word, part) for part in set(_parts(name)) for word in words)
    ]


@dataclass(frozen=True, slots=True)
class _Compared:
    """Adjacent words of a text that may be a name, prepared for comparison."""

    run: Run
    parts: list[str]
    can_stand_alone: bool


def _compared(text: str) -> list[_Compared]:
    return [
        _Compared(
            run,
            [part for one in run.named for part in _parts(one.text)],
            any(_can_stand_alone(plain(one.text)) for one in run.named),
        )
        for run in find_runs(text)[:RUNS_MAX]
    ]


def _in_full(text: str, name: str, parts: list[str], runs: Sequence[_Compared]) -> KnownName | None:
    near = _aligned(text, name)
    if near is not None:
        return None if _continues_name(near, parts, runs) else near
    for one in runs:
        if len(parts) > 1 and _is_written_otherwise(one.parts, parts):
            return KnownName(name, one.run.start, one.run.end)
    return None


def _aligned(text: str, name: str) -> KnownName | None:
    """Find the name in the text with its words in order, in spite of typing errors.

    Returns None if no words of the text are similar enough.
    """
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


def _continues_name(found: KnownName, parts: list[str], runs: Sequence[_Compared]) -> bool:
    """Return True if the words found are only a part of a longer name in the text.

    `parts` are the words of the stored name. If the stored name is one word, such as `Pillai`,
    every neighbouring word that may be part of a name continues it, as in `rohan Pillai`. If the
    stored name has several words, only a capitalised neighbouring word continues it.
    """
    is_single = len(parts) == 1
    return any(
        (is_single or word.is_capital)
        for one in runs
        if one.run.start < found.end and found.start < one.run.end
        for word in one.run.named
        if word.end <= found.start or found.end <= word.start
    )


def _is_written_otherwise(given: Sequence[str], parts: Sequence[str]) -> bool:
    """Return True if the words `given` are the name `parts` written in another way.

    The words may be in another order, joined or split, or some of them initials.
    """
    if "".join(given) == "".join(parts):
        return True
    return len(given) == len(parts) and _has_each(given, parts, may_shorten=True)


def _in_part(name: str, parts: list[str], runs: Sequence[_Compared]) -> KnownName | None:
    """Find some words of a stored name in the text, such as a surname, or return None."""
    for one in runs:
        if (
            one.parts
            and one.can_stand_alone
            and len(one.parts) <= len(parts)
            and _has_each(one.parts, parts)
        ):
            return KnownName(name, one.run.start, one.run.end, in_part=True)
    return None


def _can_stand_alone(word: str) -> bool:
    return len(word) >= _PART_MIN and word not in _NEVER_ALONE


def _has_each(given: Sequence[str], parts: Sequence[str], *, may_shorten: bool = False) -> bool:
    """Return True if each word of `given` matches a different word of `parts`.

    `parts` are the words of a stored name.

    If `may_shorten` is true, an initial matches as well, but at least one word of `given` must
    match a whole word.
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
    return fuzz.ratio(word, part, score_cutoff=SIMILARITY_MIN) > 0


def _is_initial(word: str, part: str) -> bool:
    return len(word) == 1 and part.startswith(word)


def _parts(name: str) -> list[str]:
    """Return the words of a name without titles and `and`, each as `plain` returns it."""
    words = map(plain, _PARTS.split(name))
    return [word for word in words if word and word != "and" and not is_title(word)]
