"""What a person wants to know, as a tool and its arguments: enquiries, who owes us, balances.

A sentence that none of these reads is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from voyagent.assistant.moves import Call, Context
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.amounts import currency_of, find_figures
from voyagent.kernel.text.dates import find_days, month_end, month_range
from voyagent.kernel.text.passages import lead
from voyagent.kernel.text.people import (
    EMAIL,
    POSSESSIVE,
    as_name,
    find_travellers,
    without_possessive,
)
from voyagent.kernel.text.places import find_route, is_known_place

_ENQUIRY = r"(?:enquir(?:y|ies)|inquir(?:y|ies)|leads?|travel requests?)"
_FIND = re.compile(
    r"\b(?:show|list|find|search|get|give|see|any|which|what|how many|number of|count|are there|do"
    rf" we have|display|look ?up|pull up)\b.*\b{_ENQUIRY}\b"
    rf"|^\s*(?:the\s+)?(?:all\s+|my\s+|our\s+)?(?:new|open|quoted|booked|cancelled|recent|latest|unanswered|today'?s)\s+{_ENQUIRY}\b"
    rf"|^\s*{_ENQUIRY}\b\s*(?:to|from|for|of|in|about|with|today|this|last|departing|leaving|travell?ing|\?|$)"
    r"|\bwhat (?:came|has come) in\b|\bwho (?:has |have )?(?:asked|enquired|inquired)"
    r" (?:about|for)\b"
    r"|\bwho (?:wants|would like|is planning|plans) to (?:go|travel|fly|visit)\b",
    re.IGNORECASE,
)
_LOOK_FOR = re.compile(
    r"^\s*(?:find|search(?: for)?|look ?up|look for)\s+(?P<what>[^\n]{2,80}?)\s*\??$", re.IGNORECASE
)
_SHOW_NAMED = re.compile(
    r"^\s*(?:show|open|Show|Open)(?:"
    r" me)?\s+(?P<what>[A-Z][\w.’'-]*(?:\s+[A-Z][\w.’'-]*){1,3})\s*\??$"
)
_STATUS = (
    ("cancelled", re.compile(r"\b(?:cancell?ed|dead|lost)\b", re.IGNORECASE)),
    ("booked", re.compile(r"\b(?:booked|confirmed|won)\b", re.IGNORECASE)),
    ("quoted", re.compile(r"\b(?:quoted|quotes? sent)\b", re.IGNORECASE)),
    (
        "new",
        re.compile(
            r"\b(?:new|unanswered|unreplied|no reply|(?:not|\w*n['’]t) (?:yet )?(?:been"
            r" )?(?:answered|replied)|without (?:an )?answer"
            r"|waiting for (?:an )?answer|(?:has|have) no answer)\b",
            re.IGNORECASE,
        ),
    ),
    ("open", re.compile(r"\b(?:open|active|pending|live|still to do)\b", re.IGNORECASE)),
)
_FROM_PERSON = re.compile(
    r"\b(?:from|of|by|for|named|called)\s+(?P<name>[A-Z][\w’'.-]*(?:\s+[A-Z][\w’'.-]*){0,3})"
)
_SUMMARISE = (
    re.compile(
        r"^\s*what"
        r" (?:does|did|do|is|are)\s+(?P<name>.+?)\s+(?:wants?|wanted|need(?:s|ed)?|ask(?:s|ed|ing)?(?:"
        r" for)?|looking for|after"
        r"|like(?: to do)?|planning)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:summari[sz]e|sum up|summary(?: of)?|recap|details? (?:of|on|for)|describe|open|show"
        rf" me|tell me about"
        r"|what is"
        rf" in)\s+(?:the\s+)?(?P<name>.+?){POSSESSIVE}\s+(?:{_ENQUIRY}|request|trip|wishes)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^\s*(?:(?:please|show|find|see|read|get|give|look ?up|pull up|me|the|i want|to)\s+)*+"
        rf"(?!(?:last|next|this|today|yesterday|mark|cancel|delete|log|close|reopen|set|change|update|add|make|create|new|send|status"
        r"|what|how|who|when|where|is|are|was|do|does|did|has|have)\b)"
        rf"(?P<name>[\w.-]+(?:\s+[\w.-]+){{0,4}}){POSSESSIVE}\s+(?:\w+\s+)?(?:{_ENQUIRY}|request)\s*[?.!]*\s*$",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:summari[sz]e|sum up|summary(?: of)?|recap|details? (?:of|on|for)|describe|tell me"
        rf" about)\s+(?:the\s+)?(?:{_ENQUIRY}\s+)?(?:(?:of"
        rf"|from|for|about)\s+)?(?P<name>.+?)\s*[?.]?$",
        re.IGNORECASE,
    ),
    re.compile(r"\btell me (?:more )?about\s+(?P<name>.+?)\s*[?.]?$", re.IGNORECASE),
)
_THIS_ENQUIRY = re.compile(
    r"\b(?:summari[sz]e|sum up|recap|describe|details? (?:of|on|for)|tell me (?:more )?about|what"
    r" is|what'?s|about|show(?: me)?)\s+(?:this|the|that)\s+"
    rf"(?:{_ENQUIRY}|customer|client|conversation|trip)\b"
    r"|\b(?:what is this about|what'?s this about|summari[sz]e(?: (?:this|it))?\s*[.?]?$|what do"
    r" they want|what does (?:he|she|the (?:customer|client)) want)",
    re.IGNORECASE,
)
_OWES = re.compile(
    r"\bwho\b.*\b(?:owes?|owing|to pay|unpaid|not paid|has(?:n'?t| not) paid|have(?:n'?t| not)"
    r" paid)\b|\breceivables?\b|\boutstandings?\b|\bdues\b"
    r"|\boverdue\b|\b(?:money|amounts?|payments?|cash) (?:is |are )?(?:due|owed)\b"
    r"|\bunpaid invoices?\b|\bag(?:e)?ing\b|\bdebtors?\b|\bowes?\b|\bwhat are we owed\b|\bdue"
    r" (?:to|from) (?:us|customers)\b"
    r"|\bhow much (?:are we owed|is owed)\b|\bcollect(?:ions?)? (?:due|pending)\b",
    re.IGNORECASE,
)
_OWED_BY = (
    re.compile(r"\bhow much\s+(?P<name>[A-Z].+?)\s+(?:still\s+)?owes?\b"),
    re.compile(
        r"\b(?:how"
        r" much|what)\s+(?:does|do|did|is)\s+(?P<name>.+?)\s+(?:still\s+)?(?:owe|owes|owing|due)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\bdoes\s+(?P<name>.+?)\s+(?:still\s+)?owe\b", re.IGNORECASE),
    re.compile(
        r"\b(?:outstandings?|receivables?|overdue|unpaid invoices?|due|money"
        r" due)\s+(?:of|from|for|by)\s+(?P<name>[A-Z].+?)\s*[?.]?$"
    ),
    re.compile(
        r"^(?i:(?:what(?:['’]s| is|"
        rf" are)|show|give|list|see|me|all|the)\s+)*(?P<name>[A-Z][^?]*?){POSSESSIVE}\s+(?:\w+\s+)?"
        r"(?:outstandings?|dues?|receivables?|unpaid|overdue|debts?)\b"
    ),
)
_MORE_THAN = re.compile(
    r"(?:\b(?:more than|over|above|exceeding|greater than|beyond)|>)\s*$", re.IGNORECASE
)
_AT_LEAST = re.compile(
    r"(?:\b(?:at least|minimum(?: of)?|min|upwards of|not less than)|>=)\s*$", re.IGNORECASE
)
_OVERDUE_DAYS = re.compile(
    r"(?P<more>\b(?:more than|over|above|beyond|older"
    r" than|exceeding|past)\s+|>\s*)?\b(?P<n>\d{1,4})(?P<or_more>\s*\+)?\s*days?\b",
    re.IGNORECASE,
)
_IN_CURRENCY = (
    re.compile(
        r"\b(?:in|convert(?:ed)?"
        r" (?:in)?to)\s+(?:the\s+)?(?P<currency>[₹$€£]|[A-Za-z]{2,8}\.?)(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!\w)(?P<currency>[₹$€£]|[A-Za-z]{2,8})\s+(?=(?:receivables?|payables?|outstandings?|dues|debtors|creditors)\b)",
        re.IGNORECASE,
    ),
)
_CONVERTED = re.compile(
    r"\bconver(?:t|ted|sion)\b|\bequivalent\b|\bexpressed\b|\b(?:everything|all(?: of"
    r" it)?|total|altogether|together)\s+in\b",
    re.IGNORECASE,
)
_UNREAD_DAY = re.compile(
    r"\b(?:as of|as at|as on|at the end of|until|till|up"
    r" to)\s+(?!today\b|now\b|date\b)(?P<when>\S.*)$",
    re.IGNORECASE,
)
_MONTH_ENDS = re.compile(
    r"\b(?:(?:the\s+)?(?P<last>last|previous|prior)\s+month(?:['’]s)?[\s-]*end|(?:the\s+)?end of"
    r" (?:the\s+)?(?P<last2>last|previous|prior)\s+month"
    r"|(?:the\s+)?end of (?:the |this )?month|(?:this\s+)?month[\s-]?end(?P<last3>\s+of (?:the"
    r" )?(?:last|previous) month)?)\b",
    re.IGNORECASE,
)
_TRIAL = re.compile(
    r"\btrial[\s-]?balance\b|^\s*(?:the\s+)?tb\b|\bshow (?:me )?(?:the )?tb\b", re.IGNORECASE
)
_ZEROS = re.compile(
    r"\b(?:includ\w*|with|show\w*)\s+(?:the\s+|all\s+)?(?:zeros?|zero balances?|empty)|\ball"
    r" accounts\b",
    re.IGNORECASE,
)
_CHART = re.compile(
    r"\bchart of accounts\b|\b(?:list|show|which|what)\b.*\b(?:ledger )?accounts\b", re.IGNORECASE
)
_BALANCE = re.compile(
    r"\bbalances?\b(?! sheet)|\bhow much (?:money |cash )?(?:is|do we have|have we(?: got)?|is"
    r" there)\b.*\b(?:in|on|at)\b|\bwhat(?:'s| is) (?:in"
    r"|on) (?:the )?(?:account )?(?:bank|cash|\d{3,6})\b",
    re.IGNORECASE,
)
_ACCOUNT = (
    re.compile(
        r"\bbalances?\s+(?:of|on|for|in|at)\s+(?:the\s+)?(?:account\s+)?(?P<account>.+?)(?:\s+(?:account|a/c))?\s*[?.]?$",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:in|on|at)\s+(?:the\s+)?(?:account\s+)?(?P<account>[\w"
        r" &/-]+?)(?:\s+(?:account|a/c))?\s*[?.]?$",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:what(?:['’]?s| is)\s+|show (?:me )?|give (?:me"
        r" )?|check\s+)*(?:the\s+|our\s+|my\s+)?(?:current\s+)?(?P<account>.+?)(?:\s+(?:account"
        r"|a/c))?\s+balances?\b",
        re.IGNORECASE,
    ),
)
_AS_OF = re.compile(
    r"[,;]?\s*\b(?:as of|as at|as on|at the end of|until|till|up to|on|at|by)\s+$", re.IGNORECASE
)
Recogniser = Callable[[str, Context], Call | None]


def recognise(message: str, context: Context) -> Call | None:
    """The tool that answers a question, or None."""
    for recogniser in (trial_balance, receivables, balance, chart, summary, enquiries):
        call = recogniser(message, context)
        if call is not None:
            return call
    return None


def trial_balance(message: str, context: Context) -> Call | None:
    """`trial balance as of 31 March`, `show the TB with all accounts`."""
    if not _TRIAL.search(message):
        return None
    arguments, rest = as_of(message, context.today)
    if _ZEROS.search(message):
        arguments["include_zero"] = True
    unread = _UNREAD_DAY.search(rest) if not arguments.get("as_of") else None
    words = (
        _(
            "“%(words)s” names no day that I can read, so this is as of today.",
            words=unread["when"].strip(" ?."),
        )
        if unread
        else ""
    )
    return Call("trial_balance", arguments, words=words)


def receivables(message: str, context: Context) -> Call | None:
    """`who owes us more than 50000`, `how much does Deepa Krishnan owe us`."""
    if not _OWES.search(message) or (
        _BALANCE.search(message) and not re.search(r"\bwho\b|\bowe", message, re.IGNORECASE)
    ):
        return None
    arguments, rest = as_of(message, context.today)
    narrowed, rest, words = in_currency(rest, context)
    arguments |= narrowed | overdue(rest)
    for pattern in _OWED_BY:
        match = pattern.search(rest)
        owing = _person(match["name"], context) if match else None
        if owing:
            arguments["customer_name"] = owing
            break
    return Call("list_receivables", arguments, words=words)


def overdue(message: str) -> dict[str, Any]:
    """`overdue`, `30 days overdue`, `ageing over 60 days`: only what is past its day, or so many
    days past it.
    """
    aged = _OVERDUE_DAYS.search(message)
    if aged and (
        aged["more"]
        or re.search(
            r"\b(?:overdue|past due|late|ag(?:e)?ing|older|unpaid|outstanding|pending)\b",
            message,
            re.IGNORECASE,
        )
    ):
        return {"overdue_days": int(aged["n"]) + (1 if aged["more"] and not aged["or_more"] else 0)}
    return (
        {"overdue_only": True}
        if re.search(r"\boverdue\b|\bpast due\b", message, re.IGNORECASE)
        else {}
    )


def in_currency(message: str, context: Context) -> tuple[dict[str, Any], str, str]:
    """`who owes us in AED`, `USD payables`, `more than 5,000 in dirhams`: the bounds and the one
    currency, the message without it, and what is said of it.

    Only what is owed in that currency counts: nothing is converted, which is said where somebody
    wants it, or bounds it in another.
    """
    said = next(
        (
            found
            for pattern in _IN_CURRENCY
            for found in pattern.finditer(message)
            if currency_of(found["currency"])
        ),
        None,
    )
    code = currency_of(said["currency"]) if said else None
    if said is None or code is None:
        return bounds(message, context), message, ""
    rest = f"{message[: said.start()].rstrip()} {message[said.end() :].lstrip()}".strip()
    found = bounds(rest, replace(context, currency=code))
    if _CONVERTED.search(message) or found.get("currency", code) != code:
        return (
            found,
            rest,
            _(
                "I do not convert into %(currency)s: each amount stands in its own currency.",
                currency=code,
            ),
        )
    return found | {"currency": code}, rest, ""


def bounds(rest: str, context: Context) -> dict[str, str]:
    """`more than 50,000`, `at least AED 5,000`: the bound and its currency."""
    found: dict[str, str] = {}
    for name, bound in (("more_than", _MORE_THAN), ("at_least", _AT_LEAST)):
        figures = [
            figure
            for figure in find_figures(rest)
            if figure.value > 0
            and not re.match(r"\s*\+?\s*days?\b", rest[figure.end :])
            and bound.search(lead(rest, figure.start))
        ]
        if figures:
            found |= {name: figures[0].plain, "currency": figures[0].currency or context.currency}
    return found


def balance(message: str, context: Context) -> Call | None:
    """`balance of trade receivables`, `bank balance`, `what is in 1200`: the accounts first, for
    the one that is meant.
    """
    return Call("list_ledger_accounts", {}) if account_wanted(message, context.today) else None


def account_wanted(message: str, today: date) -> tuple[str, str | None] | None:
    """The account's code or name as it was said, and the day asked for."""
    if not _BALANCE.search(message) or _TRIAL.search(message):
        return None
    day, rest = as_of(message, today)
    for pattern in _ACCOUNT:
        match = pattern.search(rest.strip())
        said = match["account"].strip(" ?.,") if match else ""
        said = without_possessive(
            re.sub(r"^(?:the|our|my|account)\s+", "", said, flags=re.IGNORECASE)
        )
        if said.lower() == "current" and "current account" in message.lower():
            said = "current account"  # of the bank
        if said and said.lower() not in {
            "current",
            "account",
            "accounts",
            "it",
            "this",
            "that",
            "the",
        }:
            return said, day.get("as_of")
    return None


