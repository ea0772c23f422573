"""The output of a capability for a page: facts and tables, with links to records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from flask import current_app, url_for
from flask_babel import format_date, gettext
from werkzeug.routing import Rule

from voyagent.approvals.words.arguments import argument, option
from voyagent.capabilities.capability import JsonObject
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import is_currency, spoken

ROWS_MAX = 200
_CODES = ("amount", "total", "open", "overdue", "debit", "credit", "balance", "charge")
"""Ends of the names of amounts whose currency stands beside them."""


class Cell(NamedTuple):
    """A value as text, and the page of the record that it names."""

    text: str
    href: str | None = None


class Table(NamedTuple):
    """A list of an output: a label, the columns, and the rows."""

    label: str
    columns: list[str]
    rows: list[list[Cell]]


class Shown(NamedTuple):
    """An output: its facts as label and value, then its lists."""

    facts: list[tuple[str, str]]
    tables: list[Table]


def shown(output: JsonObject) -> Shown:
    """Return what a page shows of an output; ids are left out."""
    return Shown(list(_facts(output)), list(_tables(output)))


def record_page(output: JsonObject) -> str | None:
    """Return the address of the page of the first record that the output names, or None."""
    pages = (_page_of(name, value) for name, value in output.items() if name.endswith("_id"))
    return next((page for page in pages if page), None)


def _facts(output: JsonObject) -> Iterator[tuple[str, str]]:
    for name, value in output.items():
        if _is_list(value) or _is_id(name):
            continue
        if isinstance(value, dict) and not _is_money(value):
            yield from _facts(value)
        elif (text := _text(name, value, output)) != "":
            yield argument(name), text


def _tables(output: JsonObject) -> Iterator[Table]:
    for name, value in output.items():
        if isinstance(value, dict) and not _is_money(value):
            yield from _tables(value)
        elif _is_list(value) and value:
            yield _table(name, value)


def _table(name: str, records: list[JsonObject]) -> Table:
    names = list(dict.fromkeys(key for one in records for key in one if not _is_id(key)))
    shown_names = [key for key in names if not _is_list(records[0].get(key)) and key != "currency"]
    rows = [
        [
            Cell(_text(key, one.get(key), one), _page_in(name, one) if at == 0 else None)
            for at, key in enumerate(shown_names)
        ]
        for one in records[:ROWS_MAX]
    ]
    return Table(argument(name), [argument(key) for key in shown_names], rows)


def _text(name: str, value: Any, beside: JsonObject) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if isinstance(value, list):
        return ", ".join(_text(name, one, beside) for one in value)
    if isinstance(value, dict):
        if _is_money(value):
            return spoken(value["amount"], value["currency"])
        return ", ".join(filter(None, (_text(key, one, value) for key, one in value.items())))
    currency = beside.get("currency")
    if name.endswith(_CODES) and isinstance(currency, str) and is_currency(currency):
        return spoken(str(value), currency)
    return _day(value) or (option(name, value) if name == "status" else str(value))


def _day(value: object) -> str:
    try:
        return str(format_date(date.fromisoformat(str(value)), "d MMM y"))
    except ValueError:
        return ""


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_money(value: JsonObject) -> bool:
    return set(value) == {"amount", "currency"} and value["amount"] is not None


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith(("_id", "_ids", "_key"))


def _page_in(name: str, record: JsonObject) -> str | None:
    """Return the page of a record in a list, such as `/invoices/<invoice_id>` in `invoices`."""
    for rule in _pages_of_records():
        if rule.rule.startswith(f"/{name}/"):
            return _address(rule, record.get("id"))
    return None


def _page_of(name: str, value: object) -> str | None:
    """Return the page whose address ends with the id, such as `/invoices/<invoice_id>`."""
    for rule in _pages_of_records():
        if rule.rule.endswith(f"/<{name}>"):
            return _address(rule, value)
    return None


def _pages_of_records() -> Iterator[Rule]:
    for rule in current_app.url_map.iter_rules():
        parts = rule.rule.split("/")
        if len(parts) == 3 and parts[2].endswith("_id>") and "GET" in (rule.methods or ()):
            yield rule


def _address(rule: Rule, value: object) -> str | None:
    if not isinstance(value, str) or parse_id(value) is None:
        return None
    ids: dict[str, Any] = dict.fromkeys(rule.arguments, value)
    return url_for(rule.endpoint, **ids)
