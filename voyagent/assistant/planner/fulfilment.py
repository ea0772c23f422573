"""From a wish to tools: ask for what is missing, look up what the tool needs an id for, then use
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from voyagent.assistant.moves import Ask, Call, Context, Move, Outcome, Played, Say
from voyagent.assistant.planner import (
    accounting,
    amended,
    answers,
    completion,
    documents,
    hindrances,
    intake,
    names,
    offers,
    party,
    releasing,
    searches,
    sentences,
    setright,
    telling,
    travel,
    tripinvoice,
    visas,
    whom,
    wishes,
)
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _
from voyagent.trips.service.passports import MASK

JsonObject = dict[str, Any]
WISH_MAX = 400
ENOUGH = 3
AT_ONCE_MAX = 7  # a turn has eight moves, the last of which tells
CHOSEN = {"fare_id", "rate_key"}
NOBODY = "nobody_travels"
FOR_WHOM = frozenset({"who", party.YOUNG})
"""What is missing where it is asked who stays or travels."""
_FOR_PEOPLE = {"book_hotel", "hold_flight"}
_A_NAME = re.compile(r"\b[A-Z][a-z]+(?:\s+[A-Z][a-z]+)+\b")
_DO_THEY = re.compile(
    r"^\s*(?:and\s+)?(?:do|does|will|would) (?:they|she|he|the"
    r" (?:family|passengers?|customer|client|couple))\b",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\s*(?:yes|yep|yeah|sure|ok(?:ay)?|do it|do so|go ahead|please do|i am sure|haan)\b(?:[,.!"
    r" ]+(?:please|do it|do so|go ahead|i am sure))?\s*[.!]*\s*$",
    re.IGNORECASE,
)


def recognise(said: str, context: Context) -> Wish | Move | None:
    """What one line asks a desk for; None where it is something else, a customer's own words for
    one.
    """
    if "\n" in said.strip() or len(said) > WISH_MAX or intake.is_dictated(said):
        return None
    asked = visas.asked(
        said, context
    )  # "do Indians need a visa for Thailand" sounds like a customer, too
    if asked is not None and wishes.missing(asked) is None:
        return asked
    if intake.is_customers_voice(said):
        return _search_said_whole(said, context)
    return (
        amended.of_another(said, context)
        or tripinvoice.recognise(said, context)
        or accounting.recognise(said, context)
        or travel.recognise(said, context)
        or _search(said, context)
    )


def _search_said_whole(said: str, context: Context) -> Wish | Move | None:
    """`I need a flight from Kochi to Dubai on 5 Jan, one adult`: staff say so too, and where it
    lacks nothing and is no customer's letter it is a search.

    What tells from where to where and a day or a party is one as it stands (see `searches.way`),
    and is asked for the rest.
    """
    if intake.pasted(said) is not None or intake.is_greeting(said):
        return None
    found = searches.recognise(said, context)
    if found is None:
        on_the_way = searches.way(said, context)
        return searches.as_asked_for(on_the_way, said, context) if on_the_way else None
    if found.tool == "visa_requirements":
        if context.question is None and _DO_THEY.match(said):
            return found
        return found if context.question is None and found.known.get("destination") else None
    return (
        found
        if found.tool in ("search_flights", "search_hotels") and wishes.missing(found) is None
        else None
    )


def _search(said: str, context: Context) -> Wish | Move | None:
    """A search; while a question of ours is open, one that says enough to be none of its answer,
    such as a hotel's name.
    """
    picks: tuple[Callable[[str, Context], Wish | Move | None], ...] = (
        visas.file_it,
        releasing.corrected,
        offers.hold,
        offers.book,
        searches.cheapest_direct,
        offers.check,
        offers.picked,
    )
    found = next(
        (wish for read in picks if (wish := read(said, context)) is not None), None
    ) or searches.recognise(said, context)
    found = found or searches.way(said, context)
    if found is None and context.question is None and (mended := searches.spelled(said)) != said:
        close = searches.recognise(mended, context)
        found = (
            close
            if close is not None
            and close.tool in {"search_flights", "search_hotels"}
            and (
                context.enquiry is not None
                or {"origin", "destination", "city"} & close.known.keys()
            )
            else None
        )
    if found is None and (context.question is None or context.question.missing == "pick"):
        found = searches.again(said, context)
        if found is not None:
            return found
    if found is not None and not isinstance(found, Wish):
        return found
    if found is None or (
        context.question is not None
        and not CHOSEN & found.known.keys()
        and len(found.known) < ENOUGH
    ):
        return None
    return searches.as_asked_for(found, said, context)


def request(said: str, context: Context) -> Wish | Move | None:
    """The same, without what answers our own question: `the passengers are …` is no wish of its own
    where it was asked who they are.
    """
    found, question = recognise(said, context), context.question
    if question is not None and question.missing == "supplier_ref" and _among(question, said):
        return None
    if (
        question is None
        or question.tool not in _FOR_PEOPLE
        or question.missing not in {*FOR_WHOM, "pick"}
    ):
        return found
    is_people = (
        isinstance(found, Wish) and found.tool == "add_passenger" and question.missing in FOR_WHOM
    )
    return (
        None if is_people or offers.number_said(releasing.without_not(said)) is not None else found
    )


def wished(said: str, context: Context) -> Wish | Move | None:
    """The same, and the wish that an answer to our own question goes on with."""
    question = context.question
    if question is not None and question.missing == documents.WHICH:
        chosen = documents.answered(question, said, context, recognise) or setright.of_wish(
            question, said, context
        )
        return request(said, context) if chosen is None else Wish(question.tool, chosen)
    right = (
        setright.of_wish(question, said, context)
        if question is not None and wishes.is_of_wish(question)
        else None
    )
    found = (
        Wish(question.tool, right)
        if question is not None and right is not None
        else request(said, context)
    )
    if found is not None or question is None or not wishes.is_of_wish(question):
        return found
    return _answered(question, said, context)


def _answered(question: Ask, said: str, context: Context) -> Wish | Move | None:
    """The wish that our question was asked for, with what the answer says of it, or sets right."""
    if (
        setright.is_no_answer(question, said)
        or _is_of_somebody_else(question, said)
        or (question.tool == "add_transfer" and wishes.is_order(said))
    ):
        return Wish(question.tool, question.known)
    if question.missing == names.WHOSE:
        named = names.answered(question, said, context.today)
        return Wish(question.tool, named) if named is not None else None
    if question.missing in FOR_WHOM:
        return (
            _another_offer(question, said, context)
            or party.named(question, said, context)
            or _another_offer(question, said, context, bare=True)
        )
    if question.missing == "sure":
        return Wish(question.tool, {**question.known, "sure": True}) if is_yes(said) else None
    if question.missing == "supplier_ref":
        reference = _among(question, said) or searches.reference_in(
            said.strip().upper() if " " not in said.strip() else said
        )
        return (
            Wish(question.tool, {**question.known, "supplier_ref": reference})
            if reference
            else None
        )
    if question.missing in (releasing.BESIDE, "pick"):
        return (
            releasing.placed(question, said)
            if question.missing == releasing.BESIDE
            else releasing.going_on(offers.answered(question.tool, said, context), question)
        )
    if question.missing == "changes":
        return Wish(question.tool, {**question.known, "changes": travel.changes_in(said, context)})
    return answers.merged(question, said, context, recognise)


def _is_of_somebody_else(question: Ask, said: str) -> bool:
    """Whether an amount is said of another party than the one it was asked for: `Harbinder Singh
    Gill 5,000 in cash`.
    """
    field, _side = names.FIELDS.get(question.tool, ("", ""))
    own = set(str(question.known.get(field) or "").casefold().split())
    named = _A_NAME.search(said)
    return (
        question.missing == "amount"
        and bool(own)
        and named is not None
        and not own & set(named.group().casefold().split())
    )


def _among(question: Ask, said: str) -> str | None:
    """The booking that is chosen of those that the question named: `the second one`, its hotel or
    its number.
    """
    among: JsonObject = question.known.get(documents.AMONG, {})
    words = releasing.without_not(said).strip(" .!?")
    pick = offers.number_said(words) or {}
    if "number" in pick or "last" in pick:
        at = -1 if "last" in pick else pick["number"] - 1
        return list(among)[at] if among and at < len(among) else None
    bare = re.sub(r"^(?:the|in|at|of)\s+", "", words, flags=re.IGNORECASE).casefold()
    meant = [
        reference
        for reference, name in among.items()
        if bare and (bare == reference.casefold() or bare in name.casefold())
    ]
    return meant[0] if len(meant) == 1 else None


def _another_offer(
    question: Ask, said: str, context: Context, *, bare: bool = False
) -> Wish | Ask | None:
    """`no, the second one` to the question who stays or travels: the same wish for another offer;
    with `bare` also `the second one` alone.
    """
    words = releasing.without_not(said)
    if offers.number_said(words) is None or not (bare or words != said.strip()):
        return None
    found = releasing.going_on(offers.answered(question.tool, words, context), question)
    if isinstance(found, Ask):
        return None  # the list has no such one, so the words were of something else
    stranger = question.known.get("stranger")
    return offers.who_stays(stranger, found, context) if stranger and found is not None else found


def next_passenger(wish: Wish, added: list[Played], said: str, context: Context) -> Move:
    """The next of those who were named, each added by itself; behind the last, or the first that is
    refused, what came of it.
    """
    last, more = added[-1], wish.known.get("and_more", [])
    assert isinstance(last.move, Call)
    assert last.outcome is not None
    left = more[len(added) - 1 :]
    if (
        last.outcome.error is None
        and left
        and len(added) < AT_ONCE_MAX
        and left[0].get("full_name")
    ):
        return Call("add_passenger", left[0])
    told = [
        one.outcome.output for one in added if one.outcome is not None and one.outcome.error is None
    ]
    words = [telling.joined(told, said_number=MASK in said)] if told else []
    if last.outcome.error is not None:
        words.append(sentences.tell(last.move, last.outcome))
    if context.trip.get("held") and any(
        isinstance(one.move, Call) and one.move.arguments.get("kind") for one in added
    ):
        words.append(
            _(
                "Seats stay held for whom they were searched for. Where that is no longer so,"
                " search and hold again before tickets are issued."
            )
        )
    if left:
        names = ", ".join(one.get("full_name", "?") for one in left)
        words.append(_("Not added yet: %(names)s. Say their names again.", names=names))
    return Say("\n".join(words))


def of_people(
    wish: Wish, call: Call, outcome: Outcome, added: list[Played], said: str, context: Context
) -> Move | None:
    """What follows for those who travel or stay: the next of them, or the question who they are;
    None where nothing of that kind does.
    """
    if (
        added
        and wish.tool == "add_passenger"
        and (outcome.error is None or call.tool == "add_passenger")
    ):
        return next_passenger(wish, added, said, context)
    if call.tool == "hold_flight" and outcome.error == NOBODY:
        return Ask(
            _("Nobody travels on this trip yet. Who does? Say their names."),
            tool="hold_flight",
            known=dict(call.arguments),
            missing="who",
        )
    if wish.tool not in _FOR_PEOPLE:
        return None
    if call.tool == "add_passenger" and outcome.error is None:
        return _next_guest(wish, added, context)
    return (
        completion.without_guests(wish)
        if wish.tool == "book_hotel" and outcome.error == "trip_not_found"
        else None
    )


def _next_guest(wish: Wish, added: list[Played], context: Context) -> Move:
    """The next of those who travel or stay, to be taken along; behind the last what it is for: the
    seats, or the trip, whose people the rooms are for.
    """
    left = whom.to_be_added(wish.known.get("who", []), context)[len(added) :]
    if left:
        return Call("add_passenger", left[0])
    if wish.tool == "book_hotel":
        return Call("show_trip", {})
    if "fare_id" not in wish.known:
        return Call("search_flights", completion.arguments(wish.known))
    along = {
        one["full_name"].casefold(): one
        for one in (*context.trip.get("passengers", ()), *wish.known["who"])
    }
    return offers.for_others(list(along.values()), wish.known["fare_id"], context) or Call(
        "hold_flight", {"fare_id": wish.known["fare_id"]}
    )


def is_yes(said: str) -> bool:
    """Whether the words say yes to what was asked, and nothing more."""
    return bool(_YES.match(said))


def first_move(wish: Wish, context: Context) -> Move:
    """The next question, else the tool, else what has to be looked up before it."""
    if "put_right" in wish.known and wish.known.get("sure"):
        return Call(
            wish.tool,
            wish.known["put_right"],
            words=wish.known["words"],
            replaces=wish.known["replaces"],
        )
    if (
        wish.tool in {"search_flights", "hold_flight"}
        and {"nights", "outbound_date"} <= wish.known.keys()
    ):
        wish = Wish(
            wish.tool,
            {
                "return_date": searches.after(wish.known["outbound_date"], wish.known["nights"]),
                **wish.known,
            },
        )
    told = (
        names.doubted(wish.tool, wish.known, context)
        or hindrances.refused(wish, context)
        or _question(wish)
        or _along_already(wish, context)
    )
    told_or_held = told or _taken_along(wish, context) or releasing.first_move(wish, context)
    if told_or_held is not None:
        return told_or_held
    if wish.tool == "hold_flight" and "fare_id" in wish.known:
        sure = Call("hold_flight", {"fare_id": wish.known["fare_id"]})
        return (
            sure
            if wish.known.get("sure")
            else offers.hold_of(wish.known["fare_id"], context.offers.get("fares", []), context)
        )
    looked_up = looks_up(wish)
    if looked_up is not None:
        return looked_up
    if wish.tool == "receive_bill":
        return _enter(wish.known, context)
    if wish.tool == "create_invoice":
        return completion.create(wish.known, context)
    if wish.tool == "update_enquiry":
        return completion.change(wish, context.enquiry.customer_name if context.enquiry else "")
    return Call(wish.tool, completion.arguments(wish.known))


def _taken_along(wish: Wish, context: Context) -> Move | None:
    """The first of those named who is to be added to the trip, after the question who of them is
    young; None where all of them travel on it.
    """
    who = wish.known.get("who", [])
    added = whom.to_be_added(who, context) if wish.tool in _FOR_PEOPLE else []
    if not added:
        return None
    others = (
        offers.for_others(who, wish.known["fare_id"], context, named=True)
        if "fare_id" in wish.known and not context.trip.get("passengers")
        else None
    )
    return others if isinstance(others, Ask) else Call("add_passenger", added[0])


def _along_already(wish: Wish, context: Context) -> Say | None:
    """A word where all who are to be added travel on the trip as it is; a second of the same name
    would be held seats for two.
    """
    if wish.tool != "add_passenger":
        return None
    named = [one.get("full_name", "") for one in (wish.known, *wish.known.get("and_more", ()))]
    along = {one["full_name"].casefold() for one in context.trip.get("passengers", ())}
    if not all(name.casefold() in along for name in named) or (
        len(named) == 1 and wish.known.keys() - {"full_name"}
    ):
        return None
    return Say(
        _(
            "%(names)s: on this trip already. Somebody else of the same name goes in on the trip’s"
            " page.",
            names=", ".join(named),
        )
    )


def _question(wish: Wish) -> Ask | None:
    """The next thing to ask for; of Schengen which country it is."""
    question = wishes.ask(wish)
    if question is None or not wish.known.get("is_schengen") or question.missing != "destination":
        return question
    text = _("A Schengen visa is filed with one country, that of the longest stay. Which one?")
    return Ask(
        text,
        tool=wish.tool,
        known={name: value for name, value in wish.known.items() if name != "is_schengen"},
        missing="destination",
    )


def looks_up(wish: Wish) -> Call | None:
    """What has to be read first, for the id that the tool needs; None where nothing has."""
    look_up = _LOOK_UPS.get(wish.tool) if "put_right" not in wish.known else None
    return look_up(wish.known) if look_up else None


def _invoices_of(known: JsonObject) -> Call:
    return Call(
        "find_invoices",
        (
            {"number": known["number"]}
            if "number" in known
            else {"status": "open", "customer_name": known["customer_name"]}
        ),
    )


def _bills_of(known: JsonObject) -> Call:
    return Call(
        "find_bills",
        {name: known[name] for name in ("vendor_name", "vendor_reference") if name in known},
    )


def _accounts(_known: JsonObject) -> Call:
    return Call("list_ledger_accounts", {})


def _trip(_known: JsonObject) -> Call:
    return Call("show_trip", {})


def _enquiry_unless(key: str) -> Callable[[JsonObject], Call | None]:
    return lambda known: (
        None
        if key in known
        else Call("summarise_enquiry", {"customer_name": known["customer_name"]})
    )


def _search_unless(key: str, tool: str) -> Callable[[JsonObject], Call | None]:
    return lambda known: None if key in known else Call(tool, completion.arguments(known))


_LOOK_UPS: dict[str, Callable[[JsonObject], Call | None]] = {
    "record_receipt": _invoices_of,
    "write_off_invoice": _invoices_of,
    "pay_bill": _bills_of,
    "post_journal_entry": _accounts,
    "create_invoice": _enquiry_unless("client_id"),
    "update_enquiry": _enquiry_unless("enquiry_id"),
    "hold_flight": _search_unless("fare_id", "search_flights"),
    "check_hotel_rate": _search_unless("rate_key", "search_hotels"),
    "draft_invoice": _trip,
    "issue_ticket": _trip,
    "cancel_hotel_booking": _trip,
    "read_hotel_booking": _trip,
    "book_hotel": _trip,
    "file_visa": _trip,
    "send_itinerary": _trip,
}


def _enter(known: JsonObject, context: Context) -> Call:
    issued = known.get("issue_date") or context.today.isoformat()
    due = known.get("due_date") or issued
    line = {
        "description": known["description"],
        "quantity": 1,
        "unit_price": known["amount"],
        "currency": known["currency"],
    }
    named = {"vendor_name": known["vendor_name"], "vendor_reference": known["vendor_reference"]}
    arguments = {**named, "issue_date": issued, "due_date": due, "line_items": [line]}
    return Call("receive_bill", arguments, words=sentences.bill_to_enter(arguments))
