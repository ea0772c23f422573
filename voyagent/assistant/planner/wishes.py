"""Wishes that take several facts: what is known of one, the next thing to ask for, and the answer
put into it. One question at a time; nothing is made up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from voyagent.assistant.moves import Ask, Context
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text import stations
from voyagent.kernel.text.amounts import Figure, added_tax, find_figures
from voyagent.kernel.text.dates import DateKind, Day, find_days, read_date
from voyagent.kernel.text.passages import lead
from voyagent.kernel.text.people import answered_name, as_firm, bare_count, find_email, find_party
from voyagent.kernel.text.places import is_known_place

JsonObject = dict[str, Any]
Reader = Callable[[str, Context, JsonObject], JsonObject]


@dataclass(frozen=True, slots=True)
class Wish:
    """The tool that a wish comes to in the end, and what is known for it so far; JSON, so that a
    question can keep it.
    """

    tool: str
    known: JsonObject


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing that a tool needs: `has` says whether it is known, `read` takes it from an answer
    (nothing where the answer does not say it).
    """

    name: str
    question: Callable[[], str]
    read: Reader
    others: tuple[str, ...] = ()

    def has(self, known: JsonObject) -> bool:
        """Whether it, or what stands in its place, is known."""
        return any(known.get(name) not in (None, "", {}) for name in (self.name, *self.others))


_BACK = re.compile(
    r"\b(?:return(?:ing|s)?|(?:com(?:e|ing)|fly(?:ing)?)\s+(?:back|home)|back)\s*(?:date\s*)?(?:on|by|is|:)?\s*(?:the\s+)?$",
    re.IGNORECASE,
)
_AND = re.compile(r"\b(?:and|also|then|plus|aur)\b", re.IGNORECASE)
SUM_MIN = 100
"""A number below it without a currency counts something else."""
_A_REFERENCE = re.compile(
    r"\b(?!(?:inr|usd|aed|eur|gbp|rs)\b)[A-Za-z]{1,8}[-/](?=\w*\d)[\w/-]+", re.IGNORECASE
)
_A_FLIGHT = re.compile(r"\b(?!RS\b)(?:[A-Z]{2}|[A-Z]\d|\d[A-Z])[ -]?\d{2,4}\b(?![.,]\d)")


_NO_NAME = re.compile(
    r"^\s*(?:no[,. ]+)?(?:only|just|make it|it is|it's)?\s*(?:rs\.?|inr|usd|aed|[₹$€£])?\s*\d[\d,."
    r" ]*(?:k|lakhs?)?\s*$",
    re.IGNORECASE,
)
"""An amount is nobody."""


_NO_PLACE = re.compile(
    r"^\s*(?:please\s+)?(?:what|who|which|how|why|when|show|list|undo|cancel|drop|withdraw|reject|grant|issue|invoice|bill|pay"
    r"|add|change|make|set|due|book|hold|search|find|remove|delete|transfer|release|file|log|write|record)\b|\?\s*$",
    re.IGNORECASE,
)


def is_order(said: str) -> bool:
    """Whether words ask or order something, and so are no end of a ride."""
    return _NO_PLACE.match(said) is not None


def out_and_back(text: str, context: Context) -> JsonObject:
    """The days of a flight: the one behind `returning` is the way back, of the others the first is
    the way out and the next the way back.
    """
    found = find_days(text, context.today, by_staff=True)
    back = next(
        (day for day in found if not day.is_range and _BACK.search(lead(text, day.start))), None
    )
    others = [day for day in found if day is not back]
    days = {"outbound_date": others[0]} if others else {}
    last = back or next((day for day in others[1:]), None)
    return {
        name: day.day.isoformat()
        for name, day in (days | ({"return_date": last} if last else {})).items()
    }


def days_in(text: str, context: Context, kind: DateKind = "travel") -> list[str]:
    """The dates that staff write, in order."""
    return [day.day.isoformat() for day in find_days(text, context.today, kind, by_staff=True)]


def answered_days(text: str, context: Context, kind: DateKind = "travel") -> list[str]:
    """The dates of an answer to a question for one, where `the 5th` is a date as well."""
    alone = read_date(text.strip(), context.today, kind)
    return [alone.day.isoformat()] if isinstance(alone, Day) else days_in(text, context, kind)


def amount_in(text: str, context: Context) -> JsonObject:
    """The one total of a text with its currency, by default the agency's.

    Empty if there is none or several, or if it is a range or an amount per head. `taxed` is set if
    a tax or a percentage is to be added, so that the total is not known.
    """
    if added_tax(text):
        return {"taxed": True}
    figures = figures_in(text, context)
    if (
        len({figure.value for figure in figures}) != 1
        or figures[0].value <= 0
        or figures[0].ranged
        or figures[0].each
    ):
        return {}
    return {"amount": figures[0].plain, "currency": figures[0].currency or context.currency}


