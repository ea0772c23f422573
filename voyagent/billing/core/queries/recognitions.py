"""Queries of the journal entries that recognise deferred revenue on service dates."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.ledger.queries import sources

RECOGNITION = "recognition"
"""Prefix of the purpose of a journal entry that recognises revenue."""
DEFERRED = "deferred_income"
"""Key of the account of deferred income."""


def recognised(source_type: str, source_id: UUID) -> list[tuple[UUID, date]]:
    """Return the journal entries that recognise a document's revenue, by date.

    Each item has the id and the date of a journal entry.
    """
    return sources.find_entries(source_type, source_id, RECOGNITION)


def recognitions_statement(source_type: str, source_id: UUID) -> Select[Any]:
    """Select the journal lines that recognise a document's revenue.

    The rows have the columns of `sources.further_lines_statement`.
    """
    return sources.further_lines_statement(source_type, source_id, RECOGNITION)


@cached_statement
def undeferred_statement() -> Select[Any]:
    """Return the SQL for documents whose deferred income does not add up to zero.

    The entries that recognise the revenue are posted at issue, with future dates. So the postings
    of a correct document to the account of deferred income add up to zero. Rows: source_type,
    source_id, currency, difference_minor (debits less credits).
    """
    return sources.unsettled_statement(DEFERRED, ("invoice", "credit_note"))


def by_entry(lines: list[Row]) -> list[Row]:
    """Group the journal lines of `recognitions_statement` by journal entry.

    Rows: entry_id, entry_date, reversed_by_id, currency, amount_minor (the sum of debits), lines
    (the journal lines of the entry).
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
