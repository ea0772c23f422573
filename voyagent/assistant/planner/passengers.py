"""Who travels, in plain English: people who are added to a conversation's trip or taken off it, one
or several at once, with what is said of each.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from voyagent.assistant.moves import Context
from voyagent.assistant.planner.wishes import Wish, days_in
from voyagent.kernel.text import stations
from voyagent.kernel.text.dates import DateKind, find_days, find_unclear
from voyagent.kernel.text.people import as_name
from voyagent.trips.rules.lint import UNDER_YEARS

JsonObject = dict[str, Any]
POLITE = r"^\s*(?:ok(?:ay)?[,. ]+|please\s+|pls\s+|can you\s+|could you\s+|now\s+)*"
GUESTS_MAX = 6
TOLD = ("full_name", "kind", "date_of_birth", "nationality", "passport_expiry")
_LEADS_TO_NAMES = re.compile(
    r"^\s*(?:(?:for|it is|it's|they"
    r" are|add)\s+)?(?:(?:the\s+)?(?:passengers?|travell?ers?|guests?|pax)\s*(?:are\b|is\b|:)?\s*)?",
    re.IGNORECASE,
)
_ADD_PASSENGER = re.compile(
    POLITE + r"(?:add|take"
    r" along|include|put)\s+(?:an?\s+|the\s+|another\s+|\d+\s+)?(?:new\s+)?(?:(?P<kind1>adults?|children|child|infants?|seniors?|kids?"
    r"|bab(?:y|ies))\b)?\s*(?:(?P<what>passengers?|travell?ers?|guests?|pax)\b)?\s*:?\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_PASSENGERS_ARE = re.compile(
    r"^\s*(?:the\s+|our\s+)?(?:passengers?|travell?ers?|pax|guests?)(?:\s+names?)?\s*(?:\b(?:are|is|will"
    r" be)\b|[:=-])\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_THEY_TRAVEL = re.compile(
    r"^\s*(?P<rest>[^?\d]+?)\s+(?:(?:is|are|will be)\s+(?:travell?ing|going|flying)|will"
    r" travel|travels?)(?:\s+(?:along|too|on this trip))?\s*[.!]*$"
)
_NEW_TRIP = re.compile(
    POLITE + r"(?:make|create|start|open|begin|set up|new)\s+(?:an?\s+|the\s+)?(?:new\s+)?trip\b"
    r"(?:\s+for\s+(?P<who>[^\d,;:\n]+?)(?=\s+(?:to|from|in|on|next)\b|\s*[.,;!?]|$))?",
    re.IGNORECASE,
)
TO_TRIP = re.compile(
    r"\s+(?:on\s?to|to|in|on)\s+(?:the|this|their|our)\s+(?:trip|itinerary|booking|list)\b\s*",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"\b(?P<kind>adult|child|infant|senior|baby|kid|senior citizen)\b", re.IGNORECASE
)
_KINDS = {
    "baby": "infant",
    "babies": "infant",
    "kid": "child",
    "kids": "child",
    "children": "child",
    "senior citizen": "senior",
}
_KIND_OF_ALL = re.compile(
    r"(?P<kind>child(?:ren)?|kids?|bab(?:y|ies)|adult|infant|senior)", re.IGNORECASE
)
_BETWEEN_COMMAS = re.compile(
    r"(?:(?<=[,;(])\s*|(?<=[a-z]\s))(?P<day>\d{1,2}(?:st|nd|rd|th)?[\s./-]+(?:\d{1,2}|[A-Za-z]{3,9})[\s./-]+(?:\d{4}|\d{2}))\s*(?=[,;)]|$)"
)
_BORN = re.compile(
    r"\b(?:born|dob|date of birth|d\.o\.b\.?)\b\s*(?:on|:|is)?\s*(?P<when>[^,;)]*)", re.IGNORECASE
)
_EXPIRES = re.compile(
    r"\b(?:expir\w*|exp\b\.?|(?:valid|good)\s*(?:until|untill|till|upto|up"
    r" to|thru|to)?)\s*(?:date)?\s*(?:on|is|:|-)?\s*(?P<when>[^,;)]*)",
    re.IGNORECASE,
)
_PASSPORT_NUMBER = re.compile(
    r",?\s*\b(?:with\s+)?passport\s*(?:no\b\.?|number|#|:)?\s*(?:is\s+)?(?:[A-Z]{0,2}\d{6,9}\b|•+\w{4}\b)",
    re.IGNORECASE,
)
_RELATED = re.compile(
    r"\b(?:the\s+|their\s+|our\s+)?(?:kids|children)\s+(?=(?-i:[A-Z]))|\b(?:their|his|her|our|my|the)\s+(?:(?:elder|older|younger|little|eldest|youngest)\s+)?"
    r"(?:sons?|daughters?|wife|husband|mother|father|parents|brother|sister|friend|(?=(?:baby|child|kid|infant)\b))\s*(?=\w)",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"(?:\baged?\s+(?P<n>\d{1,2})\b|\b(?P<n2>\d{1,2})\s*-?(?:years?|yrs?|y/?o)\b|\(\s*(?P<n3>\d{1,2})\s*\)"
    r"|\b(?P<months>\d{1,2})\s*-?(?:months?|mths?)\b)(?:[ -]old\b)?",
    re.IGNORECASE,
)
_BABY = re.compile(r"^baby\s+(?=[A-Z])")
"""In small letters; `Baby Joseph` is a name."""
_TITLE = re.compile(
    r"^(?:mr|mrs|ms|miss|mstr|dr|smt|shri|sri|prof)\b\.?\s+(?=\w{2})", re.IGNORECASE
)
"""Before a name; passports and tickets have none."""
_KIND_BEFORE = re.compile(r"(?:child|infant|adult|senior|kid|baby)\s+(?=[A-Z])")
_ANOTHER = re.compile(r"\s*(?:;|&|,?\s+and\s+|,|\+)\s*", re.IGNORECASE)
_A_FACT = re.compile(
    r"^(?:(?:is|was|are)\s+)?(?:born|dob|d\.o\.b|date|passport|pp|expir\w*|exp|valid|good|an?|the|who|adult|child|infant|senior|male|female|aged?|nationality)\b|^(?:baby|kid)\b(?!\s+(?-i:[A-Z]))|^\d",
    re.IGNORECASE,
)
_REMOVE = re.compile(
    POLITE + r"(?:remove|drop|take off|take"
    r" out|delete)\s+(?:(?:the|an?|one)\s+)?(?:(?P<what>passenger|travell?er"
    r"|guest)\b\s*)?(?P<name>[^\d,]*?)(?P<trip>\s+(?:from|off)\s+(?:the|this)\s+(?:trip|itinerary|booking|list))?\s*[.]?$",
    re.IGNORECASE,
)
_STAYS_HOME = re.compile(
    r"^\s*(?P<name>[^\d,]+?)\s+(?:is not (?:coming|going|travell?ing)"
    r"|(?:can(?:['’]?t|not)|won['’]?t|will not) (?:come|go|travel|make it|fly|join)|stays (?:at"
    r" )?home|isn'?t (?:coming|going))\b",
    re.IGNORECASE,
)


def add_passenger(message: str, context: Context) -> Wish | None:
    """`add passenger Deepa Krishnan`, `add Ravi Menon (child, born 3 Mar 2019) to the trip`; of
    several, `and_more` are those behind the first.
    """
    match = _ADD_PASSENGER.match(message)
    if match is None:
        return _told(message, context)
    if not (
        match["what"]
        or match["kind1"]
        or TO_TRIP.search(message)
        or _BORN.search(message)
        or _PASSPORT_NUMBER.search(message)
    ):
        return None
    rest = _RELATED.sub(
        "", _PASSPORT_NUMBER.sub("", TO_TRIP.sub(" ", f" {match['rest']} "))
    ).strip()
    return _to_be_added([_passenger(words, match["kind1"], context) for words in _people(rest)])


def _told(message: str, context: Context) -> Wish | None:
    """`the passengers are Deepa Krishnan and Suresh Krishnan`, `Deepa Krishnan travels along`: read
    only where everybody has a name, written as one.
    """
    match = _PASSENGERS_ARE.match(message) or _THEY_TRAVEL.match(message)
    said = _people(_PASSPORT_NUMBER.sub("", match["rest"]).strip(" .!")) if match else []
    people = [_passenger(words, None, context) for words in said]
    return (
        _to_be_added(people)
        if people and all(_begins_another(words.strip()) for words in said)
        else None
    )


def new_trip(message: str, _context: Context) -> Wish | None:
    """`make a trip for Sunil Thomas`: a conversation's trip begins with the first who travels on
    it.
    """
    match = _NEW_TRIP.match(message)
    if match is None:
        return None
    return _to_be_added(
        [
            {"full_name": name} if (name := as_name(words)) else {}
            for words in _people(match["who"] or "")
        ]
    )


def _to_be_added(people: list[JsonObject]) -> Wish:
    """The wish to add the first, and the others behind it."""
    first, *more = people
    return Wish("add_passenger", first | ({"and_more": more} if more else {}))


def people_in(said: str, context: Context) -> list[JsonObject]:
    """What an answer says of several, by the tool's names; nothing where of one of them no name is
    said.
    """
    told = _people(
        _RELATED.sub("", _LEADS_TO_NAMES.sub("", _PASSPORT_NUMBER.sub("", said).strip(" .!")))
    )
    people = [one_in(words, context) for words in told]
    named = all(
        one.get("full_name") and (len(one) > 1 or as_name(words))
        for one, words in zip(people, told, strict=True)
    )
    return people if named and len(people) <= GUESTS_MAX else []


def one_in(said: str, context: Context) -> JsonObject:
    """What is said of one person, by the tool's names."""
    return _passenger(said, None, context)


