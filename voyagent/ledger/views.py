"""The page of a journal entry: what was posted, on which day, from what, and what reverses it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template

from voyagent.http.guards import Guard
from voyagent.http.pages import PageBlueprint
from voyagent.kernel.money import Money
from voyagent.kernel.reading import Reader, Row
from voyagent.ledger import queries
from voyagent.ledger.queries import EntryNotFound

pages = PageBlueprint("ledger", __name__, guard=Guard.SIGNED_IN)


@pages.page("/journal/<entry_id>", permission="ledger.read", missing=EntryNotFound)
def entry(reader: Reader, entry_id: UUID) -> Any:
    """One entry with its lines, currency by currency."""
    found, lines = queries.read_entry(reader, entry_id)
    return render_template("ledger/entry.html", entry=found, lines=[_shown(line) for line in lines])


def _shown(line: Row) -> Row:
    return line | {side: Money(line[f"{side}_minor"], line["currency"]) for side in ("debit", "credit")}
