"""Mask passport numbers in free text, in English and Hindi spellings.

A number is masked if it stands near a word for passport. The time grows with the length of the text
and not with the number of words times the number of numbers.
"""

from __future__ import annotations

import re

MASK = "••••"
NEAR = 60
"""Longest distance in characters between the word and the number."""
# Latin spellings such as `paasport` and `pp no`; Hindi passport, pass-port, and paarpatra.
_WORD = re.compile(
    r"\b(?:p+a+ss?[ -]?ports?|passp(?:or|ro|r|o)t|ppt|p/?p\s*(?:no|num|number|#))(?![a-z])"
    r"|पास[ -]?पोर?्?ट|पारपत्र|पी\.?\s?पी\.?\s*(?:नं|न०|नम्बर|नंबर)",
    re.IGNORECASE,
)
# One or two letters and six to eight digits, or eight to nine digits. With separators the letters
# are capitals, and digits alone are grouped in a way in which dates are not.
_NUMBER = re.compile(
    r"(?<![\w/-])(?:"
    r"[A-Z]{1,2}\d{6,8}"
    r"|(?-i:[A-Z]{1,2})(?:[ .–-]{0,2}\d){6,8}"
    r"|\d{8,9}"
    r"|\d{4}[ –-]\d{4}|\d{3}[ –-]\d{3}[ –-]\d{3}|\d{2}[ –-]\d{3}[ –-]\d{3,4}"
    r"|\d(?:[ –-]\d){7,8}"
    r")(?![\w/-])",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[ .–-]")


def masked(last4: str | None) -> str | None:
    """Return the masked number, equally long for every number; None if there is none."""
    return None if last4 is None else MASK + last4


def hidden_in(text: str) -> str:
    """Mask numbers near a word for passport in a text.

    Their last four characters stay.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    if not words:
        return text
    parts: list[str] = []
    end_of_part, at = 0, 0
    for number in _NUMBER.finditer(text):
        while at < len(words) and words[at][1] + NEAR < number.start():
            at += 1
        if at < len(words) and words[at][0] - NEAR <= number.end():
            digits = _SEPARATORS.sub("", number.group())
            mask = MASK[: len(digits) - 4]  # so that the text becomes no longer
            parts += [text[end_of_part : number.start()], mask + digits[-4:]]
            end_of_part = number.end()
    return "".join((*parts, text[end_of_part:]))
