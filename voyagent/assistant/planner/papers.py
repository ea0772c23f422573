"""The numbers of papers as people say them: an invoice's of a series and year, and what stands on a
supplier's bill.
"""

from __future__ import annotations

import re

INVOICE = re.compile(r"\b\d{4}(?:-\d{2})?/\d{1,6}\b")
"""`2026-27/000012`."""
SHORT = re.compile(
    r"\binvoice\s+(?:no\.?\s*|number\s+|#\s*)?(?P<number>\d{1,5})\b(?![/,.-]\d|\s*(?:k|lakhs?)\b)",
    re.IGNORECASE,
)
"""`invoice 58`: the last part of its number."""
SHARE = re.compile(
    r"\b(?:half|one third|a third|two thirds|a quarter|\d+\s*(?:%|percent|per cent)|except|all"
    r" but)\b|\d\s*%",
    re.IGNORECASE,
)
"""A part that would have to be reckoned."""
BILL = re.compile(
    r"\b(?:bill|invoice|number|no\.?|ref(?:erence)?)\s*(?:no\.?|number|#)?\s*(?P<ref>(?=[\w/-]*\d)[A-Za-z0-9][\w/-]{1,40})\b",
    re.IGNORECASE,
)
"""Behind a word that says what it is: `bill 4711`."""
BARE_BILL = re.compile(
    r"(?<![\w,.])(?P<ref>(?=[A-Za-z0-9/-]*[A-Za-z])(?=[A-Za-z0-9/-]*\d)[A-Za-z]{1,8}[-/][A-Za-z0-9/-]{1,40})\b",
    re.IGNORECASE,
)
"""By itself, with letters before a stroke: `CRE-0044`."""


def invoice_in(words: str) -> tuple[str, str] | None:
    """The number of an invoice in the words, whole or its last part alone, and the words without
    it; None where they name none.
    """
    found = INVOICE.search(words)
    if found:
        return found.group(), words.replace(found.group(), " ", 1)
    short = SHORT.search(words)
    return (
        (short["number"], f"{words[: short.start('number')]} {words[short.end('number') :]}")
        if short
        else None
    )
