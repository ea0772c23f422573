"""What a visa takes, and the filing of one, in plain English: a country and a traveller in whatever
order they are said, and `file it` behind that.
"""

from __future__ import annotations

import re
from typing import Any

from voyagent.assistant.moves import Context
from voyagent.assistant.planner import sentences
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text import places, stations
from voyagent.kernel.text.passages import lead
from voyagent.kernel.text.people import as_name

JsonObject = dict[str, Any]
_POLITE = (
    r"^\s*(?:ok(?:ay)?[,. ]+|please\s+|pls\s+|can you\s+|could you\s+|now\s+|(?:i |we )?need\s+)*"
)
_VISA = re.compile(r"\bvisas?\b", re.IGNORECASE)
_ASKED = re.compile(
    r"\b(?:requirements?|need|needs|needed|required?|documents?|checklist|what|which|do|does|is|how|papers|rules)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    _POLITE
    + r"(?:an?\s+|the\s+|new\s+)*(?P<before>(?:[a-z.]+\s+){0,3}?)visas?\b\s*(?:$|[,:?.]|(?:for|to)\b)",
    re.IGNORECASE,
)
_OTHER_DESK = re.compile(r"\b(?:invoice|bill|enquir|inquir)", re.IGNORECASE)
_BEHIND = re.compile(
    r"\b(?:to|for|visit(?:ing)?|enter(?:ing)?|in)\s+(?P<country>(?:the\s+)?[A-Z][A-Za-z ]*?)"
    r"(?=\s+(?:for|as|on|with|do|is|holders?|passport|visa|need)\b|\s*[,;?.]|\s*$)"
)
_BEFORE = re.compile(
    r"\b(?:an?\s+|the\s+)?(?P<country>[A-Z][A-Za-z]+(?:\s[A-Z][A-Za-z]+)?)\s+visa\b"
)
_AT_END = re.compile(
    r"\bvisas?\s+(?:requirements?|rules|papers|documents?)\s+(?:for\s+|of\s+|to\s+)?(?P<country>[a-z][a-z"
    r" ]*?)\s*[?.!]*$",
    re.IGNORECASE,
)
_HOME = re.compile(
    r"\b(?:from|(?:liv|resid|work)(?:es?|ing)\s+in|residents?\s+(?:in|of)|based\s+in|citizens?\s+of)\s+$",
    re.IGNORECASE,
)
_OF_PERSON = re.compile(
    r"^\s+(?:passports?|citizens?|nationals?|residents?|holders?)\b", re.IGNORECASE
)
_TO = re.compile(r"\b(?:to|visit(?:ing)?|enter(?:ing)?)\s+$", re.IGNORECASE)
_FILE = re.compile(
    _POLITE + r"(?:file|apply"
    r" for|submit|open|start|prepare)\s+(?:the\s+|an?\s+|her\s+|his\s+)?(?P<what>.*?)\bvisas?\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_FILE_NAMED = re.compile(
    _POLITE
    + r"(?:an?\s+|the\s+|new\s+)*(?P<what>(?:[a-z.]+\s+){0,3}?)visas?(?P<rest>\s+(?:file|application)(?=\s+(?:for|of|to)\b|\s*[,:]|\s*$).*)$",
    re.IGNORECASE,
)
_FILE_IT = re.compile(
    r"^\s*(?:(?:ok(?:ay)?|yes|yep|sure|please|pls|then|now|so|and|go ahead|can you|could you|you"
    r" can|let(?:['’]s| us))[,. ]+)*"
    r"(?:file|submit|apply(?:\s+for)?)(?:\s+(?:it|that|this|one|them|the\s+visa|that\s+visa|the\s+application))?"
    r"(?P<rest>\s+(?:for|to)\s+[^\n]{2,60}?)?(?:[,. ]+(?:please|pls|then|now|for"
    r" (?:me|us|her|him|them)))*\s*[.!?]*$",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"^(?:tour(?:ist|ism)s?|business|work|study|students?|transit|family|me|us|her|him|them|you|it|this|that|everyone|everybody|all|both|each)\b",
    re.IGNORECASE,
)


