"""Find the number of units that a price is for: `2 adults at 20,000`, `20,000 each for 3`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voyagent.kernel.text.people import bare_count

_N = r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_HEADS = (
    r"(?:adults?|child(?:ren)?|kids?|infants?|persons?|people|pax|passengers?|tickets?|visas?|rooms?|nights?|days?|hours?|seats?|couples?|transfers?|trips?"
    r"|tours?|safaris?|meals?)"
)
_COUNTED = rf"\b(?P<n>{_N})\s+(?:[a-z-]+\s+){{0,2}}?{_HEADS}(?:\s+[a-z-]+){{0,2}}?"
_AT = re.compile(rf"{_COUNTED}\s+(?:at|@|x)\s*$", re.IGNORECASE)
_BEFORE_EACH = re.compile(rf"{_COUNTED}\s*$", re.IGNORECASE)
_BEHIND = re.compile(
    r"^\s*(?:/-)?\s*(?P<each>(?:per|a|each|every)\s*\w*\s+|(?=for each"
    rf" of\b))?(?:for|x|×)\s+(?:each of\s+)?(?:the\s+)?(?P<n>{_N})\s+{_HEADS}\b",
    re.IGNORECASE,
)
_ROOMS_AND_NIGHTS = re.compile(
    rf"\b{_N}\s+(?:\w+\s+)?rooms?\s+(?:for\s+|x\s+|,\s*)?{_N}\s+nights?\b"
    rf"|\b{_N}\s+nights?\s+(?:for|in|x)\s+{_N}\s+rooms?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of units, and the word or digits that state it."""

    count: int
    words: str


def quantity_of(before: str, after: str, *, each: bool) -> Quantity | None:
    """Return the quantity stated by the words before and after a price, or None.

    `each` is true if the text states that the price is for one unit.
    """
    match = _AT.search(before) or (_BEFORE_EACH.search(before) if each else None)
    if match is None:
        behind = _BEHIND.match(after)
        match = behind if behind and (each or behind["each"] is not None) else None
    count = bare_count(match["n"]) if match else None
    return Quantity(count, match["n"]) if match and count else None


def rooms_and_nights(words: str) -> str | None:
    """Return words such as `2 rooms 3 nights`, or None.

    With them it is not certain if a price is per room, per night or for all.
    """
    match = _ROOMS_AND_NIGHTS.search(words)
    return match.group() if match else None
