"""Regular expressions that find the words of a person in free texts.

They mean the same in PostgreSQL and in Python, if case is ignored. They also match texts inside of
JSON, where a line break is a backslash and a letter.
"""

from __future__ import annotations

import re
import string

PHONE_MIN = 7
"""Fewest digits of a phone number that identifies a person."""
WORD_MIN = 3
_GAP = r'(?:\\[nrt"]|(?!")(?:\W|_)){1,6}'
"""White space and punctuation, but no quotation mark, which ends a text of JSON."""
_INITIAL = rf"(?:\w\.?{_GAP})?"
_SPLIT = re.compile(rf"[\s’{re.escape(string.punctuation)}]+")


def pattern_of(kind: str, word: str) -> str | None:
    """Return the expression for a word, None if it is too short to identify a person.

    `kind` is `name`, `phone`, `email`, `address` or `passport`. Between the parts of a name or an
    address any white space and punctuation may stand. The last part of a name may come first, and
    initials may stand between its parts. A phone number may lack its country code, and between the
    characters of a phone or passport number punctuation may stand.
    """
    word = word.strip()
    if kind == "phone":
        return _phone(re.sub(r"\D", "", word))
    if len(word) < WORD_MIN:
        return None
    if kind == "passport":
        return r"\W?".join(map(re.escape, word))
    found = [re.escape(word)]
    parts = [re.escape(part) for part in _SPLIT.split(word) if part]
    if kind in {"name", "address"} and len(parts) > 1:
        found.append((_GAP + (_INITIAL if kind == "name" else "")).join(parts))
    if kind == "name" and len(parts) > 1:
        found.append(_GAP.join([parts[-1], *parts[:-1]]))
    return f"(?:{'|'.join(found)})"


def _phone(digits: str) -> str | None:
    if len(digits) < PHONE_MIN:
        return None
    country, own = digits[:-10], digits[-10:]
    prefix = rf"\+?(?:{country}\W{{0,3}})?" if country else ""
    return prefix + r"\W{0,3}".join(own)
