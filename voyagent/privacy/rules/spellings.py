"""Regular expressions of PostgreSQL that find names and contact details.

The callers must ignore case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from voyagent.kernel.text.naming import is_title

PHONE_MIN = 7
"""Fewest digits of a phone number that identifies a person."""
WORD_MIN = {"name": 2, "tax": 6}
"""Fewest characters of a word by its kind; three, if the kind is not here."""
ROTATED_MAX, ROTATED_SIZE_MAX = 6, 100
"""Most parts and characters of a name that may begin with each of its parts.

A longer name may begin with its first and its last part. So the size of an expression grows with
the length of the name, not with its square.
"""
PARTS_MAX = 16
"""Most parts of a name or an address that an expression has, because each slows the search."""
SIZE_MAX = 10_000
"""Most characters of a joined expression.

PostgreSQL needs memory and time for an expression that grow with the square of its size: 13,000
characters took 0.1 s and 5 MB, 53,000 took 3 s, and more than 64,000 failed.
"""
PERSON_SIZE_MAX = 60_000
"""Most characters of the expressions for all names and contact details of a person.

PostgreSQL keeps 32 compiled expressions for each connection. If a statement has more, PostgreSQL
compiles each of them again for every row: 2,000 rows took 0.2 s with 32 expressions and 20 s with
33. A statement has the joined expressions of a person, those that are compared first, and one for
each word of a name.
"""
PREFILTER_MIN = 8
"""Characters of a word in the expression that is compared first."""
_GAP = r'(?:\\[nrt"]|[^\w"\\]|_){1,6}'
"""White space and punctuation, but no quotation mark, which ends a text of JSON."""
_INITIAL = rf"(?:[^\W_]{_GAP})?"
_TITLE_BEHIND = "(?:mrs?|ms|miss|mstr|chd|inf|dr)?"
"""A title that airlines write behind the first name without a space, as in `KRISHNAN/DEEPAMRS`."""

_BEFORE, _BEHIND = r"(?:(?<![[:alnum:]])|(?<=\\[nrt]))", "(?![[:alnum:]])"
"""Conditions for the characters before and behind a name, so that `Tina` is not in `Argentina`."""
_BEFORE_LETTER = r"(?:(?<![[:alpha:]])|(?<=\\[nrt]))"
"""Condition before a name that begins with a letter.

A number may be before it, as in `1.1KRISHNAN/DEEPA MRS` of a passenger list.
"""
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Letters of scripts that have no spaces between words, or write endings behind a name."""
_JOINERS = re.compile("[\u200c\u200d]")
"""Invisible characters in words of Hindi, Malayalam or Persian that not every keyboard types."""
_JOINING = re.compile("[\u0600-\u0dff]")
_AND = frozenset(["&", "and", "और"])

_NUKTA = {unicodedata.normalize("NFC", one): one for one in map(chr, range(0x958, 0x960))}
"""Letters of Hindi with a dot below, of which many keyboards send the composed form."""


def pattern_of(kind: str, word: str) -> str | None:
    """Return the expression for a word; None if the word is too short for a search.

    `word` is the name, phone number or other text to find, and `kind` is `name`, `phone`, `email`,
    `address`, `passport` or `tax` (a tax number or PAN).

    No part of an expression may match the same text in two ways: otherwise the time of a search
    would double with each part of a name.
    """
    word = _JOINERS.sub("", word.strip())
    if kind == "phone":
        return _phone(re.sub(r"\D", "", word))
    if len(word) < WORD_MIN.get(kind, 3):
        return None
    if kind == "passport":
        return r"\W?".join(map(re.escape, word))
    if kind == "tax":
        return _whole(word, r'[^\w"\\]?'.join(map(re.escape, word)))
    if kind == "email":
        return _in_every_form(word)
    plain = unicodedata.normalize("NFKC", word)
    found = [_whole(one, _in_every_form(one)) for one in dict.fromkeys((word, plain))]
    parts = _parts(without_titles(plain) if kind == "name" else plain)
    if len(parts) > 1:
        found.append(_joined(parts, has_initials=kind == "name"))
    if kind == "name" and len(parts) > 1:
        is_short = len(parts) <= ROTATED_MAX and len(plain) <= ROTATED_SIZE_MAX
        firsts = range(1, len(parts)) if is_short else [-1]
        found += [
            _joined([*parts[first:], *parts[:first]], behind=_TITLE_BEHIND) for first in firsts
        ]
    if kind == "name" and len(parts) > 2 and min(len(parts[0]), len(parts[-1])) > 1:
        found.append(_joined([parts[0], parts[-1]], has_initials=True))
    return f"(?:{'|'.join(found)})"


