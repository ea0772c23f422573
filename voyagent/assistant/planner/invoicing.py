"""An invoice as people ask for one: customer, lines, currency, days; what is missing is asked for,
what was assumed is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from voyagent.assistant.moves import Context
from voyagent.assistant.planner import sentences
from voyagent.assistant.planner.terms import read_days, read_due
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text import quantities
from voyagent.kernel.text.amounts import Figure, added_tax, find_figures, plain
from voyagent.kernel.text.dates import Day, find_days, read_date
from voyagent.kernel.text.people import as_firm, as_name

OPENING = re.compile(
    r"^\s*(?:ok(?:ay)?[,.]?\s+|please\s+|pls\s+|kindly\s+|can you\s+|could"
    r" you\s+|now\s+|then\s+|let'?s\s+|i (?:want|need|would like)(?: you)?(?: to)?\s+)*"
    r"(?:(?:create|make|draft|raise|prepare|generate|write|send|issue|do|cut|set up|draw up|put"
    r" together)(?:\s+(?:him|her|them|me|us|up))?\s+(?:an?\s+|the\s+"
    r"|this\s+|her\s+|his\s+|their\s+|my\s+)?(?:new\s+|draft\s+|customer\s+|tax\s+)*"
    r"(?:invoice|bill)|(?:new\s+|draft\s+)?invoice|bill)\b\s*",
    re.IGNORECASE,
)
_LINK = re.compile(r"^\s*(?P<link>for|to|of)\s+", re.IGNORECASE)
_SERVICE = re.compile(
    r"\b(?:visas?|flights?|air"
    r" ?fares?|fares?|hotels?|tickets?|ticketing|packages?|transfers?|insurance|fees?|services?|tours?|bookings?"
    r"|stay|nights?|cruises?|trip|holiday|deposit|advance|"
    r"passports?|cabs?|taxi|meals?|excursions?|sightseeing|rail|train|bus|charges?|forex|reissue|change|cancellation|umrah|honeymoon|safari"
    r"|seats?|baggage|lounge|room|rooms|conference|fair)\b",
    re.IGNORECASE,
)
THEM = re.compile(
    r"^(?:him|her|them|it|this|that|the customer|this customer|the client|this client|the"
    r" enquiry|this enquiry|the same(?: customer)?)\b\s*",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"\b(?P<n>\d{1,3})\s*(?:x|×|\*|nos\.?|@)?\s+(?=[^\d]*$)", re.IGNORECASE)
_LEADING = re.compile(r"^\s*(?P<n>\d{1,3})\s*(?:x|×|\*)\s+(?=[^\W\d])", re.IGNORECASE)
_TIMES = re.compile(r"\b(?P<n>\d{1,3})\s*(?:x|×|\*|@)\s*$", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*(?:[,;\n+]|(?<!\w)(?:and|plus)(?!\w)|&)\s*", re.IGNORECASE)
_EDGES = re.compile(
    r"^(?:(?:for|of|at|is|are|the|a|an|total(?:ling)?|amount(?:ing)?|costs?|to|worth|and|plus|:|-|–|=|@|x|as|being|towards)(?:\s+|$)"
    r"|[,;:.–=-]\s*)+|(?:(?:^|\s+)(?:for|of|at|is|are|the|total|amount|costs?|to|worth|and|plus|@|=|x|only|as)|\s*[,;:.–=-])+$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?\n]\s+")
_ANOTHER = re.compile(
    r"\band\s+(?:rs\.?\s*|inr\s*|[₹$€£]\s*)?\d[\d,]*\s+to\s+(?-i:[A-Z])|\b(?:and|then|also|plus)\s+(?:also\s+|then\s+)?(?:an?\s+)?(?:invoice|bill)\s+\S",
    re.IGNORECASE,
)
_AS_AGREED = re.compile(r"\bas\s+(?:quoted|agreed|discussed|usual|above|promised)\b", re.IGNORECASE)
_LESS = re.compile(
    r"\b(?:minus|less|negative)\s+(?:(?:an?|the)\s+)?(?:discount\s+(?:of\s+)?)?(?:[₹$€£]|[A-Z]{3}|rs\.?|inr)?\s*\d[\d,.]*\w*",
    re.IGNORECASE,
)
_DISCOUNT = re.compile(r"(?<!after )(?<!after the )(?<!after a )\bdiscount\b", re.IGNORECASE)
_PAID_OF_IT = re.compile(
    r"\b(?:advance|deposit|token)\s+(?:of\s+|amount\s+)?(?:rs\.?\s*|inr\s*|[₹$€£]\s*)?\d[\d,.]*\s*(?:k|lakhs?)?\s*(?:is\s+|was\s+|already\s+)*(?:paid|received|given|taken)\b"
    r"|\b(?:(?:has|have|already|she|he|they|customer)\s+)+paid\s+(?:rs\.?\s*|inr\s*|[₹$€£]\s*)?\d[\d,.]*(?:\s*already)?"
    r"|\b(?:less|minus|after)\s+(?:the\s+|an?\s+)?(?:advance|deposit)\b",
    re.IGNORECASE,
)
_WHAT_FOR = re.compile(r"^\s*for\s+(?P<what>[^\d,;\n][^,;\n]*)", re.IGNORECASE)
_AMOUNT_OF = re.compile(r"\b(?:amount|total|sum|value)\s+(?:of|is|:)?\s*$", re.IGNORECASE)


@dataclass(slots=True)
class InvoiceRequest:
    """What was said about an invoice so far, by the tool's names; `took` are sentences about what
    was assumed, `caution` is what cannot be done.
    """

    known: dict[str, Any] = field(default_factory=dict)
    took: list[str] = field(default_factory=list)
    refused: str | None = None
    caution: str = ""
    currency_said: str | None = None

    @property
    def missing(self) -> str | None:
        """The next thing to ask for."""
        return next(
            (
                name
                for name in ("customer_name", "amount", "description", "due_date")
                if self._lacks(name)
            ),
            None,
        )

    @property
    def missing_of_lines(self) -> bool:
        """Whether a line is not said in full, or there is none."""
        return self._lacks("amount") or self._lacks("description")

    def _lacks(self, name: str) -> bool:
        lines = self.known.get("line_items", [])
        if name == "customer_name":
            return not self.known.get("customer_name")
        if name == "amount":
            return not lines or any("unit_price" not in line for line in lines)
        if name == "description":
            return any(not line.get("description") for line in lines)
        return bool(self.known.get("due_unread"))


def request_in(message: str) -> str | None:
    """The part of a message that asks for an invoice to be drawn up: all of it, or what follows a
    first sentence; None where it asks for none.
    """
    if OPENING.match(message):
        return message
    return next(
        (
            rest
            for found in _SENTENCE_END.finditer(message)
            if OPENING.match(rest := message[found.end() :])
        ),
        None,
    )


def asks_for_two(request: str) -> bool:
    """Whether one request holds another."""
    return _ANOTHER.search(request) is not None


def read(message: str, context: Context) -> InvoiceRequest:
    """Read a request such as `invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec`."""
    request = InvoiceRequest()
    rest = _AS_AGREED.sub("", OPENING.sub("", message, count=1)).strip()
    rest = read_days(rest, context.today, request)
    rest, taxed = _without_share(rest)
    rest = _read_customer(rest, context, request)
    read_lines(rest, context, request)
    if taxed:
        _ask_for_the_whole(request)
    return request


def _without_share(rest: str) -> tuple[str, bool]:
    """The words without a tax or a percentage that is to be added, and whether there was one."""
    found = added_tax(rest)
    if found is None:
        return rest, False
    return _without_share(f"{rest[: found.start()]} {rest[found.end() :].lstrip()}")[0], True


def _ask_for_the_whole(request: InvoiceRequest) -> None:
    """An invoice knows no tax and no percentage: whoever asks says what the sum is with it."""
    lines = request.known["line_items"]
    if len(lines) > 1:
        request.refused = _(
            "I cannot add tax or a percentage to an invoice yet. Say each line with its whole"
            " amount, everything in it."
        )
        return
    request.caution = _(
        "I cannot add tax or a percentage to an invoice yet, so I need the whole amount, everything"
        " in it."
    )
    request.known["line_items"] = [
        {"description": line["description"]} for line in lines if line.get("description")
    ]
    request.took = []


def answer(
    question_missing: str, message: str, known: dict[str, Any], context: Context
) -> InvoiceRequest:
    """Put the answer to a question into what was known."""
    request = going_on(known)
    words = message.strip().rstrip(".")
    if question_missing != "due_date":
        words = read_days(words, context.today, request).strip(" ,;")
    if question_missing == "customer_name":
        name = as_name(_LINK.sub("", words))
        if name:
            request.known["customer_name"] = name
    elif question_missing == "due_date":
        request.known.pop("due_unread", None)
        issued = date.fromisoformat(request.known.get("issue_date") or context.today.isoformat())
        alone = read_date(words.strip(), issued, "due")
        if isinstance(alone, Day) and alone.day >= issued:
            request.known["due_date"] = alone.day.isoformat()
        else:
            said = re.sub(r"^(?:on|by|in|due)\s+", "", words, flags=re.IGNORECASE)
            read_due(said, issued, request)
    elif question_missing == "amount":
        _answer_amount(words, context, request)
    else:
        for line in request.known["line_items"]:
            line["description"] = (
                line.get("description")
                or _EDGES.sub("", words).strip()[:1].upper() + _EDGES.sub("", words).strip()[1:500]
            )
    return request


def is_service(words: str) -> bool:
    """Whether the words name something that an agency sells, and so are nobody's name."""
    return _SERVICE.search(words) is not None


