"""Whom the words mean of those who travel, or who is new: `Asha and Ravi`, `the first two`,
`everybody but Meera`; said alone or behind `for` in a wish.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from voyagent.assistant.moves import Context
from voyagent.assistant.planner import passengers
from voyagent.kernel.text.people import as_name

JsonObject = dict[str, Any]
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
_COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NUMBER = rf"(?:\d|{'|'.join(_COUNTED)})"
_PEOPLE = r"(?:of (?:them|us|those)|travell?ers|passengers|guests|people|persons|names)"
_LEADS = re.compile(
    r"^\s*(?:(?:for|only|just|it is|it's|it will be|the guests? (?:are|is))\s+)+", re.IGNORECASE
)
_ENDS = re.compile(
    r"\s+(?:(?:will|do|does|are going to|is going"
    r" to)\s+)?(?:stays?|sleeps?|goes|go|travels?|flies|fly)(?:\s+(?:there|along))?\s*$",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"^(?:all|both|everybody|everyone|the whole (?:family|party|group|lot)|(?=the {_NUMBER}"
    rf" of))\b(?:\s+(?:the\s+)?(?P<n>{_NUMBER}))?(?:\s+{_PEOPLE})*$",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"^(?:(?:all|everybody|everyone)\s+(?:but|except(?:\s+for)?|without)|all\s+not|without|not)\s+(?P<who>.+)$",
    re.IGNORECASE,
)
_SOME = re.compile(
    rf"^(?:the\s+)?(?P<end>first|last)\s+(?P<n>{_NUMBER})(?:\s+{_PEOPLE})?$", re.IGNORECASE
)
_ONE = re.compile(
    rf"^(?:the\s+)?(?P<place>{'|'.join(_PLACES)}|last)(?:\s+(?:one|travell?er|passenger|guest|person))?$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*(?:,\s*and\b|,|&|\+|\band\b)\s*", re.IGNORECASE)
_FOR = re.compile(r"\s*\bfor\s+(?=[^\s\d])", re.IGNORECASE)
_POLITE_END = re.compile(r"\s*(?:[.!?]|\b(?:please|pls|then|now)\b)+\s*$", re.IGNORECASE)
_GOES_ON = re.compile(r"\s+(?:in|on|at|from|to|until|with)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """A wish's words without those that say for whom it is: `people` as the tool that adds them
    takes each, or the name of the `stranger` among them.
    """

    rest: str
    people: list[JsonObject] = field(default_factory=list)
    stranger: str = ""


def the_one(people: Sequence[JsonObject], name: str) -> JsonObject | None:
    """Whoever of some people is meant by a name or a part of it; None where that is nobody, or
    several.
    """
    words = name.casefold().split()
    whole = [one for one in people if one["full_name"].casefold().split() == words]
    meant = whole or [
        one for one in people if words and set(words) <= set(one["full_name"].casefold().split())
    ]
    return meant[0] if len(meant) == 1 else None


def named(words: str, context: Context) -> Named:
    """`the cheapest for Asha and Ravi` as `the cheapest` and the two; words that name nobody as
    they are.

    A name of one word is that of somebody who travels, or whose enquiry it is; any other such name
    is a `stranger`. Who is new is written with capitals.
    """
    for match in _FOR.finditer(words):
        tail, before = _POLITE_END.sub("", words[match.end() :]), words[: match.start()]
        cut = _GOES_ON.search(tail)
        for said, behind in (
            ((tail, ""), (tail[: cut.start()], tail[cut.start() :])) if cut else ((tail, ""),)
        ):
            people = among(said, context)
            if people and (not said.islower() or not _new(people, context)):
                return Named(f"{before}{behind}".strip(), people)
        name = tail[: cut.start()] if cut else tail
        if name[:1].isupper() and name.replace(" ", "").isalpha() and as_name(name):
            return Named(f"{before}{tail[len(name) :]}".strip(), stranger=name)
    return Named(words)


def among(said: str, context: Context, *, places: bool = False) -> list[JsonObject]:
    """The people that words name, each as the tool that adds somebody takes them: those who travel
    by their whole names, then others by theirs.

    With `places` also `the second one` is somebody. Nothing where the words name nobody, leave it
    open who is meant, or one is a stranger of one name.
    """
    along = list(context.trip.get("passengers", ()))
    said = _POLITE_END.sub("", said)
    words = _LEADS.sub("", said)
    group = _group(words, along, places=places)
    if group is not None:
        return [{"full_name": one["full_name"]} for one in group]
    known = [*along, *_customer(context, along)]
    parts = [part for part in _BETWEEN.split(_ENDS.sub("", words)) if part]
    found = [the_one(known, part) for part in parts]
    if parts and all(found):
        return list(
            {one["full_name"]: {"full_name": one["full_name"]} for one in found if one}.values()
        )
    others = [_as_known(one, known) for one in passengers.people_in(said, context)]
    return [] if any(one is None for one in others) else [one for one in others if one]


def to_be_added(who: Sequence[JsonObject], context: Context) -> list[JsonObject]:
    """Of those who are named whoever does not travel on the trip yet, or of whom more is said than
    the name.
    """
    along = {one["full_name"].casefold() for one in context.trip.get("passengers", ())}
    return [
        one for one in who if one["full_name"].casefold() not in along or one.keys() - {"full_name"}
    ]


def staying(who: Sequence[JsonObject], along: Sequence[JsonObject]) -> list[JsonObject]:
    """Those of a trip's people who are named; all of them where nobody is."""
    wanted = {one["full_name"].casefold() for one in who}
    return [one for one in along if not wanted or one["full_name"].casefold() in wanted]


