"""Find the origin and the destination of a journey in plain text.

Both are found by words such as `from`, by airport codes, or as two places side by side.
"""

from __future__ import annotations

import re
from itertools import pairwise

from voyagent.kernel.text import stations
from voyagent.kernel.text.places import Place, find_route, is_known_place, places_in

_CODES = re.compile(
    r"(?<![\w/])(?P<origin>[a-z]{3})\s*(?:[-–/>]|→|\s|to|se)\s*(?P<destination>[a-z]{3})(?![\w/])",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    r"(?P<origin>[^\W\d_][\w.\u0900-\u0963]*)\s*(?:\s(?:se|से|to)\s|[-–/>]|→)\s*"
    r"(?P<destination>[^\W\d_][\w.\u0900-\u0963]*)",
    re.IGNORECASE,
)
_EXPLICIT_ORIGIN = re.compile(
    r"\b(?:from|ex|departing(?: from)?|departure(?: from)?|out of|starting(?: from)?"
    r"|flying from)[\s:-]+"
    r"(?P<place>[^\W\d_][\w.]*(?:\s+[^\W\d_][\w.]*)?)",
    re.IGNORECASE,
)
_THREE_LETTERS = """
are can did eta etd for get had has her him his how its jan feb mar apr may jun jul aug sep
oct nov dec mon tue wed thu fri sat sun new not now off one our out pax per pls pnr put say see
set she the they tkt too try two use via was way who why yes you ret adt chd inf dob end
"""
_SHORT_WORDS = frozenset(_THREE_LETTERS.split())
"""Words that are an airport code only in capital letters."""
_KNOWN_CODES = frozenset(code for code, _name in stations.KNOWN)
"""Airport codes that may also be written in small letters."""
_FLIGHT = re.compile(r"\b(?:fl(?:igh)?ts?|fares?|tickets?|tkts?|fly)\b", re.IGNORECASE)


def find_ends(text: str) -> dict[str, Place]:
    """Return the origin and the destination of a journey that the text states.

    The keys are `origin` and `destination`; a key is missing if the text does not state that place.
    """
    route = find_route(text)
    ends = {
        name: Place(place.name, place.words)
        for name, place in (("origin", route.origin), ("destination", route.destination))
        if place
    }
    explicit = next(
        (
            Place(place if place.isupper() else place[:1].upper() + place[1:], place)
            for match in _EXPLICIT_ORIGIN.finditer(text)
            for place in (match["place"], match["place"].split()[0])
            if _is_city(place)
        ),
        None,
    )
    if explicit and ("origin" not in ends or len(ends) == 2):
        ends["origin"] = explicit
    if len(ends) == 2 and ends["origin"].name != ends["destination"].name:
        return ends
    for pattern in (_CODES, _FROM_TO):
        for match in pattern.finditer(text):
            is_codes = pattern is _CODES
            if all(_is_place(match[end], is_code=is_codes) for end in ("origin", "destination")):
                write = str.upper if is_codes else str.title
                return {
                    end: Place(write(match[end]), match.group())
                    for end in ("origin", "destination")
                }
    pair = _neighbours(text)
    if pair and "origin" not in ends:
        return dict(zip(("origin", "destination"), pair, strict=True))
    words = " ".join(found.words for found in ends.values()).casefold()
    others = [one.group() for one in places_in(text) if one.group().casefold() not in words]
    for end in ("destination", "origin"):
        if end not in ends and others and (end == "destination" or len(others) > 1):
            place = others.pop(-1 if end == "destination" else 0)
            ends[end] = Place(place if place.isupper() else place.title(), place)
    return ends


def _is_city(words: str) -> bool:
    """Return True for a known place or a capitalised city that has an airport."""
    if is_known_place(words):
        return True
    is_name = words[:1].isupper() and len(words) > 3
    return is_name and stations.code_of(words) is not None


def _neighbours(text: str) -> tuple[Place, Place] | None:
    """Return the first two places that stand side by side as the ends of a journey.

    The two places must be in different countries, unless the text is about a flight. Returns None
    if there are no such places.
    """
    named = places_in(text)
    for one, other in pairwise(named):
        if text[one.end() : other.start()].strip():
            continue
        countries = {stations.country_of(found.group()) for found in (one, other)}
        is_flight = _FLIGHT.search(text) is not None
        if len(countries - {None}) == 2 or is_flight:
            first, second = (
                Place(
                    found.group() if found.group().isupper() else found.group().title(),
                    found.group(),
                )
                for found in (one, other)
            )
            return first, second
    return None


def _is_place(words: str, *, is_code: bool) -> bool:
    if is_code and not words.isupper() and words.casefold() in _SHORT_WORDS:
        return False
    if is_code and not words.isupper():
        return words.upper() in _KNOWN_CODES
    return is_known_place(words) or stations.code_of(words) is not None