def figures_in(text: str, context: Context) -> list[Figure]:
    """Amounts of a text in which days, times and the numbers of flights are none."""
    blank = re.sub(
        r"\b\d{1,2}:\d{2}\b|\b\d{4}-\d{2}/\d+\b", lambda found: " " * len(found.group()), text
    )
    for named in (_A_FLIGHT, _A_REFERENCE):
        blank = named.sub(lambda found: " " * len(found.group()), blank)
    for day in find_days(blank, context.today, by_staff=True):
        blank = blank[: day.start] + " " * (day.end - day.start) + blank[day.end :]
    return find_figures(blank)


def two_sums(text: str, context: Context) -> bool:
    """Whether two sums are said with an `and` between them: `500 from Deepa and 700 from Meera`;
    one sum in two currencies is one.
    """
    found = [
        figure for figure in figures_in(text, context) if figure.marked or figure.value >= SUM_MIN
    ]
    if len(found) == len({figure.currency for figure in found if figure.currency}) == 2:
        return False
    return any(
        one.value != other.value and _AND.search(text[one.end : other.start])
        for one, other in pairwise(found)
    )


def _name(field: str) -> Reader:
    def read(text: str, _context: Context, _known: JsonObject) -> JsonObject:
        if _NO_NAME.match(text):
            return {}
        name = answered_name(text, as_firm) if field == "vendor_name" else answered_name(text)
        return {field: name} if name else {}

    return read


def _words(field: str, lead: str = "") -> Reader:
    def read(text: str, _context: Context, _known: JsonObject) -> JsonObject:
        said = re.sub(
            rf"^\s*(?:it(?:'s| is)|for{lead})\s+", "", text.strip(" .?!"), flags=re.IGNORECASE
        )
        return {field: said[:1].upper() + said[1:200]} if said else {}

    return read


def _day(field: str, kind: DateKind = "travel") -> Reader:
    def read(text: str, context: Context, known: JsonObject) -> JsonObject:
        days = answered_days(text, context, kind)
        if not days:
            return {}
        later = {"check_in": "check_out", "period_start": "period_end"}.get(field)
        return {field: days[0]} | (
            {later: days[1]} if later and len(days) > 1 and not known.get(later) else {}
        )

    return read


def _outbound(text: str, context: Context, known: JsonObject) -> JsonObject:
    return {
        name: day
        for name, day in (out_and_back(text, context) or _alone(text, context)).items()
        if name == "outbound_date" or not known.get(name)
    }


def _alone(text: str, context: Context) -> JsonObject:
    days = answered_days(text, context)
    return {"outbound_date": days[0]} if days else {}


def _vendors_number(text: str, _context: Context, _known: JsonObject) -> JsonObject:
    """What stands on the bill, which has a digit; `for ticket EK 501` says what the bill is for."""
    said = re.sub(r"^\s*it(?:'s| is)\s+", "", text.strip(" .?!"), flags=re.IGNORECASE)
    if not said:
        return {}
    what = re.match(r"for\s+(?P<what>\S.*)$", said, re.IGNORECASE)
    if what:
        return {"description": what["what"][:1].upper() + what["what"][1:500]}
    is_number = re.search(r"\d", said) and not re.match(
        r"(?:due|dated|payable)\b", said, re.IGNORECASE
    )
    return {"vendor_reference": said[:1].upper() + said[1:200]} if is_number else {}


def _station(field: str, own: str) -> Reader:
    """A city behind nothing or the field's `own` word: `to Dubai` is no place that somebody leaves
    from.
    """

    def read(text: str, _context: Context, _known: JsonObject) -> JsonObject:
        code = stations.code_of(
            re.sub(rf"^\s*(?:{own}|it(?:'s| is))\s+", "", text.strip(" .?!"), flags=re.IGNORECASE)
        )
        return {field: code} if code else {}

    return read


def _city(text: str, _context: Context, _known: JsonObject) -> JsonObject:
    city = re.sub(r"^\s*(?:in|to|at)\s+", "", text.strip(" .?!"), flags=re.IGNORECASE)
    country = stations.country_of_city(city)
    if country is None and is_known_place(city):
        return {"unsold": city[:1].upper() + city[1:]}
    return {"city": city[:1].upper() + city[1:], "country": country} if country else {}


