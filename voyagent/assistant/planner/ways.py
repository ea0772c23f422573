"""From where to where a search of flights goes, as staff type it: names, codes, with or without the
small words between.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from voyagent.kernel.text import stations
from voyagent.kernel.text.places import is_known_place, places_in

JsonObject = dict[str, Any]
_PAIR = re.compile(
    r"(?:\bfrom\s+)?(?P<origin>[A-Za-z][A-Za-z"
    r" .]*?)\s*(?:\bto\b|-|–|→|/)\s*(?P<destination>[A-Za-z][A-Za-z"
    r" .]*?)(?=\s+(?:on|for|from|between|next"
    r"|this|tomorrow|today|in|returning|return|round|one|out|leaving|departing|direct|non|business|economy|first|premium|with|\d)\b|\s*[,;?]|\s+\d|\s*$)",
    re.IGNORECASE,
)
_CODES = re.compile(r"\b(?P<origin>[A-Z]{3})\s*(?:-|–|→|/|to|\s)\s*(?P<destination>[A-Z]{3})\b")


def ends_in(message: str) -> JsonObject:
    """From where to where, as it was said."""
    codes = _CODES.search(message)
    if codes and all(stations.code_of(codes[end]) for end in ("origin", "destination")):
        return codes.groupdict()
    plain = re.sub(
        r"^.*?\b(?:flights?|fares?|air ?fares?|tickets?)\b",
        "",
        message,
        count=1,
        flags=re.IGNORECASE,
    ).strip()
    both = re.search(r"\bfrom\s+(?P<origin>[A-Za-z][A-Za-z .]*?)\s+to\s+", plain, re.IGNORECASE)
    first = re.match(
        r"^\s*(?P<way>[a-z][a-z .]*?\s+to\s+[a-z][a-z .]*?)\s+(?:flights?|fares?|air"
        r" tickets?|tickets?)\b",
        message,
        re.IGNORECASE,
    )
    for match in _PAIR.finditer(
        first["way"] if first else plain[both.start() :] if both else plain
    ):
        ends = {
            end: re.sub(r"^(?:from|for|of)\s+", "", match[end].strip(), flags=re.IGNORECASE)
            for end in ("origin", "destination")
        }
        if all(stations.code_of(said) for said in ends.values()):
            return ends
    for match in _PAIR.finditer(plain):
        ends = {
            "origin": _last_place(match["origin"]),
            "destination": _first_place(match["destination"]),
        }
        if all(ends.values()):
            return ends
    near = [
        (one, other)
        for one, other in pairwise(places_in(plain))
        if not plain[one.end() : other.start()].strip(" -")
    ]
    if len(near) == 1 and all(stations.code_of(one.group()) for one in near[0]):
        return dict(zip(("origin", "destination"), (one.group() for one in near[0]), strict=True))
    found: JsonObject = {}
    for end, words in (("origin", "from|ex"), ("destination", "to")):
        one = re.search(
            rf"\b(?:{words})\s+(?P<place>[A-Za-z]+(?:\s[A-Z][a-z]+)?)", plain, re.IGNORECASE
        )
        if one and stations.code_of(one["place"]):
            found[end] = one["place"]
        elif one and stations.code_of(one["place"].split()[0]):
            found[end] = one["place"].split()[0]
    return found


def _last_place(words: str) -> str:
    """The city at the end of some words: `12 dec kochi`; empty where none ends there."""
    parts = words.split()
    return next(
        (
            city
            for count in (2, 1)
            if is_known_place(city := " ".join(parts[-count:])) and stations.code_of(city)
        ),
        "",
    )


def _first_place(words: str) -> str:
    parts = words.split()
    return next(
        (
            city
            for count in (2, 1)
            if is_known_place(city := " ".join(parts[:count])) and stations.code_of(city)
        ),
        "",
    )
