"""Places in plain text.

They are well-known names in any case, airport codes in capitals, and words with a capital after
`to` or `trip to`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = """
Abu Dhabi|Agra|Ahmedabad|Alleppey|Almaty|Amritsar|Amsterdam|Andaman|Ankara|Antalya|Athens|
Auckland|Australia|Austria|Azerbaijan|Baku|Bahrain|Bali|Bangalore|Bangkok|Barcelona|Beijing|
Belgium|Bengaluru|Berlin|Bhopal|Bhutan|Bhubaneswar|Bodh Gaya|Boston|Brazil|Brisbane|Brussels|
Budapest|Cairo|Calicut|Cambodia|Canada|Cape Town|Cappadocia|Chandigarh|Chennai|Chiang Mai|Chicago|
China|Cochin|Coimbatore|Colombo|Coorg|Croatia|Cyprus|Dallas|Damascus|Darjeeling|Dehradun|Delhi|
Denmark|Denpasar|Dharamshala|Doha|Dubai|Dublin|Durban|Edinburgh|Egypt|England|Europe|Fiji|Finland|
Florence|France|Frankfurt|Gangtok|Geneva|Georgia|Germany|Goa|Greece|Gulmarg|Guwahati|Hanoi|
Havelock|Helsinki|Himachal|Ho Chi Minh City|Holy Land|Hong Kong|Houston|Hungary|Hyderabad|Iceland|
India|Indonesia|Indore|Ireland|Israel|Istanbul|Italy|Jaipur|Jaisalmer|Jakarta|Jammu|Japan|Jeddah|
Jerusalem|Jodhpur|Johannesburg|Jordan|Kashmir|Kathmandu|Kazakhstan|Kenya|Kerala|Khajuraho|Kochi|
Kolkata|Korea|Kozhikode|Krabi|Kuala Lumpur|Kuwait|Kyoto|Ladakh|Lakshadweep|Langkawi|Laos|
Las Vegas|Leh|Lisbon|London|Los Angeles|Lucerne|Lucknow|Luxor|Macau|Madinah|Madrid|Madurai|
Malaysia|Maldives|Male|Malta|Manali|Manchester|Mangalore|Manila|Marrakech|Mauritius|Mecca|Medina|
Melbourne|Mexico|Miami|Milan|Montreal|Morocco|Moscow|Mumbai|Munich|Munnar|Muscat|Mussoorie|Mysore|
Nagpur|Nainital|Nairobi|Nepal|Netherlands|New Delhi|New York|New Zealand|Nice|Norway|Oman|Ooty|
Orlando|Oslo|Paris|Pattaya|Perth|Petra|Philippines|Phuket|Phu Quoc|Poland|Pondicherry|Port Blair|
Portugal|Prague|Pune|Punjab|Qatar|Queenstown|Rajasthan|Ras Al Khaimah|Rhodes|Riyadh|Rome|Rotorua|
Russia|Salalah|San Francisco|Santorini|Saudi Arabia|Scotland|Seattle|Seoul|Seychelles|Shanghai|
Sharjah|Shillong|Shimla|Siem Reap|Sikkim|Singapore|South Africa|Spain|Sri Lanka|Srinagar|
Stockholm|Surat|Sweden|Switzerland|Sydney|Taipei|Taiwan|Tanzania|Tashkent|Tbilisi|Tel Aviv|
Thailand|Thekkady|Thiruvananthapuram|Tirupati|Tokyo|Toronto|Trivandrum|Turkey|Turkiye|Udaipur|UAE|
Uganda|UK|Ukraine|United Kingdom|United States|USA|US|Uzbekistan|Vancouver|Varanasi|Venice|Vienna|
Vietnam|Visakhapatnam|Washington|Yerevan|Zanzibar|Zermatt|Zimbabwe|Zurich
"""
_CANONICAL = {name.strip().lower(): name.strip() for name in _NAMES.replace("\n", "").split("|")}
# Names that are also English words are read only as they are written on a map.
_CASED = frozenset({"male", "nice", "us", "turkey", "georgia", "jordan", "china"})
_KNOWN = "|".join(
    re.escape(name).replace(r"\ ", r"\s+") for name in sorted(_CANONICAL, key=len, reverse=True)
)
_KNOWN_WORD = rf"(?<!\w)(?:{_KNOWN})(?!\w)"
_CODE = r"(?-i:\b[A-Z]{3}\b)"
_CAPITALISED = r"(?-i:[A-Z][\w’']+(?:\s+[A-Z][\w’']+){0,2})"
_NOT_CODE_WORDS = (
    "THE AND FOR VIA INR USD AED EUR GBP PAX ADT CHD INF VIP LLC LTD INC PVT GST PNR ETA ASAP FYI"
    " BTW MAY JAN FEB MAR APR JUN JUL AUG SEP OCT NOV DEC"
)
_NOT_CODES = frozenset(_NOT_CODE_WORDS.split())
_NOT_PLACES = re.compile(
    r"^(?:I|We|You|He|She|They|My|Our|Your|The|This|That|It|A|An|Please|Thanks|Thank|Regards|Hi|Hello|Dear|Sir|Madam|Team|Mr|Mrs|Ms|Dr|"
    r"Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|Diwali|Christmas|Eid|Easter|Budget|Need|Kindly|Also|And|From|To|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|June|July|August|September|October|November|December)\b"
)
_AIRPORTS = (
    "bom del cok maa blr hyd ccu amd goi trv ccj cjb pnq jai lko dxb auh shj doh bah kwi mct sll"
    " ruh jed med lhr lgw man cdg fra muc ams ist saw sin kul bkk dmk hkt dps cmb mle ktm hkg nrt"
    " hnd icn tpe mnl sgn han syd mel akl jfk ewr sfo lax ord iad mia yyz yvr zrh gva vie prg bud"
    " fco mxp mad bcn lis ath cai nbo jnb cpt mru sez znz tbs evn gyd"
)
_LOWER_CODE = rf"(?<!\w)(?:{'|'.join(_AIRPORTS.split())})(?!\w)"
_ONE = rf"(?:{_KNOWN_WORD}|{_CODE}|{_CAPITALISED})"
_SURE = rf"(?:{_KNOWN_WORD}|{_CODE})"
_MORE = rf"(?:\s*(?:,|&|\+|and)\s*{_KNOWN_WORD})*"
_TRAVEL = (
    r"(?:trips?|travel(?:l?ing)?|tours?|fly(?:ing)?|flights?|tickets?|tkts?|go(?:ing)?|visit(?:ing)?|"
    r"holidays?|vacation|honeymoon|package|packages|head(?:ing)?|visa|pilgrimage|cruise)"
)
_ROUTES = (
    re.compile(
        rf"\b(?:flights?|tickets?|tkts?|fares?)\s+(?:from\s+)?(?P<origin>{_KNOWN_WORD})\s+(?P<destination>{_KNOWN_WORD})\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?P<origin>{_SURE})\s*(?:-|–|→|->|>|/|\bto\b)\s*(?P<destination>{_SURE})\s*(?:-|–|→|->|>|/|\bto\b)\s*(?P=origin)(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\bfrom\s+(?P<origin>{_ONE})\s*(?:to|-|–|→|>|->)\s*(?P<destination>{_ONE}{_MORE})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?P<origin>{_SURE})\s*(?:-|–|→|->|>|/)\s*(?P<destination>{_SURE})(?!\s*(?:-|/))",
        re.IGNORECASE,
    ),
    re.compile(rf"(?P<origin>{_SURE})\s+to\s+(?P<destination>{_SURE}{_MORE})", re.IGNORECASE),
    re.compile(
        rf"(?P<origin>{_LOWER_CODE})\s*(?:to|-|–|→|->)\s*(?P<destination>{_LOWER_CODE})",
        re.IGNORECASE,
    ),
)
_DESTINATIONS = (
    re.compile(
        r"\bdestination(?:\(s\)|s)?\s*[:=-]\s*(?P<destination>[^\n,;]{2,60})", re.IGNORECASE
    ),
    re.compile(
        rf"\b{_TRAVEL}\s+(?:trip\s+|package\s+|tickets?\s+)?(?:to|for|in|of)?\s*(?:visit\s+)?(?P<destination>{_ONE}{_MORE})",
        re.IGNORECASE,
    ),
    re.compile(rf"\bto\s+(?:the\s+)?(?P<destination>{_SURE}{_MORE})", re.IGNORECASE),
    re.compile(
        rf"(?P<destination>{_SURE}{_MORE})\s+(?:family\s+|group\s+|city\s+)?{_TRAVEL}\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:planning|considering|thinking (?:of|about)|interested"
        rf" in)\s+(?:for\s+)?(?P<destination>{_SURE}{_MORE})",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!live )(?<!lives )(?<!living )(?<!based )(?<!we are )(?<!we're )(?<!i am )(?<!i'm"
        rf" )\b(?:in|for|about|at)\s+(?P<destination>{_SURE}{_MORE})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:^|[,;:])\s*(?P<destination>{_KNOWN_WORD}{_MORE})(?=\s*(?:[,;.(]|\d|for\b|in\b|on\b|from\b|$))",
        re.IGNORECASE | re.MULTILINE,
    ),
)
_ORIGINS = (
    re.compile(
        r"^\s*(?:origin|departure city|departing from|from"
        r" city)\s*[:=-]\s*(?P<origin>[^\n,;]{2,60})",
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(
        rf"\b(?:from|ex|ex-|out of|starting|leaving|departing)\s*(?:from\s+)?(?P<origin>{_SURE})",
        re.IGNORECASE,
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place and the words that it was read from."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Route:
    """Origin and destination, each None if it is not stated."""

    origin: Place | None = None
    destination: Place | None = None


def find_route(text: str) -> Route:
    """Find the origin and the destination of a text."""
    for pattern in _ROUTES:
        for match in pattern.finditer(text):
            origin, destination = _place(match, "origin"), _place(match, "destination")
            if origin and destination:
                return Route(origin, destination)
    origin = _first(_ORIGINS, text, "origin")
    destination = _first(_DESTINATIONS, text, "destination", other_than=origin)
    return Route(origin, destination)


def is_known_place(words: str) -> bool:
    """True if the words are a known place."""
    return " ".join(words.lower().split()) in _CANONICAL


def contains_place(words: str) -> bool:
    """True if the words contain a known place."""
    return bool(places_in(words))


def places_in(words: str) -> list[re.Match[str]]:
    """The known places of a text, in order."""
    return [
        match for match in re.finditer(_KNOWN_WORD, words, re.IGNORECASE) if _proper(match.group())
    ]


def _first(
    patterns: tuple[re.Pattern[str], ...], text: str, group: str, other_than: Place | None = None
) -> Place | None:
    for pattern in patterns:
        for match in pattern.finditer(text):
            place = _place(match, group)
            if place and (other_than is None or place.name != other_than.name):
                return place
    return None


def _place(match: re.Match[str], group: str) -> Place | None:
    said = match[group].strip(" .,;:!?")
    if not _proper(said):
        return None
    words = re.sub(r"\s+", " ", match.group().strip(" .,;:\n"))
    return Place(_spelled(said)[:128], words[:120])


def _proper(said: str) -> bool:
    if said in _NOT_CODES or _NOT_PLACES.match(said):
        return False
    return said.lower() not in _CASED or said != said.lower()


def _spelled(said: str) -> str:
    if said.lower() in _AIRPORTS.split():
        return said.upper()
    known = re.compile(_KNOWN_WORD, re.IGNORECASE)
    return known.sub(
        lambda found: (
            _CANONICAL[re.sub(r"\s+", " ", found.group().lower())]
            if found.group().islower()
            else found.group()
        ),
        said,
    )
