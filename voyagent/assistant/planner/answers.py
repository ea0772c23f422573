"""An answer to a question of ours: what was asked, and whatever else of the wish the words say, as
the same words would have in a first message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from voyagent.assistant.moves import Ask, Context, Move
from voyagent.assistant.planner import wishes
from voyagent.assistant.planner.wishes import Wish

Reading = Callable[[str, Context], Wish | Move | None]

# How a sentence begins that an answer may go on with, by the tool and by what was asked for.
_LEADS = {
    ("search_flights", "origin"): "flights from",
    ("search_flights", "destination"): "flights to",
    ("search_flights", ""): "flights",
    ("search_hotels", "city"): "hotels in",
    ("search_hotels", ""): "hotels",
    ("add_transfer", "origin"): "add a transfer from",
    ("add_transfer", "destination"): "add a transfer to",
    ("add_transfer", ""): "add a transfer",
    ("add_passenger", "full_name"): "add passenger",
    ("receive_bill", "vendor_name"): "enter a bill from",
    ("receive_bill", ""): "enter a bill",
    ("pay_bill", "vendor_name"): "pay",
    ("pay_bill", ""): "we paid",
    ("record_receipt", "customer_name"): "record a payment from",
    ("record_receipt", ""): "record a payment",
    ("send_itinerary", ""): "send the itinerary to",
    ("file_visa", "destination"): "file the visa for",
    ("file_visa", ""): "file the visa for",
    ("visa_requirements", ""): "visa requirements for",
    ("post_journal_entry", "debit"): "journal entry: debit",
    ("post_journal_entry", "credit"): "journal entry: credit",
    ("post_journal_entry", ""): "journal entry:",
    ("fetch_bsp_statement", ""): "fetch the bsp statement",
}
_LIKE = {
    "hold_flight": "search_flights",
    "check_hotel_rate": "search_hotels",
    "book_hotel": "search_hotels",
}
_LEAD_SAID = re.compile(r"^(?:from|to|in|at|for)\s+", re.IGNORECASE)
_END_SAID = re.compile(r"^(?:from|to)\s+\S", re.IGNORECASE)
# What later words set right; an amount or a name that is known stays until somebody says that it is
# wrong.
_SAID_ANEW = frozenset(
    {
        "origin",
        "destination",
        "outbound_date",
        "return_date",
        "passengers",
        "cabin",
        "direct_only",
        "city",
        "country",
        "check_in",
        "check_out",
        "guests",
    }
    | {
        "on",
        "at",
        "due_date",
        "issue_date",
        "paid_on",
        "account",
        "reference",
        "locale",
        "prices",
        "entry_date",
        "nationality",
    }
)
_ENDS = frozenset({"origin", "destination"})


def merged(question: Ask, said: str, context: Context, read: Reading) -> Wish:
    """The wish with all that the answer says of it.

    Its own words go before what was asked for: `to Dubai` is where they fly to, whatever was asked.
    """
    asked = wishes.answered(question, said, context)
    facts = besides(question, said, context, read)
    spoken = set(facts)
    gained = {name: value for name, value in asked.known.items() if name not in question.known}
    if spoken & _ENDS and question.missing in _ENDS and question.missing not in spoken:
        gained.pop(question.missing, None)  # the words say the other end
    if question.missing in gained:  # the day that was asked for is no other day besides
        facts = {
            name: value
            for name, value in facts.items()
            if name == question.missing or value != gained[question.missing]
        }
    if question.missing in gained and len(facts) <= len(gained):
        facts.pop(question.missing, None)  # a short answer is taken as it was asked for
    kept = {
        name: value
        for name, value in question.known.items()
        if name not in facts or name not in _SAID_ANEW
    }
    return Wish(question.tool, {**gained, **facts, **kept})


def besides(question: Ask, said: str, context: Context, read: Reading) -> wishes.JsonObject:
    """What the words say behind those that they go on, without what these say by themselves."""
    tool = _LIKE.get(question.tool, question.tool)
    words, alone = said.strip(), replace(context, question=None)
    lead = _LEADS.get((tool, question.missing))
    named_end = tool in {"search_flights", "add_transfer"} and _END_SAID.match(words)
    if lead is None or named_end:
        lead = _LEADS.get((tool, ""))
    if lead is None:
        return {}
    rest = words if named_end else _LEAD_SAID.sub("", words)
    whole, bare = read(f"{lead} {rest}", alone), read(lead, alone)
    if not isinstance(whole, Wish) or whole.tool != tool:
        return {}
    by_itself = bare.known if isinstance(bare, Wish) and bare.tool == tool else {}
    return {
        name: value
        for name, value in whole.known.items()
        if value not in (None, "", {}) and by_itself.get(name) != value
    }