def said_of(person: JsonObject) -> JsonObject:
    """Of what is known of somebody what the tool takes."""
    return {name: value for name, value in person.items() if name in TOLD and value}


def _people(said: str) -> list[str]:
    """What is said of each: behind `and` or a comma somebody else begins only where a name does."""
    found, between, start = [""], "", 0
    for end in (*_ANOTHER.finditer(said), None):
        piece = said[start : end.start() if end else len(said)]
        if found[-1].strip() and _begins_another(piece):
            found.append(piece)
        else:
            found[-1] += between + piece
        between, start = (end.group(), end.end()) if end else ("", start)
    return found


def _begins_another(piece: str) -> bool:
    piece = _KIND_BEFORE.sub("", piece, count=1) if _KIND_BEFORE.match(piece) else piece
    head = _head(piece)
    named = piece[:1].isupper() or (piece.islower() and len(head.split()) > 1)
    if (
        not named
        or _A_FACT.match(piece)
        or stations.nationality_in(head) is not None
        or stations.country_of(head) is not None
    ):
        return False
    return as_name(head) is not None


def _head(words: str) -> str:
    """Where the name stands: before the first fact."""
    return re.split(
        r"[,;(]|\s+(?:as|who|born|dob|d\.o\.b\.?|date|passport|expir\w*|exp|valid|good|aged?|an?|is)\b|\s+-\s+|\s+\d",
        words.strip(),
        maxsplit=1,
    )[0].strip()