_THEY = re.compile(
    r"\b(?:they|she|he|them|her|him|their|the (?:family|passengers?|customer|client|couple))\b",
    re.IGNORECASE,
)


def asked(message: str, context: Context) -> Wish | None:
    """`do Indians need a visa for Thailand`, `visa requirements for the UAE, Indian passport`, `a
    visa to the UAE for Sunitha`.

    What only names a visa asks for nothing while a question of ours is open: `Dubai visa for two`
    may be what an invoice is for.
    """
    if not _VISA.search(message) or _OTHER_DESK.search(message):
        return None
    if not _ASKED.search(message) and (context.question is not None or not _names_one(message)):
        return None
    country, rest = country_said(message, context)
    if country is None and context.enquiry is not None and _THEY.search(message):
        country = stations.country_of(context.enquiry.destination)
    nationality = stations.nationality_in(rest) or _nationality_of(rest, context)
    known = {"nationality": nationality, "destination": country}
    return Wish("visa_requirements", {name: value for name, value in known.items() if value})


def filed(message: str) -> Wish | None:
    """`file a UAE visa for Deepa Krishnan`, `visa application for Ravi Menon, the UK`; of Schengen
    which country it is stays open.
    """
    said, named_so = _FILE.match(message), _FILE_NAMED.match(message)
    if (
        said is None
        and named_so
        and (not named_so["what"] or stations.country_of(named_so["what"].strip()))
    ):
        said = named_so
    return _filing(f"{said['what']} visa {said['rest']}") if said else None


def file_it(message: str, context: Context) -> Wish | None:
    """`file it`, `go ahead and file` behind the answer to what a visa takes: that visa, for the
    traveller whom the words asked about.

    Where they named nobody and one alone travels on the trip it is that one's; a name or a country
    in the words themselves goes before what was asked.
    """
    match, about = _FILE_IT.match(message), context.offers.get("visa")
    if match is None or not about:
        return None
    said = about.get("said", "")
    known = _filing(f"visa {said}").known
    known["full_name"] = _traveller(said, context) or known.get("full_name")
    if about.get("destination") and not (
        known.get("is_schengen") and about["destination"] == stations.country_of("Schengen")
    ):
        known = {**known, "destination": about["destination"], "is_schengen": False}
    if match["rest"]:
        known |= _filing(f"visa {match['rest']}").known
    along = context.trip.get("passengers", ())
    if not known["full_name"] and len(along) == 1:
        known["full_name"] = along[0]["full_name"]
    return Wish("file_visa", {name: value for name, value in known.items() if value})


def lacks_nationality(passenger_id: str, context: Context) -> str | None:
    """What is said in the place of a filing for somebody of no known country, which nobody could
    grant, with a link to the form; None for all others.
    """
    one = next(
        (one for one in context.trip.get("passengers", ()) if one["id"] == passenger_id), None
    )
    if one is None or one["nationality"]:
        return None
    form = sentences.passport_form(one["full_name"], context.trip["id"], one["id"])
    return (
        f"{_('Say of which nationality the passenger is.')}"
        f" {_('It goes in on the passenger’s form:')} {form}"
    )


def is_filed(line: JsonObject, name: str, country: str) -> bool:
    """Whether a line of a trip is the visa of somebody for a country, filed with it and not
    withdrawn.
    """
    return bool(
        line["kind"] == "visa"
        and line["supplier_ref"]
        and line["status"] != "cancelled"
        and (line.get("country"), line.get("traveller")) == (country, name)
    )


