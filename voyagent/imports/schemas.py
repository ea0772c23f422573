"""Request and response shapes of imports."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from voyagent.imports.service import Outcome
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Answer, BusinessDate, Closed, Instant, wire_instant

ImportKind = Literal[
    "parties",
    "opening_balances",
    "open_invoices",
    "open_bills",
    "customer_advances",
    "supplier_advances",
]


class ImportIn(Closed):
    """A file as text: CSV (RFC 4180) with a header, UTF-8, at most 200,000 bytes and 1,000 lines.

    A dry run writes nothing.
    """

    kind: ImportKind
    content: Annotated[str, Field(min_length=1)]
    effective_on: BusinessDate | None = None
    """The day of opening balances, open documents and advances."""
    dry_run: bool = True


class FindingOut(Answer):
    """A finding: line from 1, column if one cell is wrong, code, sentence."""

    line: int
    column: str | None
    code: str
    sentence: str


class ImportOut(Answer):
    """Result of a file.

    `id` is null if it was not imported; `is_repeat`: this file had been imported before, and
    nothing was imported now.
    """

    id: UUID | None
    kind: ImportKind
    rows: int
    findings: list[FindingOut]
    is_repeat: bool
    imported_at: Instant | None


def wire(outcome: Outcome) -> Row:
    """Return the result as the API writes it."""
    return {
        "id": outcome.import_id,
        "kind": outcome.kind,
        "rows": outcome.row_count,
        "findings": [
            {"line": one.line, "column": one.column, "code": one.code, "sentence": one.sentence}
            for one in outcome.findings
        ],
        "is_repeat": outcome.is_repeat,
        "imported_at": None if outcome.imported_at is None else wire_instant(outcome.imported_at),
    }


__all__ = ["ImportIn", "ImportKind", "ImportOut", "wire"]
