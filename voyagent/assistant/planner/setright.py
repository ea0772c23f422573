"""A correction while a question of ours is open, `no, make it 54,000`: it sets right what the
question is about, never what was asked for before it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from voyagent.assistant.moves import Ask, Context
from voyagent.assistant.planner import amended, corrections, documents, names, sentences, wishes
from voyagent.assistant.planner.invoicing import is_service
from voyagent.assistant.planner.wording import _

JsonObject = dict[str, Any]
_BEGINS = re.compile(
    r"^(?:because|since|as|(?:it['’]?s|it is|that['’]?s)\s|for\b|about\b|the reason\b)",
    re.IGNORECASE,
)
_DAY_WORDS = re.compile(r"\b(?:due|dated|payable|on|by|it|is|was|from)\b|[,.]", re.IGNORECASE)
IN_WORDS = frozenset({"reason", "narration", "description"})
"""What is asked for in free words."""
_ENDS = frozenset({"origin", "destination"})
_SETTLED_ON = {
    "record_receipt": "paid_on",
    "pay_bill": "paid_on",
    "write_off_invoice": "written_off_on",
}
_MONEY_ON = {"post_journal_entry": "entry_date", "create_invoice": "due_date"}
_FLIGHTS = frozenset({"search_flights", "hold_flight"})
_ASKS = re.compile(
    r"\?\s*$|^\s*(?:who|what|how|when|where|which|why|is (?:it|that|this)|are (?:they|you)|can"
    r" (?:you|i|we)|could you|do (?:you|we|they)|does|did)\b"
    r"|^\s*(?:half|a (?:half|third|quarter)|all but|except)\b",
    re.IGNORECASE,
)
"""What is asked back, or is a share of the amount, is no answer in free words."""
_SHOULD_BE = re.compile(
    r"^\s*(?:(?:it|that)\s+(?:should|must)"
    r" be|(?:the\s+)?(?:vendor|supplier|customer|client|party)\s+(?:is|was|should be|must be))\s+"
    r"(?P<who>(?-i:[A-Z])[^\d,;]*?)(?:,?\s+not\s+.*)?\s*[.!]*$",
    re.IGNORECASE,
)
_REFERENCE_IS = re.compile(
    r"^\s*(?:the\s+|its\s+)?(?:bill\s+)?(?:number|no\.?|ref(?:erence)?)\s+(?:is|was|should"
    r" be)\s+\S*\d\S*\s*[.!]*$",
    re.IGNORECASE,
)
_SEARCHES = _FLIGHTS | {"search_hotels", "check_hotel_rate", "book_hotel"}
_DAYS = (
    "paid_on",
    "written_off_on",
    "entry_date",
    "issue_date",
    "due_date",
    "outbound_date",
    "return_date",
    "check_in",
    "check_out",
)
MONEY = frozenset({*_SETTLED_ON, *_MONEY_ON, "receive_bill", "draft_invoice"})
"""The tools whose wishes are about money; a correction of one of these is not looked for anywhere
else.
"""


def of_wish(question: Ask, said: str, context: Context) -> JsonObject | None:
    """What is known of the wish that a question was asked for, with the day, the account, the
    amount or the purpose that the words set right.

    None for words that set nothing of it right, such as those that answer the question; an amount
    that is not known yet is an answer.
    """
    rest = (
        corrections.contradicted(said)
        or _by_name(said)
        or (said if _is_fact_alone(question, said, context) else None)
    )
    if rest is None or "took" in question.known:
        return None
    known = {
        name: value
        for name, value in question.known.items()
        if name not in ("near", documents.AMONG)
    }
    changed = _changed(question, rest, known, context) or _whose(question, rest, context)
    if question.missing == "description":
        changed.pop("description", None)
    is_new_amount = (
        "amount" in changed
        and not known.keys() & {"amount", "full"}
        and question.tool != "write_off_invoice"
    )
    if not changed or (is_new_amount and question.tool != "add_transfer"):
        return None
    if "amount" in changed:
        known.pop("full", None)
    return known | changed


def _by_name(said: str) -> str | None:
    """`it should be Riyas`, `the vendor is Air India, not Air Arabia` as `for …`; None for all
    other words.
    """
    match = _SHOULD_BE.match(said)
    return f"for {match['who'].strip()}" if match else None


def _is_fact_alone(question: Ask, said: str, context: Context) -> bool:
    """Whether a day is all that is said to a question for free words or for a number: `yesterday`
    is no narration, `due 12 Dec` no bill's number.

    To the question which document a payment is for the way it was paid is such a fact, too: `from
    cash`.
    """
    if question.missing == documents.WHICH:
        found = amended.of_payment(said, {"currency": ""}, context)
        return bool(found) and "amount" not in found and "currency" not in found
    if (
        question.tool == "receive_bill"
        and question.missing != "vendor_reference"
        and _REFERENCE_IS.match(said)
    ):
        return True
    day, plain = amended.day_in(said, context.today, "book")
    return (
        bool(day)
        and question.missing in {*IN_WORDS, "vendor_reference"}
        and not _DAY_WORDS.sub(" ", plain).strip()
    )


def is_question(said: str) -> bool:
    """Whether words ask something back."""
    return _ASKS.search(said) is not None


def is_no_answer(question: Ask, said: str) -> bool:
    """Whether words that contradict would be taken for what is asked for in free words: `no, from
    cash` is no narration, `no, because he left` a reason.
    """
    rest = corrections.contradicted(said)
    is_free = question.missing in IN_WORDS or (
        question.tool == "add_transfer" and question.missing in _ENDS
    )
    is_none = (
        _ASKS.search(said) is not None
        or _by_name(said) is not None
        or (rest is not None and _BEGINS.match(rest) is None)
    )
    return is_none and is_free and "took" not in question.known


def _whose(question: Ask, rest: str, context: Context) -> JsonObject:
    """`no, for Mohammed` behind another question than the one for the name."""
    field, _side = names.FIELDS.get(question.tool, ("", ""))
    name = amended.name_said(rest, context)
    if name is None or question.missing in (field, names.WHOSE) or not question.known.get(field):
        return {}
    return {field: name, "sure_name": False}


def _changed(question: Ask, rest: str, known: JsonObject, context: Context) -> JsonObject:
    tool, money = question.tool, {"currency": "", **known}
    if tool in _SETTLED_ON:
        found = amended.of_payment(rest, money, context)
        return {
            _SETTLED_ON[tool] if name == "paid_on" else name: value for name, value in found.items()
        }
    if tool == "receive_bill":
        line = {
            "unit_price": known.get("amount"),
            "currency": money["currency"],
            "description": known.get("description"),
        }
        found = amended.of_bill(rest, {"line_items": [line]}, context)
        found.pop("vendor_name", None)
        for after in found.pop("line_items", []):
            named = {
                "amount": after["unit_price"],
                "currency": after["currency"],
                "description": after["description"],
            }
            found |= {
                name: value for name, value in named.items() if value not in (None, known.get(name))
            }
        if not is_service(found.get("description", "")):
            found.pop("description", None)  # `no, for Meera Nair` says whose it is
        return found
    if tool == "add_transfer":
        return _of_ride(rest, context)
    if tool in _SEARCHES:
        return _of_search(question, rest, known, context)
    side = amended.account_said(rest, context) if tool == "post_journal_entry" else {}
    if side:
        return side
    if tool in _MONEY_ON:
        day, plain = amended.day_in(
            rest, context.today, "book" if tool == "post_journal_entry" else "due"
        )
        return (
            {_MONEY_ON[tool]: day}
            if day and not plain.strip(" ,.")
            else amended.money_in(plain, money["currency"], context)
        )
    return {}


def _of_ride(rest: str, context: Context) -> JsonObject:
    """The day or the price of a ride."""
    day, plain = amended.day_in(rest, context.today, "travel")
    if day:
        return {"on": day} if not _DAY_WORDS.sub(" ", plain).strip() else {}
    money = amended.money_in(rest, context.currency, context)
    return {"price": money["amount"], "currency": money["currency"]} if "amount" in money else {}


def _of_search(question: Ask, rest: str, known: JsonObject, context: Context) -> JsonObject:
    """The day or who travels of a search, each only where it is known already, so that what answers
    the question stays an answer.
    """
    first = "outbound_date" if question.tool in _FLIGHTS else "check_in"
    if not known.get(first) or question.missing in _DAYS:
        return {}
    days = wishes.days_in(rest, context)
    day = (
        days[0]
        if len(days) == 1
        else None
        if days
        else corrections.day_of(rest, known[first], context.today)
    )
    later = {"outbound_date": "return_date", "check_in": "check_out"}[first]
    return {first: day} if day and not (known.get(later) and day >= known[later]) else {}


def noted(before: JsonObject, after: JsonObject) -> str:
    """What the words have set right, each thing in words; empty where nothing that was known is
    another now.
    """
    told = [
        sentences.day(after[name])
        for name in _DAYS
        if after.get(name) and after[name] != before.get(name)
    ]
    told += (
        [_("in cash") if after["account"] == "cash" else _("through the bank")]
        if after.get("account") not in (None, before.get("account"))
        else []
    )
    told += [
        after[name]
        for name in ("customer_name", "vendor_name", "debit", "credit")
        if before.get(name) and after.get(name) not in (None, before[name])
    ]
    for old, new in zip(_lines(before), _lines(after), strict=False):
        if new.get("unit_price") and old.get("unit_price") not in (None, new["unit_price"]):
            told.append(
                sentences.money(new["unit_price"], new["currency"])
                if new.get("currency")
                else f"{Decimal(new['unit_price']):,}"
            )
        elif (
            new.get("unit_price")
            and new.get("currency")
            and old.get("currency") not in (None, new["currency"])
        ):
            told.append(sentences.money(new["unit_price"], new["currency"]))
        if new.get("description") and old.get("description") not in (None, new["description"]):
            told.append(new["description"])
    return _("Noted: %(what)s.", what=", ".join(told)) if told else ""


def _lines(known: JsonObject) -> list[JsonObject]:
    """The lines of an invoice, or what stands for the one line of every other wish."""
    alone = {
        "unit_price": known.get("amount"),
        "currency": known.get("currency"),
        "description": known.get("description"),
    }
    lines: list[JsonObject] = known.get("line_items", [alone])
    return lines
