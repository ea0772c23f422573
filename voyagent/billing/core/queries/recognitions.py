"""Entries that documents post on the service dates of their lines."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from voyagent.kernel.database.read_pool import Row
from voyagent.ledger.queries import sources

RECOGNITION = "recognition"
"""Prefix of the purpose of an entry on a service date."""
DEFERRED = "deferred_income"
"""Account of deferred revenue."""


def recognised(source_type: str, source_id: UUID) -> list[tuple[UUID, date]]:
    """Return the entries of a document on service dates, with their dates, in order."""
    return sources.find_entries(source_type, source_id, RECOGNITION)


def recognitions_statement(source_type: str, source_id: UUID) -> Select[Any]:
    """Return the lines of a document's entries on service dates.

    The columns are those of `sources.further_lines_statement`.
    """
    return sources.further_lines_statement(source_type, source_id, RECOGNITION)


def undeferred_statement() -> Select[Any]:
    """Return documents with a balance of deferred revenue that no entry clears.

    Rows: source_type, source_id, currency, difference_minor.
    """
    return sources.unsettled_statement(DEFERRED, ("invoice", "credit_note"))


def by_entry(lines: list[Row]) -> list[Row]:
    """Group lines of `recognitions_statement` by entry.

    Rows: entry_id, entry_date, reversed_by_id, currency, amount_minor, lines.
    """
    found: dict[UUID, Row] = {}
    for line in lines:
        entry = {
            name: line[name] for name in ("entry_id", "entry_date", "reversed_by_id", "currency")
        } | {"amount_minor": 0, "lines": []}
        entry = found.setdefault(line["entry_id"], entry)
        entry["amount_minor"] += line["debit_minor"]
        entry["lines"].append(line)
    return list(found.values())
