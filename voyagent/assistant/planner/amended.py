"""Words that set right a bill, a payment, a write-off or an entry that waits for a decision: `no,
50,000`, `no, yesterday`, `make it cash`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from voyagent.assistant.moves import Call, Context, Say
from voyagent.assistant.planner import sentences, waiting, whom
from voyagent.assistant.planner.corrections import (
    WHAT_ABOUT,
    JsonObject,
    contradicted,
    corrected,
    says_currency,
)
from voyagent.assistant.planner.invoicing import is_service
from voyagent.assistant.planner.wishes import Wish, amount_in
from voyagent.kernel.text import stations
from voyagent.kernel.text.amounts import currency_alone, find_figures
from voyagent.kernel.text.dates import DateKind, find_days
from voyagent.kernel.text.people import as_firm, find_email, is_capitalised
from voyagent.kernel.text.places import is_known_place

_PAYMENTS = ("record_receipt", "pay_bill")
_LISTS = ("find_invoices", "find_bills", "list_receivables", "list_payables")
_CASH = re.compile(r"\b(?:in |by |with |from |out of )?(?:petty )?cash\b", re.IGNORECASE)
_BANK = re.compile(
    r"\b(?:through |by |via |from |into |to |with )?(?:the |a )?(?:bank(?:"
    r" transfer)?|upi|gpay|phonepe|neft|rtgs|imps|cheque|check|card)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:with |the"
    r" )?(?:ref(?:erence)?|utr|cheque|txn|transaction)\s*(?:is|was|no\.?|number|[:#])*\s*(?P<ref>(?=[A-Za-z0-9/-]*\d)[A-Za-z0-9/-]{3,40})\b",
    re.IGNORECASE,
)
_DUE = re.compile(r"\b(?:it is |it's )?due\b", re.IGNORECASE)
_DATED = re.compile(r"\b(?:it is |it's )?dated\b", re.IGNORECASE)
_NUMBERED = re.compile(
    r"^(?:(?:its |the )?(?:bill )?(?:number|no\.?|ref(?:erence)?)(?:"
    r" is)?\s+)?(?P<ref>(?=[\w/-]*\d)[A-Za-z]{1,8}[-/][\w/-]{1,40})$",
    re.IGNORECASE,
)
_FOR = re.compile(r"^(?:(?:it is|it['’]s)\s+)?(?:for|from|of|to)\s+(?P<who>\S.*)$", re.IGNORECASE)
_MEANS = re.compile(r"^(?:the\s+)?(?:cash|bank|petty cash|card|upi|cheque)\b", re.IGNORECASE)
_SIDE = re.compile(
    r"^(?P<side>debit|credit|from|to)\s+(?:the\s+)?(?P<account>[^\d,]\S*(?:\s+\S+){0,3})$",
    re.IGNORECASE,
)
_PURPOSE = re.compile(r"^for\s", re.IGNORECASE)
_WHAT = re.compile(r"(?P<for>for\s+)?(?!(?:from|of)\s)(?P<what>[^\d]\S*.*)$", re.IGNORECASE)
_LEFT_OVER = re.compile(
    r"\b(?:on|by|it|was|paid|and|is|the|amount|of|only|just|each|dated|actually)\b|[,.;]",
    re.IGNORECASE,
)


def recognise(said: str, context: Context, asks: Callable[[str], bool]) -> Call | Say | None:
    """The newest request, where it is a bill or a payment that waits, with what the words set
    right; it takes the old one's place.

    A payment stays in the currency of its document, which is said. None for words that set nothing
    of it right, such as those that `asks` knows for a request of their own: another document is
    another payment.
    """
    rest, asked = corrected(said), context.waiting[-1] if context.waiting else None
    if (
        rest is None
        or WHAT_ABOUT.match(said)
        or asked is None
        or not asked.get("id")
        or (asks(rest) and not _PURPOSE.match(rest))
    ):
        return None
    before: JsonObject = asked["arguments"]
    if asked["tool"] in _PAYMENTS:
        changed = of_payment(rest, before, context)
        if changed.get("currency", before["currency"]) != before["currency"]:
            return Say(waiting.of_its_document(before["currency"]))
        arguments = before | changed
        words = waiting.payment_put_right(arguments) if changed else ""
    elif asked["tool"] in _OF_OTHERS:
        arguments, changed, words = _OF_OTHERS[asked["tool"]](rest, before, context)
    elif asked["tool"] == "receive_bill":
        changed = of_bill(rest, before, context)
        arguments = before | changed
        words = sentences.bill_to_enter(arguments) if changed else ""
    else:
        return None
    return (
        Call(asked["tool"], arguments, words=words, replaces=asked["id"])
        if changed and arguments != before
        else None
    )


def of_another(said: str, context: Context) -> Wish | None:
    """`no, for Meera Nair` to a payment that waits, `no, credit cash` to an entry: what it is about
    is looked up, and then takes the old one's place.

    Where something else was answered since, the words are about that.
    """
    rest, asked = contradicted(said), context.waiting[-1] if context.waiting else None
    if rest is None or context.question is not None:
        return None
    if asked is None or not asked.get("id") or asked.get("is_aside"):
        return _of_lookup(rest, context)
    before: JsonObject = asked["arguments"]
    if asked["tool"] in _PAYMENTS:
        who = name_said(rest, context)
        kept: JsonObject = {
            name: before[name]
            for name in ("amount", "currency", "paid_on", "account", "reference")
            if name in before
        }
        whose = "customer_name" if asked["tool"] == "record_receipt" else "vendor_name"
        return Wish(asked["tool"], kept | {whose: who, "replaces": asked["id"]}) if who else None
    side = (
        account_said(rest, context)
        if asked["tool"] == "post_journal_entry" and len(before["entry"]["lines"]) == 2
        else {}
    )
    if not side:
        return None
    known: JsonObject = {
        "narration": before["entry"]["narration"],
        "entry_date": before["entry"]["entry_date"],
        "replaces": asked["id"],
    }
    for line in before["entry"]["lines"]:
        name = "debit" if line.get("debit_amount") else "credit"
        known |= {
            name: line["account_id"],
            "amount": line[f"{name}_amount"],
            "currency": line["currency"],
        }
    return Wish("post_journal_entry", known | side)


def _of_lookup(rest: str, context: Context) -> Wish | None:
    """`no, for Harbinder Singh Gill` behind a list of somebody's documents: the same list of the
    other.
    """
    tool, before, name = (
        context.last.get("tool", ""),
        context.last.get("arguments", {}),
        name_said(rest, context),
    )
    whose = next((field for field in ("customer_name", "vendor_name") if before.get(field)), None)
    return Wish(tool, {**before, whose: name}) if name and whose and tool in _LISTS else None


def name_said(rest: str, context: Context) -> str | None:
    """The name behind `for`, or alone where it is written as one of several words; None for a day,
    an amount, a place, a service or a way to pay.
    """
    said = _FOR.match(rest)
    who = (said["who"] if said else rest).strip(" .!")
    is_other = (
        find_days(who, context.today)
        or find_figures(who)
        or is_known_place(who)
        or (is_service(who) and not is_capitalised(who))
        or _MEANS.match(who)
    )
    return None if is_other or not (said or is_capitalised(who)) else as_firm(who)


def account_said(rest: str, context: Context) -> JsonObject:
    """The account of one side of an entry: `credit cash`, `from cash`, `debit travel expenses`;
    nothing for all other words.
    """
    side = _SIDE.match(rest)
    if side is None or find_days(rest, context.today):
        return {}
    return {
        "debit" if side["side"].lower() in ("debit", "to") else "credit": (
            side["account"].strip(" .!")
        )
    }


def _of_write_off(
    rest: str, before: JsonObject, context: Context
) -> tuple[JsonObject, JsonObject, str]:
    found = of_payment(rest, {"currency": context.currency, **before}, context)
    changed = {
        "written_off_on" if name == "paid_on" else name: value
        for name, value in found.items()
        if name != "account"
    }
    if (
        changed.get("currency", "") != before.get("currency", changed.get("currency", ""))
        and "currency" in changed
    ):
        return before, {}, ""  # it is in the currency of its invoice
    after = before | changed
    return after, changed, waiting.write_off_put_right(after)


def _of_entry(
    rest: str, before: JsonObject, context: Context
) -> tuple[JsonObject, JsonObject, str]:
    """The day and the one amount of an entry of two lines."""
    lines = [dict(line) for line in before["entry"]["lines"]]
    found = of_payment(rest, {"currency": lines[0]["currency"]}, context) if len(lines) == 2 else {}
    if not found or "account" in found:
        return before, {}, ""
    for line in lines if "currency" in found else ():
        side = "debit_amount" if "debit_amount" in line else "credit_amount"
        line |= {side: found.get("amount", line[side]), "currency": found["currency"]}
    entry = {
        **before["entry"],
        "entry_date": found.get("paid_on", before["entry"]["entry_date"]),
        "lines": lines,
    }
    return {"entry": entry}, {"entry": entry}, waiting.entry_put_right(entry)


def _of_visa(rest: str, before: JsonObject, context: Context) -> tuple[JsonObject, JsonObject, str]:
    """Whose visa it is, or the country."""
    said = re.sub(r"^(?:for|to|it is for)\s+", "", rest, flags=re.IGNORECASE).strip(" .!")
    along = context.trip.get("passengers", ())
    person, country = whom.the_one(along, said), stations.country_of(said)
    changed = (
        {"passenger_id": person["id"]} if person else {"destination": country} if country else {}
    )
    after = before | changed
    name = next((one["full_name"] for one in along if one["id"] == after["passenger_id"]), "")
    return after, changed, waiting.visa_put_right(name, after["destination"]) if changed else ""


def _of_letter(
    rest: str, before: JsonObject, _context: Context
) -> tuple[JsonObject, JsonObject, str]:
    """To whom the itinerary goes, in which language, and whether it names prices."""
    address = find_email(rest)
    changed: JsonObject = {"to": address.value} if address else {}
    language = re.search(r"\bin (?P<name>hindi|english)\b", rest, re.IGNORECASE)
    changed |= {"locale": "hi" if language["name"].lower() == "hindi" else "en"} if language else {}
    priced = re.search(
        r"\b(?P<how>with|without|no)\s+(?:the\s+)?(?:prices?|amounts?|costs?)\b",
        rest,
        re.IGNORECASE,
    )
    changed |= {"prices": priced["how"].lower() == "with"} if priced else {}
    return (
        before | changed,
        changed,
        waiting.letter_put_right((before | changed)["to"]) if changed else "",
    )


_OF_OTHERS: dict[str, Callable[[str, JsonObject, Context], tuple[JsonObject, JsonObject, str]]] = {
    "write_off_invoice": _of_write_off,
    "post_journal_entry": _of_entry,
    "file_visa": _of_visa,
    "send_itinerary": _of_letter,
}


def of_payment(rest: str, before: JsonObject, context: Context) -> JsonObject:
    """The day, the account and the amount, each of which may be said alone; nothing where other
    words are left.
    """
    found: JsonObject = {}
    day, plain = day_in(rest, context.today, "book")
    if day:
        found["paid_on"] = day
    reference = _REFERENCE.search(plain)
    if reference:
        found["reference"] = reference["ref"]
        plain = _REFERENCE.sub(" ", plain, count=1)
    for account, pattern in (("cash", _CASH), ("bank", _BANK)):
        if pattern.search(plain):
            found["account"] = account
            plain = pattern.sub(" ", plain, count=1)
    money = money_in(plain, before["currency"], context)
    if money:
        return found | money
    return found if not _LEFT_OVER.sub(" ", plain).strip() else {}


def of_bill(rest: str, before: JsonObject, context: Context) -> JsonObject:
    """One thing of the supplier's paper: a day of it, its number, its one amount, what it is for,
    or whose it is.

    A day that is past is its own unless it is said to be due; `for Creek Side Hotel` says whose it
    is, `for two tickets` what for.
    """
    day, plain = day_in(rest, context.today, "book" if _DATED.search(rest) else "due")
    bare = _DATED.sub(" ", _DUE.sub(" ", _LEFT_OVER.sub(" ", plain))).strip()
    if day and not bare:
        is_own = _DATED.search(rest) or (day <= context.today.isoformat() and not _DUE.search(rest))
        return {"issue_date" if is_own else "due_date": day}
    lines = [dict(line) for line in before["line_items"]]
    money = money_in(plain, lines[0]["currency"], context) if not day else {}
    if money and "amount" not in money:
        return {"line_items": [line | money for line in lines]}
    if money and len(lines) == 1:
        return {
            "line_items": [
                lines[0]
                | {
                    "quantity": 1,
                    "unit_price": money["amount"],
                    "currency": money["currency"],
                }
            ]
        }
    numbered = _NUMBERED.match(plain.strip())
    if numbered:
        return {"vendor_reference": numbered["ref"]}
    what = _WHAT.match(plain.strip())
    if (
        what
        and len(lines) == 1
        and not is_capitalised(what["what"])
        and (what["for"] or is_service(what["what"]))
    ):
        return {
            "line_items": [
                lines[0] | {"description": what["what"][:1].upper() + what["what"][1:500]}
            ]
        }
    whose = re.sub(r"^(?:from|of|for|the supplier is)\s+", "", plain.strip(), flags=re.IGNORECASE)
    name = None if day or money or _DUE.match(rest) or is_known_place(whose) else as_firm(whose)
    return {"vendor_name": name} if name else {}


def day_in(words: str, today: date, kind: DateKind) -> tuple[str, str]:
    """The one day of the words, and the words without it."""
    days = find_days(words, today, kind, by_staff=True)
    if len(days) != 1:
        return "", words
    return days[0].day.isoformat(), f"{words[: days[0].start]} {words[days[0].end :]}"


def money_in(words: str, currency: str, context: Context) -> JsonObject:
    """The amount, in the request's currency where the words name none, or the currency alone."""
    plain = words.strip(" ,.")
    alone = currency_alone(plain)
    if alone:
        return {"currency": alone}
    money = amount_in(plain, context)
    figures = find_figures(plain) if "amount" in money else []
    if (
        len(figures) != 1
        or _LEFT_OVER.sub(" ", plain[: figures[0].start] + plain[figures[0].end :]).strip()
    ):
        return {}
    return {
        "amount": money["amount"],
        "currency": money["currency"] if says_currency(plain) else currency,
    }