def _country(text: str, _context: Context, _known: JsonObject) -> JsonObject:
    country = stations.country_of(
        re.sub(r"^\s*(?:in|to|at|for)\s+", "", text.strip(" .?!"), flags=re.IGNORECASE)
    )
    return {"destination": country} if country else {}


def _nationality(text: str, _context: Context, _known: JsonObject) -> JsonObject:
    found = stations.nationality_in(text) or stations.country_of(text.strip(" .?!"))
    return {"nationality": found} if found else {}


def _passengers(text: str, _context: Context, _known: JsonObject) -> JsonObject:
    number = bare_count(text)
    party = find_party(text) or ({"adult": number} if number else None)
    return {"passengers": party} if party else {}


def _guests(text: str, context: Context, known: JsonObject) -> JsonObject:
    party = _passengers(text, context, known).get("passengers")
    return {"guests": sum(party.values())} if party else {}


def _amount(text: str, context: Context, _known: JsonObject) -> JsonObject:
    if re.search(r"\b(?:in full|all of it|everything|the whole)\b", text, re.IGNORECASE):
        return {"full": True}
    return amount_in(text, context)


def _email(text: str, _context: Context, _known: JsonObject) -> JsonObject:
    found = find_email(text)
    return {"to": found.value} if found else {}


def address_in(text: str, context: Context) -> JsonObject | None:
    """A postal address as the tool takes it; the country is the last of it, or the one whose money
    the agency keeps its books in.
    """
    parts = [part.strip(" .") for part in re.split(r"[,;\n]", text) if part.strip(" .")]
    last = (
        stations.country_of(parts[-1])
        if len(parts) > 1 and stations.country_of_city(parts[-1]) is None
        else None
    )
    country = last or stations.country_of_money(context.currency)
    lines = parts[:-1] if last else parts
    return (
        {"lines": [line[:120] for line in lines[:5]], "country": country}
        if lines and country
        else None
    )


def _address(text: str, context: Context, _known: JsonObject) -> JsonObject:
    found = address_in(text, context)
    return {"billing_address": found} if found else {}


_AMOUNT = Slot("amount", lambda: _("How much?"), _amount, others=("full",))
SLOTS: dict[str, tuple[Slot, ...]] = {
    "record_receipt": (
        Slot(
            "customer_name",
            lambda: _("Which customer has paid?"),
            _name("customer_name"),
            others=("number",),
        ),
        Slot(
            "amount",
            lambda: _("How much was received? Say “in full” for all that is open."),
            _amount,
            others=("full",),
        ),
    ),
    "write_off_invoice": (
        Slot(
            "customer_name",
            lambda: _("Whose invoice is written off?"),
            _name("customer_name"),
            others=("number",),
        ),
        Slot(
            "reason", lambda: _("Why is it given up? Whoever decides reads it."), _words("reason")
        ),
    ),
    "create_invoice": (
        Slot(
            "customer_name",
            lambda: _("Whom is the invoice for?"),
            _name("customer_name"),
            others=("client_id",),
        ),
        _AMOUNT,
        Slot("description", lambda: _("What is the invoice for?"), _words("description")),
        Slot(
            "billing_address",
            lambda: _("What is the billing address? Such as “12 MG Road, Kochi 682001, India”."),
            _address,
        ),
    ),
    "pay_bill": (
        Slot(
            "vendor_name",
            lambda: _("Which supplier was paid?"),
            _name("vendor_name"),
            others=("vendor_reference",),
        ),
        Slot(
            "amount",
            lambda: _("How much was paid? Say “in full” for all that is open."),
            _amount,
            others=("full",),
        ),
    ),
    "draft_invoice": (
        Slot("customer_name", lambda: _("Whom is the invoice for?"), _name("customer_name")),
    ),
    "receive_bill": (
        Slot("vendor_name", lambda: _("Which supplier is the bill from?"), _name("vendor_name")),
        Slot(
            "vendor_reference",
            lambda: _("What is the supplier’s number on the bill?"),
            _vendors_number,
        ),
        _AMOUNT,
        Slot("description", lambda: _("What is the bill for?"), _words("description")),
    ),
    "post_journal_entry": (
        Slot("debit", lambda: _("Which account is debited?"), _words("debit", "|debit|dr")),
        Slot(
            "credit", lambda: _("Which account is credited?"), _words("credit", "|credit|cr|from")
        ),
        _AMOUNT,
        Slot("narration", lambda: _("What is the entry about?"), _words("narration")),
    ),
    "fetch_bsp_statement": (
        Slot(
            "period_start",
            lambda: _("Which period? Such as “1–15 Nov”."),
            _day("period_start", "book"),
        ),
        Slot("period_end", lambda: _("Until which day?"), _day("period_end", "book")),
    ),
    "add_passenger": (
        Slot("full_name", lambda: _("What is the passenger’s name?"), _name("full_name")),
    ),
    "remove_passenger": (Slot("full_name", lambda: _("Who stays at home?"), _name("full_name")),),
    "add_transfer": (
        Slot("origin", lambda: _("From where does the transfer go?"), _words("origin")),
        Slot("destination", lambda: _("And where to?"), _words("destination")),
        Slot("on", lambda: _("On which day?"), _day("on")),
    ),
    "update_enquiry": (
        Slot(
            "enquiry_id",
            lambda: _("Whose enquiry do you mean?"),
            _name("customer_name"),
            others=("customer_name",),
        ),
        Slot(
            "changes",
            lambda: _("What shall I change? Such as “mark it as quoted” or “3 people”."),
            lambda *_given: {},
        ),
    ),
    "search_flights": (
        Slot(
            "origin",
            lambda: _("From where do they fly? A city or its airport’s code."),
            _station("origin", "from|ex"),
        ),
        Slot(
            "destination",
            lambda: _("Where do they fly to? A city or its airport’s code."),
            _station("destination", "to|for"),
        ),
        Slot("outbound_date", lambda: _("On which day do they leave?"), _outbound),
        Slot(
            "passengers", lambda: _("How many travel? Such as “2 adults and a child”."), _passengers
        ),
    ),
    "search_hotels": (
        Slot("city", lambda: _("In which city?"), _city),
        Slot(
            "check_in", lambda: _("From which day to which? Such as “12–18 Dec”."), _day("check_in")
        ),
        Slot("check_out", lambda: _("Until which day?"), _day("check_out")),
        Slot("guests", lambda: _("For how many guests?"), _guests),
    ),
    "send_itinerary": (Slot("to", lambda: _("To which e-mail address?"), _email),),
    "issue_ticket": (),
    "release_flight": (),
    "cancel_hotel_booking": (),
    "read_hotel_booking": (),
    "file_visa": (
        Slot("destination", lambda: _("A visa for which country?"), _country),
        Slot("full_name", lambda: _("For which passenger?"), _name("full_name")),
    ),
    "visa_requirements": (
        Slot("destination", lambda: _("A visa for which country?"), _country),
        Slot("nationality", lambda: _("Which passport do they travel on?"), _nationality),
    ),
}