def chart(message: str, _context: Context) -> Call | None:
    """`show the chart of accounts`."""
    return Call("list_ledger_accounts", {}) if _CHART.search(message) else None


def summary(message: str, context: Context) -> Call | None:
    """`what does Deepa Krishnan want`, `summarise this enquiry`."""
    if context.enquiry and _THIS_ENQUIRY.search(message):
        return Call("summarise_enquiry", {"enquiry_id": context.enquiry.id})
    for pattern in _SUMMARISE:
        match = pattern.search(message)
        name = _person(match["name"], context) if match else None
        if name:
            if context.enquiry and name == context.enquiry.customer_name:
                return Call("summarise_enquiry", {"enquiry_id": context.enquiry.id})
            return Call("summarise_enquiry", {"customer_name": name})
    return None


def enquiries(message: str, context: Context) -> Call | None:
    """`show new enquiries to Dubai`, `how many enquiries are open`, `find Krishnan`."""
    if not _FIND.search(message):
        sought = _LOOK_FOR.match(message) or _SHOW_NAMED.match(message)
        return (
            Call("find_enquiries", {"q": without_possessive(sought["what"].strip(' ?."'))})
            if sought
            else None
        )
    arguments: dict[str, Any] = {}
    status = status_said(message)
    if status:
        arguments["status"] = status
    email = EMAIL.search(message)
    route = find_route(message)
    if email:
        arguments["customer_email"] = email.group()
    if route.origin:
        arguments["origin"] = route.origin.name
    if route.destination:
        arguments["destination"] = route.destination.name
    person = _FROM_PERSON.search(message)
    if person and not route.origin and not is_known_place(person["name"]) and not email:
        name = as_name(
            without_possessive(re.split(r"\s+(?:to|for|in|about|this|last)\b", person["name"])[0])
        )
        if name and name != arguments.get("destination"):
            arguments["q"] = name
    return Call(
        "find_enquiries",
        arguments | _period(message, context.today),
        words=_not_narrowed(message, context),
    )