def exact_pattern_of(name: str) -> str | None:
    """Return the expression for a name as it is written; None if it is too short."""
    word = _JOINERS.sub("", name.strip())
    return _whole(word, _in_every_form(word)) if len(word) >= WORD_MIN["name"] else None


def prefilter_of(kind: str, word: str) -> str:
    """Return a short expression that matches every text that has a spelling of a word.

    The expression has only the beginning of one part of the word. It matches other texts too, but
    the database compares many names with it in a fraction of the time. A query applies the
    expression of `pattern_of` only to texts that match this one.
    """
    word = _JOINERS.sub("", word.strip())
    if kind == "phone":
        return r"\W{0,3}".join(re.sub(r"\D", "", word)[-4:])
    if kind in {"passport", "tax"}:
        return r"\W?".join(map(re.escape, word[:PREFILTER_MIN]))
    if kind == "email":
        return _in_every_form(_beginning(word))
    plain = unicodedata.normalize("NFKC", word)
    parts = _parts(without_titles(plain) if kind == "name" else plain) or [plain]
    # Every spelling of a name has its first and its last part.
    found = [max(parts[0], parts[-1], key=len)]
    if word != plain:
        found.append(max(_parts(word) or [word], key=len))
    forms = [_in_every_form(_beginning(one)) for one in found]
    return f"(?:{'|'.join(forms)})" if len(forms) > 1 else forms[0]


@dataclass(frozen=True, slots=True)
class Expressions:
    """Joined expressions for the names and contact details of a person.

    `patterns` find the words of the person in all spellings; those of names are last. A name is
    replaced last, because the words before an e-mail address and its beginning may look like the
    name. Each text that one of `patterns` matches is also matched by one of `prefilters`. `left`
    are the words, each as a pair of kind and word, that have no expression because all expressions
    together would be too long.
    """

    patterns: list[str]
    prefilters: list[str]
    left: frozenset[tuple[str, str]] = frozenset()


def expressions_of(words: Iterable[tuple[str, str]]) -> Expressions:
    """Return joined expressions for words, each given as a pair of kind and word.

    All expressions together have at most PERSON_SIZE_MAX characters. The first words have
    precedence; words without an expression are in `left`.
    """
    chosen: dict[str, tuple[str, str]] = {}
    left: set[tuple[str, str]] = set()
    size = 0
    for kind, word in words:
        pattern = pattern_of(kind, word)
        if pattern is None or pattern in chosen:
            continue
        size += len(pattern)
        if size > PERSON_SIZE_MAX:
            left.add((kind, word))
        else:
            chosen[pattern] = (kind, word)
    longest = sorted(chosen, key=lambda pattern: (-len(chosen[pattern][1]), chosen[pattern][1]))
    names = [pattern for pattern in longest if chosen[pattern][0] == "name"]
    contacts = [pattern for pattern in longest if chosen[pattern][0] != "name"]
    return Expressions(
        patterns=[*joined(contacts), *joined(names)],
        prefilters=joined(prefilter_of(*one) for one in chosen.values()),
        left=frozenset(left),
    )


def joined(patterns: Iterable[str], *, size_max: int = SIZE_MAX) -> list[str]:
    """Return expressions that together match what `patterns` match, in the same order.

    An expression of more than one pattern has at most about `size_max` characters.
    """
    groups = by_size(dict.fromkeys(patterns), size_max, between=1)
    return [f"(?:{'|'.join(group)})" if len(group) > 1 else group[0] for group in groups]