def _group(words: str, along: list[JsonObject], *, places: bool) -> list[JsonObject] | None:
    """Those of the people on a trip who are meant by their place or number; None where the words
    say none, nobody where there are not so many.
    """
    whole, some, one, but = (
        _ALL.match(words),
        _SOME.match(words),
        _ONE.match(words),
        _BUT.match(words),
    )
    if whole:
        number = (
            _count(whole["n"])
            if whole["n"]
            else 2
            if words.casefold().startswith("both")
            else len(along)
        )
        return along if number == len(along) else []
    if some:
        number = _count(some["n"])
        chosen = along[:number] if some["end"].lower() == "first" else along[-number:]
        return chosen if number <= len(along) else []
    if one and places:
        at = -1 if one["place"].lower() == "last" else _PLACES.index(one["place"].lower())
        return [along[at]] if at < len(along) and along else []
    if but:
        left = [the_one(along, part) for part in _BETWEEN.split(but["who"]) if part]
        return [] if not all(left) else [person for person in along if person not in left]
    return None


def _count(words: str) -> int:
    return int(words) if words.isdigit() else _COUNTED.index(words.lower()) + 1


def _new(people: Sequence[JsonObject], context: Context) -> bool:
    """Whether anybody of these is not known by name yet."""
    along = context.trip.get("passengers", ())
    names = {one["full_name"] for one in (*along, *_customer(context, along))}
    return any(one["full_name"] not in names for one in people)


def _customer(context: Context, along: Sequence[JsonObject]) -> list[JsonObject]:
    """The customer whose enquiry it is, as somebody who may travel."""
    name = context.enquiry.customer_name if context.enquiry else ""
    return (
        [{"full_name": name}]
        if name and name.casefold() not in {one["full_name"].casefold() for one in along}
        else []
    )


def _as_known(person: JsonObject, known: Sequence[JsonObject]) -> JsonObject | None:
    """The same with the whole name of whoever is known by it; None for one word that is nobody's
    name.
    """
    found = the_one(known, person["full_name"])
    if found is not None:
        return {**person, "full_name": found["full_name"]}
    return person if len(person["full_name"].split()) > 1 else None
