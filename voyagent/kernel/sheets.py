"""Tables for spreadsheets, whose CSV cells cannot run as formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = Money | UUID | date | Decimal | str | int | None
ROW = "row"
"""Name of the first column of every table; it contains the kind of the row."""
HEAD, OPENING, LINE, CARRIED, TOTAL, BOOKS = "head", "opening", "line", "carried", "total", "books"
"""Kinds of rows: header, opening balance, line, carried forward, total, and ledger balance."""

LINES_MAX = 20_000
"""Maximum number of rows in a file that is built in memory."""


class TooManyLines(Unprocessable):
    """The file would have more than LINES_MAX rows."""

    code = "too_many_lines"
    message = N_(
        "A download has at most 20,000 entries or lines. Choose fewer days and download again."
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: file name, columns and rows.

    The first cell of each row is the kind of the row, so that programs can tell totals from other
    rows.
    """

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]

    def csv(self, *, bom: bool) -> str:
        """Return the table as CSV (RFC 4180).

        With `bom`, spreadsheets recognise it as UTF-8.
        """
        return as_csv([self.columns], bom=bom) + as_csv(self.rows)


def as_csv(rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> str:
    """Return rows as CSV text; begins with a byte order mark if `bom` is true."""
    out = io.StringIO()
    out.write(BOM if bom else "")
    csv.writer(out, lineterminator="\r\n").writerows(
        [written(cell) for cell in row] for row in rows
    )
    return out.getvalue()


def written(cell: Cell) -> str:
    """Return a cell as text; text that looks like a formula begins with an apostrophe."""
    if isinstance(cell, Money):
        return cell.wire
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text
