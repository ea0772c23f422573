"""Searches of flights and hotels in plain English."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import Any

from rapidfuzz import fuzz, process

from voyagent.assistant.moves import Context, EnquiryInView
from voyagent.assistant.planner import narrowing, visas, ways, whom
from voyagent.assistant.planner.wishes import Wish, days_in, out_and_back
from voyagent.kernel.text import stations
from voyagent.kernel.text.amounts import find_figures
from voyagent.kernel.text.passages import lead
from voyagent.kernel.text.people import find_party
from voyagent.kernel.text.places import find_route, is_known_place

JsonObject = dict[str, Any]
_POLITE = r"^\s*(?:ok(?:ay)?[,. ]+|please\s+|pls\s+|can you\s+|could you\s+|now\s+)*"
_FLIGHTS = re.compile(
    _POLITE + r"(?:(?:show|find|search|look|get|check|give|any|what|which|list|i"
    r" need|need|price|quote|cheapest|best|fares?)\b.*\b)?(?:flights?|fares?"
    r"|air ?fares?|air tickets?)\b"
    r"|^\s*[a-z][a-z .]*?\s+to\s+[a-z][a-z .]*?\s+(?:flights?|fares?|air tickets?|tickets?)\b|"
    + _POLITE
    + r"tickets?\s+from\b"
    r"|"
    + _POLITE
    + r"(?:fly|search|find)\s+(?=[A-Z]{3}\s*(?:-|–|to|→)\s*[A-Z]{3}\b)|^\s*(?-i:[A-Z]{3})\s*(?:-|–|to|→|/|\s)\s*(?-i:[A-Z]{3})\b(?=.*\d)",
    re.IGNORECASE,
)
PARTY_MAX = 9
AGAIN_MAX = 100
SPELLED_MIN, SPELLED_LIKE = 5, 80
_SHORT = {"frm": "from", "fligt": "flight", "htl": "hotel", "tkt": "ticket", "tkts": "tickets"}
_RIGHT = {
    word: word
    for word in (
        "search",
        "flight",
        "flights",
        "hotel",
        "hotels",
        "ticket",
        "tickets",
        "business",
        "economy",
        "adults",
        "children",
    )
} | {
    name.lower(): name
    for _code, name in stations.KNOWN
    if " " not in name and len(name) >= SPELLED_MIN
}
_NO_SEARCH = re.compile(
    r"\bfare (?:rules?|conditions?|polic(?:y|ies)|basis)\b|^\s*(?:please\s+|now\s+)*ticket"
    r" (?:it|them|this|that|these|both|all)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"^\s*(?:(?:ok(?:ay)?|now|and|but|then|please|same|also|what about|how about|show(?: me)?|make"
    r" it|try"
    r"|any(?:thing|one)?|something|is there (?:any|some)thing)[,. ]+)*"
    r"(?:only|just|in|with|without|for|under|below|within|up ?to|less than|at"
    r" most|on|no|non-?stop|direct|business|economy|first|premium|morning|afternoon"
    r"|evening|refundable|breakfast|[1-5][ -]?(?:star|\*)|[a-z ]{3,20}\bonly)\b",
    re.IGNORECASE,
)
_ONCE_MORE = re.compile(
    r"^\s*(?:(?:ok(?:ay)?|please|now|yes)[,. ]+)*search (?:again|once more|anew)\b"
    r"(?:\s+for\s+(?:those who (?:go|travel)|them|us|all(?: of (?:them|us))?|everybody|everyone|as"
    r" many as go))?"
    r"\s*[.!]*\s*$",
    re.IGNORECASE,
)
_LEGS = re.compile(r"\bto\s+(?:[a-z]+\s+){1,2}(?:and\s+)?(?:then\s+)?to\s+[a-z]{3,}", re.IGNORECASE)
_BESIDE = re.compile(
    r"^\s*(?:(?:ok(?:ay)?|now|please)[,. ]+)*(?:and|plus|also|with)\b", re.IGNORECASE
)
_BETWEEN = re.compile(r"\bbetween\b.*\b\d{1,2}\b.*\band\b.*\d", re.IGNORECASE)
_A_DAY = re.compile(
    r"\bon\s+(?:the\s+)?(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)\b(?!\s*(?:of\b|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))",
    re.IGNORECASE,
)
_CABIN = (
    ("premium", r"\bpremium\b"),
    ("business", r"\bbusiness\b"),
    ("first", r"\bfirst class\b|\bin first\b"),
    ("economy", r"\beconomy\b"),
)
_DIRECT = re.compile(r"\b(?:direct|non-?\s?stop|without (?:a )?(?:stop|change))\b", re.IGNORECASE)
_CHEAPEST_DIRECT = re.compile(
    r"^\s*(?:(?:ok(?:ay)?|and|but|please|show(?: me)?|give me|which is|what(?:'s| is)|i want|we"
    r" want|only|then)[,. ]+)*(?:the\s+|an?\s+)?"
    r"(?=[^\n]*\b(?:cheap(?:est)?|lowest)\b)(?=[^\n]*\b(?:direct|non-?\s?stop)\b)"
    r"(?:(?:cheap(?:est)?|lowest|direct|non-?\s?stop|one|flights?|fares?|options?|only|and|the|of|them|please)[\s,.?!]*)+$",
    re.IGNORECASE,
)
_ONE_WAY = re.compile(r"\bone[- ]way\b", re.IGNORECASE)
_HOTELS = re.compile(
    _POLITE + r"(?:[1-5]\s*-?\s*stars?\s+)?"
    r"(?:(?:show|find|search|look|get|check|give|any|what|which|list|i need|need|we"
    r" need|price|quote)\b.*\b)?(?:hotels?|rooms?|resorts?"
    r"|stay|accommodation)\b(?!\s+(?:on|of) (?:the|this) trip)",
    re.IGNORECASE,
)
_IN_CITY = re.compile(
    r"\b(?:in|at|near)\s+(?P<city>(?!full\b)[A-Za-z][A-Za-z"
    r" .]*?)(?=\s+(?:from|for|on|next|this|under|below|within|between|tomorrow|at|with"
    r"|check|to)\b|\s*[,;?]|\s+\d|\s*$)",
    re.IGNORECASE,
)
_CITY_FIRST = re.compile(
    r"^\s*(?:find|search|show|need|get)?\s*(?P<city>[A-Z][A-Za-z ]*?)\s+(?:hotels?|resorts?)\b"
)
_NIGHTS = re.compile(r"\b(?P<n>\d{1,2})\s*nights?\b", re.IGNORECASE)
_FOR_SO_MANY = re.compile(
    r"\bfor\s+(?P<n>[1-9])\b(?!\s*(?:nights?|rooms?|days?|weeks?|lakhs?|k\b|%|stars?|[-–/:.,]\s*\d|[jfmasond][a-z]{2}\b))",
    re.IGNORECASE,
)
_SAME_DAYS = re.compile(
    r"\b(?:(?:the )?same (?:dates?|days?|time)|(?:as|like|with) the flights?|dates? of the"
    r" flights?)\b",
    re.IGNORECASE,
)
_FOR_IT = re.compile(
    r"(?<=\bflights)\s+for\s+(?:this|the|her|his|their)\s+(?:enquiry|inquiry|lead|request|customer)\b",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\b(?:enquir(?:y|ies)|inquir(?:y|ies)|leads?|invoices?|bills?|owes?|paid|balance)\b|^\s*(?:please\s+)?(?:issue|invoice|bill|book|hold|cancel)\b",
    re.IGNORECASE,
)
_NO_FLIGHT = re.compile(
    r"\b(?:hotels?|rooms?|stay|visas?|transfers?|pick-?ups?|cabs?|taxis?|drops?|package|tour|trip|itinerary|passengers?|add|change|wants?|status)\b",
    re.IGNORECASE,
)
_BOOKING = re.compile(
    r"\b(?:pnr|locator|booking)\s+(?:no\.?\s+|code\s+)?(?P<locator>(?-i:(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}))\b",
    re.IGNORECASE,
)


_ISSUE = re.compile(
    _POLITE
    + r"(?:issue|ticket|get)\s+(?:the\s+|their\s+|her\s+|his\s+)?(?:tickets?|flights?|booking|pnr|hold)\b(?!\s+for\s+(?-i:[A-Z][a-z]))"
    r"|" + _POLITE + r"(?:issue|ticket)\s+(?:for\s+)?(?-i:(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6})\b",
    re.IGNORECASE,
)
_BACK_ON = re.compile(
    r"\b(?:back|return(?:ing)?)\s+(?:on\s+)?(?:the\s+)?(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_FOR_SOME = re.compile(
    r"\bonly\b|\b(?:for|of)\s+(?!(?:the|this|that|their|all|both|everybody|everyone|them|booking|pnr)\b)(?!(?-i:[A-Z0-9]{6})\b)\w{3,}",
    re.IGNORECASE,
)
_GIVE_BACK = re.compile(
    _POLITE
    + r"(?:cancel|give back|release)\s+(?:the\s+|their\s+|her\s+|his\s+)?(?:hotel|room|stay)\b",
    re.IGNORECASE,
)
_STAY = re.compile(
    r"\b(?:status of|how (?:does|do|is|are)|read|show|look up)\b[^?]*\b(?:hotel(?:"
    r" booking)?|stay)\b(?=[^?]*\b(?:booking|stand|status|doing)\b|\s*\??$)"
    r"|\bis (?:the|their|her|his) (?:hotel|stay|room) (?:really |still"
    r" )?(?:booked|confirmed)\b|\bstatus of (?:the |their )?(?:hotel|stay)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:booking|number|no\.?|confirmation|pnr|of)\s+(?:no\.?\s+|number\s+)?(?P<ref>(?-i:(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{2,}))\b",
    re.IGNORECASE,
)
_SIX = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}\b")


def reference_in(message: str) -> str | None:
    """The number of a booking: behind a word that says so, or the six signs of an airline's code."""
    named = _REFERENCE.search(message)
    code = _SIX.search(message)
    return named["ref"] if named else code.group() if code else None


