"""What a person picks of offers, those that the newest search showed or a search to come: the
cheapest, the second, a flight's number, a hotel's name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz, utils

from voyagent.assistant.moves import Ask, Call, Context, Say
from voyagent.assistant.planner import narrowing, searches, sentences, whom
from voyagent.assistant.planner.party import unlike
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.places import is_known_place

JsonObject = dict[str, Any]
LIKE = 88
_POLITE = (
    r"^\s*(?:ok(?:ay)?[,. ]+|yes[,. ]+|please\s+|pls\s+|can you\s+|could you\s+|now\s+|then\s+)*"
)
_HOLD = re.compile(_POLITE + r"(?:hold|block|keep)\s+(?:me\s+|us\s+|them\s+)?", re.IGNORECASE)
_BOOK = re.compile(
    _POLITE + r"(?:book|reserve)\s+(?:me\s+|us\s+|them\s+|her\s+|him\s+)?", re.IGNORECASE
)
_CHECK = re.compile(
    _POLITE + r"(?:(?:re-?)?check|verify|confirm|how much (?:is|does)|what(?:'s| is| does|"
    r" do)|is|are|does)\b(?=.*\b(?:rates?|price|available|still|cost|free)\b)\s*",
    re.IGNORECASE,
)
_MEASURE = (
    r"(?:adults?|pax|people|persons?|nights?|guests?|rooms?|child(?:ren)?|kids?|infants?|stars?|lakhs?|"
    r"jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*)\b"
)
_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_NOUN = r"(?:number|no\b\.?|option|offer|choice|flight|fare|hotel|rate|room)"
_LAST = re.compile(
    r"\blast(?:\s+(?:one|option|offer|choice|flight|fare|hotel|rate|room))?\s*(?:please|pls)?\s*[.!]?\s*$",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b(?P<word>{'|'.join(_WORDS)})\b(?!\s+class)|\b{_NOUN}\s+(?P<counted>{'|'.join(_COUNTED)})\b(?!\s*{_MEASURE})"
    rf"|\b(?P<n>\d{{1,2}})(?:st|nd|rd|th)\b(?!\s+(?:of\s+)?(?-i:[A-Z]))"
    rf"|(?:\b{_NOUN}|#)\s*(?:number\s*|no\b\.?\s*|#\s*)?(?P<n2>\d{{1,2}})\b(?![/.:-]\d|\s*{_MEASURE})"
    rf"|^\s*(?P<n3>\d{{1,2}})\s*[.!]?\s*$",
    re.IGNORECASE,
)
_BARE = re.compile(
    _POLITE.replace("^", r"^\s*(?:no[,. ]+)?", 1)
    + r"(?:i(?:'ll| will)? (?:take|want)|we(?:'ll| will)? take|take|choose|pick|select|make it|go"
    r" (?:for|with)|change it to|switch to|let'?s take)?\s*"
    rf"(?P<rest>(?:the\s+)?(?:(?:{'|'.join(_WORDS)}|last|cheapest|lowest|\d{{1,2}}(?:st|nd|rd|th))(?:\s+(?:one|flight|fare|hotel|rate|room|option))?"
    rf"|(?:{_NOUN}|#)\s*(?:number\s*|no\.?\s*|#\s*)?(?:\d{{1,2}}|{'|'.join(_COUNTED)})))[,\s]*(?:please|pls|then)?\s*[.!]?\s*$",
    re.IGNORECASE,
)
_PLACES = frozenset({"number", "last"})
_ABOUT_HOTELS = frozenset({"search_hotels", "check_hotel_rate", "book_hotel"})
_NEW_SEARCH = frozenset({"origin", "destination", "outbound_date", "cabin", "direct_only"})
_CHEAPEST = re.compile(r"\b(?:cheapest|lowest|best(?:[- ]priced)?)\b", re.IGNORECASE)
_FLIGHT = re.compile(r"\b(?P<carrier>[A-Z0-9]{2})[ -]?(?P<number>\d{2,4})\b")
_OF_HOTEL = re.compile(r"\b(?:hotels?|rooms?|resorts?|stay)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:\d{1,2}|first|second|third)\s*(?:and|&|\+|,)\s*(?:the\s+|flight\s+|option\s+|number\s+)?(?:\d{1,2}|second|third|fourth)\b",
    re.IGNORECASE,
)
_FIRST_FEW = re.compile(r"\b(?:first|last|next)\s+(?:two|three|four|[2-9])\b", re.IGNORECASE)
_WAY = re.compile(r"\bfrom\s+\w+.*\bto\s+\w+", re.IGNORECASE)
_OF_FLIGHT = re.compile(r"\b(?:flights?|fares?)\b", re.IGNORECASE)
_IT = re.compile(
    r"^\s*(?:it|that|this|that one|this one|the flights?|the fare|a seat|seats|them)\b[^\d]*$",
    re.IGNORECASE,
)
_HOTEL_WORD = re.compile(r"\b(?:hotels?|rooms?|resorts?|stay|accommodation)\b", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:at|the|hotel)\s+(?P<name>[A-Z][\w’']+(?:\s+(?:[A-Z][\w’']+|&))*)")
_LEADS = re.compile(
    r"^(?:(?:an?|the|cheapest|lowest|best|first|second|third|one|rates?|prices?|for|of|at|still|available)\s+)+",
    re.IGNORECASE,
)


def hold(message: str, context: Context) -> Wish | Ask | Say | None:
    """`hold the cheapest flight from BOM to DXB on 12 Dec for 2 adults`; after a search `hold
    flight 2`, `hold EK 501`, and of one that was shown `hold it`.

    Of fares that were shown one is held only where the words mean one alone; else the person is
    asked. Who is named is taken along.
    """
    match = _HOLD.match(message)
    if match is None or _OF_HOTEL.search(message[match.end() :]):
        return None
    named = whom.named(message[match.end() :], context)
    found = _held(named.rest, context)
    return found and (_for_some(named, context) or _for_those(found, named.people, context))


def _held(rest: str, context: Context) -> Wish | Ask | None:
    """The hold that words behind its verb mean, without those that say for whom."""
    pick, shown = pick_in(rest), list(context.offers.get("fares", ()))
    if shown and (_SEVERAL.search(rest) or _FIRST_FEW.search(rest)):
        return which_fare(shown, shown)
    bare = _LEADS.sub("", rest)
    asked = searches.flights(bare, context) or (
        searches.flights(f"flights {_FLIGHT.sub('', bare)}", context) if _WAY.search(bare) else None
    )
    if asked is not None and asked.known.keys() & _NEW_SEARCH:
        return Wish("hold_flight", asked.known | ({"pick": pick} if pick else {}))
    if asked is None and pick is None and not _IT.match(rest):
        return None
    direct = searches.direct_of_newest(rest, context) if pick and pick.get("cheapest") else None
    if direct:
        return Wish(
            "hold_flight", direct | {"pick": pick}
        )  # what was shown does not say which of it flies without a stop
    fitting = narrowing.chosen_of(shown, pick, rest, context, hotels=False) if shown else None
    if fitting is not None:
        return (
            Wish("hold_flight", {"fare_id": fitting[0]["fare_id"]})
            if fitting
            else which_fare([], shown)
        )
    return (
        chosen(pick, shown)
        if shown
        else Wish(
            "hold_flight", {**(asked.known if asked else {}), **({"pick": pick} if pick else {})}
        )
    )


def _for_some(named: whom.Named, context: Context) -> Say | None:
    """`hold option 2 for Meera`: a fare is held for all who travel, so where others do as well
    nothing is held, and why is said.
    """
    people = [one["full_name"] for one in context.trip.get("passengers", ())]
    alike = [
        name for name in people if named.stranger and named.stranger.casefold() in name.casefold()
    ]
    meant = [one["full_name"] for one in named.people] or alike
    if named.stranger and people and not alike:
        return Say(
            _(
                "Nobody called %(name)s travels on this trip. Say the whole name, and I take them"
                " along. Nothing is held.",
                name=named.stranger,
            )
        )
    if not meant or set(people) <= set(meant):
        return None
    words = {"people": len(people), "name": " / ".join(meant)}
    return Say(
        _(
            "A fare is held for all %(people)s who travel on this trip. For %(name)s alone, open a"
            " trip of its own. Nothing is held.",
            **words,
        )
    )


def _for_those(found: Wish | Ask, people: list[JsonObject], context: Context) -> Wish | Ask:
    """The same wish, or question for what is missing of it, for those who are named; a flight that
    is still to be searched is for as many.
    """
    if not people:
        return found
    known = {**found.known, "who": people}
    if (
        isinstance(found, Wish)
        and found.tool == "hold_flight"
        and not known.keys() & {"fare_id", "passengers"}
    ):
        kinds = {one["full_name"]: one.get("kind") for one in context.trip.get("passengers", ())}
        known["passengers"] = dict(
            Counter(one.get("kind") or kinds.get(one["full_name"]) or "adult" for one in people)
        )
    return replace(found, known=known)


def picked(message: str, context: Context) -> Wish | Ask | None:
    """`option 3`, `the cheapest`, `make it the second one`: of the newest list, a fare to be held
    or a rate to be checked, for neither costs anything.
    """
    match = _BARE.match(message)
    return _of_newest(pick_in(match["rest"]), context) if match else None


def number_said(words: str) -> JsonObject | None:
    """Which one is meant by words that choose and say nothing more, such as `the second one`,
    `flight 2`, `take the cheapest`; None for all others.
    """
    match = _BARE.match(words)
    return pick_in(match["rest"]) if match else None


def answered(tool: str, message: str, context: Context) -> Wish | Ask | None:
    """Which one it is, as the answer to our own question."""
    pick = pick_in(message)
    if pick is None:
        return None
    if tool == "hold_flight":
        return chosen(pick, list(context.offers.get("fares", ())))
    return _rate_for(tool, pick, list(context.offers.get("rates", ())))


def _of_newest(pick: JsonObject | None, context: Context) -> Wish | Ask | None:
    newest = context.offers.get("newest") or next(
        (name for name in ("fares", "rates") if context.offers.get(name)), None
    )
    shown = list(context.offers.get(newest, ())) if newest else []
    if not shown or pick is None:
        return None
    if newest == "fares":
        return chosen(pick, shown)
    return _rate_for("check_hotel_rate", pick, shown)


def _rate_for(tool: str, pick: JsonObject | None, shown: list[JsonObject]) -> Wish | Ask:
    """The one rate that is meant, else the question which."""
    rate = rate_of(pick, shown) if pick else shown[0] if len(shown) == 1 else None
    return Wish(tool, {"rate_key": rate["rate_key"]}) if rate else _which_of(shown, tool)


def chosen(pick: JsonObject | None, shown: list[JsonObject]) -> Wish | Ask:
    """The one fare that is meant, else the question which."""
    meant = fares_of(pick, shown) if pick else shown
    return (
        Wish("hold_flight", {"fare_id": meant[0]["fare_id"]})
        if len(meant) == 1
        else which_fare(meant, shown)
    )


def which_fare(meant: list[JsonObject], shown: list[JsonObject]) -> Ask:
    """The question which fare to hold: of those that fit, by their numbers in the list, or of all."""
    if not meant:
        return _which_of(shown)
    lines = [f"{number_of(one, shown)}. {fare_line(one)}" for one in meant]
    return Ask(
        "\n".join((_("Which one shall I hold? Say its number."), *lines)),
        tool="hold_flight",
        known={},
        missing="pick",
    )


def _which_of(shown: list[JsonObject], tool: str = "hold_flight") -> Ask:
    text = _(
        "The list has no such one. Which one do you mean: %(numbers)s?",
        numbers=", ".join(str(number_of(one, shown)) for one in shown),
    )
    return Ask(text, tool=tool, known={}, missing="pick")


def number_of(one: JsonObject, shown: list[JsonObject]) -> int:
    """The number under which an offer was shown; where a list was gone through, that of the whole
    list.
    """
    return int(one.get("number") or shown.index(one) + 1)


def _numbered(pick: JsonObject, shown: list[JsonObject]) -> list[JsonObject]:
    """The offer of a number; `the second` of a list with gaps is none, for it may mean either."""
    numbers = [number_of(one, shown) for one in shown]
    if pick.get("cheapest"):
        return shown[:1]
    if pick.get("last"):
        return shown[-1:]
    if pick.get("counted") and numbers != list(range(1, len(shown) + 1)):
        return []
    return [one for one, number in zip(shown, numbers, strict=True) if number == pick["number"]]


def fare_line(fare: JsonObject) -> str:
    """A fare in a line: its flights, when it leaves, what it costs."""
    facts = [" / ".join(fare["flights"])]
    if fare.get("departs_at"):
        facts.append(sentences.moment(fare["departs_at"]))
    if fare.get("return_date"):
        facts.append(_("back %(day)s", day=sentences.day(fare["return_date"])))
    if fare.get("price"):
        facts.append(sentences.money(fare["price"]["amount"], fare["price"]["currency"]))
    return ", ".join(facts)


def hold_of(
    fare_id: str, fares: list[JsonObject], context: Context, priced: JsonObject | None = None
) -> Call | Ask | Say:
    """The call that holds a fare; where the same flights are held for these people already, the
    question whether to hold them again.
    """
    fare = next((one for one in fares if one["fare_id"] == fare_id), {})
    others = for_others(context.trip.get("passengers", ()), fare_id, context, priced)
    if others is not None:
        return others
    held = next(
        (one for one in context.trip.get("held", ()) if fare and same_flown(one, fare)), None
    )
    if held is None:
        return Call("hold_flight", {"fare_id": fare_id})
    text = _(
        "%(flights)s is held on this trip already, as %(locator)s. Hold it once more?",
        flights=" / ".join(fare["flights"]),
        locator=held["locator"],
    )
    return Ask(text, tool="hold_flight", known={"fare_id": fare_id}, missing="sure")


def held_of_search(context: Context) -> list[JsonObject]:
    """The bookings held on the trip that are of the fares shown last, in the order of their
    holding.
    """
    shown = {_flown(fare) for fare in context.offers.get("fares", ())}
    return sorted(
        (one for one in context.trip.get("held", ()) if _flown(one) in shown),
        key=lambda one: str(one.get("held_at", "")),
    )


def held_beside(locator: str, instead_of: str, context: Context) -> list[JsonObject]:
    """What else of the same search is held, beside the booking of that number and without the one
    whose place it takes.
    """
    return [
        one
        for one in held_of_search(context)
        if one["locator"] != locator and one.get("id") != instead_of
    ]


def _flown(one: JsonObject) -> tuple[tuple[str, ...], str]:
    """By what a fare and a booking of it are the same: the flights and the day."""
    return tuple(one["flights"]), str(one.get("departs_at", ""))[:10]


def same_flown(one: JsonObject, other: JsonObject) -> bool:
    """Whether two are the same flights on the same day."""
    return _flown(one) == _flown(other)


def for_others(
    along: Sequence[JsonObject],
    fare_id: str,
    context: Context,
    priced: JsonObject | None = None,
    *,
    named: bool = False,
) -> Ask | Say | None:
    """Why nothing is held: the fares are for another number than those who travel, or for other
    kinds. None where they are the same, or one is not known.
    """
    party = priced or context.offers.get("fares_search", {}).get("passengers") or {}
    searched, people = sum(party.values()), len(along)
    if not searched or not people:
        return None
    if searched == people:
        return unlike(along, fare_id, party, named=named)
    words = {"searched": searched, "people": people}
    if people > searched:
        return Say(
            _(
                "The fares are for %(searched)s, and the trip has %(people)s who travel. Search"
                " again for those who go. Nothing is held.",
                **words,
            )
        )
    text = _(
        "The fares are for %(searched)s, and I have %(people)s. Who else travels? Say their names,"
        " or search again for those who go.",
        **words,
    )
    return Ask(
        text,
        tool="hold_flight",
        known={"fare_id": fare_id} | ({"who": list(along)} if named else {}),
        missing="who",
    )


def at_another_price(call: Call, fare: JsonObject) -> Ask:
    """Where the price has changed, the question whether to hold at the one of now."""
    price = sentences.money(fare["price"]["amount"], fare["price"]["currency"])
    text = _(
        "The price has changed meanwhile: it is %(price)s now, and nothing is held. Hold it at that"
        " price?",
        price=price,
    )
    return Ask(
        text,
        tool="hold_flight",
        known=call.arguments | {"fare_id": fare["fare_id"]},
        missing="sure",
    )


def book(message: str, context: Context) -> Wish | Ask | Say | None:
    """`book the cheapest hotel in Dubai 12–18 Dec`; after a search `book the second one`, `book the
    Marina Palace`, each also `for Asha and Ravi`.
    """
    match = _BOOK.match(message)
    named = whom.named(message[match.end() :], context) if match else None
    found = _booked(f"{message[: match.end()]}{named.rest}", context) if match and named else None
    if found is None or named is None:
        return found
    if found.tool == "hold_flight":
        return _for_some(named, context) or _for_those(found, named.people, context)
    if named.stranger and context.trip.get("passengers"):
        return who_stays(named.stranger, found, context)
    return _for_those(found, named.people, context)


def who_stays(stranger: str, found: Wish | Ask, context: Context) -> Ask:
    """The question who stays, where a name was said that nobody on the trip bears alone; of an open
    question that one first.
    """
    if isinstance(found, Ask):
        return found
    names = ", ".join(one["full_name"] for one in context.trip["passengers"])
    text = _(
        "I cannot tell who %(name)s is. Who stays? Say the whole names; on this trip travel:"
        " %(names)s.",
        name=stranger,
        names=names,
    )
    return Ask(text, tool=found.tool, known={**found.known, "stranger": stranger}, missing="who")


def rebooked(message: str, bare: str, context: Context) -> Call | None:
    """`no, the second one` behind a request to book rooms that waits: the other rooms, for the same
    people, in its place; None for all other words.
    """
    asked = context.waiting[-1] if context.waiting else {}
    pick = number_said(bare) if bare != message.strip() else None
    if (
        pick is None
        or _OF_FLIGHT.search(bare)
        or asked.get("tool") != "book_hotel"
        or context.offers.get("newest") != "rates"
    ):
        return None
    rate, before = rate_of(pick, list(context.offers.get("rates", ()))), asked["arguments"]
    if rate is None or rate["rate_key"] == before["rate_key"]:
        return None
    names = ", ".join(
        one["full_name"]
        for one in context.trip.get("passengers", ())
        if one["id"] in before["passenger_ids"]
    )
    words = _(
        "Then %(hotel)s, for %(names)s, in place of the earlier request. It is booked once"
        " approved.",
        hotel=rate["hotel"],
        names=names,
    )
    return Call(
        "book_hotel", {**before, "rate_key": rate["rate_key"]}, words=words, replaces=asked["id"]
    )


def _booked(message: str, context: Context) -> Wish | Ask | None:
    """What is to be booked, without for whom."""
    match = _BOOK.match(message)
    checked = context.offers.get("checked")
    if match and checked and _IT.match(message[match.end() :]):
        return Wish("book_hotel", {"rate_key": checked["rate_key"]})
    of_hotels = context.question is not None and context.question.tool in _ABOUT_HOTELS
    if (
        match
        and context.offers.get("newest") == "fares"
        and not of_hotels
        and not _OF_HOTEL.search(message)
        and (pick_in(message) or _IT.match(message[match.end() :]))
    ):
        pick = pick_in(message)
        direct = (
            searches.direct_of_newest(message, context) if pick and pick.get("cheapest") else None
        )
        return (
            Wish("hold_flight", direct | {"pick": pick})
            if direct
            else chosen(pick, list(context.offers["fares"]))
        )  # a flight is booked by holding it first
    if (
        match
        and _IT.match(message[match.end() :])
        and context.offers.get("rates")
        and context.offers.get("newest") != "fares"
    ):
        return _rate_for("book_hotel", None, list(context.offers["rates"]))
    return _of_hotels("book_hotel", message[match.end() :], context) if match else None


def check(message: str, context: Context) -> Wish | Ask | None:
    """After a search `check the rate of the second one`, `is the Marina Palace still available`;
    else with city and days.
    """
    match = _CHECK.match(message)
    return _of_hotels("check_hotel_rate", message[match.end() :], context) if match else None


def _of_hotels(tool: str, rest: str, context: Context) -> Wish | Ask | None:
    shown = list(context.offers.get("rates", ()))
    asked = searches.hotels("hotel " + rest, context)
    if asked is None or not (_HOTEL_WORD.search(rest) or len(asked.known) > 2):
        asked = None
    known = asked.known if asked else {}
    pick = pick_in(rest, {str(known.get("city", ""))})
    if not known:
        fitting = narrowing.chosen_of(shown, pick, rest, context, hotels=True)
        if fitting is not None:
            return (
                Wish(tool, {"rate_key": fitting[0]["rate_key"]})
                if fitting
                else _which_of(shown, tool)
            )
        if pick and pick.keys() & _PLACES and shown:
            return _rate_for(tool, pick, shown)
        chosen = rate_of(pick or {"name": rest}, shown) if pick or shown else None
        if chosen is not None:
            return Wish(tool, {"rate_key": chosen["rate_key"]})
    return Wish(tool, known | ({"pick": pick} if pick else {})) if asked is not None else None


def pick_in(message: str, places: set[str] | None = None) -> JsonObject | None:
    """Which one is meant, as JSON: its number in the list, a flight's number or a name; None where
    the words do not choose.
    """
    if _LAST.search(message):
        return {"last": True}
    ordinal = _ORDINAL.search(message)
    if ordinal:
        if ordinal["counted"]:
            return {"number": _COUNTED.index(ordinal["counted"].lower()) + 1}
        if ordinal["word"]:
            return {"number": _WORDS.index(ordinal["word"].lower()) + 1, "counted": True}
        return {"number": int(ordinal["n"] or ordinal["n2"] or ordinal["n3"])} | (
            {"counted": True} if ordinal["n"] else {}
        )
    if _CHEAPEST.search(message):
        return {"number": 1, "cheapest": True}
    flights = [
        f"{flight['carrier']} {flight['number']}"
        for flight in _FLIGHT.finditer(message)
        if re.search("[A-Z]", flight["carrier"])
    ]
    if flights:
        return {"flights": flights}
    for named in _NAMED.finditer(message):
        if not is_known_place(named["name"]) and named["name"] not in (places or set()):
            return {"name": named["name"]}
    return None


def rate_of(pick: JsonObject | None, rates: list[JsonObject]) -> JsonObject | None:
    """The rate that is meant; of a hotel with several its cheapest, which stands first."""
    wanted = pick or {"number": 1, "cheapest": True}
    if wanted.keys() & _PLACES:
        return next(iter(_numbered(wanted, rates)), None)
    said = utils.default_process(str(wanted.get("name", "")))
    return max(
        (rate for rate in rates if _like(said, rate) >= LIKE),
        key=lambda rate: _like(said, rate),
        default=None,
    )


def _like(said: str, rate: JsonObject) -> float:
    name = utils.default_process(str(rate["hotel"]))
    return max(
        fuzz.token_set_ratio(said, name),
        fuzz.partial_ratio(name, said) if len(said) >= len(name) else 0.0,
    )


def fares_of(pick: JsonObject, fares: list[JsonObject]) -> list[JsonObject]:
    """The fares that are meant: the one of a number, or all that fly with every flight that was
    said; those with no others alone, where there are any.
    """
    if pick.keys() & _PLACES:
        return _numbered(pick, fares)
    said = {flight.replace(" ", "") for flight in pick.get("flights", ())}
    numbers = [{flight.replace(" ", "") for flight in fare["flights"]} for fare in fares]
    fitting = [fare for fare, flown in zip(fares, numbers, strict=True) if said and said <= flown]
    exact = [fare for fare, flown in zip(fares, numbers, strict=True) if said == flown]
    return exact or fitting
