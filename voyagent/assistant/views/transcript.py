"""Blocks of a message in readable form: calls of capabilities, and cards."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import url_for
from flask_babel import format_decimal, gettext

from voyagent.approvals.schemas.review import arguments_in_words, has_a_name
from voyagent.approvals.words.arguments import argument
from voyagent.assistant.rules.blocks import Block
from voyagent.capabilities import capability, registry
from voyagent.capabilities.capability import Capability
from voyagent.capabilities.cards import day, result_card
from voyagent.capabilities.dialogue import choice_message
from voyagent.capabilities.outputs import ShownResult, as_money, shown_result
from voyagent.http.template_filters import status_style
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import spoken
from voyagent.trips.words import country_name

FORM_PAGE = "capabilities.act"
_AMOUNTS = ("more_than", "at_least", "budget_max", "amount", "cost", "price", "budget_amount")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class ToolHead(NamedTuple):
    """Heading of a call: icon, sentence, short result, start and duration."""

    glyph: str
    line: str
    note: str
    at: datetime | None = None
    took: str = ""
    failed: bool = False


class DraftField(NamedTuple):
    """A field of a card: its value, and the words from which it was read.

    `note` says that the value was assumed.
    """

    label: str
    value: str
    words: str = ""
    is_missing: bool = False
    note: str = ""


class DraftCard(NamedTuple):
    """A card with the fields that the user is asked to confirm."""

    glyph: str
    title: str
    fields: list[DraftField]
    needs_approval: bool
    notices: list[str]
    """Sentences about the act that the user must know before confirming it."""
    is_complete: bool
    edit_url: str
    others: list[tuple[str, str]]
    """Names and titles of the other actions that the message can mean."""
    choices: list[tuple[str, str]]
    """Labels of the records for the field that is asked, and the messages that pick them."""


def tool_head(block: Block) -> ToolHead:
    """Return the heading of a running or finished call."""
    at, took_s = block.get("at"), block.get("took_s")
    known = registry.find(str(block["tool_name"]))
    card = known.card if known else _unknown(str(block["tool_name"]))
    head = result_card(
        card, block.get("input") or {}, block.get("output"), writes=known is None or known.writes
    )
    return ToolHead(
        head.icon,
        head.sentence,
        head.note,
        datetime.fromisoformat(at) if at else None,
        "" if took_s is None else _duration(took_s),
        head.failed,
    )


def result_of(block: Block) -> ShownResult | None:
    """Return the result of a finished call; None if there is nothing to show."""
    return shown_result(registry.find(str(block["tool_name"])), block["output"])


def given_fields(block: Block) -> list[tuple[str, str]]:
    """Return labels and texts of the input of a call.

    Ids, boolean values, empty values and arguments without a label are left out.
    """
    sent = (block.get("input") or {}).items()
    given = {
        name: value
        for name, value in sent
        if has_a_name(name)
        and value is not None
        and not isinstance(value, bool)
        and parse_id(value) is None
    }
    return _in_words(given)


def draft_card(block: Block) -> DraftCard | None:
    """Return a card for the page; None if its capability no longer exists."""
    known = registry.find(block["capability"])
    if known is None:
        return None
    fields = block["fields"]
    return DraftCard(
        known.card.icon,
        str(gettext(known.title)),
        [one for name in known.input.model_fields for one in _draft_fields(known, block, name)],
        known.approval == "required" or block.get("asks_approval", False),
        block.get("notices", []),
        not block["missing"],
        _edit_url(known, fields),
        [
            (name, str(gettext(other.title)))
            for name in block["offered"][1:]
            if (other := registry.find(name)) is not None
        ],
        _choices(block),
    )


def _choices(block: Block) -> list[tuple[str, str]]:
    rows = block["choices"].get(block["missing"][0], []) if block["missing"] else []
    return [
        (row["label"], choice_message(place, row["label"])) for place, row in enumerate(rows, 1)
    ]


def _draft_fields(known: Capability[Any], block: Block, name: str) -> list[DraftField]:
    value, words = block["fields"].get(name), block["words"].get(name, "")
    if value in (None, "", []):
        if name in block["missing"]:
            return [DraftField(argument(name), "", is_missing=True)]
        return _default_field(known, name)
    if parse_id(value) is not None or (isinstance(value, list) and all(map(parse_id, value))):
        return [DraftField(argument(name), words or str(gettext("selected record")))]
    shown = (
        _lines(name, value)
        if isinstance(value, list) and isinstance(value[0], dict)
        else _in_words({**_currency(block), name: value}, name)
    )
    note = str(gettext("assumed")) if name in block.get("assumed", ()) else ""
    return [
        DraftField(
            label,
            text,
            words if place == 0 and words.casefold() != text.casefold() else "",
            note=note,
        )
        for place, (label, text) in enumerate(shown)
    ]


def _default_field(known: Capability[Any], name: str) -> list[DraftField]:
    """Return a field's default value for a card; the list is empty without a default."""
    default = known.input.model_fields[name].default
    if not known.writes or name not in known.slots or not isinstance(default, str | int):
        return []
    return [
        DraftField(label, text, note=str(gettext("assumed")))
        for label, text in _in_words({name: default})
    ]