def by_size(texts: Iterable[str], size_max: int, *, between: int = 0) -> list[list[str]]:
    """Return the texts in groups of at most `size_max` characters, in the same order.

    `between` is the number of characters that stand between two texts of a group. A longer text is
    a group of its own.
    """
    groups: list[list[str]] = []
    size = 0
    for text in texts:
        if groups and size + between + len(text) <= size_max:
            groups[-1].append(text)
            size += between + len(text)
        else:
            groups.append([text])
            size = len(text)
    return groups


def without_titles(name: str) -> str:
    """Return a name without titles at its start, such as `Mr`, `Dr.` or `Mr. & Mrs.`."""
    words = name.split()
    while len(words) > 2 and (is_title(words[0]) or (words[0] in _AND and is_title(words[1]))):
        del words[0]
    return " ".join(words)


def words_of(name: str) -> list[str]:
    """Return expressions for the words of a name.

    A text with all of them may name the person. Words in parentheses, such as the place of a firm,
    are left out. An expression also matches the beginning of a longer word, such as a name with a
    title behind it.
    """
    without_place = unicodedata.normalize("NFKC", name).partition(" (")[0]
    parts = _parts(without_titles(_JOINERS.sub("", without_place)))
    return [_before(part) + _in_every_form(part) for part in parts] or [
        _whole(name, re.escape(name))
    ]


def _parts(word: str) -> list[str]:
    """Return the words of a name or a postal address, without punctuation.

    At most PARTS_MAX words are returned.
    """
    kept = "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in word)
    stripped = (re.sub(r"^\W+", "", part) for part in kept.split())
    return [part for part in stripped if part][:PARTS_MAX]


def _joined(parts: list[str], *, has_initials: bool = False, behind: str = "") -> str:
    """Return the expression for the parts of a name, in the given order.

    If `has_initials` is true, an initial may stand between two parts. `behind` is an expression for
    letters that may follow the last part.
    """
    found = _in_every_form(parts[0])
    for part in parts[1:]:
        may_follow = has_initials and part[1:2].isalnum()
        found += _GAP + (_INITIAL if may_follow else "") + _in_every_form(part)
    return _whole("".join(parts), found + behind)


def _whole(word: str, expression: str) -> str:
    """Return an expression that does not match inside a word."""
    return f"{_before(word)}{expression}{_BEHIND if _is_bounded(word[-1]) else ''}"


def _before(word: str) -> str:
    """Return the condition for the character before a word."""
    if not _is_bounded(word[0]):
        return ""
    return _BEFORE_LETTER if word[0].isalpha() else _BEFORE


def _is_bounded(one: str) -> bool:
    return one.isalnum() and _WITHOUT_SPACES.match(one) is None


def _beginning(word: str) -> str:
    """Return the first PREFILTER_MIN characters of a word with their accents."""
    end = PREFILTER_MIN
    while end < len(word) and unicodedata.category(word[end])[0] == "M":
        end += 1
    return word[:end]


def _in_every_form(word: str) -> str:
    """Return an expression that finds a word in each Unicode form.

    For example, `é` is found as one character and as `e` with a combining accent. An invisible
    joiner may stand between two letters of an Indic or Arabic script.
    """
    composed = unicodedata.normalize("NFC", word)
    for letter, with_nukta in _NUKTA.items():
        composed = composed.replace(letter, with_nukta)
    forms = (unicodedata.normalize(form, word) for form in ("NFC", "NFD"))
    found = dict.fromkeys(map(_escaped, (*forms, composed)))
    return f"(?:{'|'.join(found)})" if len(found) > 1 else next(iter(found))


def _escaped(word: str) -> str:
    joiners = (f"{_JOINERS.pattern}?" if _JOINING.match(one) else "" for one in word[:-1])
    return "".join(
        re.escape(one) + joiner for one, joiner in zip(word, (*joiners, ""), strict=True)
    )


def _phone(digits: str) -> str | None:
    if len(digits) < PHONE_MIN:
        return None
    country, own = digits[:-10], digits[-10:]
    prefix = rf"\+?(?:{country}\W{{0,3}})?" if country else ""
    return prefix + r"\W{0,3}".join(own)
