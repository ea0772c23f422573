"""Links to the pages of records that an output contains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from flask import current_app, url_for
from werkzeug.routing import Rule

from voyagent.capabilities.capability import Choice, JsonObject
from voyagent.kernel.ids import parse_id

_MARKS = re.compile(r"[*_`\\]")


class Link(NamedTuple):
    """Label of a record, and the path of its page."""

    label: str
    href: str


def record_page(output: JsonObject) -> str | None:
    """Return the path of the page of the first record in the output, or None."""
    pages = (_page_of(name, value) for name, value in output.items() if name.endswith("_id"))
    return next((page for page in pages if page), None)


def record_links(records: Iterable[Choice]) -> list[Link]:
    """Return links to those records of an answer that have a page."""
    pages = [(one, record_page(dict.fromkeys(one.fills, one.id))) for one in records]
    return [Link(_MARKS.sub("", one.label), page) for one, page in pages if page]


def _page_of(name: str, value: object) -> str | None:
    """Return the path of the page whose URL ends with the id, such as `/invoices/<invoice_id>`."""
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
