"""Limits on the length of a text, the words before a position, and time stamps of chats."""

from __future__ import annotations

import re

READ_MAX = 3_000
"""Maximum number of characters of a text that are searched, so that the time is limited."""
LEAD_MAX = 80
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_DAY_SENT = r"\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?"
_TIME_SENT = r"\d{1,2}:\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?"
STAMP = rf"(?:\[?{_DAY_SENT},?\s+{_TIME_SENT}\]?|\[{_TIME_SENT},\s*{_DAY_SENT}\])"
"""The date and time before each message of an exported chat, in either order."""
STAMP_BEFORE_MESSAGE = re.compile(
    rf"\[(?:{_DAY_SENT},?\s+{_TIME_SENT}|{_TIME_SENT},\s*{_DAY_SENT})\]"
    rf"|^[^\S\n]*{_DAY_SENT},?\s+{_TIME_SENT}\s*[-–](?=[^\n:]{{1,60}}:)",
    re.IGNORECASE | re.MULTILINE,
)
"""A time stamp that is not part of the message: in brackets, or before the sender's name."""


def condense(text: str, limit: int = READ_MAX) -> str:
    """Return the beginning of a text with single spaces and at most one blank line in a row."""
    head = text[: limit * 4].replace("\r\n", "\n").strip()
    return _LINES.sub("\n\n", _BLANKS.sub(" ", head))[:limit]


def lead(text: str, start: int) -> str:
    """Return at most LEAD_MAX characters before a position."""
    return text[max(0, start - LEAD_MAX) : start]
