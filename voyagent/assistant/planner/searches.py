"""Searches of flights and hotels, and what a visa takes, in plain English."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from voyagent.assistant.planner import stations
from voyagent.assistant.planner.amounts import find_figures
from voyagent.assistant.planner.moves import Context
from voyagent.assistant.planner.passages import lead
from voyagent.assistant.planner.people import find_party
from voyagent.assistant.planner.wishes import Wish, days_in

JsonObject = dict[str, Any]
_POLITE = r"^\s*(?:ok(?:ay)?[,. ]+|please\s+|pls\s+|can you\s+|could you\s+|now\s+)*"
_FLIGHTS = re.compile(
    _POLITE + r"(?:(?:show|find|search|look|get|check|give|any|what|which|list|i need|need|price|quote|cheapest|best|fares?)\b.*\b)?(?:flights?|fares?"
    r"|air ?fares?|air tickets?)\b"
    r"|" + _POLITE + r"(?:fly|search|find)\s+(?=[A-Z]{3}\s*(?:-|–|to|→)\s*[A-Z]{3}\b)|^\s*(?-i:[A-Z]{3})\s*(?:-|–|to|→|/|\s)\s*(?-i:[A-Z]{3})\b(?=.*\d)",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"(?:\bfrom\s+)?(?P<origin>[A-Za-z][A-Za-z .]*?)\s*(?:\bto\b|-|–|→|/)\s*(?P<destination>[A-Za-z][A-Za-z .]*?)(?=\s+(?:on|for|from|next"
    r"|this|tomorrow|today|in|returning|return|round|one|out|leaving|departing|direct|non|business|economy|first|premium|with|\d)\b|\s*[,;?]|\s+\d|\s*$)",
    re.IGNORECASE,
)
_CODES = re.compile(r"\b(?P<origin>[A-Z]{3})\s*(?:-|–|→|/|to|\s)\s*(?P<destination>[A-Z]{3})\b")
PARTY_MAX = 9
_CABIN = (("premium", r"\bpremium\b"), ("business", r"\bbusiness\b"), ("first", r"\bfirst class\b|\bin first\b"), ("economy", r"\beconomy\b"))
_DIRECT = re.compile(r"\b(?:direct|non-?\s?stop|without (?:a )?(?:stop|change))\b", re.IGNORECASE)
_ONE_WAY = re.compile(r"\bone[- ]way\b", re.IGNORECASE)
_HOTELS = re.compile(
    _POLITE + r"(?:(?:show|find|search|look|get|check|give|any|what|which|list|i need|need|we need|price|quote)\b.*\b)?(?:hotels?|rooms?|resorts?"
    r"|stay|accommodation)\b(?!\s+(?:on|of) (?:the|this) trip)",
    re.IGNORECASE,
)
_IN_CITY = re.compile(
    r"\b(?:in|at|near)\s+(?P<city>(?!full\b)[A-Za-z][A-Za-z .]*?)(?=\s+(?:from|for|on|next|this|under|below|within|between|tomorrow|at|with"
    r"|check|to)\b|\s*[,;?]|\s+\d|\s*$)",
    re.IGNORECASE,
)
_CITY_FIRST = re.compile(r"^\s*(?:find|search|show|need|get)?\s*(?P<city>[A-Z][A-Za-z ]*?)\s+(?:hotels?|resorts?)\b")
_NIGHTS = re.compile(r"\b(?P<n>\d{1,2})\s*nights?\b", re.IGNORECASE)
_UNDER = re.compile(r"\b(?:under|below|within|max(?:imum)?|budget(?: of)?|up ?to|less than|at most)\s*$", re.IGNORECASE)
_VISA = re.compile(r"\bvisas?\b", re.IGNORECASE)
_VISA_ASKED = re.compile(
    r"\b(?:requirements?|need|needs|needed|required?|documents?|checklist|what|which|do|does|is|how|papers|rules)\b|^\s*visas?\s+(?:for"
    r"|to)\b",
    re.IGNORECASE,
)
_VISA_FOR = re.compile(
    r"\b(?:to|for|visit(?:ing)?|enter(?:ing)?|in)\s+(?P<country>(?:the\s+)?[A-Z][A-Za-z ]*?)(?=\s+(?:for|as|on|with|do|is|holders?|passport"
    r"|visa|need)\b|\s*[,;?.]|\s*$)"
)
_VISA_BEFORE = re.compile(r"\b(?:an?\s+|the\s+)?(?P<country>[A-Z][A-Za-z]+(?:\s[A-Z][A-Za-z]+)?)\s+visa\b")


_FOR_IT = re.compile(r"(?<=\bflights)\s+for\s+(?:this|the|her|his|their)\s+(?:enquiry|inquiry|lead|request|customer)\b", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"\b(?:enquir(?:y|ies)|inquir(?:y|ies)|leads?|invoices?|bills?|owes?|paid|balance)\b|^\s*(?:please\s+)?(?:issue|invoice|bill|book|hold|cancel)\b",
    re.IGNORECASE,
)
_BOOKING = re.compile(r"\b(?:pnr|locator|booking)\s+(?:no\.?\s+|code\s+)?(?P<locator>(?-i:(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}))\b", re.IGNORECASE)


_ISSUE = re.compile(
    _POLITE + r"(?:issue|ticket|get)\s+(?:the\s+|their\s+|her\s+|his\s+)?(?:tickets?|flights?|booking|pnr)\b(?!\s+for\s+[A-Z][a-z])", re.IGNORECASE
)
_GIVE_BACK = re.compile(_POLITE + r"(?:cancel|give back|release)\s+(?:the\s+|their\s+|her\s+|his\s+)?(?:hotel|room|stay)\b", re.IGNORECASE)
_STAY = re.compile(
    r"\b(?:status of|how (?:does|do|is|are)|read|show|look up)\b[^?]*\b(?:hotel(?: booking)?|stay)\b(?=[^?]*\b(?:booking|stand|status|doing)\b|\s*\??$)"
    r"|\bis (?:the|their|her|his) (?:hotel|stay|room) (?:really |still )?(?:booked|confirmed)\b|\bstatus of (?:the |their )?(?:hotel|stay)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:booking|number|no\.?|confirmation|pnr|of)\s+(?:no\.?\s+|number\s+)?(?P<ref>(?-i:(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{2,}))\b", re.IGNORECASE
)
_FILE = re.compile(_POLITE + r"(?:file|apply for|submit)\s+(?:the\s+|an?\s+|her\s+|his\s+)?(?P<what>.*?)\bvisas?\b(?P<rest>.*)$", re.IGNORECASE)


def acts(message: str) -> Wish | None:
    """`issue the tickets`, `cancel the hotel`, `file a UAE visa for Deepa Krishnan`: what it concerns is looked up on the trip."""
    reference = _REFERENCE.search(message)
    named = {"supplier_ref": reference["ref"]} if reference else {}
    for tool, asked in (
        ("issue_ticket", _ISSUE.match(message)),
        ("cancel_hotel_booking", _GIVE_BACK.match(message)),
        ("read_hotel_booking", _STAY.search(message)),
    ):
        if asked:
            return Wish(tool, dict(named))
    filed = _FILE.match(message)
    if filed is None:
        return None
    known: JsonObject = {}
    name = re.search(r"\bfor\s+(?P<name>[A-Z][\w.'’-]*(?:\s+[A-Z][\w.-]*){0,3})\s*[.]?$", filed["rest"])
    said = filed["what"].strip() or re.sub(r"\bfor\s+[A-Z].*$", "", filed["rest"]).strip()
    country = stations.country_of(re.sub(r"^(?:to|for)\s+", "", said)) if said else None
    if country:
        known["destination"] = country
    if name:
        known["full_name"] = name["name"]
    return Wish("file_visa", known)


def recognise(message: str, context: Context) -> Wish | None:
    """A search, or None."""
    message = _FOR_IT.sub("", message)
    act = acts(message)
    if act is not None or _OTHERWISE.search(message):
        return act
    locator = _BOOKING.search(message)
    if locator:
        return Wish("read_pnr", {"locator": locator["locator"]})
    return visas(message, context) or flights(message, context) or hotels(message, context)


def flights(message: str, context: Context) -> Wish | None:
    """`flights from Mumbai to Dubai 12–18 Dec for 2 adults and a child in business, direct`."""
    if not _FLIGHTS.search(message):
        return None
    known: JsonObject = {}
    for field, said in _route(message).items():
        code = stations.code_of(said)
        if code:
            known[field] = code
    days = days_in(message, context)
    if days:
        known["outbound_date"] = days[0]
    if len(days) > 1 and not _ONE_WAY.search(message):
        known["return_date"] = days[1]
    party = find_party(message)
    if party:
        known["passengers"] = party
    cabin = next((name for name, words in _CABIN if re.search(words, message, re.IGNORECASE)), None)
    if cabin:
        known["cabin"] = cabin
    if _DIRECT.search(message):
        known["direct_only"] = True
    return Wish("search_flights", known)


def as_asked_for(wish: Wish, said: str, context: Context) -> Wish:
    """A search of flights with what the conversation's enquiry knows of it; where another way was said than the customer's, nothing is taken from there."""
    about = context.enquiry
    if wish.tool not in {"search_flights", "hold_flight"} or about is None or "fare_id" in wish.known:
        return wish
    way = {end: stations.code_of(getattr(about, end)) for end in ("origin", "destination")}
    if any(wish.known.get(end, way[end]) != way[end] for end in way):
        return wish
    known: JsonObject = {**way, "passengers": {"adult": about.pax_count} if 0 < about.pax_count <= PARTY_MAX else None}
    if "outbound_date" not in wish.known:
        known |= {"outbound_date": about.depart_date, "return_date": None if _ONE_WAY.search(said) else about.return_date}
    return Wish(wish.tool, {name: value for name, value in (known | wish.known).items() if value})


def hotels(message: str, context: Context) -> Wish | None:
    """`hotels in Dubai 12–18 Dec for 2 adults under 60,000`."""
    if not _HOTELS.search(message):
        return None
    known: JsonObject = {}
    for match in filter(
        None, (*(_IN_CITY.match(message, place.start()) for place in re.finditer(r"\b(?:in|at|near)\b", message)), _CITY_FIRST.search(message))
    ):
        country = stations.country_of_city(match["city"].strip())
        if country:
            city = match["city"].strip()
            known |= {"city": city.upper() if len(city) == 3 and city.isupper() else _capital(city), "country": country}
            break
    days = days_in(message, context)
    nights = _NIGHTS.search(message)
    if days:
        known["check_in"] = days[0]
    if len(days) > 1:
        known["check_out"] = days[1]
    elif days and nights:
        known["check_out"] = _after(days[0], int(nights["n"]))
    party = find_party(message)
    if party:
        known["guests"] = sum(party.values())
    bounded = [figure for figure in find_figures(message) if _UNDER.search(lead(message, figure.start)) and figure.value > 0]
    if bounded:
        known |= {"budget_max": bounded[0].plain, "currency": bounded[0].currency or context.currency}
    return Wish("search_hotels", known)


def visas(message: str, _context: Context) -> Wish | None:
    """`do Indians need a visa for Thailand`, `visa requirements for the UAE, Indian passport`."""
    if not _VISA.search(message) or not _VISA_ASKED.search(message) or re.search(r"\b(?:invoice|bill|enquir|inquir)", message, re.IGNORECASE):
        return None
    known: JsonObject = {}
    nationality = stations.nationality_in(message)
    if nationality:
        known["nationality"] = nationality
    for pattern in (_VISA_BEFORE, _VISA_FOR):
        for match in pattern.finditer(message):
            country = None if stations.nationality_in(match["country"]) else stations.country_of(match["country"])
            if country and "destination" not in known:
                known["destination"] = country
    return Wish("visa_requirements", known)


def _route(message: str) -> JsonObject:
    """From where to where, as it was said."""
    codes = _CODES.search(message)
    if codes and all(stations.code_of(codes[end]) for end in ("origin", "destination")):
        return codes.groupdict()
    plain = re.sub(r"^.*?\b(?:flights?|fares?|air ?fares?|tickets?)\b", "", message, count=1, flags=re.IGNORECASE).strip()
    both = re.search(r"\bfrom\s+(?P<origin>[A-Za-z][A-Za-z .]*?)\s+to\s+", plain, re.IGNORECASE)
    for match in _PAIR.finditer(plain[both.start() :] if both else plain):
        ends = {end: re.sub(r"^(?:from|for|of)\s+", "", match[end].strip(), flags=re.IGNORECASE) for end in ("origin", "destination")}
        if all(stations.code_of(said) for said in ends.values()):
            return ends
    found: JsonObject = {}
    for end, words in (("origin", "from|ex"), ("destination", "to")):
        one = re.search(rf"\b(?:{words})\s+(?P<place>[A-Za-z]+(?:\s[A-Z][a-z]+)?)", plain, re.IGNORECASE)
        if one and stations.code_of(one["place"]):
            found[end] = one["place"]
        elif one and stations.code_of(one["place"].split()[0]):
            found[end] = one["place"].split()[0]
    return found


def _after(day: str, nights: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=nights)).isoformat()


def _capital(words: str) -> str:
    said = words.strip(" .,")
    return said[:1].upper() + said[1:]
