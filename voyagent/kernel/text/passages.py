"""Limits on the length of a text, the words before a position in it, and chat stamps."""

from __future__ import annotations

import re

READ_MAX = 3_000
"""So many characters of a text are read: a message may be long, reading it stays short."""
LEAD_MAX = 80
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_DAY_SENT = r"\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?"
_TIME_SENT = r"\d{1,2}:\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?"
STAMP = rf"(?:\[?{_DAY_SENT},?\s+{_TIME_SENT}\]?|\[{_TIME_SENT},\s*{_DAY_SENT}\])"
"""Day and time that a chat writes before each message, in either order, with or without a year."""
STAMP_BEFORE_MESSAGE = re.compile(
    rf"\[(?:{_DAY_SENT},?\s+{_TIME_SENT}|{_TIME_SENT},\s*{_DAY_SENT})\]"
    rf"|^[^\S\n]*{_DAY_SENT},?\s+{_TIME_SENT}\s*[-–](?=[^\n:]{{1,60}}:)",
    re.IGNORECASE | re.MULTILINE,
)
"""A stamp that is not a part of the message: in brackets, or before the name of the sender."""


def condense(text: str, limit: int = READ_MAX) -> str:
    """Return the beginning of a text with single spaces and at most one empty line in a row."""
    head = text[: limit * 4].replace("\r\n", "\n").strip()
    return _LINES.sub("\n\n", _BLANKS.sub(" ", head))[:limit]


def lead(text: str, start: int) -> str:
    """Return the words just before a position."""
    return text[max(0, start - LEAD_MAX) : start]
