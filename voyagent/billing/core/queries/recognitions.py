"""Queries of the journal entries that recognise revenue and cost on service dates.

A service date is a day of recognition, as in `service.earning`.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.ledger.queries import sources

DEFERRED = "deferred_income"
"""Key of the account of deferred income."""
PREPAID = "prepaid_trip_costs"
"""Key of the account of prepaid costs, which are billed and not recognised yet."""
WAITING = {
    "invoice": DEFERRED,
    "credit_note": DEFERRED,
    "bill": PREPAID,
    "supplier_credit": PREPAID,
}
"""Account on which deferred revenue or prepaid cost waits, by type of document."""
PURPOSES = {DEFERRED: "recognition", PREPAID: "cost"}
"""Prefix of the purpose of the journal entries on service dates, by account."""


def recognised(source_type: str, source_id: UUID) -> list[tuple[UUID, date]]:
    """Return the journal entries that recognise a document's revenue or cost, by date.

    Each item has the id and the date of a journal entry.
    """
    return sources.find_entries(source_type, source_id, PURPOSES[WAITING[source_type]])


def recognitions_statement(source_type: str, source_id: UUID) -> Select[Any]:
    """Select the journal lines that recognise a document's revenue or cost.

    The rows have the columns of `sources.further_lines_statement`.
    """
    return sources.further_lines_statement(source_type, source_id, PURPOSES[WAITING[source_type]])


@cached_statement
def unrecognised_statement(account: str) -> Select[Any]:
    """Return the SQL for documents whose postings to an account are not zero.

    The account is DEFERRED or PREPAID. The entries that recognise revenue or cost are posted with
    the document, with future dates. So the postings of a correct document to the account add up to
    zero. Rows: source_type, source_id, currency, difference_minor (debits less credits).
    """
    types = [source_type for source_type, one in WAITING.items() if one == account]
    return sources.unsettled_statement(account, types)


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