def status_said(words: str) -> str | None:
    """The status of enquiries that words name; None where they name none."""
    return next((name for name, pattern in _STATUS if pattern.search(words)), None)


def _not_narrowed(message: str, context: Context) -> str:
    """What a search for enquiries was asked to look at and cannot."""
    if re.search(r"\bbudgets?\b", message, re.IGNORECASE) or any(bounds(message, context)):
        return _("I cannot narrow enquiries by their budget; these fit all the rest.")
    if find_travellers(message):
        return _("I cannot narrow enquiries by how many travel; these fit all the rest.")
    return ""


def issued_in(message: str, today: date) -> dict[str, str]:
    """The days of issue that a question about invoices names; a month that has not come yet is last
    year's.
    """
    month = month_range(message, today)
    if month:
        first = month[0] if month[0] <= today else month[0].replace(year=month[0].year - 1)
        return {"issued_from": first.isoformat(), "issued_to": month_end(first).isoformat()}
    return {name.replace("created", "issued"): day for name, day in _period(message, today).items()}


def due_in(message: str, today: date) -> dict[str, str]:
    """The days of becoming due that a question about open documents names: `overdue`, `due next
    week`, `due in the next 10 days`, `due by 5 Dec`.
    """
    if re.search(r"\boverdue\b|\bpast due\b|\blate\b", message, re.IGNORECASE):
        return {"due_to": (today - timedelta(days=1)).isoformat()}
    month = month_range(message, today)
    if month:
        return {"due_from": month[0].isoformat(), "due_to": month[1].isoformat()}
    ahead = re.search(
        r"\b(?:(?:in|within|over)\s+(?:the\s+)?(?:next\s+|coming\s+)?|next\s+|coming\s+)(?P<n>\d{1,3})\s+days\b",
        message,
        re.IGNORECASE,
    )
    if ahead:
        return {
            "due_from": today.isoformat(),
            "due_to": (today + timedelta(days=int(ahead["n"]))).isoformat(),
        }
    week = re.search(r"\b(?P<which>this|next|coming)\s+week\b", message, re.IGNORECASE)
    if week:
        monday = (
            today
            - timedelta(days=today.weekday())
            + timedelta(days=0 if week["which"].lower() == "this" else 7)
        )
        return {"due_from": monday.isoformat(), "due_to": (monday + timedelta(days=6)).isoformat()}
    days = [one.day.isoformat() for one in find_days(message, today, "due")]
    if not days:
        return {}
    if len(days) > 1:
        return {"due_from": days[0], "due_to": days[1]}
    until = re.search(r"\b(?:by|before|until|till|up to|upto|within)\b", message, re.IGNORECASE)
    after = re.search(r"\b(?:after|from|since)\b", message, re.IGNORECASE)
    return (
        {"due_to": days[0]}
        if until
        else {"due_from": days[0]}
        if after
        else {"due_from": days[0], "due_to": days[0]}
    )


