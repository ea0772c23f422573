"""How a tool's use is put on the page: a glyph, a line that says what was done, and what came of it
in a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import format_decimal

from voyagent.approvals.schemas.review import arguments_in_words, has_a_name
from voyagent.assistant.blocks import Block
from voyagent.assistant.planner.sentences import day, money
from voyagent.assistant.planner.wording import _
from voyagent.assistant.tools import registry
from voyagent.assistant.tools.registry import Desk, ToolUnknown
from voyagent.capabilities import capability, registry as capabilities
from voyagent.capabilities.cards import result_card
from voyagent.http.template_filters import status_look
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency
from voyagent.trips.words import country_name

Facts = dict[str, Any]
_AMOUNTS = ("more_than", "at_least", "budget_max", "amount", "cost", "price", "budget_amount")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Card(NamedTuple):
    """The head of a tool's card."""

    glyph: str
    line: str
    note: str
    at: datetime | None = None
    took: str = ""
    failed: bool = False


def card_of(block: Block) -> Card:
    """The head of the card for a tool that runs or has run, with the instant at which it began and
    how long it took as far as they were kept.
    """
    at, took_s = block.get("at"), block.get("took_s")
    return _head(block)._replace(
        at=datetime.fromisoformat(at) if at else None,
        took="" if took_s is None else _duration(took_s),
    )


def _duration(seconds: float) -> str:
    """A tenth of a second at least; whole minutes and seconds from a minute on."""
    if seconds < 59.95:
        return _("%(seconds)s s", seconds=format_decimal(max(0.1, round(seconds, 1)), format="0.0"))
    return _(
        "%(minutes)s min %(seconds)s s", minutes=round(seconds) // 60, seconds=round(seconds) % 60
    )


def _head(block: Block) -> Card:
    given, output = block.get("input") or {}, block.get("output")
    name = str(block["tool_name"])
    head = result_card(_card(name), given, output, writes=_writes(name))
    return Card(head.icon, head.sentence, head.note, failed=head.failed)


def _card(name: str) -> capability.Card:
    known = capabilities.find(name)
    if known is not None:
        return known.card
    icon, sentence = CARDS.get(name, ("gear", lambda *_: name.replace("_", " ")))
    return capability.Card(icon=icon, sentence=sentence)


def _writes(name: str) -> bool:
    try:
        return registry.get(name).approval != "auto"
    except ToolUnknown:
        return True


def asked_with(block: Block) -> list[tuple[str, str]]:
    """What a tool was given, as names and texts; ids and switches are for programs."""
    sent = (block.get("input") or {}).items()
    given = {
        name: value
        for name, value in sent
        if has_a_name(name)
        and value is not None
        and not isinstance(value, bool)
        and parse_id(value) is None
    }
    told = {
        name: _figure(name, value, given)
        for name, value in given.items()
        if not (name == "currency" and any(one in given for one in _AMOUNTS))
    }
    return arguments_in_words(told)


def _figure(name: str, value: Any, beside: Facts) -> Any:
    if name == "country" or (name == "destination" and len(str(value)) == len("IN")):
        return country_name(str(value))
    if isinstance(value, str) and _DAY.fullmatch(value):
        return day(value)
    if name == "status":
        return str(status_look(value).word)
    if name in _AMOUNTS:
        found = as_money(value, beside.get("currency"))
        return money(found.wire, found.currency) if found is not None else value
    return value


def as_money(amount: Any, currency: Any) -> Money | None:
    """An amount of a tool's output, for the page; None where it is none."""
    try:
        return Money.parse(str(amount), str(currency))
    except (InvalidAmount, UnknownCurrency):
        return None


def _handed(given: Facts, _output: Facts) -> str:
    desks = {
        Desk.TICKETING_VISA.value: _("Passed to the ticketing & visa desk"),
        Desk.HOTELS_HOLIDAYS.value: _("Passed to the hotels & holidays desk"),
        Desk.ACCOUNTING.value: _("Passed to the accounts desk"),
    }
    return desks.get(str(given.get("domain")), _("Passed on"))


def _asked(_given: Facts, _output: Facts) -> str:
    return _("Asked a question")


CARDS: dict[str, tuple[str, Callable[[Facts, Facts], str]]] = {
    "handoff": ("arrow-return-right", _handed),
    "clarify": ("question-circle", _asked),
}
