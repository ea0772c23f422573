"""Who of those who travel is a child or an infant: a fare is priced for kinds of people, and is
held for no others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from voyagent.assistant.moves import Ask, Context, Say
from voyagent.assistant.planner import corrections, passengers, telling, whom
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _, ngettext

JsonObject = dict[str, Any]
YOUNG = "young"
"""What is missing where it is to be said who the child is."""
_IS = re.compile(
    r"^\s*(?P<name>[^\d,;()?]{2,60}?)\s+(?:is|was)\s+(?P<facts>(?:(?:an?|the|our)\s+)?(?:child|kid|infant|baby|adult|senior)\b.*|born\b.*|\d{1,2}\s+years?\b.*)$",
    re.IGNORECASE | re.DOTALL,
)


def unlike(
    people: Sequence[JsonObject], fare_id: str, priced: JsonObject, *, named: bool
) -> Ask | Say | None:
    """Why a fare is not held for these people: as many as it is priced for, and other kinds.

    None where they are those, or their number is another.

    Where it is to be said who is young, that is asked; `named` says whether they were named just
    now, who are adults where nothing else is said and go along with the question.
    """
    party = Counter({kind: number for kind, number in priced.items() if number})
    travelling = Counter(str(one.get("kind") or "adult") for one in people)
    if (
        not all(named or one.get("kind") for one in people)
        or travelling.total() != party.total()
        or travelling == party
    ):
        return None
    told = {"priced": telling.party(party), "travelling": telling.party(travelling)}
    if not (travelling - party).keys() <= {"adult", "senior"}:
        return Say(
            _(
                "The fares are for %(priced)s, and those who travel are %(travelling)s. Search"
                " again for those who go. Nothing is held.",
                **told,
            )
        )
    young = sum(party[kind] - travelling[kind] for kind in ("child", "infant"))
    text = ngettext(
        "The fares are for %(priced)s, and I have %(travelling)s. Who is the young one? Say the"
        " name, such as “Aarav Nair, born 3 March 2019”.",
        "The fares are for %(priced)s, and I have %(travelling)s. Who are the young ones? Say their"
        " names, such as “Aarav Nair, born 3 March 2019”.",
        max(young, 1),
        **told,
    )
    return Ask(
        text,
        tool="hold_flight",
        known={"fare_id": fare_id} | ({"who": list(people)} if named else {}),
        missing=YOUNG,
    )


def named(question: Ask, said: str, context: Context) -> Wish | None:
    """The wish with those who travel or stay, as an answer says them."""
    if question.missing == YOUNG:
        return _young(question, said, context)
    people = whom.among(corrections.without_no(said), context, places=question.tool == "book_hotel")
    if not people and not context.trip.get("passengers"):
        people = passengers.people_in(
            said, context
        )  # where nobody travels yet, a name of one word is one
    named_before = question.known.get("who", [])
    known = {one["full_name"].casefold() for one in named_before}
    others = [one for one in people if one["full_name"].casefold() not in known]
    return (
        Wish(question.tool, {**question.known, "who": [*named_before, *others]}) if people else None
    )


def _young(question: Ask, said: str, context: Context) -> Wish | None:
    """The hold with those named as young, each of a kind that the fare is priced for; None where a
    name is nobody's who travels.
    """
    people: list[JsonObject] = [
        dict(one) for one in question.known.get("who") or context.trip.get("passengers", ())
    ]
    priced = context.offers.get("fares_search", {}).get("passengers") or {}
    wanted = [kind for kind in ("child", "infant") if priced.get(kind)]
    told = (
        [_facts(match, context)]
        if (match := _IS.match(said))
        else passengers.people_in(said, context)
    )
    changed: list[JsonObject] = []
    for one in told:
        found = whom.the_one(people, one.get("full_name", ""))
        if found is None:
            return None
        kind = one.get("kind") or (wanted[0] if len(wanted) == 1 else "child")
        found |= {**one, "full_name": found["full_name"], "kind": kind}
        changed.append(found)
    if not changed:
        return None
    who = people if question.known.get("who") else changed
    return Wish("hold_flight", {**question.known, "who": [passengers.said_of(one) for one in who]})


def said(message: str, context: Context) -> Wish | None:
    """`Aarav is a child, born 3 March 2019`, of somebody who travels on the trip."""
    match = _IS.match(message)
    found = whom.the_one(context.trip.get("passengers", ()), match["name"]) if match else None
    if match is None or found is None:
        return None
    facts = _facts(match, context)
    return (
        Wish("add_passenger", {**facts, "full_name": found["full_name"]})
        if facts.keys() - {"full_name"}
        else None
    )


def _facts(match: re.Match[str], context: Context) -> JsonObject:
    return passengers.one_in(f"{match['name']}, {match['facts']}", context)