def _period(message: str, today: date) -> dict[str, str]:
    """Days of receipt or of departure that a question narrows to."""
    text = message.lower()
    month = month_range(message, today)
    if month:
        first, last, words = month
        side = (
            "created"
            if words.lower().startswith(("this", "last")) and not re.search(r"depart|travel", text)
            else "depart"
        )
        return {f"{side}_from": first.isoformat(), f"{side}_to": last.isoformat()}
    monday = today - timedelta(days=today.weekday())
    recent = re.search(r"\b(?:last|past)\s+(?P<n>\d{1,3})\s+days\b", text)
    if recent:
        return {"created_from": (today - timedelta(days=int(recent["n"]))).isoformat()}
    for words, first, last in (
        ("today", today, today),
        ("yesterday", today - timedelta(days=1), today - timedelta(days=1)),
        ("this week", monday, today),
        ("last week", monday - timedelta(days=7), monday - timedelta(days=1)),
    ):
        if re.search(rf"\b{words}\b", text):
            return {"created_from": first.isoformat(), "created_to": last.isoformat()}
    return {}


def _person(words: str, context: Context) -> str | None:
    said = words.strip(" ?.,")
    said = re.sub(r"^(?:the\s+)?(?:customer|client)\s+", "", said, flags=re.IGNORECASE)
    if context.enquiry and said.lower() in {
        "he",
        "she",
        "they",
        "this customer",
        "the customer",
        "this client",
        "the client",
        "customer",
    }:
        return context.enquiry.customer_name
    return as_name(without_possessive(re.sub(r"^the\s+", "", said, flags=re.IGNORECASE)))


def as_of(message: str, today: date) -> tuple[dict[str, Any], str]:
    """The day that a report is asked for, and the message without it; a day without a year is the
    last such day.
    """
    ended = _MONTH_ENDS.search(message)
    if ended:
        first = today.replace(day=1)
        day = (
            first - timedelta(days=1)
            if ended["last"] or ended["last2"] or ended["last3"]
            else month_end(today)
        )
        return (
            {"as_of": day.isoformat()},
            f"{_AS_OF.sub('', message[: ended.start()]).rstrip()} {message[ended.end() :].lstrip()}".strip(),
        )
    days = find_days(message, today, "book")
    if not days:
        return {}, message
    before = _AS_OF.sub("", message[: days[0].start])
    return {
        "as_of": days[0].day.isoformat()
    }, f"{before.rstrip()} {message[days[0].end :].lstrip()}".strip()
