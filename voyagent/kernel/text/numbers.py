"""Find document numbers in plain text, such as `2026-27/000042` or `#42`."""

from __future__ import annotations

import re

_NO_NUMBER = (
    "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC MON TUE WED THU FRI SAT SUN"
    " RS INR USD AED EUR GBP SAR SGD THB"
)
_DOCUMENT = re.compile(
    r"(?<![\w/])\d{4}-\d{2}/\d+(?![\w/])"
    r"|(?<![\w/.,+-])00\d{2,6}(?![\w/]|[\s-]\d{3})"
    rf"|\b(?!(?:{'|'.join(_NO_NUMBER.split())})[-/])[A-Z]{{2,6}}[-/]\d+[\w/-]*\b"
    r"|(?<!\w)#\s?\d+",
    re.ASCII,
)


def find_document_numbers(text: str) -> list[re.Match[str]]:
    """Return the matches of document numbers in a text, in order."""
    return list(_DOCUMENT.finditer(text))


def document_number(words: str) -> str:
    """Return a document number in the form that a search expects, without `#`."""
    return words.lstrip("# ")