def country_said(message: str, context: Context | None = None) -> tuple[str | None, str]:
    """The country that a visa is for, and the words without it.

    What stands behind `to` or before `visa` goes first; where somebody lives is not meant.
    """
    text = message
    for one in context.trip.get("passengers", ()) if context else ():
        text = re.sub(
            re.escape(one["full_name"]),
            lambda found: " " * len(found.group()),
            text,
            flags=re.IGNORECASE,
        )  # Georgia may travel herself
    for found in (stations.countries_in(text), places.places_in(text)):
        meant = [
            one
            for one in found
            if not _HOME.search(lead(text, one.start())) and not _OF_PERSON.match(text[one.end() :])
        ]
        if meant:
            best = min(meant, key=lambda one: _rank(text, one))
            country = stations.country_of(best.group())
            if country:
                return (
                    country,
                    message[: best.start()] + " " * len(best.group()) + message[best.end() :],
                )
    for pattern in (_BEFORE, _BEHIND, _AT_END):
        for match in pattern.finditer(text):
            country = (
                None
                if stations.nationality_in(match["country"])
                else stations.country_of(match["country"])
            )
            if country:
                return (
                    country,
                    message[: match.start("country")]
                    + " " * len(match["country"])
                    + message[match.end("country") :],
                )
    return None, message


def _rank(text: str, one: re.Match[str]) -> tuple[bool, bool]:
    """`Schengen` stands for a country that is named beside it."""
    is_end = (
        _TO.search(lead(text, one.start())) is not None
        or re.match(r"\s+visas?\b", text[one.end() :], re.IGNORECASE) is not None
    )
    return one.group().lower().removeprefix("the ").startswith("schengen"), not is_end


def _names_one(message: str) -> bool:
    """Whether the words are a visa's name: `visa for …`, `a UAE visa for …`; what stands before the
    word must be a country.
    """
    match = _NAMED.match(message)
    if match is None:
        return False
    before = match["before"].strip()
    return (
        country_said(f"{before} visa")[0] is not None
        if before
        else re.search(r"\bvisas?\s+(?:for|to)\b", message, re.IGNORECASE) is not None
    )


def _filing(said: str) -> Wish:
    country, rest = country_said(said)
    known: JsonObject = {}
    if re.search(r"\bschengen\b", said, re.IGNORECASE) and (
        country is None or not re.search(r"\bschengen\b", rest, re.IGNORECASE)
    ):
        known["is_schengen"] = True
    elif country:
        known["destination"] = country
    name = next(iter(_names_in(rest)), None)
    return Wish("file_visa", known | ({"full_name": name} if name else {}))


def _names_in(rest: str) -> list[str]:
    """The names behind `for`, `of`, a comma or a colon, once the country is taken out of the words."""
    behind = re.search(r"\bvisas?\b(?P<words>.*)$", rest, re.IGNORECASE | re.DOTALL)
    parts = re.split(r"\b(?:for|of|to)\s+|[,:;\n]", behind["words"] if behind else rest)[1:]
    said = [
        re.sub(r"\s+(?:for|to|in)\s*$|^the\s+|\s*[?!]+\s*$", "", part.strip(" .,"))
        for part in parts
    ]
    return [name for part in said if not _is_nobody(part) and (name := as_name(part))]


def _is_nobody(words: str) -> bool:
    return (
        _NOBODY.match(words) is not None
        or stations.nationality_in(words) is not None
        or stations.country_of(words) is not None
    )


def _traveller(words: str, context: Context) -> str | None:
    """The one traveller of the trip whom the words name, wholly or by a part of the name."""
    said = words.casefold()
    along = [one["full_name"] for one in context.trip.get("passengers", ())]
    whole = [name for name in along if name.casefold() in said]
    parts = [
        name
        for name in along
        if any(
            re.search(rf"\b{re.escape(part)}\b", said)
            for part in name.casefold().split()
            if len(part) > 2
        )
    ]
    return next((found[0] for found in (whole, parts) if len(found) == 1), None)


def _nationality_of(words: str, context: Context) -> str | None:
    """That of the one traveller of the trip who is named."""
    name = _traveller(words, context)
    return next(
        (
            one["nationality"] or None
            for one in context.trip.get("passengers", ())
            if one["full_name"] == name
        ),
        None,
    )