def going_on(known: dict[str, Any]) -> InvoiceRequest:
    """A request as a question kept it."""
    request = InvoiceRequest(
        known={**known, "line_items": [dict(line) for line in known.get("line_items", [])]}
    )
    request.took = list(request.known.pop("took", []))
    return request


def complete(request: InvoiceRequest, context: Context) -> dict[str, Any]:
    """The tool's arguments: today as the issue date where none was said, and the same day as due
    date.
    """
    issue = request.known.get("issue_date") or context.today.isoformat()
    if "due_date" not in request.known:
        request.took.append(_("No due date was said, so it is due on the day of issue."))
    about = context.enquiry
    is_theirs = (
        about is not None
        and about.customer_name.casefold() == request.known["customer_name"].casefold()
    )
    linked = {"enquiry_id": about.id} if about is not None and is_theirs else {}
    beside = {
        name: request.known[name]
        for name in ("number", "party_reference", "notes", "trip_id")
        if request.known.get(name)
    }
    return (
        linked
        | beside
        | {
            "customer_name": request.known["customer_name"],
            "issue_date": issue,
            "due_date": request.known.get("due_date") or issue,
            "line_items": request.known["line_items"],
        }
    )


def first_traveller(context: Context) -> str | None:
    """Whom an invoice of the conversation's trip is for where it has no enquiry; None where nobody
    travels.
    """
    return next((str(one["full_name"]) for one in context.trip.get("passengers", ())), None)


