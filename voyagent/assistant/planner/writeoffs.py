"""Wishes for a write-off in plain English: what is given up of which invoice, and why."""

from __future__ import annotations

import re

from voyagent.assistant.planner import papers
from voyagent.assistant.planner.moves import Context, Say
from voyagent.assistant.planner.people import POSSESSIVE, as_firm, unowned
from voyagent.assistant.planner.wishes import Wish, days_in, figures_in
from voyagent.assistant.planner.wording import _

_WRITE_OFF = re.compile(r"^\s*(?:please\s+|pls\s+|can you\s+|could you\s+|kindly\s+)*write[\s-]+off\b(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_WHY = re.compile(r"(?:\b(?:because(?:\s+of)?|since|reason\s*:?)|\s+[–-]|[;:]|,(?!\d))\s+(?P<why>\S.*)$", re.IGNORECASE | re.DOTALL)
_WHOSE = (
    re.compile(r"\bwhat(?:ever)?\s+(?P<name>[A-Za-z][^\d,;]*?)\s+(?:still\s+)?owes?\b", re.IGNORECASE),
    re.compile(rf"^\s*(?:the\s+)?(?P<name>[A-Za-z][^\d,;]*?){POSSESSIVE}\s+(?:\w+\s+)?(?:invoice|balance|debt|rest|dues?|account)\b", re.IGNORECASE),
    re.compile(
        r"\b(?:of|for|from|owed by|due from)\s+(?!(?:the\s+)?(?:invoices?|what)\b)(?:the\s+)?(?P<name>[A-Za-z][^\d,;]*?)"
        rf"(?:(?:{POSSESSIVE})?\s+(?:invoice|balance|dues?|debt))?"
        r"(?=\s+(?:on|as of)\b|\s*[.]?$)",
        re.IGNORECASE,
    ),
)
_BEFORE_OF = re.compile(r"^.*\b(?:rest|remainder|balance|part|all|half|most)\s+of\s+(?:the\s+)?", re.IGNORECASE)
_DATED = re.compile(r"\b(?:on|dated|as of)\s+(?P<when>(?!invoice\b).*)$", re.IGNORECASE)


def recognise(message: str, context: Context) -> Wish | Say | None:
    """`write off the rest of 2026-27/000012 because he cannot be traced`, `write off 500 of what Deepa owes, too small to chase`."""
    match = _WRITE_OFF.match(message)
    if match is None:
        return None
    why = _WHY.search(match["rest"])
    plain = match["rest"][: why.start()] if why else match["rest"]
    if papers.SHARE.search(plain):
        return Say(_("Say the amount itself: I do not reckon halves, shares or what is left after something."))
    known: dict[str, object] = {"written_off_on": context.today.isoformat()}
    if why:
        reason = why["why"].strip(" .")
        known["reason"] = reason[:1].upper() + reason[1:500]
    number = papers.invoice_in(plain)
    if number:
        known["number"], plain = number
    whose = next((found for pattern in _WHOSE if (found := pattern.search(plain))), None)
    name = as_firm(unowned(_BEFORE_OF.sub("", whose["name"]))) if whose and not number else None
    if name:
        known["customer_name"] = name
    elif context.enquiry and not number:
        known["customer_name"] = context.enquiry.customer_name
    dated = _DATED.search(plain)
    days = days_in(dated["when"], context, past=True) if dated else None
    if dated and days:
        known["written_off_on"] = days[0]
        plain = plain[: dated.start()]
    figures = figures_in(plain, context)
    if len(figures) == 1 and figures[0].value > 0 and not figures[0].ranged:
        known |= {"amount": figures[0].plain, "currency": figures[0].currency or ""}
    return Wish("write_off_invoice", known)
