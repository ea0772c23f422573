"""The shapes of imports on the wire: a file as a text, and what became of it."""

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
    """A file as its text: CSV by RFC 4180 with a head, in UTF-8, at most 200,000 bytes and 1,000
    lines. A dry run writes nothing.
    """

    kind: ImportKind
    content: Annotated[str, Field(min_length=1)]
    effective_on: BusinessDate | None = None
    """The day as of which opening balances, open documents and advances stand."""
    dry_run: bool = True


class FindingOut(Answer):
    """What is wrong: the line of the file counted from 1, the column where it is one cell's, a code
    for programs, a sentence for people.
    """

    line: int
    column: str | None
    code: str
    sentence: str


class ImportOut(Answer):
    """What became of a file.

    `id` is null while it was not taken; `is_repeat`: this very file had been taken before, and
    nothing was taken now.
    """

    id: UUID | None
    kind: ImportKind
    rows: int
    findings: list[FindingOut]
    is_repeat: bool
    imported_at: Instant | None


def wire(outcome: Outcome) -> Row:
    """What became of a file as the API writes it."""
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
