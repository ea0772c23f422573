"""Request and response bodies of imports."""

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
    "exchange_rates",
]


class ImportIn(Closed):
    """A file as CSV text (RFC 4180) with a header.

    The text has at most 200,000 bytes of UTF-8 and 1,000 rows below the header. With `dry_run` the
    file is checked and nothing is stored.
    """

    kind: ImportKind
    content: Annotated[str, Field(min_length=1)]
    effective_on: BusinessDate | None = None
    """The date of the opening balances, open documents or advances in the file."""
    dry_run: bool = True


class FindingOut(AnswerOf[Finding]):
    """An error in the file: line number (from 1), column, code and message.

    `column` is null if the error is not about one cell.
    """

    line: int
    column: str | None
    code: str
    sentence: str


class ImportOut(AnswerOf[Outcome]):
    """The result of a check or an import.

    `id` is the id of the import, or null if the file has never been imported. If `is_repeat` is
    true, the file had been imported before, and nothing was imported now. The other members then
    describe the earlier import.
    """

    id: Annotated[UUID | None, Read("import_id")]
    kind: ImportKind
    rows: Annotated[int, Read("row_count")]
    findings: list[FindingOut]
    is_repeat: bool
    imported_at: Instant | None


__all__ = ["ImportIn", "ImportKind", "ImportOut"]