def of_traveller(name: str) -> str:
    """That nobody said whom the invoice is for, and who was taken."""
    return _(
        "The customer is the first traveller of this conversation’s trip, %(name)s.", name=name
    )


def question_for(missing: str, known: dict[str, Any]) -> str:
    """What is asked for the next thing that is missing."""
    name = known.get("customer_name", "")
    if missing == "customer_name":
        return _("Whom is the invoice for?")
    if missing == "amount":
        what = next(
            (
                line["description"]
                for line in known.get("line_items", [])
                if "unit_price" not in line and line.get("description")
            ),
            None,
        )
        return (
            _("How much is “%(what)s” for %(name)s?", what=what, name=name)
            if what
            else _(
                "What is the invoice for %(name)s about, and how much is it? Such as “45,000 for"
                " Dubai visa”.",
                name=name,
            )
        )
    if missing == "description":
        line = next(line for line in known["line_items"] if not line.get("description"))
        return _(
            "What is the %(amount)s for?",
            amount=sentences.money(line["unit_price"], line["currency"]),
        )
    return _(
        "On which day is it due? “%(words)s” does not name a day on or after the day of issue.",
        words=known.get("due_unread", ""),
    )


def _answer_amount(words: str, context: Context, request: InvoiceRequest) -> None:
    if added_tax(words):
        return
    figures = find_figures(words)
    if not figures:
        return
    lines = [line for line in request.known["line_items"] if "unit_price" not in line]
    if lines and len(figures) == 1:
        what = _WHAT_FOR.search(words[figures[0].end :])
        if what and _tidy(what["what"]):
            lines[0]["description"] = _tidy(what["what"])
        _check(figures[0], request)
        lines[0].update(
            quantity=lines[0].get("quantity", 1),
            unit_price=figures[0].plain,
            currency=figures[0].currency or context.currency,
        )
    else:
        read_lines(words, context, request)


