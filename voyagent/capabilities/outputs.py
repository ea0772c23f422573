"""Outputs as pages show them: tables, labelled values, and links to records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import current_app, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.routing import Rule

from voyagent.capabilities.capability import Capability, Choice
from voyagent.capabilities.cards import day
from voyagent.capabilities.results import Column, Kind, Result
from voyagent.http.account_names import account_name
from voyagent.http.template_filters import money
from voyagent.kernel.ids import parse_id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency

_MARKS = re.compile(r"[*_`\\]")
_TEXTS = ("detail", "goal", "question")
"""Members of an output that is only a text; the last two are of tools of older releases."""


class Link(NamedTuple):
    """Label of a record, and the path of its page."""

    label: str
    href: str


class Cell(NamedTuple):
    """A value of a result, formatted for a page.

    If `kind` is `status`, `text` is the stored status and not its label.
    """

    label: str
    kind: Kind
    text: str
    code: str = ""
    href: str | None = None
    note: str = ""


class ShownResult(NamedTuple):
    """A formatted result: rows of a table, items of a list, labelled values, or text."""

    title: str = ""
    rows: Sequence[Sequence[Cell]] = ()
    items: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    text: str = ""
    link: Link | None = None


def shown_result(capability: Capability[Any] | None, output: JsonObject) -> ShownResult | None:
    """Return an output in the form that a page shows, or None if nothing is shown.

    `capability` is None if the stored output is of a capability that does not exist now.
    """
    text = next((str(output[name]) for name in _TEXTS if output.get(name)), "")
    if text:
        return ShownResult(text=text)
    if capability is None:
        return None
    card = capability.card
    if card.row is not None and not card.results:
        items = [card.row(record) for record in output.get(card.rows) or ()]
        return ShownResult(items=items) if items else None
    return next(filter(None, (_shown(result, output) for result in card.results)), None)


def as_money(amount: object, currency: object) -> Money | None:
    """Return an amount in an output as Money, or None if it is not an amount."""
    try:
        return Money.parse(str(amount), str(currency))
    except (InvalidAmount, UnknownCurrency):
        return None


def record_page(output: JsonObject) -> str | None:
    """Return the page path of the first record that has a page, or None."""
    pages = (_page_of(name, value) for name, value in output.items() if name.endswith("_id"))
    return next((page for page in pages if page), None)


def record_links(records: Iterable[Choice]) -> list[Link]:
    """Return links to those records of an answer that have a page."""
    pages = [(one, record_page(dict.fromkeys(one.fills, one.id))) for one in records]
    return [Link(_MARKS.sub("", one.label), page) for one, page in pages if page]


def _shown(result: Result, output: JsonObject) -> ShownResult | None:
    record = output.get(result.record) if result.record else output
    rows = output.get(result.rows) if result.rows else ()
    if not record or (result.rows and not rows):
        return None
    title, link = gettext(result.title) if result.title else "", _link(result, record, output)
    if rows and not result.columns:
        return ShownResult(title, items=rows, link=link)
    if rows:
        cells = [[_cell(column, row, output) for column in result.columns] for row in rows]
        return ShownResult(title, rows=cells, link=link)
    if not result.columns and link is None:
        return None
    facts = [_cell(column, record, output) for column in result.columns]
    return ShownResult(title, facts=[(cell.label, cell.text) for cell in facts], link=link)


def _link(result: Result, record: JsonObject, output: JsonObject) -> Link | None:
    if result.link is None:
        return None
    page = result.link.path or _linked(result.link.page, record, output)
    return Link(gettext(result.link.label), page) if page else None


def _linked(page: str, record: JsonObject, output: JsonObject) -> str | None:
    return _page_of(page, output.get(page) or record.get(page) or record.get("id"))


def _cell(column: Column, record: JsonObject, output: JsonObject) -> Cell:
    value = record.get(column.value) if isinstance(column.value, str) else column.value(record)
    text = _text(column.kind, value, record)
    href = _linked(column.page, record, output) if column.page else None
    return Cell(
        gettext(column.label) if column.label else "",
        column.kind,
        text,
        str(record.get(column.code, "")) if column.code else "",
        f"{column.search}?{urlencode({'q': text})}" if column.search else href,
        column.note(record, output),
    )


def _text(kind: Kind, value: Any, record: JsonObject) -> str:
    if kind == "money" and isinstance(value, list):
        return Markup("<br>").join(_text(kind, one, record) for one in value)
    if kind == "money":
        amount = value if isinstance(value, dict) else {**record, "amount": value}
        return money(as_money(amount.get("amount"), amount.get("currency")))
    if value is None:
        return ""
    if kind in ("date", "dates"):
        return " – ".join(day(one) for one in ([value] if kind == "date" else value) if one)
    if kind == "moment":
        return f"{day(value[:10])} {value[11:]}"
    return account_name(str(value)) if kind == "account" else str(value)


def _page_of(name: str, value: object) -> str | None:
    """Return the path of a record's page, such as `/invoices/<invoice_id>`.

    `name` is the name of the id, such as `invoice_id`. The result is None if there is no such page
    or `value` is not an id.
    """
    if not isinstance(value, str) or parse_id(value) is None:
        return None
    for rule in _pages_of_records():
        if rule.rule.endswith(f"/<{name}>"):
            ids: dict[str, Any] = {name: value}
            return url_for(rule.endpoint, **ids)
    return None


def _pages_of_records() -> Iterator[Rule]:
    for rule in current_app.url_map.iter_rules():
        if len(rule.rule.split("/")) == 3 and "GET" in (rule.methods or ()):
            yield rule