def acts(message: str) -> Wish | None:
    """`issue the tickets`, `cancel the hotel`, `file a UAE visa for Deepa Krishnan`: what it
    concerns is looked up on the trip.
    """
    reference = reference_in(message)
    named = {"supplier_ref": reference} if reference else {}
    for tool, asked in (
        ("issue_ticket", _ISSUE.match(message)),
        ("cancel_hotel_booking", _GIVE_BACK.match(message)),
        ("read_hotel_booking", _STAY.search(message)),
    ):
        if asked:
            some = tool == "issue_ticket" and _FOR_SOME.search(message)
            return Wish(tool, named | ({"for_some": True} if some else {}))
    return visas.filed(message)


def recognise(message: str, context: Context) -> Wish | None:
    """A search, or None."""
    message = _FOR_IT.sub("", message)
    act = acts(message)
    if act is not None or _OTHERWISE.search(message):
        return act
    locator = _BOOKING.search(message)
    if locator:
        return Wish("read_pnr", {"locator": locator["locator"]})
    return visas.asked(message, context) or flights(message, context) or hotels(message, context)


def flights(message: str, context: Context) -> Wish | None:
    """`flights from Mumbai to Dubai 12–18 Dec for 2 adults and a child in business, direct`."""
    if not _FLIGHTS.search(message) or _NO_SEARCH.search(message):
        return None
    known: JsonObject = {}
    for field, said in (ways.ends_in(spelled(message)) | ways.ends_in(message)).items():
        code = stations.code_of(said)
        if code:
            known[field] = code
    if not (_BETWEEN.search(message) and _NIGHTS.search(message)):
        known |= out_and_back(message, context) or _next_such_day(message, context)
    known |= _back_on(message, known)
    if _ONE_WAY.search(message):
        known.pop("return_date", None)
    party = find_party(message)
    if party:
        known["passengers"] = party
    cabin = next((name for name, words in _CABIN if re.search(words, message, re.IGNORECASE)), None)
    if cabin:
        known["cabin"] = cabin
    if _DIRECT.search(message):
        known["direct_only"] = True
    return Wish("search_flights", known | _beside_the_search(message, context, known))


