"""Request and response shapes of imports."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from voyagent.imports.rules.csv_tables import Finding
from voyagent.imports.service.files import Outcome
from voyagent.kernel.fields import BusinessDate, Closed, Instant
from voyagent.kernel.serializers import AnswerOf, Read

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


class FindingOut(AnswerOf[Finding]):
    """A finding: line from 1, column if one cell is wrong, code, sentence."""

    line: int
    column: str | None
    code: str
    sentence: str


class ImportOut(AnswerOf[Outcome]):
    """Result of a file.

    `id` is null if it was not imported; `is_repeat`: this file had been imported before, and
    nothing was imported now.
    """

    id: Annotated[UUID | None, Read("import_id")]
    kind: ImportKind
    rows: Annotated[int, Read("row_count")]
    findings: list[FindingOut]
    is_repeat: bool
    imported_at: Instant | None


__all__ = ["ImportIn", "ImportKind", "ImportOut"]
