"""Wishes for the desks of tickets, hotels and holidays in plain English: enquiries that change, the
trip of the conversation and its rides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from voyagent.assistant.moves import Call, Context, Move, Say
from voyagent.assistant.planner import corrections, party, passengers, releasing
from voyagent.assistant.planner.passengers import POLITE, TO_TRIP
from voyagent.assistant.planner.wishes import Wish, amount_in, days_in, figures_in
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.people import (
    POSSESSIVE,
    as_name,
    find_email,
    find_travellers,
)
from voyagent.kernel.text.phones import find_phone
from voyagent.kernel.text.places import find_route

JsonObject = dict[str, Any]
_THIS = r"(?:the|this|that|our|their|her|his) "
_TRIP = re.compile(
    r"\b(?:show|see|open|display|what is in|what'?s in|how"
    r" does)\b.*\b(?:the|this|that|our|their|her|his)\s+trip\b|^\s*(?:the\s+|this\s+)?trip\s*\??$"
    r"|\bwhat (?:is|has been|have we) (?:booked|planned) (?:so far|for them|for her|for him|on this"
    r" trip|for this trip)"
    r"|\bwho (?:all )?(?:(?:is|are) (?:all )?(?:travell?ing|going|on the"
    r" trip)|(?:travels?|goes|flies) (?:on (?:the|this) trip|along))\b"
    r"|\b(?:check|anything wrong with|problems? with|what is wrong with|lint)\s+(?:the"
    r"|this)\s+(?:trip|itinerary)\b"
    r"|\b(?:status|state|progress) of "
    + _THIS
    + r"(?:trip|holiday|journey|booking)s?\b|\b(?:trip|holiday) status\b"
    r"|\bhow(?:\s+(?:is|are|does|do)|['’]?s) "
    + _THIS
    + r"(?:trip|holiday|journey)s? (?:doing|going|stand(?:ing)?|look(?:ing)?|coming)\b"
    r"|\bwhere (?:do|are) we (?:stand|at|now)?\s*(?:with|on) "
    + _THIS
    + r"(?:trip|holiday|journey)\b"
    r"|\bwhat(?:\s+is|['’]?s) (?:still )?(?:left|missing|pending|open|held|outstanding|to (?:be"
    r" )?do(?:ne)?) (?:on|for|of|in) " + _THIS + r"(?:trip|holiday)\b"
    r"|^\s*how much (?:is|does|will) (?:it|everything|the (?:whole )?trip|all of it)(?:"
    r" (?:cost|come to))?(?: in total| altogether)?\s*\??\s*$"
    r"|\bpassengers?\s*(?:list|\?)|\b(?:show|list)\s+(?:the\s+|all\s+)?passengers\b|\bwhat does the"
    r" trip (?:cost|come to)\b|\btrip (?:total"
    r"|cost|margin)\b",
    re.IGNORECASE,
)
_SEND = re.compile(POLITE + r"(?:send|mail|e-?mail|share|forward)\b.*\bitinerary\b", re.IGNORECASE)
_FOR_ME = re.compile(
    POLITE
    + r"(?:send|share|forward|mail|e-?mail)\s+(?:it\s+to\s+)?(?:me|us)\b(?![^\n]*@)[^\n]*\bitinerary\b(?![^\n]*\bto\s+\w)",
    re.IGNORECASE,
)
_ITINERARY = re.compile(r"\bitinerary\b", re.IGNORECASE)
_TRANSFER = re.compile(
    POLITE + r"(?:add|book|plan|arrange|include|put|need|we"
    r" need|organi[sz]e)?\s*(?:an?\s+|the\s+)?(?:private\s+|airport\s+)?(?:transfer|pick-?up"
    r"|cab|taxi|ride|drop(?!\s+(?:the|that|this|it|her|his|their|my|our)\b))\b(?![^\n]*\bfrom"
    r" (?:the )?(?:bank|cash|petty|current)\b)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_ENDS = re.compile(
    r"\bfrom\s+(?P<origin>.+?)\s+to\s+(?P<destination>.+?)(?=\s+(?:on|at|for|tomorrow|today|next|this|in|costing|@)\b|\s*[,;]|\s+\d|\s*$)",
    re.IGNORECASE,
)
_PRICED = re.compile(
    r"\b(?:price|charge|sell(?:ing)?(?: price)?|we"
    r" (?:charge|bill|sell))\s*(?:is|at|for|:|them)?\s*(?=\S{0,4}\s*\d)",
    re.IGNORECASE,
)
_END_STOPS = (
    r"(?=\s+(?:on|at|for|from|to|tomorrow|today|next|this|in|costing|@)\b|\s*[,;]|\s+\d|\s*$)"
)
_ONE_END = (
    ("origin", re.compile(rf"\bfrom\s+(?P<place>[^\d,;]+?){_END_STOPS}", re.IGNORECASE)),
    (
        "destination",
        re.compile(
            rf"(?:^\s*(?:off\s+)?(?:at|to)|\bto)\s+(?P<place>[^\d,;]+?){_END_STOPS}", re.IGNORECASE
        ),
    ),
)
_AT = re.compile(
    r"\b(?:at\s+)?(?P<h>\d{1,2})(?::(?P<m>\d{2}))?\s*(?P<half>[ap])\.?m\b\.?|\b(?:at\s+)?(?P<h24>[01]?\d|2[0-3]):(?P<m24>[0-5]\d)\b"
    r"|\bat\s+(?P<word>noon|midnight)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    POLITE + r"(?:cancel|call"
    r" off|drop|delete)\s+(?:the|this|that|our|their|her|his|my)?\s*(?:whole\s+|entire\s+)?(?:trip|bookings?|everything|holiday)\s*[.!]*\s*$",
    re.IGNORECASE,
)
_CANCEL = re.compile(POLITE + r"cancel\b", re.IGNORECASE)
_CHANGE = re.compile(
    POLITE + r"(?:mark|set|change|update|move|make it|correct|cancel|close|reopen|put)\b",
    re.IGNORECASE,
)
_ENQUIRY = re.compile(r"\b(?:enquir(?:y|ies)|inquir(?:y|ies)|lead|request)\b", re.IGNORECASE)
_STATUS = (
    (
        "cancelled",
        (
            r"\b(?:cancel(?:led|ed)?|lost|dead)\b|^\s*close (?:it|this|that|the"
            r" (?:enquiry|inquiry|lead))\b"
        ),
    ),
    ("booked", r"\b(?:booked|won|confirmed)\b"),
    ("quoted", r"\bquoted\b"),
    ("new", r"\b(?:new|reopen)\b"),
)
_WHOSE = (
    re.compile(
        r"\b(?P<name>[A-Z][\w.’'-]*?(?:\s+[A-Z][\w.-]*?){0,3})"
        + POSSESSIVE
        + r"\s+(?:enquiry|inquiry|lead|request|trip|budget|phone|e-?mail"
        r"|departure|return|destination)\b"
    ),
    re.compile(
        r"\b(?:enquiry|inquiry|lead|request)\s+(?:of|from|by|for)\s+(?P<name>[A-Z][\w.’'-]*(?:\s+[A-Z][\w.-]*){0,3})"
    ),
    re.compile(
        r"\bthe\s+(?P<name>[A-Z][\w.’'-]*(?:\s+[A-Z][\w.-]*){0,3})\s+(?:enquiry|inquiry|lead)\b"
    ),
    re.compile(r"\b(?:mark|set)\s+(?P<name>[A-Z][\w.’'-]*(?:\s+[A-Z][\w.-]*){0,3})\s+(?:as|to)\b"),
)
_FACTS = re.compile(
    r"\b(?:budget|departure|depart|leaving|return|phone|mobile|number|e-?mail|people|pax|travell?ers|adults?|destination|origin|dates?)\b",
    re.IGNORECASE,
)


_FACT_TOLD = re.compile(
    r"^\s*(?:(?:and|also|oh|no|sorry|actually|so|now|make|change|set|it|that|to|its|it['’]s|it"
    r" is|the|her|his|their|they|she|he|we|are|is|my)\b[,. ]*)*"
    r"(?P<fact>(?:(?:e-?)?mail|phone|mobile|whatsapp|number|budget|return\w*|depart\w*|leav\w*|com\w+"
    r" back|back"
    r"|(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)"
    r"\s+(?:people|persons?|pax|adults?|travell?ers|seats|of (?:them|us)))\b[^\n]{0,80})$",
    re.IGNORECASE,
)


Reading = Callable[[str, Context], Wish | Move | None]


def recognise(message: str, context: Context) -> Wish | Move | None:
    """A wish for one of these desks, or words in answer to it, or None."""
    readers: tuple[Reading, ...] = (
        releasing.release,
        cancel_whole,
        update_enquiry,
        send_itinerary,
        itinerary,
        passengers.new_trip,
        trip,
        passengers.remove_passenger,
        transfer,
        party.said,
        passengers.add_passenger,
    )
    return next((found for read in readers if (found := read(message, context)) is not None), None)


def cancel_whole(message: str, _context: Context) -> Say | None:
    """`cancel the trip`, `cancel the booking`: nothing is cancelled whole, so what can be is said."""
    if not _WHOLE.match(message):
        return None
    return Say(
        _(
            "Nothing is cancelled whole. Say “cancel the hotel” for rooms that are booked and"
            " “release the hold” for a held flight; the rest is cancelled line by line on the"
            " trip's page, and a pending request is declined with its button. I have changed"
            " nothing."
        )
    )


def trip(message: str, _context: Context) -> Call | None:
    """`show the trip`, `who is travelling`, `is anything wrong with this trip`, `where do we stand
    with the trip`.
    """
    return Call("show_trip", {}) if _TRIP.search(message) else None


def send_itinerary(message: str, context: Context) -> Wish | None:
    """`send the itinerary to deepa@example.com`, `mail it in Hindi without prices`."""
    if not _SEND.match(message) or _FOR_ME.match(message):
        return None
    known: JsonObject = {}
    address = find_email(message)
    if address:
        known["to"] = address.value
    elif context.enquiry and context.enquiry.customer_email:
        known["to"] = context.enquiry.customer_email
    if re.search(r"\bin hindi\b", message, re.IGNORECASE):
        known["locale"] = "hi"
    if re.search(
        r"\b(?:without|no)\s+(?:the\s+)?(?:prices?|amounts?|costs?)\b", message, re.IGNORECASE
    ):
        known["prices"] = False
    return Wish("send_itinerary", known)


def itinerary(message: str, _context: Context) -> Call | None:
    """`show the itinerary`."""
    return (
        Call("read_itinerary", {})
        if _ITINERARY.search(message) and not _TRIP.search(message) and not TO_TRIP.search(message)
        else None
    )


def transfer(message: str, context: Context) -> Wish | None:
    """`add a transfer from Dubai airport to Hotel Atlantis on 10 Jan at 9:30 for 2,500`."""
    match = _TRANSFER.match(message)
    if match is None:
        return None
    rest = match["rest"]
    known: JsonObject = {}
    ends = _ENDS.search(rest)
    if ends:
        known |= {"origin": _capital(ends["origin"]), "destination": _capital(ends["destination"])}
    else:
        known |= {
            end: _capital(one["place"])
            for end, pattern in _ONE_END
            if (one := pattern.search(rest))
        }
    days = days_in(rest, context)
    if days:
        known["on"] = days[0]
    time = _AT.search(rest)
    if time:
        known["at"] = _clock(time)
    told = _PRICED.search(rest)
    rest = rest[told.start() :] if told else rest
    priced = [
        figure for figure in figures_in(_AT.sub(" , ", rest), context) if figure.currency
    ] or figures_in(_AT.sub(" , ", rest), context)
    if len(priced) == 1 and priced[0].value > 0 and not priced[0].ranged:
        known |= {"price": priced[0].plain, "currency": priced[0].currency or context.currency}
    return Wish("add_transfer", known)


def update_enquiry(message: str, context: Context) -> Wish | None:
    """`mark Deepa's enquiry as quoted`, `change the budget to 1.2 lakh`, `set the enquiry to
    booked`.
    """
    if not _CHANGE.match(message) or re.search(
        r"\b(?:invoice|bill|flight|hotel|booking|ticket|passenger)\b", message, re.IGNORECASE
    ):
        return None
    whose = next((found for pattern in _WHOSE if (found := pattern.search(message))), None)
    if _CANCEL.match(message) and not _ENQUIRY.search(message):
        return None  # what is not named is not cancelled
    if (
        not _ENQUIRY.search(message)
        and not (whose and (_status(message) or _FACTS.search(message)))
        and not (context.enquiry and (_status(message) or _FACTS.search(message)))
    ):
        return None
    changes = changes_in(message, context)
    known: JsonObject = {"changes": changes} if changes else {}
    name = (
        as_name(
            re.sub(
                r"^(?:Mark|Set|Change|Update|Move|Cancel|Correct|Reopen|Put)\s+", "", whose["name"]
            )
        )
        if whose
        else None
    )
    about = context.enquiry
    if about and (name is None or about.customer_name.lower().startswith(name.lower())):
        return Wish("update_enquiry", known | {"enquiry_id": about.id})
    return Wish("update_enquiry", known | ({"customer_name": name} if name else {}))


def changes_in(message: str, context: Context) -> JsonObject:
    """What a message changes of an enquiry, by the tool's names."""
    status = _status(message)
    changes: JsonObject = {"status": status} if status else {}
    email = find_email(message)
    if email:
        changes["customer_email"] = email.value
    said_phone = re.search(r"\b(?:phone|mobile|number|whatsapp)\b", message, re.IGNORECASE)
    phone = find_phone(message, context.currency[:2]) if said_phone else None
    if phone:
        changes["customer_phone"] = phone.number
    money = amount_in(message, context) if re.search(r"\bbudget\b", message, re.IGNORECASE) else {}
    if money:
        changes |= {"budget_amount": money["amount"], "budget_currency": money["currency"]}
    people = find_travellers(message)
    count = people.count if people else _count_of_people(message)
    if count:
        changes["pax_count"] = count
    return changes | _days_changed(message, context) | _places_changed(message)