def way(message: str, context: Context) -> Wish | None:
    """`2 adults 1 child mumbai to dubai 12 dec`: from where to where, with a day or who travels, is
    a search of flights though no word says so.
    """
    if context.question is not None or _OTHERWISE.search(message) or _NO_FLIGHT.search(message):
        return None
    ends = find_route(message)
    if ends.origin is None or ends.destination is None:
        return None
    found = flights(f"flights {message}", context)
    known = (found.known if found else {}) | {
        field: code
        for field, place in (("origin", ends.origin), ("destination", ends.destination))
        if (code := stations.code_of(place.name))
    }
    return (
        Wish("search_flights", known)
        if {"origin", "destination"} <= known.keys()
        and {"outbound_date", "passengers"} & known.keys()
        else None
    )


def _beside_the_search(message: str, context: Context, known: JsonObject) -> JsonObject:
    """What no search takes: nights, from which the way back follows, and what is wanted of the
    fares.
    """
    nights, want = _NIGHTS.search(message), narrowing.wanted(message, context)
    found: JsonObject = {"want": want} if want else {}
    if _LEGS.search(message):
        found["legs"] = True
    if nights and "return_date" not in known and not _ONE_WAY.search(message):
        found["nights"] = int(nights["n"])
    return found


def again(message: str, context: Context) -> Wish | None:
    """A word on the newest search, which is made once more with it: `only direct flights`, `in
    business class`, `and for two children`, `under 40,000`.
    """
    newest = context.offers.get("newest")
    before = dict(context.offers.get(f"{newest}_search", {}))
    if before and _ONCE_MORE.match(message):
        along = party_along(context)
        if newest == "rates":
            return Wish(
                "search_hotels", before | ({"guests": sum(along.values())} if along else {})
            )
        return Wish("search_flights", before | ({"passengers": along} if along else {}))
    if (
        not before
        or not _AGAIN.match(message)
        or _OTHERWISE.search(message)
        or len(message) > AGAIN_MAX
    ):
        return None
    if newest == "rates":
        want = narrowing.wanted(message, context, hotels=True)
        return Wish("search_hotels", before | {"want": want}) if want else None
    found = flights("flights " + message, context)
    changes = {
        name: value
        for name, value in (found.known if found else {}).items()
        if name not in ("origin", "destination")
    }
    if not changes or (found and {"origin", "destination"} & found.known.keys()):
        return None
    if "passengers" in changes and _BESIDE.match(message):
        changes["passengers"] = {
            **{kind: count for kind, count in before["passengers"].items() if count},
            **changes["passengers"],
        }
    if "return_date" not in changes and "outbound_date" in changes:
        before.pop("return_date", None)
    return Wish("search_flights", before | changes)


