"""Find both ends of a transfer, such as `from Dubai airport to the hotel`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voyagent.kernel.text.vocabulary import plain

_TOKEN = re.compile(r"[^\s,;:()|]+|[,;:()|]")
_WORDS_MAX = 5
_LINKS = frozenset(("to", "se", "से", "-", "–", "—", "→", "->", ">", "till", "upto"))
_STOP_WORDS = """
transfer transfers cab taxi car vehicle coach bus van innova sedan suv tempo traveller private
shared arrange add book need needs they on for by with price rs inr usd aed morning evening
early tomorrow today pickup pick up drop dropoff include please pls put them him her gaadi lagao
jod jodo do chahiye ki ka ke ko karo kar mein flight arrival departure return one way and then
plan provide want wants seat from at is in of dena de kal subah shaam noon night guest client
customer time date x pax also another tak hai speedboat boat ride
चाहिए गाड़ी लगाओ जोड़ दो तक को की का के टैक्सी कैब कल सुबह शाम
"""
_STOPS = frozenset(map(plain, _STOP_WORDS.split()))
_ARTICLES = frozenset(("the", "a", "an", "our", "their", "my", "his", "her"))
_PICKED = re.compile(r"\b(?:pick\s?-?up|collect(?:ion)?)\s+(?:from|at)\s+|\bfrom\s+", re.IGNORECASE)
_DROPPED = re.compile(r"\bdrop(?:\s?-?off)?\s+(?:to|at|in)\s+|\bto\s+", re.IGNORECASE)
_BEFORE_PICK = re.compile(r"(?<!\w)(?P<place>\w+)\s+(?:arrival\s+)?pick\s?-?\s?up\b", re.IGNORECASE)
_BEFORE_DROP = re.compile(r"(?<!\w)(?P<place>\w+)\s+(?:departure\s+)?drop\b", re.IGNORECASE)


def find_transfer(text: str, hidden: Sequence[tuple[int, int]] = ()) -> dict[str, str]:
    """Return `origin` and `destination` of a transfer, as they are written.

    A key is missing if the text does not state the place. `hidden` has the start and end of dates,
    times and amounts, which are not part of a place.
    """
    visible = list(text)
    for start, end in hidden:
        visible[start:end] = ";" * (end - start)
    plain_text = "".join(visible)
    tokens = _TOKEN.findall(re.sub(r"(?<=\w)[-–](?=[A-Z])", " - ", plain_text))
    for at, token in enumerate(tokens):
        if token.lower() in _LINKS:
            origin, destination = _back(tokens, at - 1), _ahead(tokens, at + 1)
            if origin and destination:
                return {"origin": origin, "destination": destination}
    ends = {
        side: words
        for side, cue in (("origin", _PICKED), ("destination", _DROPPED))
        for match in cue.finditer(plain_text)
        if (words := _ahead(_TOKEN.findall(plain_text[match.end() :]), 0))
    }
    for side, cue in (("origin", _BEFORE_PICK), ("destination", _BEFORE_DROP)):
        found = cue.search(plain_text)
        if found and side not in ends and plain(found["place"]) not in _STOPS | _ARTICLES:
            ends[side] = found["place"]
    return ends


def _back(tokens: Sequence[str], place: int) -> str:
    words: list[str] = []
    while place >= 0 and len(words) < _WORDS_MAX and _is_part(tokens[place]):
        words.insert(0, tokens[place])
        place -= 1
    return _without_articles(words)


def _ahead(tokens: Sequence[str], place: int) -> str:
    words: list[str] = []
    while place < len(tokens) and len(words) < _WORDS_MAX and _is_part(tokens[place]):
        words.append(tokens[place])
        place += 1
    return _without_articles(words)


def _is_part(token: str) -> bool:
    return token[:1].isalpha() and plain(token) not in _STOPS and token.lower() not in _LINKS


def _without_articles(words: list[str]) -> str:
    while words and words[0].lower() in _ARTICLES:
        words = words[1:]
    return " ".join(words).strip(".")
