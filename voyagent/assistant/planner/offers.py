"""What a person picks of offers, those that the newest search showed or a search to come: the cheapest, the second, a flight's number, a hotel's name."""

from __future__ import annotations

import re
from typing import Any

from rapidfuzz import fuzz, utils

from voyagent.assistant.planner import searches
from voyagent.assistant.planner.moves import Context
from voyagent.assistant.planner.places import is_known_place
from voyagent.assistant.planner.wishes import Wish

JsonObject = dict[str, Any]
LIKE = 88
_POLITE = r"^\s*(?:ok(?:ay)?[,. ]+|yes[,. ]+|please\s+|pls\s+|can you\s+|could you\s+|now\s+|then\s+)*"
_HOLD = re.compile(_POLITE + r"(?:hold|block|keep)\s+(?:me\s+|us\s+|them\s+)?", re.IGNORECASE)
_BOOK = re.compile(_POLITE + r"(?:book|reserve)\s+(?:me\s+|us\s+|them\s+|her\s+|him\s+)?", re.IGNORECASE)
_CHECK = re.compile(
    _POLITE
    + r"(?:(?:re-?)?check|verify|confirm|how much (?:is|does)|what(?:'s| is| does| do)|is|are|does)\b(?=.*\b(?:rates?|price|available|still|cost|free)\b)\s*",
    re.IGNORECASE,
)
_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_ORDINAL = re.compile(
    rf"\b(?:(?P<word>{'|'.join(_WORDS)})|(?P<n>[1-8])(?:st|nd|rd|th)\b(?!\s+(?:of\s+)?[A-Z])|(?:number|no\.?|option|#)\s*(?P<n2>[1-8])\b)(?!\s+class)",
    re.IGNORECASE,
)
_CHEAPEST = re.compile(r"\b(?:cheapest|lowest|best(?:[- ]priced)?)\b", re.IGNORECASE)
_FLIGHT = re.compile(r"\b(?P<carrier>[A-Z0-9]{2})[ -]?(?P<number>\d{2,4})\b")
_HOTEL_WORD = re.compile(r"\b(?:hotels?|rooms?|resorts?|stay|accommodation)\b", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:at|the|hotel)\s+(?P<name>[A-Z][\w’']+(?:\s+(?:[A-Z][\w’']+|&))*)")
_LEADS = re.compile(r"^(?:(?:an?|the|cheapest|lowest|best|first|second|third|one|rates?|prices?|for|of|at|still|available)\s+)+", re.IGNORECASE)


def hold(message: str, context: Context) -> Wish | None:
    """`hold the cheapest flight from BOM to DXB on 12 Dec for 2 adults`; after a search `hold the second one`, `hold EK 501`."""
    match = _HOLD.match(message)
    if match is None:
        return None
    rest = message[match.end() :]
    pick, shown = pick_in(rest), list(context.offers.get("fares", ()))
    asked = searches.flights(_LEADS.sub("", rest), context)
    if asked is not None and asked.known:
        return Wish("hold_flight", asked.known | ({"pick": pick} if pick else {}))
    chosen = _fare(pick, shown) or (shown[0] if len(shown) == 1 else None)
    if chosen is not None:
        return Wish("hold_flight", {"fare_id": chosen["fare_id"]})
    return Wish("hold_flight", {"pick": pick} if pick else {}) if asked is not None else None


def book(message: str, context: Context) -> Wish | None:
    """`book the cheapest hotel in Dubai 12–18 Dec`; after a search `book the second one`, `book the Marina Palace`."""
    match = _BOOK.match(message)
    return _of_hotels("book_hotel", message[match.end() :], context) if match else None


def check(message: str, context: Context) -> Wish | None:
    """After a search `check the rate of the second one`, `is the Marina Palace still available`; else with city and days."""
    match = _CHECK.match(message)
    return _of_hotels("check_hotel_rate", message[match.end() :], context) if match else None


def _of_hotels(tool: str, rest: str, context: Context) -> Wish | None:
    shown = list(context.offers.get("rates", ()))
    asked = searches.hotels("hotel " + rest, context)
    if asked is None or not (_HOTEL_WORD.search(rest) or len(asked.known) > 2):
        asked = None
    known = asked.known if asked else {}
    pick = pick_in(rest, {str(known.get("city", ""))})
    if not known:
        chosen = rate_of(pick or {"name": rest}, shown) if pick or shown else None
        if chosen is not None:
            return Wish(tool, {"rate_key": chosen["rate_key"]})
    return Wish(tool, known | ({"pick": pick} if pick else {})) if asked is not None else None


def pick_in(message: str, places: set[str] | None = None) -> JsonObject | None:
    """Which one is meant, as JSON: its number in the list, a flight's number or a name; None where the words do not choose."""
    ordinal = _ORDINAL.search(message)
    if ordinal:
        return {"number": _WORDS.index(ordinal["word"].lower()) + 1 if ordinal["word"] else int(ordinal["n"] or ordinal["n2"])}
    if _CHEAPEST.search(message):
        return {"number": 1}
    flight = _FLIGHT.search(message)
    if flight and re.search("[A-Z]", flight["carrier"]):
        return {"flight": f"{flight['carrier']} {flight['number']}"}
    for named in _NAMED.finditer(message):
        if not is_known_place(named["name"]) and named["name"] not in (places or set()):
            return {"name": named["name"]}
    return None


def fare_of(pick: JsonObject | None, fares: list[JsonObject]) -> JsonObject | None:
    """The fare that is meant; the cheapest, which stands first, where nothing was chosen."""
    return _fare(pick or {"number": 1}, fares)


def rate_of(pick: JsonObject | None, rates: list[JsonObject]) -> JsonObject | None:
    """The rate that is meant; of a hotel with several its cheapest, which stands first."""
    wanted = pick or {"number": 1}
    if "number" in wanted:
        return rates[wanted["number"] - 1] if wanted["number"] <= len(rates) else None
    said = utils.default_process(str(wanted.get("name", "")))
    return max((rate for rate in rates if _like(said, rate) >= LIKE), key=lambda rate: _like(said, rate), default=None)


def _like(said: str, rate: JsonObject) -> float:
    name = utils.default_process(str(rate["hotel"]))
    return max(fuzz.token_set_ratio(said, name), fuzz.partial_ratio(name, said) if len(said) >= len(name) else 0.0)


def _fare(pick: JsonObject | None, fares: list[JsonObject]) -> JsonObject | None:
    if pick is None:
        return None
    if "number" in pick:
        return fares[pick["number"] - 1] if pick["number"] <= len(fares) else None
    said = str(pick.get("flight", "")).replace(" ", "")
    return next((fare for fare in fares if any(flight.replace(" ", "") == said for flight in fare["flights"])), None) if said else None
