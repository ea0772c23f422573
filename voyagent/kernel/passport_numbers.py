"""Mask passport numbers in free text, in English and Hindi spellings.

A number is masked if a word such as `passport` or `pp no` is at most NEAR characters away. The
second line of the machine-readable zone of a passport (ICAO 9303, part 4) is masked anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from voyagent.kernel.masking import MASK, Mask, mask_of, replaced

NEAR = 60
"""Longest distance in characters between the word and the number."""
# Latin spellings such as `paasport` and `pp no`; Hindi passport, pass-port, and paarpatra.
_WORD = re.compile(
    r"\b(?<!boarding )(?:p+a+ss?[ -]?ports?|passp(?:or|ro|r|o)t|ppt"
    r"|p(?:/?p|ass)\s*(?:no|num|number|nr))(?![a-z])|\b(?:p/?p\s*[#:]|pass\s*#)"
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
# German passports have nine characters: digits mixed with letters other than vowels. Such a number
# is masked only after the word.
_MIXED = re.compile(
    r"(?<![\w/-])(?=(?:[A-Z]{0,6}\d){3})(?=.[0-9]{0,7}[A-Z])[CFGHJK][CFGHJKLMNPRTVWXYZ0-9]{8}(?![\w/-])",
    re.IGNORECASE | re.ASCII,
)
# Number and its check digit, nationality, birth, sex, expiry, and the rest of the line.
_ZONE = re.compile(
    r"(?<![\w<])([A-Z0-9<]{9})[\d<][A-Z<]{3}\d{6}[\d<][MFX<]\d{6}\d[A-Z0-9<]{0,16}(?![\w<])",
    re.IGNORECASE | re.ASCII,
)


def masked(last4: str | None) -> str | None:
    """Return the mask for a passport number, given the last four characters.

    The mask is equally long for every number. Returns None if `last4` is None.
    """
    return None if last4 is None else MASK + last4


def hidden_in(text: str) -> str:
    """Mask passport numbers in a text, and the machine-readable lines of passports.

    The last four characters of each number stay.
    """
    return replaced(text, _masks)


def _masks(text: str) -> list[Mask]:
    zones = [
        (match.start(), match.end(), MASK + match[1].rstrip("<")[-4:])
        for match in _ZONE.finditer(text)
    ]
    words = [match.span() for match in _WORD.finditer(text)]
    near = _near(words, _NUMBER.finditer(text)) if words else []
    mixed = _near(words, _MIXED.finditer(text), only_after=True) if words else []
    return [*zones, *near, *mixed]


def _near(
    words: list[tuple[int, int]], numbers: Iterable[re.Match[str]], *, only_after: bool = False
) -> list[Mask]:
    """Return masks for the numbers that are near one of the words.

    `words` has start and end of each word. If `only_after` is true, a number before the word does
    not count.
    """
    found: list[Mask] = []
    at = 0
    for number in numbers:
        while at < len(words) and words[at][1] + NEAR < number.start():
            at += 1
        farthest = number.start() if only_after else number.end() + NEAR
        if at < len(words) and words[at][0] <= farthest:
            found.append((*number.span(), mask_of(number.group())))
    return found
