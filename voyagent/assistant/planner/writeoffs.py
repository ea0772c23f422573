"""Wishes for a write-off in plain English: what is given up of which invoice, and why."""

from __future__ import annotations

import re

from voyagent.assistant.moves import Context, Say
from voyagent.assistant.planner import papers
from voyagent.assistant.planner.wishes import Wish, days_in, figures_in, two_sums
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.people import POSSESSIVE, as_firm, without_possessive

_WRITE_OFF = re.compile(
    r"^\s*(?:please\s+|pls\s+|can you\s+|could you\s+|kindly\s+)*write[\s-]+off\b(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_WHY = re.compile(
    r"(?:\bas(?=\s+(?:an?\s+)?bad"
    r" debt\b)|\b(?:because(?:\s+of)?|since|reason\s*:?)|\s+[–-]|[;:]|,(?!\d))\s+(?P<why>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_WHOSE = (
    re.compile(
        r"\bwhat(?:ever)?\s+(?P<name>[A-Za-z][^\d,;]*?)\s+(?:still\s+)?owes?\b", re.IGNORECASE
    ),
    re.compile(
        rf"^\s*(?:the\s+)?(?P<name>[A-Za-z][^\d,;]*?){POSSESSIVE}\s+(?:\w+\s+)?(?:invoice|balance|debt|rest|dues?|account)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:of|for|from|owed by|due"
        r" from)\s+(?!(?:the\s+)?(?:invoices?|what)\b)(?:the\s+)?(?P<name>[A-Za-z][^\d,;]*?)"
        rf"(?:(?:{POSSESSIVE})?\s+(?:invoice|balance|dues?|debt))?"
        r"(?=\s+(?:on|as)\b|\s*[.]?$)",
        re.IGNORECASE,
    ),
)
_FIGURE_FIRST = re.compile(
    r"(?P<figure>(?:rs\.?\s*|inr\s*|aed\s*|usd\s*|[₹$€£]\s*)?\d[\d,.]*\d)\s*[,;:]?\s+(?=[^\W\d])",
    re.IGNORECASE,
)
_BEFORE_OF = re.compile(
    r"^.*\b(?:rest|remainder|balance|part|all|half|most)\s+of\s+(?:the\s+)?", re.IGNORECASE
)
_DATED = re.compile(r"\b(?:on|dated|as of)\s+(?P<when>(?!invoice\b).*)$", re.IGNORECASE)


def recognise(message: str, context: Context) -> Wish | Say | None:
    """`write off the rest of 2026-27/000012 because he cannot be traced`, `write off 500 of what
    Deepa owes, too small to chase`.
    """
    match = _WRITE_OFF.match(message)
    if match is None:
        return None
    why = _WHY.search(match["rest"])
    plain = match["rest"][: why.start()] if why else match["rest"]
    unclear = _unclear(plain, context)
    if unclear is not None:
        return unclear
    known: dict[str, object] = {"written_off_on": context.today.isoformat()}
    if why:
        reason = why["why"].strip(" .")
        figure = _FIGURE_FIRST.match(reason)
        if figure and not figures_in(plain, context):
            plain, reason = f"{figure['figure']} {plain}", reason[figure.end() :]
        known["reason"] = reason[:1].upper() + reason[1:500]
    number = papers.invoice_in(plain)
    if number:
        known["number"], plain = number
    whose = next((found for pattern in _WHOSE if (found := pattern.search(plain))), None)
    name = (
        as_firm(without_possessive(_BEFORE_OF.sub("", whose["name"])))
        if whose and not number
        else None
    )
    if name:
        known["customer_name"] = name
    elif context.enquiry and not number:
        known["customer_name"] = context.enquiry.customer_name
    dated = _DATED.search(plain)
    days = days_in(dated["when"], context, "book") if dated else None
    if dated and days:
        known["written_off_on"] = days[0]
        plain = plain[: dated.start()]
    figures = figures_in(plain, context)
    if len(figures) == 1 and figures[0].value > 0 and not figures[0].ranged:
        known |= {"amount": figures[0].plain, "currency": figures[0].currency or ""}
    return Wish("write_off_invoice", known)


def _unclear(plain: str, context: Context) -> Say | None:
    """What is said to more than one write-off in a sentence, or to a part that would have to be
    reckoned.
    """
    if two_sums(plain, context) or len(papers.INVOICE.findall(plain)) > 1:
        return Say(
            _("One write-off at a time, please: say the first, and when it is proposed the next.")
        )
    if papers.SHARE.search(plain):
        return Say(_("Please give the amount as a number."))
    return None