def _or_chosen(slots: tuple[Slot, ...], key: str) -> tuple[Slot, ...]:
    """The same facts, none of which is asked for where an offer was chosen already."""
    return tuple(replace(slot, others=(*slot.others, key)) for slot in slots)


SLOTS["hold_flight"] = _or_chosen(SLOTS["search_flights"], "fare_id")
SLOTS["check_hotel_rate"] = _or_chosen(SLOTS["search_hotels"], "rate_key")
SLOTS["book_hotel"] = _or_chosen(
    SLOTS["search_hotels"][:-1], "rate_key"
)  # as many guests as travel, where nothing else is said


def is_of_wish(question: Ask) -> bool:
    """Whether an answer to the question goes on with a wish; an invoice whose lines are said one by
    one is read elsewhere.
    """
    return question.tool in SLOTS and "took" not in question.known


def missing(wish: Wish) -> Slot | None:
    """The next thing to ask for."""
    return next((slot for slot in SLOTS.get(wish.tool, ()) if not slot.has(wish.known)), None)


def ask(wish: Wish) -> Ask | None:
    """The question for it; None where nothing is missing."""
    slot = missing(wish)
    if slot is None:
        return None
    asked = slot.question()
    if slot.name == "amount" and wish.known.get("taxed"):
        asked = _(
            "I cannot add tax or a percentage yet, so I need the whole amount, everything in it."
            " %(question)s",
            question=asked,
        )
    if slot.name == "city" and wish.known.get("strange"):
        asked = _(
            "I know no city called %(name)s. %(question)s",
            name=wish.known["strange"],
            question=asked,
        )
        wish = Wish(
            wish.tool, {name: value for name, value in wish.known.items() if name != "strange"}
        )
    return Ask(asked, tool=wish.tool, known=wish.known, missing=slot.name)


def answered(question: Ask, text: str, context: Context) -> Wish:
    """The wish with what the answer says; the same as before where it does not say it."""
    slot = next((slot for slot in SLOTS[question.tool] if slot.name == question.missing), None)
    said = slot.read(text, context, question.known) if slot else {}
    return Wish(question.tool, {**question.known, **said})