def _read_customer(rest: str, context: Context, request: InvoiceRequest) -> str:
    linked = _LINK.match(rest)
    body = rest[linked.end() :] if linked else rest
    view = context.enquiry
    pronoun = THEM.match(body)
    traveller = first_traveller(context) if pronoun and not view else None
    if pronoun and (view or traveller):
        request.known["customer_name"] = view.customer_name if view else traveller
        if traveller:
            request.took.append(of_traveller(traveller))
        return body[pronoun.end() :]
    if view and body.lower().startswith(view.customer_name.lower()):
        request.known["customer_name"] = view.customer_name
        return body[len(view.customer_name) :]
    figures = _figures(body, context)
    first = figures[0].start if figures else len(body)
    stop = re.search(r":|,|;|\s[-–]\s|\s+(?:for|of|with|towards|minus|less|plus)\s+|\n|\s+\d", body)
    end = min(first, stop.start() if stop else len(body))
    head = re.sub(
        r"\s+(?:of|with|at|is|as|amount|total)\s*$", "", body[:end].strip(), flags=re.IGNORECASE
    )
    head = re.sub(r"^the\s+", "", head, flags=re.IGNORECASE)
    name = as_firm(head) if head and not _SERVICE.search(head) and not pronoun else None
    if name:
        whole = view is not None and view.customer_name.lower().startswith(name.lower() + " ")
        request.known["customer_name"] = view.customer_name if whole and view else name
        return re.sub(r"^\s*(?:[:,;–]\s*|-(?=\s))*", "", body[end:])
    trailing = re.search(r"\bto\s+(?P<name>[^\d,;:\n]+?)(?=\s+for\b|[,;:]|$)", body, re.IGNORECASE)
    if (
        trailing
        and not head
        and (name := as_name(trailing["name"]))
        and not _SERVICE.search(trailing["name"])
    ):
        request.known["customer_name"] = name
        return body[: trailing.start()] + body[trailing.end() :]
    if view:
        request.known["customer_name"] = view.customer_name
        request.took.append(
            _(
                "The customer is the one of this conversation’s enquiry, %(name)s.",
                name=view.customer_name,
            )
        )
    return body


def read_lines(rest: str, context: Context, request: InvoiceRequest) -> None:
    """Note the lines: what each is for and how much. A sum that is taken off is refused."""
    below = _LESS.search(rest) or (_DISCOUNT.search(rest) if find_figures(rest) else None)
    if below:
        request.refused = _(
            "An invoice has no line below zero, and “%(words)s” would be one. Say the amount that"
            " is left, or ask your accounts for a credit note.",
            words=below.group().strip(),
        )
    paid = _PAID_OF_IT.search(rest)
    if paid:
        request.refused = _(
            "An invoice says what is sold, and “%(words)s” is money that came. Say the invoice"
            " without it, and then who paid. I have asked for nothing.",
            words=paid.group().strip(),
        )
    both = quantities.rooms_and_nights(rest)
    if both:
        request.refused = _(
            "“%(words)s” can be reckoned in two ways. Say the whole amount. I have asked for"
            " nothing.",
            words=both,
        )
    figures = _figures(rest, context)
    currencies = {figure.currency for figure in figures if figure.currency}
    currency = next(iter(currencies)) if len(currencies) == 1 else context.currency
    if figures and not currencies:
        request.took.append(
            _(
                "Amounts without a currency are in %(currency)s, the agency’s.",
                currency=context.currency,
            )
        )
    if len(figures) <= 1:
        words = _tidy(rest[: figures[0].start] + " " + rest[figures[0].end :] if figures else rest)
        line: dict[str, Any] = {"description": words} if words else {}
        if figures:
            _check(figures[0], request)
            line |= _priced(
                line, rest[: figures[0].start], figures[0], currency, rest[figures[0].end :]
            )
        request.known["line_items"] = [line] if line else []
        return
    lines = request.known["line_items"] = [
        _line(rest, figures, number, currency, request) for number in range(len(figures))
    ]
    if any(
        figure.each and line["quantity"] == 1 for figure, line in zip(figures, lines, strict=True)
    ):
        request.took.append(_("Where nobody says how many, “each” is taken once."))