def cheapest_direct(message: str, context: Context) -> Wish | None:
    """`cheapest one direct` after a search: the same once more for direct flights alone, of which
    the cheapest stands first.
    """
    before = (
        context.offers.get("fares_search")
        if context.offers.get("newest") == "fares" and _CHEAPEST_DIRECT.match(message)
        else None
    )
    return Wish("search_flights", before | {"direct_only": True}) if before else None


def direct_of_newest(message: str, context: Context) -> JsonObject | None:
    """The newest search of fares as one of direct flights alone, where the words want such; None
    where they do not, or it was one already.
    """
    before = dict(context.offers.get("fares_search", {}))
    return (
        before | {"direct_only": True}
        if before and not before.get("direct_only") and _DIRECT.search(message)
        else None
    )


def as_asked_for(wish: Wish, said: str, context: Context) -> Wish:
    """A search of flights with what the conversation's enquiry knows of it; where another way was
    said than the customer's, nothing is taken from there.
    """
    about = context.enquiry
    if (
        wish.tool not in {"search_flights", "hold_flight"}
        or about is None
        or "fare_id" in wish.known
    ):
        return wish
    way = {end: stations.code_of(getattr(about, end)) for end in ("origin", "destination")}
    if any(wish.known.get(end, way[end]) != way[end] for end in way):
        return wish
    known: JsonObject = {**way, "passengers": _party_of(about, context)}
    if "outbound_date" not in wish.known:
        known |= {
            "outbound_date": about.depart_date,
            "return_date": None if _ONE_WAY.search(said) else about.return_date,
        }
    return Wish(wish.tool, {name: value for name, value in (known | wish.known).items() if value})


def party_along(context: Context) -> JsonObject:
    """How many of each kind travel on the conversation's trip; empty where nobody does yet."""
    return dict(
        Counter(str(one.get("kind") or "adult") for one in context.trip.get("passengers", ()))
    )


def _party_of(about: EnquiryInView, context: Context) -> JsonObject | None:
    """Who travels: those of the trip once they are as many as the customer said, till then what the
    customer's words say.

    The number alone is one of adults, and where words and number do not agree nobody knows.
    """
    travelling = party_along(context)
    if about.pax_count <= sum(travelling.values()) <= PARTY_MAX and travelling:
        return travelling
    if not 0 < about.pax_count <= PARTY_MAX or (
        about.party and sum(about.party.values()) != about.pax_count
    ):
        return None
    return about.party or {"adult": about.pax_count}


