"""Words that set right what was just asked for, searched or told: `no, 50,000`, `no, from Mumbai`,
`Salalah instead of Muscat`, `what about Thailand`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from voyagent.assistant.moves import Ask, Call, Context, Move
from voyagent.assistant.planner import invoicing, searches, terms
from voyagent.assistant.planner.questions import status_said
from voyagent.assistant.planner.wishes import amount_in, days_in, out_and_back
from voyagent.kernel.text import stations
from voyagent.kernel.text.amounts import currency_alone
from voyagent.kernel.text.dates import find_days
from voyagent.kernel.text.people import as_firm, find_party, is_capitalised
from voyagent.kernel.text.places import is_known_place

JsonObject = dict[str, Any]
SAID_MAX = 80
_LEADS = r"(?:no+|nahi|sorry|oops|wait|actually|correction|i mean(?:t)?)"
_NO = re.compile(
    rf"^\s*{_LEADS}\b(?:[,.!: ]+(?:{_LEADS}|it is|it's|make it)\b)*[,.!: ]+", re.IGNORECASE
)
_MAKE = re.compile(
    r"^\s*(?:please\s+)?(?:make|change|set)\s+(?:it|that|the"
    r" (?:amount|price|customer|name))\s+(?:to\s+|be\s+)?",
    re.IGNORECASE,
)
WHAT_ABOUT = re.compile(
    r"^\s*(?:and\s+)?(?:what|how)"
    r" about\s+|^\s*and\s+(?:for\s+|to\s+|from\s+|in\s+|on\s+)?(?=\S+\s*\??\s*$)",
    re.IGNORECASE,
)
_DUE = re.compile(
    r"^\s*(?:and\s+)?(?:(?:it|that)(?:['’]s| is)\s+)?(?=(?:due|payable)\s+"
    r"(?:(?:on|by|in|within|end|next|today|tomorrow|at|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|\d))",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"^\s*(?:and\s+)?(?:(?:it|that) (?:was|is)\s+)?"
    r"(?=(?:dated|ref(?:erence)?|utr|in cash|(?:by|with) (?:cash|upi|card|cheque|bank)|from"
    r" (?:cash|(?:the )?bank)|through the bank)\b)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"^(?P<new>[^,\n]{2,40}?)\s+(?:instead of|not|rather than)\s+(?P<old>[^,\n]{2,40}?)\s*[.!?]*$",
    re.IGNORECASE,
)
_BARE_INSTEAD = re.compile(r"[,\s]+(?:instead|rather|please|then)\s*[.!?]*\s*$", re.IGNORECASE)
_NEXT_DAY = re.compile(
    r"^(?:on\s+)?(?:the\s+)?(?:(?P<after>(?:next )?day after|next day|following day|a day"
    r" later)|(?P<before>day before|previous day|a day earlier))$",
    re.IGNORECASE,
)
_OF_MONTH = re.compile(
    r"^(?:on\s+)?(?:the\s+)?(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)$", re.IGNORECASE
)
_ONLY = re.compile(
    r"^\s*(?:and\s+|now\s+|please\s+)*(?:only|just)\s+(?:show\s+)?(?:the\s+)?(?P<what>.+?)(?:\s+ones|\s+enquiries)?\s*[.!?]*\s*$",
    re.IGNORECASE,
)
_OPEN_FIRST = re.compile(
    r"^\s*(?:please\s+)?(?:open|show|read|summari[sz]e)\s+(?:me\s+)?(?:the\s+)?(?P<which>first|second|third|fourth|fifth|last)(?:\s+(?:one|enquiry))?\s*[.!?]*\s*$",
    re.IGNORECASE,
)
_WHOSE_IT_IS = re.compile(r"^(?:for|to|it is|it's|the customer is)\s+", re.IGNORECASE)
_ONE_LINE = re.compile(
    r"^(?:for\s+)?(?:the\s+)?(?P<what>[^\W\d][^\d,;₹$€£]*?)\s*(?:\b(?:is|are|costs?|should"
    r" be|at|to|for)\b|[:=-])?\s*"
    r"(?:only\s+)?(?=(?:rs\.?|inr|usd|aed|eur|[₹$€£])?\s*\d)",
    re.IGNORECASE,
)
_MAKE_LINE = re.compile(
    r"^\s*(?:please\s+)?(?:make|change|set)\s+(?P<rest>the\s+[^\d\n]+\d[\d,.]*\s*(?:k|lakhs?|each)?)\s*[.!]*$",
    re.IGNORECASE,
)
_LEAVES = re.compile(r"\b(?:check-?\s?out|leav\w*|until|till|departure)\b", re.IGNORECASE)
_LONGER = re.compile(r"\b(?:more|longer|extra|further)\b", re.IGNORECASE)
_BACK_ON = re.compile(
    r"^(?:(?P<back>(?:com\w+"
    r" )?back|return\w*)|leav\w*|depart\w*|go(?:ing)?|out)\s+(?:on\s+)?(?:the\s+)?(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)?$",
    re.IGNORECASE,
)
_ADDED = re.compile(
    r"^\s*(?:and\s+|also\s+|please\s+)*(?:add|plus|include)\s+(?:an?\s+|the\s+)?(?P<what>[^\W\d][^\n]*\d[^\n]*)$",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}


def corrected(said: str) -> str | None:
    """What stands in the place of what was said before, without the words that say so; None where
    the words correct nothing.
    """
    if "\n" in said.strip() or len(said) > SAID_MAX:
        return None
    for pattern in (_NO, _MAKE, WHAT_ABOUT, _DUE, _FACT):
        match = pattern.match(said)
        if match:
            return _BARE_INSTEAD.sub("", said[match.end() :]).strip(" ?.!") or None
    bare = _BARE_INSTEAD.sub("", said).strip(" ?.!")
    return bare if bare != said.strip(" ?.!") or _INSTEAD.match(bare) else None


def contradicted(said: str) -> str | None:
    """What is to stand in the place of what was said, of `no, 54,000`, `make it 54,000` and `no,
    make it 54,000`; None for words that begin otherwise.
    """
    rest = _MAKE.sub("", _NO.sub("", said, count=1), count=1).strip()
    return (
        None
        if rest == said.strip() or "\n" in rest or len(said) > SAID_MAX
        else _BARE_INSTEAD.sub("", rest).strip() or None
    )


def is_correction(said: str) -> bool:
    """Whether the words say, by their form, that they set something right: `no, …`, `make it …`,
    `due on …`.
    """
    return contradicted(said) is not None or _DUE.match(said) is not None


def without_no(said: str) -> str:
    """`no, from Mumbai` to a question of ours as `from Mumbai`."""
    return _NO.sub("", said, count=1).strip() or said


def named_anew(question: Ask, said: str, context: Context) -> invoicing.InvoiceRequest | None:
    """`no, for Deepa Krishnan` while something else of the invoice is asked for; None for every
    other answer.
    """
    rest = without_no(said)
    what = re.sub(r"^(?:for|to)\s+", "", rest, flags=re.IGNORECASE)
    if (
        rest == said
        or not question.known.get("customer_name")
        or question.missing in ("customer_name", "whose")
        or invoicing.is_service(what)
    ):
        return None
    name = (
        None
        if re.search(r"\d", what) or is_known_place(what) or find_days(what, context.today)
        else as_firm(what)
    )
    return (
        invoicing.going_on({**question.known, "customer_name": name, "sure_name": False})
        if name
        else None
    )


def invoice_corrected(
    said: str, context: Context, asks: Callable[[str], bool]
) -> invoicing.InvoiceRequest | None:
    """The newest request for a draft that waits, with its customer, its one amount, its purpose or
    its day set right; it takes the old one's place.

    Words that `asks` knows for a request of their own are nobody's name.
    """
    waiting = context.waiting[-1] if context.waiting else None
    is_several = waiting is not None and len(waiting["arguments"].get("line_items", ())) > 1
    more = _ADDED.match(said)
    if more and waiting is not None and waiting["tool"] == "draft_invoice" and waiting.get("id"):
        return _with_line(more["what"], waiting, context)
    rest = corrected(said) or (_of_line(said) if is_several else None)
    if (
        rest is None
        or WHAT_ABOUT.match(said)
        or waiting is None
        or waiting["tool"] != "draft_invoice"
        or not waiting.get("id")
    ):
        return None
    request = invoicing.going_on({**waiting["arguments"], "replaces": waiting["id"]})
    if facts_set_right(rest, request, context):
        return request
    what = _WHOSE_IT_IS.sub("", rest)
    name = (
        None
        if _DUE.match(rest)
        or amount_in(rest, context)
        or find_days(rest, context.today)
        or is_known_place(what)
        or asks(what)
        else as_firm(what)
    )
    if name is None:
        return None
    request.known["customer_name"] = name
    request.known.pop("enquiry_id", None)
    return request


def _with_line(what: str, waiting: JsonObject, context: Context) -> invoicing.InvoiceRequest | None:
    """The invoice that waits with one line more: `add a service fee of 1,500`; None where that is
    no line with its amount, or in another currency.
    """
    request, line = (
        invoicing.going_on({**waiting["arguments"], "replaces": waiting["id"]}),
        invoicing.InvoiceRequest(),
    )
    invoicing.read_lines(what, context, line)
    lines = line.known.get("line_items", [])
    if (
        line.refused
        or len(lines) != 1
        or not lines[0].get("unit_price")
        or not lines[0].get("description")
    ):
        return None
    lines[0]["currency"] = (
        lines[0]["currency"] if says_currency(what) else request.known["line_items"][0]["currency"]
    )
    request.known["line_items"] += lines
    return request


def facts_set_right(rest: str, request: invoicing.InvoiceRequest, context: Context) -> bool:
    """Put right the days, the one amount or the one purpose of an invoice where the words say one
    of these; whether they do. What is not known yet stays so.
    """
    before, lines = dict(request.known), request.known["line_items"]
    plain = terms.read_days(rest, context.today, request).strip(" ,")
    days = ("issue_date", "due_date")
    if request.known.pop("due_unread", None) or (
        plain and any(request.known.get(name) != before.get(name) for name in days)
    ):
        request.known |= {name: before[name] for name in days if name in before}
        return False
    if not plain:
        return any(request.known.get(name) != before.get(name) for name in days)
    currency = currency_alone(plain)
    if currency and all(line.get("unit_price") for line in lines):
        for line in lines:
            line["currency"] = currency
        return True
    if len(lines) != 1 or _names_other_line(plain, lines[0]):
        return _line_set_right(plain, lines, context)
    money, what = amount_in(plain, context), _WHOSE_IT_IS.sub("", plain)
    if (
        "amount" in money
        and lines[0].get("unit_price")
        and len(plain.split()) <= len(("INR", "90", "lakh", "each"))
    ):
        lines[0] |= {
            "unit_price": money["amount"],
            "currency": money["currency"] if says_currency(plain) else lines[0]["currency"],
        }
        return True
    is_whose = what != plain and is_capitalised(what)
    if invoicing.is_service(what) and not is_whose and lines[0].get("description") and not money:
        lines[0]["description"] = what[:1].upper() + what[1:500]
        return True
    return False


def _of_line(said: str) -> str | None:
    """`make the visa 40,000` as `the visa 40,000`; None for all other words."""
    match = _MAKE_LINE.match(said)
    return match["rest"] if match and _ONE_LINE.match(match["rest"]) else None


def _names_other_line(plain: str, line: JsonObject) -> bool:
    """Whether an amount is said of something else than the one line is for: `the insurance is
    5,500` of an invoice for a visa.
    """
    said = _ONE_LINE.match(plain)
    words = (
        set(said["what"].casefold().split())
        if said and invoicing.is_service(said["what"])
        else set()
    )
    return (
        bool(words)
        and bool(line.get("description"))
        and not words & set(line["description"].casefold().split())
    )


def _line_set_right(plain: str, lines: list[JsonObject], context: Context) -> bool:
    """`the visa is 40,000` of several lines: the amount of the one line that the words name;
    whether they name one.
    """
    said, money = _ONE_LINE.match(plain), amount_in(plain, context)
    words = set(said["what"].casefold().split()) if said else set()
    meant = [
        line
        for line in lines
        if words and words <= set(line.get("description", "").casefold().split())
    ]
    if len(meant) != 1 or "amount" not in money or not meant[0].get("unit_price"):
        return False
    meant[0] |= {
        "unit_price": money["amount"],
        "currency": money["currency"] if says_currency(plain) else meant[0]["currency"],
    }
    return True


def recognise(said: str, context: Context) -> Move | None:
    """What was searched, logged or told last, with what the words set right; None where they set
    nothing right that is known here.
    """
    told = _of_told(said, context)
    rest = (
        (corrected(said) or (said if _BACK_ON.match(said) or _LEAVES.match(said) else None))
        if told is None
        else None
    )
    if rest is None:
        return told
    swapped = _INSTEAD.match(rest)
    for read in (_of_search, _of_enquiry, _of_visa):
        move = read(swapped["new"] if swapped else rest, swapped["old"] if swapped else "", context)
        if move is not None:
            return move
    return None


def _of_told(said: str, context: Context) -> Call | None:
    """`only the new ones`, `open the first` of the enquiries that were told last."""
    last = context.last
    if last.get("tool") != "find_enquiries":
        return None
    opened, only = _OPEN_FIRST.match(said), _ONLY.match(said)
    ids = last.get("ids") or []
    if opened and ids and _PLACES[opened["which"].lower()] < len(ids):
        return Call("summarise_enquiry", {"enquiry_id": ids[_PLACES[opened["which"].lower()]]})
    status = status_said(only["what"]) if only else None
    return Call("find_enquiries", {**last["arguments"], "status": status}) if status else None


def _of_search(rest: str, old: str, context: Context) -> Call | None:
    newest = context.offers.get("newest")
    before = dict(context.offers.get(f"{newest}_search", {}))
    if not before or context.last.get("tool") not in ("search_flights", "search_hotels", None):
        return None
    return (
        _fares(rest, old, before, context) if newest == "fares" else _rates(rest, before, context)
    )


def _fares(rest: str, old: str, before: JsonObject, context: Context) -> Call | None:
    found: JsonObject = {}
    end = re.match(r"(?P<end>from|to)\s+", rest, re.IGNORECASE)
    code = stations.code_of(rest[end.end() :] if end else rest)
    if code and old:
        found = {
            name: code
            for name in ("origin", "destination")
            if before.get(name) == stations.code_of(old)
        }
    elif code:
        found = {"origin" if end and end["end"].lower() == "from" else "destination": code}
    if not found:
        read = searches.flights(f"flights {rest}", context)
        found = {**(read.known if read else {}), **out_and_back(rest, context)}
        on = _BACK_ON.match(rest)
        field = "return_date" if on and on["back"] else "outbound_date"
        day = day_of(
            f"the {on['day']}th" if on else rest,
            before.get("return_date") or before["outbound_date"] if on else before["outbound_date"],
            context.today,
        )
        if day:
            found[field] = day
        found = {
            name: value
            for name, value in found.items()
            if name in before or name in ("return_date", "cabin", "direct_only")
        }
    made = before | found
    if made.get("return_date") and made["return_date"] < made["outbound_date"]:
        made.pop("return_date")
    return Call("search_flights", made) if found and made != before else None


def _rates(rest: str, before: JsonObject, context: Context) -> Call | None:
    city = re.sub(r"^(?:in|at|to)\s+", "", rest, flags=re.IGNORECASE)
    country, party, days = stations.country_of_city(city), find_party(rest), days_in(rest, context)
    if country and not days:
        return Call(
            "search_hotels", before | {"city": city[:1].upper() + city[1:], "country": country}
        )
    stay = searches.nights_in(rest)
    leaves = _LEAVES.search(rest)
    if leaves and len(days) == 1 and days[0] > before["check_in"]:
        return Call("search_hotels", before | {"check_out": days[0]})
    if stay and _LONGER.search(rest):
        return Call(
            "search_hotels", before | {"check_out": searches.after(before["check_out"], stay)}
        )
    found: JsonObject = {"guests": sum(party.values())} if party else {}
    if stay and len(days) < 2:
        found |= {"check_in": days[0] if days else before["check_in"]}
        found |= {"check_out": searches.after(found["check_in"], stay)}
    elif len(days) > 1:
        found |= {"check_in": days[0], "check_out": days[1]}
    elif days:
        nights = date.fromisoformat(before["check_out"]) - date.fromisoformat(before["check_in"])
        found |= {
            "check_in": days[0],
            "check_out": (date.fromisoformat(days[0]) + nights).isoformat(),
        }
    return Call("search_hotels", before | found) if found else None


def _of_enquiry(rest: str, old: str, context: Context) -> Call | None:
    """`Salalah instead of Muscat`: the end of the way that was the old place."""
    about = context.enquiry
    if about is None or not old or not is_known_place(rest):
        return None
    end = next(
        (
            name
            for name in ("destination", "origin")
            if getattr(about, name).casefold() == old.casefold()
        ),
        None,
    )
    return Call("update_enquiry", {"enquiry_id": about.id, end: rest}) if end else None


def _of_visa(rest: str, _old: str, context: Context) -> Call | None:
    country = stations.country_of(re.sub(r"^(?:for|to|in)\s+", "", rest, flags=re.IGNORECASE))
    if context.last.get("tool") != "visa_requirements" or not country:
        return None
    return Call("visa_requirements", {**context.last["arguments"], "destination": country})


def day_of(rest: str, before: str, today: date) -> str | None:
    """`the day after`, or `the 20th` in the month that was searched, or in the next where that is
    past.
    """
    searched, next_day, of_month = (
        date.fromisoformat(before),
        _NEXT_DAY.match(rest),
        _OF_MONTH.match(rest),
    )
    if next_day:
        return (searched + timedelta(days=1 if next_day["after"] else -1)).isoformat()
    coming = (searched.replace(day=1) + timedelta(days=ahead) for ahead in range(62))
    day = next(
        (day for day in coming if of_month and day.day == int(of_month["day"]) and day >= today),
        None,
    )
    return day.isoformat() if day else None


def says_currency(words: str) -> bool:
    """Whether the words name a currency beside the amount."""
    return (
        re.search(r"[₹$€£]|\b(?:[A-Z]{3}|rs|inr|usd|aed|eur|dollars?|dirhams?|euros?)\b", words)
        is not None
    )
