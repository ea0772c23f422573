"""Parts of a message that no field of the card takes; the card names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from flask_babel import gettext

from voyagent.capabilities.capability import Capability
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.text import people
from voyagent.kernel.text.amounts import find_taxes
from voyagent.kernel.text.reading import Reading

Kind = Literal["amount", "date", "date_words", "figure", "percentage", "request", "rooms", "tax"]
GUESTS_PER_ROOM = 2
_AMOUNT_READERS = frozenset({"amount", "budget", "invoice", "lines"})
_LINE_READERS = frozenset({"invoice", "lines"})
_WRONG_DATES = frozenset({"no_such_day", "month_first", "other_weekday"})
_PERCENTAGE = re.compile(
    r"(?<![\d.,])\d{1,3}(?:\.\d+)?\s*(?:%|percent\b|per\s+cent\b)"
    r"(?:\s+(?:discount|commission|service\s+(?:fee|charge)|markup|advance))?",
    re.IGNORECASE,
)
_ROOMS = re.compile(
    r"(?<![\d./-])\b(?P<n>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|ek|do|teen|char"
    r"|chaar|paanch|एक|दो|तीन|चार|पांच|पाँच)\s*(?:rooms?|kamr[ae]|कमरा|कमरे)(?!\w)",
    re.IGNORECASE,
)
_HINDI_NUMBERS = {
    **dict.fromkeys(("ek", "एक"), 1),
    **dict.fromkeys(("do", "दो"), 2),
    **dict.fromkeys(("teen", "तीन"), 3),
    **dict.fromkeys(("char", "chaar", "चार"), 4),
    **dict.fromkeys(("paanch", "पांच", "पाँच"), 5),
}


class Unread(NamedTuple):
    """Words of a message that no field of the card takes, such as “3 rooms”.

    `kind` says what the words are about, such as `rooms`.
    """

    kind: Kind
    words: str


def find_unread(
    capability: Capability[Any], reading: Reading, values: JsonObject
) -> tuple[Unread, ...]:
    """Return the parts of a text that the fields of a capability do not take.

    `values` are the fields that were read from the text.
    """
    readers = {slot.reader for slot in capability.slots.values()}
    found: list[Unread] = []
    if capability.writes and readers & _AMOUNT_READERS:
        found += _amounts(reading)
        found += [
            Unread("figure", one.words)
            for one in reading.unclear
            if one.kind == "amount" and one.reason == "unread"
        ]
    if readers & _LINE_READERS:
        found += _shares(reading.text)
    if readers & {"date", "date_or_today", "invoice"}:
        found += [
            Unread("date" if one.reason in _WRONG_DATES else "date_words", one.words)
            for one in reading.unclear
            if one.kind == "date" and one.reason in (*_WRONG_DATES, "unknown")
        ]
    if "guests" in capability.input.model_fields:
        found += _rooms(reading.text, values.get("guests"))
    return tuple(dict.fromkeys(found))


def sentence(kind: Kind, words: str) -> str:
    """Return the sentence with which a card names words that were not used."""
    sentences: Mapping[Kind, str] = {
        "amount": gettext(
            "“%(words)s” was not used: an amount must be more than zero.", words=words
        ),
        "date": gettext("“%(words)s” was not used: there is no such day.", words=words),
        "date_words": gettext(
            "“%(words)s” was not read. Enter a date such as 24 Nov 2026 or 24/11.", words=words
        ),
        "figure": gettext(
            "“%(words)s” was not read. Enter the amount, such as 45000 or 45,000.50.", words=words
        ),
        "percentage": gettext("“%(words)s” was not used. Edit the lines to apply it.", words=words),
        "request": gettext(
            "Only the first request is answered here. Send the other one next: “%(words)s”",
            words=words,
        ),
        "rooms": gettext(
            "“%(words)s” was not used: a search is for rooms of two guests each.", words=words
        ),
        "tax": gettext(
            "“%(words)s” was not used. Edit the lines to choose their tax; the prices are before"
            " tax.",
            words=words,
        ),
    }
    return str(sentences[kind])


def _amounts(reading: Reading) -> Iterator[Unread]:
    for span in (*reading.of("amount"), *reading.of("rate")):
        if span.value.value <= 0:
            yield Unread("amount", span.value.words)


def _shares(text: str) -> Iterator[Unread]:
    taxes = find_taxes(text)
    for match in taxes:
        yield Unread("tax", match.group())
    for match in _PERCENTAGE.finditer(text):
        if not any(match.start() < tax.end() and tax.start() < match.end() for tax in taxes):
            yield Unread("percentage", match.group())


def _rooms(text: str, guests: int | None) -> Iterator[Unread]:
    """Yield each number of rooms in the text that a hotel search would not use.

    The search takes one room for each GUESTS_PER_ROOM guests.
    """
    for match in _ROOMS.finditer(text):
        word = match["n"].lower()
        number = _HINDI_NUMBERS.get(word) or people.bare_count(word) or int(word)
        if guests is not None and number != -(-guests // GUESTS_PER_ROOM):
            yield Unread("rooms", match.group())