def hotels(message: str, context: Context) -> Wish | None:
    """`hotels in Dubai 12–18 Dec for 2 adults under 60,000`."""
    if not _HOTELS.search(message):
        return None
    known: JsonObject = {}
    known |= _city_in(_SAME_DAYS.sub(" ", message))
    days = days_in(message, context) or _same_days(message, context)
    nights = _NIGHTS.search(message)
    if days:
        known["check_in"] = days[0]
    if len(days) > 1:
        known["check_out"] = days[1]
    elif days and nights:
        known["check_out"] = after(days[0], int(nights["n"]))
    party, number = find_party(message), _FOR_SO_MANY.search(message)
    people = [] if party or number else whom.named(message, context).people
    if party or number or people:
        known["guests"] = (
            sum(party.values()) if party else int(number["n"]) if number else len(people)
        )
    bounded = [
        figure
        for figure in find_figures(message)
        if narrowing.UNDER.search(lead(message, figure.start)) and figure.value > 0
    ]
    want = narrowing.wanted(message, context, hotels=True)
    if bounded and "most" not in want:
        known |= {
            "budget_max": bounded[0].plain,
            "currency": bounded[0].currency or context.currency,
        }
    if want:
        known["want"] = want
    return Wish("search_hotels", known)


def _same_days(message: str, context: Context) -> list[str]:
    """`the same dates`, `like the flights`: the days of the newest search of flights, else those of
    the enquiry.
    """
    if not _SAME_DAYS.search(message):
        return []
    flown, about = context.offers.get("fares_search", {}), context.enquiry
    days = (
        (flown.get("outbound_date"), flown.get("return_date"))
        if flown
        else (about.depart_date, about.return_date)
        if about
        else ()
    )
    return [str(day) for day in days if day]


def _city_in(message: str) -> JsonObject:
    """The city with its country; `unsold` where a place is named that has no hotels at a supplier,
    `strange` where nobody knows what is named.
    """
    strange = ""
    for match in filter(
        None,
        (
            *(
                _IN_CITY.match(message, place.start())
                for place in re.finditer(r"\b(?:in|at|near)\b", message)
            ),
            _CITY_FIRST.search(message),
        ),
    ):
        city = match["city"].strip()
        country = stations.country_of_city(city)
        if country:
            return {
                "city": city.upper() if len(city) == 3 and city.isupper() else _capital(city),
                "country": country,
            }
        if is_known_place(city):
            return {"unsold": _capital(city)}
        strange = strange or (_capital(city) if match.re is _IN_CITY and city[:1].isupper() else "")
    return {"strange": strange} if strange else {}


def _back_on(message: str, known: JsonObject) -> JsonObject:
    """`and back on the 20th`: the next such day behind the one on which they leave."""
    said = _BACK_ON.search(message)
    if not said or "outbound_date" not in known or "return_date" in known:
        return {}
    leaves = date.fromisoformat(known["outbound_date"])
    later = (leaves + timedelta(days=ahead) for ahead in range(1, 63))
    day = next((day for day in later if day.day == int(said["day"])), None)
    return {"return_date": day.isoformat()} if day else {}


def _next_such_day(message: str, context: Context) -> JsonObject:
    """`on the 20th`: the next one."""
    said = _A_DAY.search(message)
    coming = (context.today + timedelta(days=ahead) for ahead in range(63))
    day = next((day for day in coming if said and day.day == int(said["day"])), None)
    return {"outbound_date": day.isoformat()} if day else {}


def spelled(message: str) -> str:
    """The message with those words mended that come close to one of a search, or to a place that
    agencies meet every day.
    """
    return re.sub(r"[A-Za-z]+", lambda word: _mended(word.group()), message)


def _mended(word: str) -> str:
    lowered = word.lower()
    if lowered in _SHORT:
        return _SHORT[lowered]
    if len(word) < SPELLED_MIN or word.isupper() or lowered in _RIGHT:
        return word
    close = process.extractOne(lowered, list(_RIGHT), scorer=fuzz.ratio, score_cutoff=SPELLED_LIKE)
    return _RIGHT[close[0]] if close else word


def nights_in(message: str) -> int:
    """How many nights the words say: `3 nights`; 0 where they say none."""
    found = _NIGHTS.search(message)
    return int(found["n"]) if found else 0


def after(day: str, nights: int) -> str:
    """The day some nights later."""
    return (date.fromisoformat(day) + timedelta(days=nights)).isoformat()


def _capital(words: str) -> str:
    said = words.strip(" .,")
    return said[:1].upper() + said[1:]
