"""What is said to words that come to no tool: the next step that fits them or the conversation, and
what stands somewhere else than in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flask_babel import force_locale

from voyagent.assistant.moves import Call, Context
from voyagent.assistant.planner import sentences
from voyagent.assistant.planner.sentences import passport_form
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.people import POSSESSIVE
from voyagent.trips.service.passports import MASK

OFFERED_MAX = 3
PAGE_WORDS_MAX = 5
_HINDI = re.compile(r"[\u0900-\u097f]")
_MORE = re.compile(
    r"^\s*(?:please\s+|and\s+)*(?:(?:show|list|give|see|tell)(?:\s+me)?\s+)?(?:(?:the\s+)?(?:rest|others|remaining(?:\s+ones)?)|(?:some\s+)?more"
    r"|all of (?:them|it)|next(?:\s+page)?|the next (?:ones|page)|the whole list|and the"
    r" rest)(?:\s+of (?:them|it|the list))?\s*(?:please)?\s*[.?!]*$",
    re.IGNORECASE,
)
_CANCEL_IT = re.compile(
    r"^\s*(?:(?:actually|wait|sorry|ok(?:ay)?|please|no)[,. ]+)*cancel (?:it|that|this|the"
    r" request)\s*(?:please|now)?\s*[.!]*\s*$",
    re.IGNORECASE,
)
_RULES = re.compile(
    r"\b(?:fare|rate|ticket|cancellation|baggage|refund|change)\s+(?:rules?|polic(?:y|ies)|conditions?|allowance)\b|\b(?:non-?)?refundable\s*\?|\bbaggage\s*\?",
    re.IGNORECASE,
)
# Examples stay in English: that is what this planner reads.
_STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"tickets?|flights?|fly(?:ing)?|fares?|pnr|airlines?|seats?|boarding",
        (sentences.FLIGHTS, "hold the second"),
    ),
    (r"hotels?|rooms?|stay|resorts?|check-?in", (sentences.HOTELS, "book the second")),
    (
        r"visas?|passports?|embassy|consulate",
        ("do Indians need a visa for Thailand", "file the visa for Deepa Krishnan to Thailand"),
    ),
    (
        r"suppliers?|vendors?|creditors?|pay|bills?",
        (
            "pay bill BSP-7 in full",
            "enter a bill from BSP India, B-7, 8,000 for settlement",
            "open bills",
        ),
    ),
    (
        r"paid|payments?|receipts?|received|money|cash|refunds?|advance|deposit",
        ("Deepa Krishnan paid 20,000 in cash", sentences.OWES),
    ),
    (r"invoices?|charge|gst|tax|discount", (sentences.INVOICE, "show the drafts")),
    (
        r"balance|accounts?|ledger|books|profit|loss|expenses?|journal|report",
        ("bank balance", "trial balance as of 31 March", "chart of accounts"),
    ),
    (
        r"trip|itinerary|passengers?|travell?ers?|transfer|cab",
        (
            "show the trip",
            "add passenger Deepa Krishnan",
            "send the itinerary to deepa@example.com",
        ),
    ),
    (
        r"enquir\w*|inquir\w*|leads?|customers?|clients?|quotes?|package",
        (sentences.SHOW, "what does Deepa Krishnan want"),
    ),
)

_STATEMENT = re.compile(
    r"^\s*(?:please\s+|can you\s+)?(?:show|see|open|get|give(?:"
    r" me)?|print)?\s*(?:me\s+)?(?:the\s+|an?\s+)?(?:account\s+)?(?:ledger|statement)"
    r"(?:\s+of\s+account)?\s+(?:of|for)\s+(?!(?:bank|cash|the bank)\b)\S"
    r"|^\s*(?:(?:please|can you|show|see|open|get|give|print|me|the)\s+)*[A-Za-z][\w .&-]*?"
    + POSSESSIVE
    + r"\s+(?:account\s+)?(?:ledger|statement)"
    r"(?:\s+of\s+account)?\s*[?.]*$",
    re.IGNORECASE,
)
_TAXES = re.compile(
    r"^\s*(?:how|what|which|show|our|the)\b.*\b(?:gst|tcs|tds|vat|igst|cgst|sgst)\b", re.IGNORECASE
)
_RULES = re.compile(
    r"\b(?:fare|rate|ticket|cancellation|baggage|refund|change)\s+(?:rules?|polic(?:y|ies)|conditions?|allowance)\b|\b(?:non-?)?refundable\s*\?|\bbaggage\s*\?",
    re.IGNORECASE,
)
_UNSAID: tuple[tuple[re.Pattern[str], Callable[[], str]], ...] = (
    (
        _TAXES,
        lambda: _(
            "Taxes are not reckoned here yet, so I cannot say. “chart of accounts” shows whether"
            " there is an account for them."
        ),
    ),
    (
        _RULES,
        lambda: _(
            "I cannot read out the rules of a fare or a rate, such as changes, refunds and baggage."
            " Ask the supplier before it is issued or booked."
        ),
    ),
)
"""What nobody knows here."""
_BY_HAND = (
    (r"^\s*(?:please\s+)?(?:make\s+)?(?:void\b.*\binvoice|.*\binvoice\b.*\bvoid\b)", "/invoices"),
    (
        (
            r"^\s*(?:please\s+)?(?:(?:issue|make|raise|create|give|draft)\s+)?(?:an?\s+)?credit[-"
            r" ]?note\b"
        ),
        "/invoices",
    ),
    (r"^\s*(?:please\s+)?(?:(?:issue|make|record|give)\s+)?(?:an?\s+)?refund\b", "/payments"),
)
"""What is done on the page of a document, by a person who may, and by no words."""
_PAGES = (
    (r"\bjournal entries\b|\b(?:show|see|open|list)\b.*\bjournal\b", "/journal"),
    (r"\bday ?book\b", "/reports/day-book"),
    (r"\bmargins?\b", "/reports/trip-margins"),
    (
        r"^\s*(?:show|what|how much|our|the|profit)\b.*\bprofits?\b|^\s*profits?\b",
        "/reports/profit-and-loss",
    ),
    (r"\bp\s?(?:&|and|n)\s?l\b|\bprofit (?:and|&) loss\b", "/reports/profit-and-loss"),
    (r"\bbalance sheet\b", "/reports/balance-sheet"),
    (r"\bgeneral ledger\b", "/reports/general-ledger"),
    (
        r"\b(?:pending|waiting) (?:for )?approvals?\b|\bapprovals?\b.*\b(?:pending|waiting)\b",
        "/approvals",
    ),
)
"""What no tool reads out and a page shows."""


_PROPOSED = frozenset(
    {
        "record_receipt",
        "pay_bill",
        "write_off_invoice",
        "post_journal_entry",
        "draft_invoice",
        "issue_invoice",
        "create_invoice",
        "receive_bill",
    }
    | {"issue_ticket", "book_hotel", "cancel_hotel_booking", "file_visa", "send_itinerary"}
)
"""The tools that only propose."""


def of_a_tool(why: str, call: Call) -> str:
    """What is said where a rule refuses a tool; of one that was announced as a request, that
    nothing is asked for.
    """
    asked = _("So I have asked for nothing.") if call.words and call.tool in _PROPOSED else ""
    return " ".join(
        filter(None, (why, asked, _("What waits stays as it is.") if call.replaces else ""))
    )


def cannot(said: str, context: Context) -> str:
    """What is said to a wish that the planner does not understand; in Hindi to one in Hindi."""
    if _HINDI.search(said):
        with force_locale("hi"):
            return _with_steps(
                _("I understand requests in English so far, such as:"), said, context
            )
    return _with_steps(
        _("I cannot do that yet. Here is what I can do, for example:"), said, context
    )


def asks_for_more(said: str) -> bool:
    """Whether the words ask for what a list left out."""
    return _MORE.match(said) is not None


def elsewhere(said: str, context: Context) -> str | None:
    """What is said to words that go on from a list or a proposal, which no words can, or that tell
    a passport's number; None for all others.
    """
    if MASK in said:
        return _about_passport(said, context)
    if _STATEMENT.match(said):
        return _on_its_page("/reports/party-statement")
    by_hand = next(
        (address for words, address in _BY_HAND if re.search(words, said, re.IGNORECASE)), None
    )
    if by_hand:
        return _(
            "I cannot do that by words; it is done on the page of the document: %(link)s.",
            link=f"[{by_hand}]({by_hand})",
        )
    unsaid = next((sentence() for words, sentence in _UNSAID if words.search(said)), None)
    if unsaid:
        return unsaid
    page = next(
        (address for words, address in _PAGES if re.search(words, said, re.IGNORECASE)), None
    )
    if page:
        return _on_its_page(page)
    if asks_for_more(said):
        return _("There is no list here of which more could be said.")
    return None


def names_a_page(said: str) -> bool:
    """`profit this month`, `balance sheet`: a few words for what stands on a page of its own; more
    of them may be an answer that only holds such a word.
    """
    return len(said.split()) <= PAGE_WORDS_MAX and (
        _STATEMENT.match(said) is not None
        or any(re.search(words, said, re.IGNORECASE) for words, _page in _PAGES)
    )


def asks_for_statement(said: str) -> bool:
    """`show ledger of Cardamom County Resorts`: words on a party's account, whatever its name
    sounds like.
    """
    return _STATEMENT.match(said) is not None


def _on_its_page(page: str) -> str:
    return _(
        "I cannot read that out; it stands on its own page: %(link)s.", link=f"[{page}]({page})"
    )


def _about_passport(said: str, context: Context) -> str:
    """The number is masked already; the form that takes it, of the one who is named or of all who
    travel.
    """
    people = context.trip.get("passengers", ())
    words = said.casefold()
    named = [
        one
        for one in people
        if any(part.casefold() in words for part in one["full_name"].split() if len(part) > 2)
    ]
    forms = [
        f"• {passport_form(one['full_name'], context.trip['id'], one['id'])}"
        for one in named or people
    ]
    next_step = (
        _("It goes in on the passenger’s form:")
        if forms
        else _("Say “add passenger Deepa Krishnan” first, then it goes in on the passenger’s form.")
    )
    return "\n".join((f"{sentences.masked_number()} {next_step}", *forms))


def _with_steps(head: str, said: str, context: Context) -> str:
    return "\n".join((head, *(f"• {step}" for step in _fitting(said, context))))


def _fitting(said: str, context: Context) -> list[str]:
    """The steps that fit: those that the words are about, else those that the conversation is at,
    and the commonest behind them.
    """
    about = [
        step
        for words, steps in _STEPS
        if re.search(rf"\b(?:{words})\b", said, re.IGNORECASE)
        for step in steps
    ]
    held = (
        re.search(r"\b(?:tickets?|flights?|booking|held|issue)\b", said, re.IGNORECASE) is not None
        or not about
    )
    at = ["issue the tickets"] if context.trip.get("held") and held else []
    if not about:
        at += ["issue the draft"] if context.draft is not None and not context.draft.waits else []
        at += ["summarise this enquiry", "show the trip"] if context.enquiry is not None else []
    return list(dict.fromkeys([*at, *about, sentences.SHOW, sentences.INVOICE, sentences.OWES]))[
        :OFFERED_MAX
    ]
