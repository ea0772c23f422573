"""What of somebody's words a request leaves out.

A condition, a share or a name that nothing was made of is said before anybody grants the rest.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from voyagent.assistant.moves import Call, Conversation
from voyagent.assistant.planner import sentences
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.amounts import find_figures
from voyagent.kernel.text.dates import DATE_KINDS, find_days

TOOLS = frozenset(
    {
        "record_receipt",
        "pay_bill",
        "write_off_invoice",
        "post_journal_entry",
        "draft_invoice",
        "create_invoice",
        "receive_bill",
        "issue_ticket",
    }
    | {
        "book_hotel",
        "cancel_hotel_booking",
        "file_visa",
        "send_itinerary",
        "hold_flight",
        "add_transfer",
    }
)
"""What is done or asked for, and so must be the whole of what was said."""
_TOKEN = re.compile(r"\d[\d,./:-]*\d|\d|[^\W\d_][\w’'-]*")
_QUALIFIERS_WORDS = """
only except but half quarter percent if unless when once after before until tomorrow later tonight not without with minus less excluding including
baggage bags kg room rooms breakfast pickup meal meals window aisle vegetarian wheelchair discount gst tax advance already separately split monthly
instalment instalments urgent urgently early
"""
_QUALIFIERS = frozenset(_QUALIFIERS_WORDS.split())
_NEGATED = re.compile(
    r"\b(?:did|do|does|has|have|had)(?:n['’]?t|"
    r" not)\s+(?:yet\s+)?(?:pa(?:y|id)|received?|come|arrived?|settled?|been)\b"
    r"|\bnever (?:paid|came)\b|\bbounced\b|\bdishonou?red\b",
    re.IGNORECASE,
)
_LEADS = frozenset(
    {
        "for",
        "of",
        "with",
        "from",
        "on",
        "in",
        "at",
        "by",
        "to",
        "but",
        "and",
        "only",
        "except",
        "if",
    }
)
_NO_NAMES_WORDS = """
i mr mrs ms miss dr inr aed usd eur gbp rs upi neft rtgs imps gpay utr ref pnr jan feb mar apr may jun jul aug sep oct nov dec january february march april
june july august september october november december mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
"""
_NO_NAMES = frozenset(_NO_NAMES_WORDS.split())
SHOWN_MAX, MESSAGE_MAX, NEAR_MAX = 70, 400, 2
_JOINS = re.compile(r"\w[-/]$")
_CLAUSE = re.compile(r"[^,;]*(?:,(?=\d{2,3}\b)[^,;]*)*")


def is_negated(message: str) -> bool:
    """Whether words say what did not happen: `Deepa did not pay`, `the cheque bounced`."""
    return _NEGATED.search(message) is not None


def noted(call: Call, conversation: Conversation) -> Call:
    """The same request, whose words name what it leaves out of the message; as it is where that is
    nothing.

    Numbers, days and conditions must stand in the request or in its words; a name may be that of
    somebody who was looked up for it, or who travels.
    """
    message, context = conversation.message, conversation.context
    if call.tool not in TOOLS or "\n" in message.strip() or len(message) > MESSAGE_MAX:
        return call
    looked_up = [
        (one.move.arguments, one.outcome.output)
        for one in conversation.played
        if isinstance(one.move, Call) and one.outcome is not None
    ]
    who = [
        context.trip.get("passengers", []),
        context.question.known if context.question else {},
        context.enquiry.customer_name if context.enquiry else "",
    ]
    named = " ".join(_all_of(one) for one in (*who, *(part for pair in looked_up for part in pair)))
    parts = [call.arguments, who[1], *(pair[0] for pair in looked_up)]
    heard = " ".join(
        (
            call.words,
            "without" if call.arguments.get("prices") is False else "",
            *(_all_of(one) for one in parts),
        )
    )
    left = left_out(message, heard, context.today, named=named)
    if not left:
        return call
    told = _(
        "I have made nothing of “%(words)s”. Where it matters, say what it changes, or decline"
        " this.",
        words="”, “".join(left),
    )
    return Call(
        call.tool, call.arguments, words=f"{call.words} {told}".strip(), replaces=call.replaces
    )


def left_out(message: str, heard: str, today: date, *, named: str = "") -> list[str]:
    """The parts of a message that stand nowhere in what was heard: numbers, names, days, and words
    that make a condition, these to the end of their clause.

    What is `named` elsewhere is heard as a name, and as nothing else.
    """
    known, numbers, names = _words(heard), _numbers(heard), _words(named)
    text = _without_sums(_without_days(message, heard, today), numbers)
    found = []
    for clause in _CLAUSE.finditer(text):
        tokens = list(_TOKEN.finditer(text, clause.start(), clause.end()))
        odd = [
            n
            for n, token in enumerate(tokens)
            if _is_unheard(token.group(), known, numbers, names, is_first=token.start() == 0)
        ]
        for group in _near_each_other(odd):
            first, last = _with_its_words(tokens, group, known | names)
            found.append(
                " ".join(message[tokens[first].start() : tokens[last].end()].split())[:SHOWN_MAX]
            )
            if last == len(tokens) - 1:
                break
    return found


def _near_each_other(places: list[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    for place in places:
        if groups and place - groups[-1][-1] <= NEAR_MAX:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _with_its_words(
    tokens: list[re.Match[str]], group: list[int], known: set[str]
) -> tuple[int, int]:
    """From the words that lead to the first of a group to the last, or to the end of the clause
    where one of them makes a condition.
    """
    first, last = group[0], group[-1]
    while (
        first
        and tokens[first - 1].group().casefold() in _LEADS
        and tokens[first].start() - tokens[first - 1].end() <= len(", ")
    ):
        first -= 1
    if any(tokens[n].group().casefold() in _QUALIFIERS for n in group):
        return first, len(tokens) - 1
    while last + 1 < len(tokens) and tokens[last + 1].group().casefold() not in known | _LEADS:
        last += 1
    return first, last


def _without_sums(text: str, numbers: set[str]) -> str:
    """The text with those amounts blanked that were heard, however they were written: `1.2 lakh`."""
    for figure in find_figures(text):
        is_of_more = bool(
            _JOINS.search(text[: figure.start]) or re.match(r"[-/]\w", text[figure.end :])
        )  # a part of a reference
        if _plain(figure.plain) in numbers and not is_of_more:
            text = text[: figure.start] + " " * (figure.end - figure.start) + text[figure.end :]
    return text


def _without_days(message: str, heard: str, today: date) -> str:
    """The message with those days blanked that were heard."""
    text = message
    for kind in DATE_KINDS:
        for day in find_days(message, today, kind, by_staff=True):
            if day.day.isoformat() in heard or sentences.day(day.day) in heard:
                text = text[: day.start] + " " * (day.end - day.start) + text[day.end :]
    return text


def _is_unheard(
    token: str, known: set[str], numbers: set[str], names: set[str], *, is_first: bool
) -> bool:
    word = token.casefold()
    if token[0].isdigit():
        return _plain(token) not in numbers and token not in known
    if word in _QUALIFIERS:
        return word not in known
    is_name = token[0].isupper() and not is_first and len(token) > 1 and word not in _NO_NAMES
    return is_name and re.sub(r"['’]s$", "", word) not in known | names


def _words(text: str) -> set[str]:
    return {
        part
        for token in _TOKEN.findall(text.casefold())
        for part in (token, *re.split(r"[-/]", token))
        if part
    }


def _numbers(text: str) -> set[str]:
    return {_plain(token) for token in _TOKEN.findall(text) if token[0].isdigit()} | {
        str(int(number)) for number in re.findall(r"\d+", text)
    }


def _plain(number: str) -> str:
    digits = number.replace(",", "")
    return (
        digits.rstrip("0").rstrip(".")
        if re.fullmatch(r"\d+\.\d+", digits)
        else digits.lstrip("0") or digits
    )


def _all_of(value: Any) -> str:
    """Every value of some arguments, in one text."""
    if isinstance(value, dict):
        return " ".join(_all_of(one) for one in value.values())
    if isinstance(value, list):
        return " ".join(_all_of(one) for one in value)
    return str(value)
