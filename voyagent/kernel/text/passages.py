"""How much of a text is read at all, and the few words before a place in it: a message may be long,
reading it must stay short.
"""

from __future__ import annotations

import re

READ_MAX = 3_000
LEAD_MAX = 80
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


def condense(text: str, limit: int = READ_MAX) -> str:
    """The beginning of a text with single spaces and at most one empty line in a row."""
    head = text[: limit * 4].replace("\r\n", "\n").strip()
    return _LINES.sub("\n\n", _BLANKS.sub(" ", head))[:limit]


def lead(text: str, start: int) -> str:
    """The words just before a place."""
    return text[max(0, start - LEAD_MAX) : start]
