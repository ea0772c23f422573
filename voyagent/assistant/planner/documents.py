"""Which of several open documents a payment or a write-off is for: the question, and an answer by
number, place in the list, age or size.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from voyagent.assistant.moves import Ask, Context, Say
from voyagent.assistant.planner import answers, papers, sentences
from voyagent.assistant.planner.wording import _

JsonObject = dict[str, Any]
WHICH, AMONG = "document", "among"
"""What such a question asks for; and under what it knows those that are open, in the order of the
list.
"""
_BARE = re.compile(r"(?<![\w,./-])#?(?P<digits>\d{1,6})(?![\w,./%-])")
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_PLACE = re.compile(
    rf"\b(?:the\s+)?(?:(?P<word>{'|'.join(_PLACES)}|last)|(?P<n>[1-8])(?:st|nd|rd|th))(?:\s+(?:one|invoice|bill))?\b",
    re.IGNORECASE,
)
_BY_AGE = re.compile(
    r"\b(?:the\s+)?(?:(?P<old>oldest|older|earliest|earlier)|(?P<new>newest|newer|latest|most"
    r" recent)|(?P<large>largest|larger|biggest|bigger)"
    r"|(?P<small>smallest|smaller))(?:\s+(?:one|invoice|bill))?\b",
    re.IGNORECASE,
)
_BESIDES = re.compile(
    r"^(?:[\s,.!;:]|\b(?:it(?:['’]s| is)|that(?:['’]s| is)|i"
    r" mean|for|against|on|of|to|the|with|invoice|bill|number|no|one|please|pls|take|use|and)\b)*$",
    re.IGNORECASE,
)
_SETTLEMENT = frozenset({"amount", "currency", "full", "account", "paid_on", "reference"})


def only(tool: str, documents: list[JsonObject], known: JsonObject) -> JsonObject | Say | Ask:
    """The one that is meant; of several none is chosen, and it is asked which.

    What is in another currency than the money that was said is not meant.
    """
    chosen = known.get("document_id")
    fitting = [one for one in documents if chosen in (None, one["id"])]
    currency = None if known.get("exchanged") else known.get("currency")
    meant = [one for one in fitting if one["open"]["currency"] == currency] or fitting
    if not meant:
        whom = (
            known.get("customer_name")
            or known.get("vendor_name")
            or known.get("number")
            or known.get("vendor_reference")
            or ""
        )
        nothing = _("I found nothing open of %(name)s.", name=whom)
        ahead = _(
            "Money paid ahead is recorded under Payments, New payment: %(link)s.",
            link="[/payments/new](/payments/new)",
        )
        return Say(f"{nothing} {ahead}" if tool == "record_receipt" else nothing)
    strange = _of_another(meant[0], known) if len(meant) == 1 else None
    return strange or (meant[0] if len(meant) == 1 else _which(tool, meant, known))


def _of_another(one: JsonObject, known: JsonObject) -> Say | None:
    """What is said where the document of a number is another party's than the one that was named;
    None where it is theirs, or nobody was.
    """
    said, whose = (
        str(known.get("customer_name") or known.get("vendor_name") or ""),
        str(one.get("customer_name") or one.get("vendor_name") or ""),
    )
    is_theirs = set(said.casefold().split()) & set(whose.casefold().split())
    if (
        not said
        or not whose
        or is_theirs
        or not (known.get("number") or known.get("vendor_reference"))
    ):
        return None
    return Say(
        _(
            "%(reference)s is of %(whose)s, not of %(name)s. I have asked for nothing.",
            reference=_reference(one),
            whose=whose,
            name=said,
        )
    )


def _which(tool: str, documents: list[JsonObject], known: JsonObject) -> Ask:
    shown = documents[: sentences.SHOWN_MAX]
    more = (
        [_("and %(num)d more", num=len(documents) - len(shown))]
        if len(documents) > len(shown)
        else []
    )
    listed = [f"{number}. {in_words(one)}" for number, one in enumerate(shown, 1)]
    among = [
        {
            "id": one["id"],
            "reference": _reference(one),
            "open": one["open"],
            "issue_date": one.get("issue_date", ""),
        }
        for one in documents
    ]
    asked = _("Several are open. Which one? Say its number, “the first” or “the oldest”.")
    return Ask(
        "\n".join((asked, *listed, *more)), tool=tool, known={**known, AMONG: among}, missing=WHICH
    )


def answered(
    question: Ask, said: str, context: Context, read: answers.Reading
) -> JsonObject | None:
    """What is known once the words have said which one it is, with what they set right of the money
    besides; None where they do not choose one.
    """
    among = question.known[AMONG]
    known = {name: value for name, value in question.known.items() if name != AMONG}
    found = _named(said, among) or _placed(said, among)
    if found is None:
        number = papers.INVOICE.search(said)
        return (
            known | {"number": number.group()}
            if number
            and question.tool != "pay_bill"
            and _BESIDES.match(papers.INVOICE.sub(" ", said))
            else None
        )
    one, rest = found
    facts = (
        {}
        if _BESIDES.match(rest)
        else answers.besides(question, f", {rest.strip(' ,')}", context, read)
    )
    money = {name: value for name, value in facts.items() if name in _SETTLEMENT}
    if not money and not _BESIDES.match(rest):
        return None
    if {"amount", "full"} & money.keys():
        known = {
            name: value
            for name, value in known.items()
            if name not in ("amount", "currency", "full", "exchanged")
        }
    field = "vendor_reference" if question.tool == "pay_bill" else "number"
    return {**known, **money, field: one["reference"], "document_id": one["id"]}


def _named(said: str, among: list[JsonObject]) -> tuple[JsonObject, str] | None:
    """The one whose number is said, whole or as the digits at its end, and the words without it;
    digits that may as well be a place in the list are none.
    """
    for one in sorted(among, key=lambda one: -len(one["reference"])):
        whole = (
            re.search(rf"(?<![\w/-]){re.escape(one['reference'])}(?![\w/-])", said, re.IGNORECASE)
            if one["reference"]
            else None
        )
        if whole:
            return one, said[: whole.start()] + " " + said[whole.end() :]
    bare = _BARE.search(said)
    if bare is None or not _BESIDES.match(said[: bare.start()]):
        return None
    digits, place = bare["digits"], int(bare["digits"])
    ends = [
        one
        for one in among
        if (end := re.search(r"\d+$", one["reference"])) and int(end.group()) == place
    ]
    listed = (
        among[place - 1 : place]
        if 0 < place <= sentences.SHOWN_MAX and not digits.startswith("0")
        else []
    )
    meant = {one["id"]: one for one in (*ends, *listed)}
    return (
        (next(iter(meant.values())), said[: bare.start()] + " " + said[bare.end() :])
        if len(meant) == 1
        else None
    )


def _placed(said: str, among: list[JsonObject]) -> tuple[JsonObject, str] | None:
    """The one that stands at a place of the list, or is the oldest, the newest, the largest or the
    smallest; and the words without that.
    """
    place, age = _PLACE.search(said), _BY_AGE.search(said)
    match = place or age
    if match is None:
        return None
    one: JsonObject | None
    shown = among[: sentences.SHOWN_MAX]
    if place:
        number = (
            int(place["n"])
            if place["n"]
            else (
                len(shown)
                if place["word"].lower() == "last"
                else _PLACES.index(place["word"].lower()) + 1
            )
        )
        one = shown[number - 1] if number <= len(shown) else None
    else:
        assert age is not None
        by_size = age["large"] or age["small"]
        key: Callable[[JsonObject], Any] = (
            (lambda one: Decimal(one["open"]["amount"]))
            if by_size
            else (lambda one: (one["issue_date"], one["reference"]))
        )
        ordered = sorted(among, key=key)
        one = (
            None
            if by_size and len({one["open"]["currency"] for one in among}) > 1
            else ordered[0 if age["old"] or age["small"] else -1]
        )
    return (one, said[: match.start()] + " " + said[match.end() :]) if one else None


def _reference(one: JsonObject) -> str:
    return str(one.get("number") or one.get("vendor_reference") or "")


def in_words(one: JsonObject) -> str:
    """An open document by its number, whose it is, and what is open of it."""
    name = one.get("customer_name") or one.get("vendor_name") or ""
    return _(
        "%(reference)s of %(name)s, open %(open)s",
        reference=_reference(one),
        name=name,
        open=sentences.money(one["open"]["amount"], one["open"]["currency"]),
    )