def told_right(said: str, arguments: JsonObject, context: Context) -> JsonObject | None:
    """What is known of an enquiry that is not logged yet, with what the words set right: `its 3
    people`, `the 23rd`; None where they set nothing right.
    """
    changes = changes_in(said, context)
    if not changes and arguments.get("depart_date"):
        day = corrections.day_of(said, arguments["depart_date"], context.today)
        changes = {"depart_date": day} if day else {}
    return {**arguments, **changes} if changes else None


def put_right(said: str, context: Context) -> Call | None:
    """`and mail is reena@example.com`, `make that 3 adults`, `return 19 Jan` right behind an
    enquiry that was logged or changed: that of the conversation.
    """
    about = context.enquiry
    if (
        about is None
        or context.last.get("tool") not in ("create_enquiry", "update_enquiry")
        or "\n" in said.strip()
        or "?" in said
    ):
        return None
    told = _FACT_TOLD.match(said)
    changes = changes_in(told["fact"], context) if told else {}
    return Call("update_enquiry", {"enquiry_id": about.id, **changes}) if changes else None


def _days_changed(message: str, context: Context) -> JsonObject:
    days = days_in(message, context)
    if len(days) == 1 and re.search(r"\b(?:return|back|coming home)\b", message, re.IGNORECASE):
        return {"return_date": days[0]}
    return dict(zip(("depart_date", "return_date"), days, strict=False))


