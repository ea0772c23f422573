"""What is said of requests that wait for a decision: what takes their place, how they are taken
back, and how they are changed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from voyagent.assistant.moves import Context
from voyagent.assistant.planner import sentences
from voyagent.assistant.planner.wording import _
from voyagent.trips.words import country_name

_CONTRADICTS = re.compile(
    r"^\s*(?:(?:no+|sorry|oops|wait|actually|correction|i mean(?:t)?)[,.!: ]+)+", re.IGNORECASE
)
_CALLED = {
    "payment": {"record_receipt", "pay_bill"},
    "receipt": {"record_receipt"},
    "invoice": {"draft_invoice", "issue_invoice", "create_invoice"},
    "draft": {"draft_invoice"},
    "bill": {"receive_bill", "pay_bill"},
    "off": {"write_off_invoice"},
    "visa": {"file_visa"},
    "entry": {"post_journal_entry"},
    "booking": {"book_hotel"},
}
"""What people call a request that waits, by the last word of it."""
_NAMED = re.compile(
    r"^\s*(?:(?:no|sorry|please|actually)[,."
    r" ]+)*(?:(?:change|make|set|correct|put)\s+)?the\s+(?P<kind>payment|receipt|invoice|draft|bill|write["
    r" -]off|visa)"
    r"(?:\s+(?:of|for|from|to)\s+(?P<who>[^\W\d][^\d,;]*?))??\s*(?:[,:]|\s(?:to|is|was|should"
    r" be|must be)|(?=\s(?:rs\.?|inr|[₹$€£])?\s*\d))\s+(?P<rest>\S.*)$",
    re.IGNORECASE,
)


def payment_put_right(arguments: dict[str, Any]) -> str:
    """What is said before the proposal of a payment that takes the place of one that waits."""
    return _(
        "Then %(amount)s %(how)s on %(day)s, in place of the earlier request. It is recorded once"
        " approved.",
        amount=sentences.money(arguments["amount"], arguments["currency"]),
        how=_("in cash") if arguments.get("account") == "cash" else _("through the bank"),
        day=sentences.day(arguments["paid_on"]),
    )


def of_its_document(currency: str) -> str:
    """What is said to another currency for a payment that waits."""
    return _(
        "The document is in %(currency)s, and I record money in the currency of its document alone;"
        " what waits stays as it is. Money in another currency is recorded under Payments, New"
        " payment: %(link)s.",
        currency=currency,
        link="[/payments/new](/payments/new)",
    )


def write_off_put_right(arguments: dict[str, Any]) -> str:
    """What is said before the proposal of a write-off that takes the place of one that waits."""
    return _(
        "Then %(amount)s on %(day)s, in place of the earlier request. It is posted once a"
        " colleague approves it.",
        amount=(
            sentences.money(arguments["amount"], arguments["currency"])
            if arguments.get("amount")
            else _("all that is open")
        ),
        day=sentences.day(arguments["written_off_on"]),
    )


def entry_put_right(entry: dict[str, Any]) -> str:
    """What is said before the proposal of an entry of two lines that takes the place of one that
    waits.
    """
    line = entry["lines"][0]
    return _(
        "Then %(amount)s on %(day)s, in place of the earlier request. It is posted once approved,"
        " and can’t be edited afterwards.",
        amount=sentences.money(line.get("debit_amount") or line["credit_amount"], line["currency"]),
        day=sentences.day(entry["entry_date"]),
    )


def visa_put_right(name: str, country: str) -> str:
    """What is said before the proposal of a filing that takes the place of one that waits."""
    return _(
        "Then a visa for %(country)s, for %(name)s, in place of the earlier request. It is filed"
        " once approved, and can’t be withdrawn afterwards.",
        country=country_name(country),
        name=name,
    )


def letter_put_right(to: str) -> str:
    """What is said before the proposal of a mail that takes the place of one that waits."""
    return _(
        "Then the itinerary goes to %(to)s, in place of the earlier request, once approved.",
        to=to,
    )


def of_kind(kind: str, context: Context) -> list[dict[str, Any]]:
    """The requests that wait and are called by a word of people's own: `payment`, `write-off`,
    `booking`.
    """
    tools = _CALLED[kind.lower().replace("-", " ").split()[-1]]
    return [one for one in context.waiting if one["tool"] in tools]


def named(said: str, context: Context) -> tuple[str, Context] | None:
    """`change the payment of Deepa to 8,000`, `the bill from BSP is 9,000`: the words as a
    correction, with the one request that they name as the newest.

    None for words that name no request that waits, or more than one.
    """
    match = _NAMED.match(said)
    if match is None:
        return _of_other_words(said, context)
    who = (match["who"] or "").casefold()
    meant = [one for one in of_kind(match["kind"], context) if who in one["summary"].casefold()]
    if len(meant) != 1:
        return _of_other_words(said, context)
    others = [one for one in context.waiting if one is not meant[0]]
    return f"no, {match['rest']}", replace(
        context, waiting=[*others, {**meant[0], "is_aside": False}]
    )


def _of_other_words(said: str, context: Context) -> tuple[str, Context] | None:
    """`no, Lakshmi’s is 5,500`, `sorry, the visa is 5,500` where words name one older request
    alone, by whose it is or by what stands in its lines.
    """
    rest = _CONTRADICTS.sub("", said, count=1)
    if rest == said or len(context.waiting) < 2 or not re.search(r"\d", rest):
        return None
    words = {word.casefold() for word in re.findall(r"[^\W\d]{4,}", re.sub(r"['’]s\b", "", rest))}
    own = [
        words & {word.casefold() for word in re.findall(r"[^\W\d]{4,}", _all_words(one))}
        for one in context.waiting
    ]
    meant = [one for one, found in zip(context.waiting, own, strict=True) if found]
    if len(meant) != 1 or meant[0] is context.waiting[-1]:
        return None
    named = {word.casefold() for word in re.findall(r"[^\W\d]{4,}", meant[0]["summary"])}
    bare = re.sub(
        r"[^\W\d]{4,}(?:['’]s\b)?(?:\s+(?:is|was|should be))?",
        lambda found: "" if _bare(found.group()) in named else found.group(),
        rest,
    ).strip()
    others = [one for one in context.waiting if one is not meant[0]]
    return f"no, {bare}", replace(context, waiting=[*others, {**meant[0], "is_aside": False}])


def _bare(word: str) -> str:
    return re.sub(r"(?:['’]s\b)?(?:\s+(?:is|was|should be))?$", "", word).casefold()


def _all_words(asked: dict[str, Any]) -> str:
    """What a request says of itself: its summary and what stands in its lines."""
    return " ".join(
        [
            asked["summary"],
            *(line.get("description", "") for line in asked["arguments"].get("line_items", ())),
        ]
    )


def listed(waiting: list[dict[str, Any]]) -> str:
    """What waits for a decision in the conversation, oldest first, and where all of the agency
    does.
    """
    link = "[/approvals](/approvals)"
    if not waiting:
        return _(
            "Nothing of this conversation waits for a decision. All that does: %(link)s.", link=link
        )
    asked = "\n".join(f"• {one['summary']}" for one in waiting)
    return _(
        "Of this conversation waits for a decision:\n%(asked)s\n\nAll that does: %(link)s.",
        asked=asked,
        link=link,
    )


def still_waits(waiting: list[dict[str, Any]]) -> str:
    """What is said to words that leave a request which was asked for already: what waits, and how
    it is taken back.
    """
    asked = "\n".join(f"• {one['summary']}" for one in waiting)
    return _(
        "Nothing is done without approval, and nothing more is requested. Use “Decline” on the"
        " card of a pending request, here above or under Approvals:\n%(asked)s",
        asked=asked,
    )


def not_set_right(said: str, summary: str) -> str:
    """What is said to a correction of a request that waits, of which nothing is understood: its own
    button changes it.
    """
    words = " ".join(said.split())[:60]
    return _(
        "I do not understand what “%(words)s” sets right of “%(summary)s”. Its review, from the"
        " card or under Approvals, has “Edit” for all of it.",
        words=words,
        summary=summary,
    )
