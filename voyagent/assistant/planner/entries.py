"""Wishes for a journal entry in plain English: the two accounts, the amount, what it is about."""

from __future__ import annotations

import re

from voyagent.assistant.moves import Context, Say
from voyagent.assistant.planner.wishes import Wish, amount_in, days_in
from voyagent.assistant.planner.wording import _

_JOURNAL = re.compile(
    r"\bjournal(?:\s+entry)?\b|^\s*(?:please\s+)?(?:debit|dr\.?)\s+\S|^\s*(?:please\s+)?credit\s+\S.*\bdebit\b",
    re.IGNORECASE,
)
_NO_JOURNAL = re.compile(r"\b(?:show|list|find|which|what)\b.*\bjournal\b", re.IGNORECASE)
_ACCOUNT_ENDS = r"(?=\s*(?:,|;|\band\b|\b(?:debit|credit|dr|cr)\b|₹|\$|\b[A-Z]{3}\s*\d|(?<=[A-Za-z])\s+\d|(?<=\d{4})\s+\d|\bwith\b|\bby\b|\bfor\b|$))"
_DEBIT = re.compile(
    r"\b(?:debit|dr\.?)\s+(?:account\s+)?(?P<account>[A-Za-z0-9][\w &-]*?)" + _ACCOUNT_ENDS,
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"\b(?:credit|cr\.?)\s+(?:account\s+)?(?P<account>[A-Za-z0-9][\w &-]*?)" + _ACCOUNT_ENDS,
    re.IGNORECASE,
)
_SIDES = re.compile(r"\b(?:debit|credit|dr|cr)\b(?!\s+(?:card|note|limit))", re.IGNORECASE)
_DOCTOR = re.compile(r"^\s*Dr\.?\s+[A-Z][a-z]+.*\b(?:paid|owes?|pays|wants?|invoice|trip)\b")
_MOVED = re.compile(
    r"^\s*(?:please\s+)?(?:transfer|move|shift)\s+(?:rs\.?\s*|inr\s*|₹\s*)?\d[\d,.]*\s*(?:k|lakhs?)?"
    r"\s+from\s+(?:the\s+)?(?P<source>(?:petty\s+)?cash|bank|current account)"
    r"\s+to\s+(?:the\s+)?(?P<target>(?:petty\s+)?cash|bank|current account)\b",
    re.IGNORECASE,
)
_BEHIND_A_COMMA = re.compile(
    r"[,;]\s*(?P<what>(?!(?:debit|credit|dr|cr|dated|on|and|with)\b)[A-Za-z][^,;\n]{2,}?)\s*[.]?$",
    re.IGNORECASE,
)


def journal(message: str, context: Context) -> Wish | Say | None:
    """`post a journal entry: debit Rent and utilities, credit Bank 20,000 for November rent`."""
    moved = _MOVED.match(message)
    if _DOCTOR.match(message):
        return None
    if not moved and (not _JOURNAL.search(message) or _NO_JOURNAL.search(message)):
        return None
    if len(_SIDES.findall(message)) > 2:
        return Say(
            _(
                "I write entries of two lines, one debit and one credit. One of more is written"
                " under Journal: %(link)s.",
                link="[/journal/new](/journal/new)",
            )
        )
    known: dict[str, object] = (
        {"credit": moved["source"], "debit": moved["target"]} if moved else {}
    )
    for side, pattern in (("debit", _DEBIT), ("credit", _CREDIT)):
        match = pattern.search(message)
        if match:
            known[side] = match["account"].strip()
    bare = message
    for account in known.values():
        bare = (
            re.sub(rf"\b{re.escape(str(account))}\b", " ", bare, count=1)
            if str(account).isdigit()
            else bare
        )
    known |= amount_in(bare, context)
    what = re.search(
        r"\b(?:for|about|narration)\s+(?P<what>(?!₹|\$|\d)[^,;\n]+?)\s*[.]?$",
        message,
        re.IGNORECASE,
    ) or _BEHIND_A_COMMA.search(message)
    if what:
        known["narration"] = what["what"][:1].upper() + what["what"][1:500]
    dated = re.search(r"\b(?:dated|on)\s+(?P<when>.*)", message, re.IGNORECASE)
    days = days_in(dated["when"] if dated else message, context, "book")
    if len(days) == 1 or (dated and days):
        known["entry_date"] = days[0]
    return Wish("post_journal_entry", known)
