"""The invoice of a trip: asked for in a few words, drawn up from what the trip consists of."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from voyagent.assistant.moves import Call, Context, Say
from voyagent.assistant.planner import invoicing, sentences, terms
from voyagent.assistant.planner.invoicing import InvoiceRequest
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.amounts import added_tax, find_figures
from voyagent.kernel.text.people import as_name

JsonObject = dict[str, Any]
OF_TRIP = "of_trip"
BESIDES = "besides"
OF_TRAVELLER = "of_traveller"
_PLUS = re.compile(
    r"\s*(?:,\s*)?(?:\b(?:plus|and|with|along with|as well as)\b|\+|&)\s*(?:an?\s+|the\s+)?",
    re.IGNORECASE,
)
_TRIP = r"(?:whole\s+)?(?:trip|itinerary|journey|bookings?|tickets?|flights?)"
_END = r"\s*(?:\b(?:please|now|then)\b)?\s*[.!?,]*\s*$"
_THE_TRIP = re.compile(
    rf"^\s*(?:(?:for|of|from)\s+)?(?:this|the|that|our|their|her|his)\s+{_TRIP}(?:\s+(?:for|to)\s+(?P<name>[^\d,;:]+?))?{_END}",
    re.IGNORECASE,
)
_SOMEBODYS = re.compile(
    rf"^\s*(?:(?:for|to)\s+)?(?P<name>[^\d,;:]+?)\s+(?:for|from)\s+(?:this|the|that|their|her|his)\s+{_TRIP}{_END}",
    re.IGNORECASE,
)
_IT = r"(?:it(?:\s+all)?|this|that|everything|all(?:\s+of\s+(?:it|this|that))?|the\s+lot|(?:whole\s+)?(?:trip|itinerary))"
_ITSELF = re.compile(
    rf"^\s*(?:(?:for|of|from)\s+)?{_IT}(?:\s+(?:for|to)\s+(?P<name>[^\d,;:]+?))?{_END}",
    re.IGNORECASE,
)
_ITSELF_FOR = re.compile(
    rf"^\s*(?:(?:for|to)\s+)?(?P<name>[^\d,;:]+?)\s+(?:for|from)\s+{_IT}{_END}", re.IGNORECASE
)


def recognise(said: str, context: Context) -> Wish | Say | None:
    """`invoice this trip due in 15 days`, `make the invoice for the trip`, `invoice the trip plus
    3,000 service charge`; where there is a trip, `invoice it`.

    With an amount in place of the trip's own it is another invoice.
    """
    asked = invoicing.OPENING.match(said)
    if asked is None:
        return None
    request = InvoiceRequest()
    rest = terms.read_days(said[asked.end() :], context.today, request)
    share = added_tax(rest)
    if share and _meant(rest[: share.start()], context):
        return Say(_whole_amounts())
    plus = next(
        (
            found
            for found in _PLUS.finditer(rest)
            if find_figures(rest[found.end() :]) and not find_figures(rest[: found.start()])
        ),
        None,
    )
    trip, besides = (rest[: plus.start()], rest[plus.end() :]) if plus else (rest, "")
    match = _meant(trip, context)
    if match is None or find_figures(trip):
        return None
    extra = _besides(besides, context) if besides else {}
    if isinstance(extra, Say):
        return extra
    whom, about = match["name"], context.enquiry
    name = as_name(whom) if whom and not invoicing.THEM.fullmatch(whom) else None
    if about is not None and (
        name is None or about.customer_name.casefold().startswith(name.casefold())
    ):
        name = about.customer_name
    traveller = invoicing.first_traveller(context) if name is None and about is None else None
    taken = (
        {"customer_name": traveller, OF_TRAVELLER: True}
        if traveller
        else {"customer_name": name}
        if name
        else {}
    )
    return Wish("draft_invoice", {OF_TRIP: True, **request.known, **extra, **taken})


def _meant(words: str, context: Context) -> re.Match[str] | None:
    """Words that mean the trip, and whom they name; `it` and `everything` do where the conversation
    has one.
    """
    match = _THE_TRIP.match(words) or _SOMEBODYS.match(words)
    return match or (
        (_ITSELF.match(words) or _ITSELF_FOR.match(words)) if context.trip.get("id") else None
    )


def _whole_amounts() -> str:
    return _(
        "I cannot add tax or a percentage to an invoice yet. Say each line with its whole amount,"
        " everything in it."
    )


def _besides(words: str, context: Context) -> JsonObject | Say:
    """The lines that are wanted besides those of the trip; what they lack is said."""
    extra = InvoiceRequest()
    if added_tax(words):
        return Say(_whole_amounts())
    invoicing.read_lines(words, context, extra)
    if extra.refused:
        return Say(extra.refused)
    lines = extra.known["line_items"]
    if extra.missing_of_lines:
        return Say(
            _(
                "Say what is added to the trip and how much it is, such as “invoice the trip plus"
                " 3,000 service charge”."
            )
        )
    said = {figure.currency for figure in find_figures(words) if figure.currency}
    return {
        BESIDES: [
            line if said else {name: line[name] for name in line if name != "currency"}
            for line in lines
        ]
    }


def draw_up(known: JsonObject, trip: JsonObject, context: Context) -> Call | Say:
    """The proposal of the draft: a line for each thing of the trip that has a price.

    What no invoice can say is said instead.
    """
    charges = trip["charges"]
    if not charges:
        return Say(
            _(
                "Nothing on this trip has a price yet. Say on the page of the trip what the"
                " customer pays, then ask again."
            )
        )
    currencies = list(dict.fromkeys(charge["currency"] for charge in charges))
    if len(currencies) > 1:
        return Say(
            _(
                "This trip has prices in %(currencies)s, and an invoice has one currency. Say which"
                " lines go on it.",
                currencies=", ".join(currencies),
            )
        )
    below = next(
        (charge["description"] for charge in charges if charge["price"].startswith("-")), None
    )
    if below is not None:
        return Say(
            _(
                "“%(what)s” is below zero, and an invoice has no such line. Take it off the price"
                " of another line of the trip first.",
                what=below,
            )
        )
    lines = [
        {
            "description": one["description"],
            "quantity": 1,
            "unit_price": one["price"],
            "currency": one["currency"],
        }
        for one in charges
    ]
    besides = [
        {**line, "currency": line.get("currency", currencies[0])} for line in known.get(BESIDES, [])
    ]
    others = [line["currency"] for line in besides if line["currency"] != currencies[0]]
    if others:
        return Say(
            _(
                "The trip is in %(currency)s and what you add in %(other)s; an invoice has one"
                " currency.",
                currency=currencies[0],
                other=", ".join(others),
            )
        )
    said = {name: known[name] for name in known if name not in (OF_TRIP, BESIDES, OF_TRAVELLER)}
    request = InvoiceRequest(
        known=said | {"line_items": lines + besides, "trip_id": trip["trip_id"]}
    )
    unread = request.known.pop("due_unread", None)
    if unread:
        request.known["due_date"] = request.known.get("issue_date") or context.today.isoformat()
        request.took.append(
            _("“%(words)s” names no day, so it is due on the day of issue.", words=unread)
        )
    if known.get(OF_TRAVELLER) and known["customer_name"] == invoicing.first_traveller(context):
        request.took.append(invoicing.of_traveller(known["customer_name"]))
    request.took.append(
        _("The lines and prices are those of the trip “%(title)s”.", title=trip["title"])
    )
    request.took += _of_margin(charges, besides, currencies[0])
    arguments = invoicing.complete(request, context)
    return Call(
        "draft_invoice", arguments, words=sentences.proposed_invoice(arguments, request.took)
    )


def _of_margin(charges: list[JsonObject], besides: list[JsonObject], currency: str) -> list[str]:
    """A word where the agency earns nothing by the invoice, or loses."""
    price = sum(
        (Decimal(one["price"]) for one in charges),
        start=sum((Decimal(line["unit_price"]) * line["quantity"] for line in besides), Decimal()),
    )
    margin = price - sum(Decimal(one["cost"]) for one in charges)
    if margin > 0:
        return []
    if margin == 0:
        return [_("Its price is what the trip costs: there is no margin in it.")]
    return [
        _(
            "Its price is below what the trip costs, by %(amount)s.",
            amount=sentences.money(str(-margin), currency),
        )
    ]
