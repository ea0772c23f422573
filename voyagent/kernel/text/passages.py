"""Words before a position in a text, and time stamps of exported chats."""

from __future__ import annotations

import re

LEAD_MAX = 80
FIELD_MAX = 100
"""Longest text of a form field or of an imported cell that is read as one date or amount."""
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
_SPACES = re.compile(r"\s{3,}")
WORD_MAX = 200
_LONG_WORD = re.compile(rf"[\w.]{{{WORD_MAX + 1},}}")


def lead(text: str, start: int) -> str:
    """Return at most LEAD_MAX characters before a position."""
    return text[max(0, start - LEAD_MAX) : start]


def squeezed(text: str) -> str:
    """Return a text with long runs of spaces and word characters shortened.

    Two white-space characters of a run stay, and 200 word characters, which are letters, digits,
    underscores and full stops. The rest is removed, because some regular expressions search such
    runs very slowly.
    """
    short = _SPACES.sub(lambda spaces: spaces.group()[:2], text)
    return _LONG_WORD.sub(lambda word: word.group()[:WORD_MAX], short)