def _line(
    rest: str, figures: list[Figure], number: int, currency: str, request: InvoiceRequest
) -> dict[str, Any]:
    """One of several lines: the words between two amounts belong to whichever side the separator
    leaves them on.
    """
    figure = figures[number]
    _check(figure, request)
    before = rest[figures[number - 1].end if number else 0 : figure.start]
    after = rest[figure.end : figures[number + 1].start if number + 1 < len(figures) else len(rest)]
    if number:
        cuts = list(_SEPARATOR.finditer(before))
        before = before[cuts[0].end() :] if cuts else ""
    cuts = list(_SEPARATOR.finditer(after))
    after = after[: cuts[0].start()] if cuts else after if number + 1 == len(figures) else ""
    line: dict[str, Any] = {}
    if words := _tidy(f"{before} {after}"):
        line["description"] = words
    return line | _priced(line, before, figure, figure.currency or currency, after)


def _priced(
    line: dict[str, Any], before: str, figure: Figure, currency: str, after: str = ""
) -> dict[str, Any]:
    heads = quantities.quantity_of(before, after, each=figure.each)
    if heads:
        what = (
            {"description": _tidy(line["description"].replace(heads.words, " ", 1))}
            if line.get("description")
            else {}
        )
        return {
            **what,
            "quantity": heads.count,
            "unit_price": plain(figure.value),
            "currency": currency,
        }
    times = _TIMES.search(before)
    counted = _QUANTITY.search(before) if figure.each else None
    found = times or counted or _LEADING.search(before)
    quantity = int(found["n"]) if found else 1
    if found and line.get("description"):
        line = {"description": _tidy(line["description"].replace(found.group().strip(), " ", 1))}
    return {
        **line,
        "quantity": max(quantity, 1),
        "unit_price": plain(figure.value),
        "currency": currency,
    }


def _figures(text: str, context: Context) -> list[Figure]:
    """Amounts of a line: numbers that are days, small counts before a thing, or multipliers are
    none.
    """
    blank = text
    for day in find_days(text, context.today, by_staff=True):
        blank = blank[: day.start] + " " * (day.end - day.start) + blank[day.end :]
    found = find_figures(blank)
    return [
        figure
        for figure in found
        if figure.marked
        or not (
            figure.value < 100
            and "." not in figure.words
            and len(found) > 1
            and _counts_a_thing(blank, figure)
        )
    ]


def _counts_a_thing(text: str, figure: Figure) -> bool:
    return re.match(
        r"\s*(?:x|×|\*|@)?\s*(?:[^\W\d_]|\d)", text[figure.end :]
    ) is not None and not text[figure.end :].lower().lstrip().startswith(("for ", "and "))


def _check(figure: Figure, request: InvoiceRequest) -> None:
    if figure.value <= 0:
        request.refused = _(
            "An invoice needs amounts above zero; “%(words)s” is not. For money that goes back, ask"
            " your accounts for a credit note.",
            words=figure.words,
        )
    elif figure.ranged:
        request.refused = _(
            "“%(words)s” leaves the amount open. Which one is it?", words=figure.words
        )


def _tidy(words: str) -> str:
    """A description without the connecting words around it, beginning with a capital."""
    text = _AMOUNT_OF.sub(" ", " ".join(words.split()))
    text = _EDGES.sub("", " ".join(text.split())).strip(" ,;:–-.?!")
    text = _EDGES.sub("", text).strip(" ,;:–-.?!")
    return text[:1].upper() + text[1:500]
