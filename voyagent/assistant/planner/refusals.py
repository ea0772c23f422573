"""What is said to words that come to no tool: the next step that fits them or the conversation, and what stands somewhere else than in words."""

from __future__ import annotations

import re

from flask_babel import force_locale

from voyagent.assistant.planner import sentences
from voyagent.assistant.planner.moves import Context
from voyagent.assistant.planner.wording import _

OFFERED_MAX = 3
_HINDI = re.compile(r"[\u0900-\u097f]")
_MORE = re.compile(
    r"^\s*(?:please\s+|and\s+)*(?:(?:show|list|give|see|tell)(?:\s+me)?\s+)?(?:(?:the\s+)?(?:rest|others|remaining(?:\s+ones)?)|(?:some\s+)?more"
    r"|all of (?:them|it)|next(?:\s+page)?|the next (?:ones|page)|the whole list|and the rest)(?:\s+of (?:them|it|the list))?\s*(?:please)?\s*[.?!]*$",
    re.IGNORECASE,
)
_DUE_AFTER = re.compile(
    r"^\s*(?:and\s+|please\s+)*(?:make it |make that |it is |it'?s |set it )?(?:due|payable)\s+(?:on\s+|by\s+|in\s+)?\S[^\n]{0,30}$", re.IGNORECASE
)
# Examples stay in English: that is what this planner reads.
_STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"tickets?|flights?|fly(?:ing)?|fares?|pnr|airlines?|seats?|boarding", (sentences.FLIGHTS, "hold the second")),
    (r"hotels?|rooms?|stay|resorts?|check-?in", (sentences.HOTELS, "book the second")),
    (r"visas?|passports?|embassy|consulate", ("do Indians need a visa for Thailand", "file the visa for Deepa Krishnan to Thailand")),
    (r"suppliers?|vendors?|creditors?|pay|bills?", ("pay bill BSP-7 in full", "enter a bill from BSP India, B-7, 8,000 for settlement", "open bills")),
    (r"paid|payments?|receipts?|received|money|cash|refunds?|advance|deposit", ("Deepa Krishnan paid 20,000 in cash", sentences.OWES)),
    (r"invoices?|charge|gst|tax|discount", (sentences.INVOICE, "show the drafts")),
    (r"balance|accounts?|ledger|books|profit|loss|expenses?|journal|report", ("bank balance", "trial balance as of 31 March", "chart of accounts")),
    (r"trip|itinerary|passengers?|travell?ers?|transfer|cab", ("show the trip", "add passenger Deepa Krishnan", "send the itinerary to deepa@example.com")),
    (r"enquir\w*|inquir\w*|leads?|customers?|clients?|quotes?|package", (sentences.SHOW, "what does Deepa Krishnan want")),
)


def cannot(said: str, context: Context) -> str:
    """What is said to a wish that the planner does not understand; in Hindi to one in Hindi."""
    if _HINDI.search(said):
        with force_locale("hi"):
            return _with_steps(_("I understand requests in English so far, such as:"), said, context)
    return _with_steps(_("I cannot do that yet. Here is what I can do, for example:"), said, context)


def asks_for_more(said: str) -> bool:
    """Whether the words ask for what a list left out."""
    return _MORE.match(said) is not None


def elsewhere(said: str) -> str | None:
    """What is said to words that go on from a list or a proposal, which no words can; None for all others."""
    if asks_for_more(said):
        return _("There is no list here of which more could be said.")
    if _DUE_AFTER.match(said):
        return _("A request that waits is not changed by words. Its button “Edit” sets the due date before it is granted.")
    return None


def _with_steps(head: str, said: str, context: Context) -> str:
    return "\n".join((head, *(f"• {step}" for step in _fitting(said, context))))


def _fitting(said: str, context: Context) -> list[str]:
    """The steps that fit: those that the words are about, else those that the conversation is at, and the commonest behind them."""
    about = [step for words, steps in _STEPS if re.search(rf"\b(?:{words})\b", said, re.IGNORECASE) for step in steps]
    held = re.search(r"\b(?:tickets?|flights?|booking|held|issue)\b", said, re.IGNORECASE) is not None or not about
    at = ["issue the tickets"] if context.trip.get("held") and held else []
    if not about:
        at += ["issue the draft"] if context.draft is not None and not context.draft.waits else []
        at += ["summarise this enquiry", "show the trip"] if context.enquiry is not None else []
    return list(dict.fromkeys([*at, *about, sentences.SHOW, sentences.INVOICE, sentences.OWES]))[:OFFERED_MAX]
