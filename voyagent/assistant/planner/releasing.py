"""Held flights that are given back: `release K7PQ2M`, and `no, the second one` behind a hold, where
another fare of the search takes its place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from voyagent.assistant.moves import Ask, Call, Context, Conversation, Move, Outcome, Say
from voyagent.assistant.planner import completion, offers, sentences, telling
from voyagent.assistant.planner.passengers import POLITE
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _

JsonObject = dict[str, Any]
SAID_MAX = 80
BESIDE = "beside"
"""What is missing where it is asked whether a hold takes the place of an earlier one."""
_BOTH = re.compile(
    r"^\s*(?:(?:hold|keep|i want|we want)\s+)?(?:both|besides|as well|too|also|in addition|keep"
    r" (?:the other|it)|two)\b[^\n]{0,20}$",
    re.IGNORECASE,
)
_IN_ITS_PLACE = re.compile(
    r"^\s*(?:instead|replace|rather|swap|switch|in its place|(?:take|let it take) its place|the"
    r" (?:new|other) one(?: only)?|only (?:that|the (?:new|other))"
    r"|let (?:it|the (?:first|earlier|old)) go)\b[^\n]{0,30}$",
    re.IGNORECASE,
)
_RELEASE = re.compile(
    POLITE + r"(?:cancel|release|drop|give (?:up|back)|let go(?:"
    r" of)?|void|undo|remove|free|unhold)\s+(?P<rest>.*?)\s*(?:please|pls)?\s*[.!]?\s*$",
    re.IGNORECASE,
)
_A_HOLD = re.compile(
    r"\b(?:holds?|held|seats?|flights?|fares?|pnr|locator|reservations?)\b", re.IGNORECASE
)
_NO_HOLD = re.compile(
    r"\b(?:hotels?|rooms?|stay|invoices?|bills?|enquir(?:y|ies)|inquir(?:y|ies)|leads?|passengers?|travell?ers?|visas?|transfers?)\b",
    re.IGNORECASE,
)
_LOCATOR = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}\b|\b(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{6}\b")
_A_REQUEST = re.compile(
    r"^\s*(?:cancel|withdraw|take"
    r" back|undo|drop)\s+(?:my|the|this|that|our)\s+(?:last\s+|latest\s+|newest\s+)?(?:requests?|proposals?)\b",
    re.IGNORECASE,
)
_NOT_THAT = re.compile(
    r"^\s*(?:(?:no+|nope|sorry|oops|wait|actually|correction|rather|instead|not that(?: one)?|i"
    r" mean(?:t)?|better)\b[,.!: ]*)+"
    r"|^\s*(?:please\s+)?(?:make it|make that|change (?:it|that) to|switch (?:it )?to|swap (?:it"
    r" )?(?:for|to))\s+",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"[,\s]+(?:instead|rather)\s*[.!?]*\s*$", re.IGNORECASE)
_TAKING = re.compile(
    r"^(?:please\s+)?(?:hold|book|reserve|block|keep|give (?:me|us|them))\s+", re.IGNORECASE
)
_BOOKS = re.compile(r"^(?:please\s+)?(?:book|reserve)\s+", re.IGNORECASE)
_OTHER = re.compile(
    r"^(?:the\s+)?other(?:\s+(?:one|flight|fare|option))?\s*(?:please|pls)?\s*[.!]?\s*$",
    re.IGNORECASE,
)
_BY_FLIGHT = re.compile(
    r"^(?:the\s+)?(?:[A-Z0-9]{2}[ -]?\d{2,4}(?:\s*(?:/|,|and)\s*|\s*$))+(?:\s*(?:one|please))?\s*$"
)


def release(message: str, context: Context) -> Move | None:
    """`cancel the hold`, `release K7PQ2M`, `cancel the flight`: the one held booking that is meant
    is given back; the enquiry is left alone.
    """
    if _A_REQUEST.match(message):
        return Say(
            _(
                "A request is not cancelled by words: decline it with its button, here above or"
                " under Approvals. I have changed nothing."
            )
        )
    match = _RELEASE.match(message)
    if match is None or _NO_HOLD.search(match["rest"]):
        return None
    held, number = list(context.trip.get("held", ())), _number_in(match["rest"], context)
    if (
        match["rest"].lower() in ("it", "that", "them")
        and held
        and not context.waiting
        and context.last.get("held")
    ):
        return of_number(context.last["held"], context)
    if (
        not _A_HOLD.search(match["rest"])
        and not _BY_FLIGHT.match(match["rest"])
        and number.casefold() != match["rest"].casefold()
    ):
        return None
    flown = offers.pick_in(match["rest"]) or {}
    if "flights" in flown and number not in {one["locator"] for one in held}:
        fitting = offers.fares_of(flown, held)
        return (
            _of_several(fitting, context)
            if fitting
            else Say(_("No such flight is held on this trip. I have changed nothing."))
        )
    return of_number(number or None, context)


def of_number(locator: str | None, context: Context) -> Call | Ask | Say:
    """Give back what is held under a number, or the only booking that is held; of several it is
    asked which.
    """
    held = [
        one for one in context.trip.get("held", ()) if locator is None or one["locator"] == locator
    ]
    if not held and locator is not None:
        return Say(
            _(
                "No flight is held as %(locator)s on this trip. I have changed nothing.",
                locator=locator,
            )
        )
    if not held:
        return Say(_("No flight is held on this trip. I have changed nothing."))
    return _of_several(held, context)


def without_not(message: str) -> str:
    """`no, the second one`, `rather the second one`, `the second one instead` as `the second one`."""
    return _NOT_THAT.sub("", _INSTEAD.sub("", message), count=1).strip()


def corrected(message: str, context: Context) -> Wish | Ask | Say | None:
    """`no, the second one`, `rather the cheapest`, `the third instead`, `no, the other`: another
    fare in the place of the one held last of the same search.
    """
    if (
        "\n" in message.strip()
        or len(message) > SAID_MAX
        or context.offers.get("newest") != "fares"
    ):
        return None
    before = next(reversed(offers.held_of_search(context)), None)
    bare = without_not(message)
    words = _TAKING.sub("", bare, count=1)
    is_put_right = bare != message.strip() or _OTHER.match(bare) is not None
    books = offers.number_said(words) is not None and _BOOKS.match(bare) is not None
    if before is None or not (
        is_put_right or (context.question is None and (books or offers.number_said(message)))
    ):
        return None
    shown = list(context.offers["fares"])
    if _OTHER.match(words):
        meant = [one for one in shown if not offers.same_flown(one, before)]
    else:
        pick = offers.pick_in(words) if _BY_FLIGHT.match(words) else offers.number_said(words)
        if pick is None:
            return None
        meant = offers.fares_of(pick, shown)
    if len(meant) != 1:
        return _instead_of(offers.which_fare(meant, shown), before["id"])
    if offers.same_flown(meant[0], before):
        return Say(
            _(
                "That is the one that is held, as %(locator)s. I have changed nothing.",
                locator=before["locator"],
            )
        )
    known = {"fare_id": meant[0]["fare_id"], "instead_of": before["id"]}
    if is_put_right or (context.last.get("held") == before["locator"] and not books):
        return Wish("hold_flight", known)
    return None if _held_as(known["fare_id"], context) else _instead_or_beside(before, known)


def _instead_or_beside(before: JsonObject, known: JsonObject) -> Ask:
    """The question what becomes of an earlier hold, where another fare is only named and the hold
    was made longer ago than in the answer before.
    """
    text = _(
        "%(flights)s is held as %(locator)s. Shall the other take its place, or be held as well?"
        " Say “instead” or “both”.",
        flights=" / ".join(before["flights"]),
        locator=before["locator"],
    )
    return Ask(text, tool="hold_flight", known=known, missing=BESIDE)


def placed(question: Ask, said: str) -> Wish | None:
    """The hold in the earlier one's place, or beside it, as the answer says; None where it says
    neither.
    """
    if _BOTH.match(said):
        return Wish(
            question.tool,
            {name: value for name, value in question.known.items() if name != "instead_of"},
        )
    return Wish(question.tool, question.known) if _IN_ITS_PLACE.match(said) else None


def going_on(found: Wish | Ask | None, question: Ask) -> Wish | Ask | None:
    """The answer to the question which offer, still for those who were named, and in the place of
    the one that was held.
    """
    if found is None:
        return found
    return replace(
        found,
        known={
            **{
                name: question.known[name]
                for name in ("instead_of", "who")
                if question.known.get(name)
            },
            **found.known,
        },
    )


def first_move(wish: Wish, context: Context) -> Move | None:
    """What is given back, or held in another's place; None for every other wish.

    The fare is held first, so that nobody is left without a seat where it is sold out; only then
    the earlier one goes. What is held already is not held twice.
    """
    if wish.tool == "release_flight":
        return of_number(wish.known.get("supplier_ref"), context)
    if wish.tool != "hold_flight" or not wish.known.get("instead_of"):
        return None
    if wish.known.get("sure"):
        return Call("hold_flight", {"fare_id": wish.known["fare_id"]})
    move = offers.hold_of(wish.known["fare_id"], context.offers.get("fares", []), context)
    if not isinstance(move, Ask):
        return move
    return (
        Call("release_flight", {"pnr_id": wish.known["instead_of"]})
        if move.missing == "sure"
        else _instead_of(move, wish.known["instead_of"])
    )


def follows(
    wish: Wish | None, call: Call, outcome: Outcome, conversation: Conversation
) -> Move | None:
    """What comes behind a hold that takes another's place, and behind the giving back; None where
    nothing of that kind does.
    """
    context, before = conversation.context, wish.known.get("instead_of", "") if wish else ""
    if call.tool == "hold_flight" and before:
        return _behind_hold(call, outcome, before, context)
    if call.tool != "release_flight":
        return None
    hold = next(
        (
            one
            for one in conversation.played
            if isinstance(one.move, Call) and one.move.tool == "hold_flight"
        ),
        None,
    )
    went = outcome.error is None and "locator" in outcome.output
    words = [
        (
            telling.tell(call.tool, call.arguments, outcome.output)
            if outcome.error is None
            else sentences.tell(call, outcome)
        )
    ]
    if hold is not None and isinstance(hold.move, Call) and hold.outcome is not None:
        told = completion.for_telling(
            wish if went else None, hold.move, hold.outcome.output, {}, context
        )
        words.append(telling.tell(hold.move.tool, hold.move.arguments, told) or "")
    elif not went:
        words.extend(
            _lapses(one, context)
            for one in context.trip.get("held", ())
            if one.get("id") == call.arguments["pnr_id"]
        )
    elif wish is not None and before:
        words.extend(
            _lapses(one, context) for one in _held_as(wish.known.get("fare_id", ""), context)
        )
    return Say("\n".join(filter(None, words)))


def _behind_hold(call: Call, outcome: Outcome, before: str, context: Context) -> Move | None:
    stays = next((one for one in context.trip.get("held", ()) if one.get("id") == before), None)
    if outcome.error is None and "locator" in outcome.output:
        return (
            Call("release_flight", {"pnr_id": before})
            if outcome.output["pnr_id"] != before
            else None
        )
    if outcome.error is None and "fare" in outcome.output:
        return _instead_of(offers.at_another_price(call, outcome.output["fare"]), before)
    why = (
        sentences.tell(call, outcome)
        if outcome.error is not None
        else str(outcome.output["detail"])
    )
    return (
        Say("\n".join((why, _("Nothing has changed: %(held)s.", held=_lapses(stays, context)))))
        if stays
        else None
    )


def _of_several(held: list[JsonObject], context: Context) -> Call | Ask:
    if len(held) == 1:
        return Call("release_flight", {"pnr_id": held[0]["id"]})
    lines = [f"• {_lapses(one, context)}" for one in held]
    return Ask(
        "\n".join((_("Which one shall I give back? Say its number."), *lines)),
        tool="release_flight",
        known={},
        missing="supplier_ref",
    )


def _instead_of(asked: Ask, before: str) -> Ask:
    return replace(asked, known={**asked.known, "instead_of": before})


def _held_as(fare_id: str, context: Context) -> list[JsonObject]:
    fare = next((one for one in context.offers.get("fares", ()) if one["fare_id"] == fare_id), None)
    return [
        one
        for one in context.trip.get("held", ())
        if fare is not None and offers.same_flown(one, fare)
    ]


def _number_in(words: str, context: Context) -> str:
    """The booking's number in the words: one that is held, else what looks like one; empty where
    none is said.
    """
    held = {str(one["locator"]) for one in context.trip.get("held", ())}
    known = next((word.upper() for word in re.findall(r"\w+", words) if word.upper() in held), None)
    like = next(
        (
            found.group().upper()
            for found in _LOCATOR.finditer(words)
            if not _A_HOLD.fullmatch(found.group())
        ),
        "",
    )
    return known or like


def _lapses(one: JsonObject, context: Context) -> str:
    facts = {
        "locator": one["locator"],
        "flights": " / ".join(one["flights"]),
        "day": sentences.day(one["departs_at"][:10]),
    }
    if not one["expires_at"]:
        return _("%(locator)s, %(flights)s on %(day)s", **facts)
    return _(
        "%(locator)s, %(flights)s on %(day)s, held until %(until)s",
        **facts,
        until=sentences.local(one["expires_at"], context.timezone),
    )
