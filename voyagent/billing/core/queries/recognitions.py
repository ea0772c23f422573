"""Reading what documents book on the days of service of their lines."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from voyagent.kernel.database.read_pool import Row
from voyagent.ledger.queries import sources

RECOGNITION = "recognition"
"""How the purpose of an entry begins that is booked on a day of service."""
DEFERRED = "deferred_income"
"""The account on which a line of a principal waits for its day of service."""


def recognised(source_type: str, source_id: UUID) -> list[tuple[UUID, date]]:
    """The entries of an invoice or a credit note that are booked on days of service, and these
    days, in order; none where nothing was deferred.
    """
    return sources.find_entries(source_type, source_id, RECOGNITION)


def recognitions_statement(source_type: str, source_id: UUID) -> Select[Any]:
    """The lines of what an invoice or a credit note books on days of service, as
    `sources.further_lines_statement` has them.
    """
    return sources.further_lines_statement(source_type, source_id, RECOGNITION)


def undeferred_statement() -> Select[Any]:
    """Invoices and credit notes that leave something deferred for good: source_type, source_id,
    currency, difference_minor.
    """
    return sources.unsettled_statement(DEFERRED, ("invoice", "credit_note"))


def by_entry(lines: list[Row]) -> list[Row]:
    """Lines as `recognitions_statement` has them, entry by entry: entry_id, entry_date,
    reversed_by_id, currency, amount_minor and its `lines`.
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