def _lines(name: str, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return a label and a text for each row of a list of invoice lines or of people."""
    labels = [f"{argument(name)} {number}" for number in range(1, len(rows) + 1)]
    return list(zip(labels if len(rows) > 1 else [argument(name)], map(_line, rows), strict=True))


def _line(row: dict[str, Any]) -> str:
    """Return an invoice line as text, such as “Tickets to Dubai, 2 × INR 18,500.00”."""
    price = as_money(row.get("unit_price"), row.get("currency"))
    if price is None:
        return ", ".join(f"{label} {text}" for label, text in _in_words(row))
    rest = {
        name: value
        for name, value in row.items()
        if name not in ("description", "quantity", "unit_price", "currency")
    }
    parts = [
        row.get("description") or "",
        f"{row.get('quantity', 1)} × {spoken(price.wire, price.currency)}",
        *(f"{label} {text}" for label, text in _in_words(rest)),
    ]
    return ", ".join(filter(None, parts))


def _currency(block: Block) -> dict[str, Any]:
    return {
        name: block["fields"][name]
        for name in ("currency", "budget_currency")
        if block["fields"].get(name)
    }


def _in_words(given: dict[str, Any], only: str = "") -> list[tuple[str, str]]:
    """Return the label and text of each value of `given`, or only of the value `only`.

    The text of an amount includes its currency.
    """
    has_amount = any(one in given for one in _AMOUNTS)
    values = {
        name: _figure(name, value, given)
        for name, value in given.items()
        if only in ("", name) and not (has_amount and name.endswith("currency"))
    }
    return arguments_in_words(values)


def _figure(name: str, value: Any, beside: dict[str, Any]) -> Any:
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if name == "country" or (name == "destination" and len(str(value)) == len("IN")):
        return country_name(str(value))
    if isinstance(value, str) and _DAY.fullmatch(value):
        return day(value)
    if name == "status":
        return str(status_style(value).word)
    if name in _AMOUNTS:
        found = as_money(value, beside.get("currency") or beside.get("budget_currency"))
        return spoken(found.wire, found.currency) if found is not None else value
    return value


def _edit_url(known: Capability[Any], fields: dict[str, Any]) -> str:
    """Return the URL of the capability's form, filled with the fields."""
    given = {name: _in_address(value) for name, value in fields.items() if value is not None}
    return f"{url_for(FORM_PAGE, name=known.name)}?{urlencode(given, doseq=True)}"


def _in_address(value: Any) -> Any:
    """Return the value of a field in the form that a query string can contain.

    Text and lists of ids are unchanged; other values become JSON.
    """
    is_ids = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value if isinstance(value, str) or is_ids else json.dumps(value)


def _unknown(name: str) -> capability.Card:
    """Return the presentation of a tool of an older release."""
    words = {"handoff": gettext("Passed on"), "clarify": gettext("Asked a question")}
    sentence = str(words.get(name) or name.replace("_", " "))
    return capability.Card(icon="gear", sentence=lambda _given, _output: sentence)


def _duration(seconds: float) -> str:
    """Return a duration as text, at least 0.1 seconds."""
    if seconds < 59.95:
        number = format_decimal(max(0.1, round(seconds, 1)), format="0.0")
        return str(gettext("%(seconds)s s", seconds=number))
    minutes, rest = divmod(round(seconds), 60)
    return str(gettext("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=rest))