def _places_changed(message: str) -> JsonObject:
    if not re.search(r"\b(?:destination|origin|going to|flying from)\b", message, re.IGNORECASE):
        return {}
    named = re.search(
        r"\bdestination\s+(?:is\s+|to\s+|now\s+)*(?P<place>[A-Z][A-Za-z ]+?)\s*[.]?$", message
    )
    route = find_route(message)
    destination = named["place"] if named else route.destination.name if route.destination else None
    return ({"destination": destination} if destination else {}) | (
        {"origin": route.origin.name} if route.origin else {}
    )


def _count_of_people(message: str) -> int | None:
    found = re.search(
        r"\b(?:pax|people|travell?ers|passengers)\s+(?:count\s+)?(?:to|is|are|=|now)\s*(?P<n>\d{1,3})\b",
        message,
        re.IGNORECASE,
    )
    return int(found["n"]) if found else None


def _status(message: str) -> str | None:
    return next((name for name, words in _STATUS if re.search(words, message, re.IGNORECASE)), None)


def _clock(time: re.Match[str]) -> str:
    if time["word"]:
        return "12:00" if time["word"].lower() == "noon" else "00:00"
    if time["h24"]:
        return f"{int(time['h24']):02d}:{time['m24']}"
    return f"{int(time['h']) % 12 + (12 if time['half'].lower() == 'p' else 0):02d}:{time['m'] or '00'}"


def _capital(words: str) -> str:
    said = words.strip(" .,")
    return said[:1].upper() + said[1:]