def _passenger(said: str, kind_of_all: str | None, context: Context) -> JsonObject:
    """What is said of one person, by the tool's names."""
    known: JsonObject = {}
    kind = _KIND.search(re.sub(r"^\s*(?:baby|master|kid)\s+(?=[A-Z])", "", said)) or (
        _KIND_OF_ALL.match(kind_of_all) if kind_of_all else None
    )
    if kind:
        word = kind["kind"].lower()
        known["kind"] = _KINDS.get(word, word)
    kinds: tuple[tuple[str, re.Pattern[str], DateKind], ...] = (
        ("date_of_birth", _BORN, "birth"),
        ("passport_expiry", _EXPIRES, "travel"),
    )
    for field, pattern, kind_of_date in kinds:
        found = pattern.search(said)
        days = days_in(found["when"], context, kind_of_date) if found else []
        if days:
            known[field] = days[0]
    if "date_of_birth" not in known and (born := _bare_birthday(said, context)):
        known["date_of_birth"] = born
    age = _AGE.search(said)
    if "kind" not in known and "date_of_birth" in known:
        known |= _kind_by_age(date.fromisoformat(known["date_of_birth"]), context.today)
    elif "kind" not in known and age:
        known |= _kind_of(int(age["n"] or age["n2"] or age["n3"] or int(age["months"]) // 12))
    if "kind" not in known and _BABY.match(said.strip()):
        known["kind"] = "infant"
    nationality = stations.nationality_in(said)
    if nationality:
        known["nationality"] = nationality
    head = _BABY.sub(
        "", re.sub(r"^(?:named|called|an?|the)\s+", "", _head(said), flags=re.IGNORECASE)
    )
    name = as_name(
        (
            head
            if kind_of_all
            else re.sub(
                r"^(?:adult|child|infant|senior|kid|baby(?!\s+[A-Z]\w*$))\s+",
                "",
                head,
                flags=re.IGNORECASE,
            )
        ).strip()
    )
    if name:
        known["full_name"] = _TITLE.sub("", name)
    return known


def birth_without_year(said: str, context: Context) -> str | None:
    """The words of a date of birth that has no year."""
    born = _BORN.search(said)
    unclear = find_unclear(born["when"], context.today, "birth") if born else []
    return next((one.words for one in unclear if one.reason == "no_year"), None)


def _bare_birthday(said: str, context: Context) -> str | None:
    """A day with its year that has no word before it, between commas: in the past it is nothing but
    the day of birth.
    """
    bare = [match["day"] for match in _BETWEEN_COMMAS.finditer(said)]
    days = [
        day.day
        for words in bare
        for day in find_days(words, context.today, "birth")
        if day.day < context.today
    ]
    return days[0].isoformat() if len(days) == 1 else None


def _kind_by_age(born: date, today: date) -> JsonObject:
    """What airlines call somebody of that age; an adult is what everybody else is."""
    return _kind_of(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))


def _kind_of(years: int) -> JsonObject:
    kind = next(
        (
            kind
            for kind, below in sorted(UNDER_YEARS.items(), key=lambda one: one[1])
            if years < below
        ),
        None,
    )
    return {"kind": kind} if kind else {}


def remove_passenger(message: str, context: Context) -> Wish | None:
    """`remove Ravi from the trip`, `Ravi is not coming`."""
    match = _REMOVE.match(message)
    along = [one["full_name"].casefold() for one in context.trip.get("passengers", ())]
    is_along = match is not None and any(
        match["name"].strip().casefold() in (name, *name.split()) for name in along
    )
    if match and (match["what"] or match["trip"] or is_along):
        name = as_name(match["name"])
        return Wish("remove_passenger", {"full_name": name} if name else {})
    home = _STAYS_HOME.match(message)
    name = as_name(home["name"]) if home else None
    return Wish("remove_passenger", {"full_name": name}) if name else None
