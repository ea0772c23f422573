"""Names that the agency knows, found in plain text in spite of typing errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from voyagent.kernel.text.naming import Run, WordOfName, find_runs, is_title
from voyagent.kernel.text.vocabulary import COMMON_WORDS, FIRM_WORDS, plain

SIMILARITY_MIN = 88
"""Least similarity of words to a known name, out of 100."""
_TYPED_LESS = 2
_PART_MIN = 3
"""A shorter part of a name is too common to stand for it."""
_WORD_MIN = 75
"""Least similarity of each word: `Rohan` is not `Rohini`, although the whole names are near."""
_LETTER = re.compile(r"[\w\u0900-\u0963]")
_PARTS = re.compile(r"[\s.&]+")


@dataclass(frozen=True, slots=True)
class KnownName:
    """A known name and where a text writes it, in full or (`in_part`) by one of its words."""

    name: str
    start: int
    end: int
    in_part: bool = False


def find_known_names(text: str, names: Sequence[str]) -> list[KnownName]:
    """Return the known names that a text writes in full, else those that it writes in part.

    A name is not meant where other words of a name stand beside it: with `Suresh Pillai` known,
    `Pillai` means him, but `Rohan Pillai` is somebody else. A name that is a part of another
    one found is left out.
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
    """Return the known names of which a text has a word, whatever stands beside it."""
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
    """Find the words that are nearly the name, in its own order."""
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
    """True if the words found are only some of those of a longer name.

    Two words that are a whole name are only continued by one with a capital.
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
    """True for the same words in another order, without dots, or with initials."""
    said = _parts(" ".join(words))
    if "".join(said) == "".join(parts):
        return True
    return len(said) == len(parts) and _has_each(said, parts, may_shorten=True)


def _in_part(name: str, runs: Sequence[Run]) -> KnownName | None:
    """Find a run of a name's own words: its first name, its surname, a word of a firm."""
    parts = _parts(name)
    for run in runs:
        said = [part for one in run.named for part in _parts(one.text)]
        if (
            said
            and any(map(_can_stand_alone, run.named))
            and len(said) <= len(parts)
            and _has_each(said, parts)
        ):
            return KnownName(name, run.start, run.end, in_part=True)
    return None


def _can_stand_alone(word: WordOfName) -> bool:
    return len(word.text) >= _PART_MIN and plain(word.text) not in FIRM_WORDS | COMMON_WORDS


def _has_each(said: Sequence[str], parts: Sequence[str], *, may_shorten: bool = False) -> bool:
    """True if each word said is a part of its own; `may_shorten` accepts initials."""
    left = list(parts)
    whole = 0
    for word in sorted(said, key=len, reverse=True):
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
