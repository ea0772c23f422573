"""Tables for a spreadsheet: columns and rows of cells, and CSV that no spreadsheet takes for a
formula.
"""

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
"""The first column of every table: what a row is."""
HEAD, OPENING, LINE, CARRIED, TOTAL, BOOKS = "head", "opening", "line", "carried", "total", "books"
"""What a row is: a fact about the whole, opened with, what the table is of, computed at the turn of
a year, what rows of one currency come to, or what the books have beside that.
"""

LINES_MAX = 20_000
"""What a file that is made in memory has at most."""


class TooManyLines(Unprocessable):
    """More lines than one file may have."""

    code = "too_many_lines"
    message = N_(
        "That is more than 20,000 entries or lines. Choose fewer days, and download again."
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the name of its file, its columns, its rows.

    The first cell of a row says what it is, so that a program adds no totals to lines.
    """

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]

    def csv(self, *, bom: bool) -> str:
        """The table as RFC 4180 has it; `bom` puts a mark in front by which spreadsheets know
        UTF-8.
        """
        return as_csv([self.columns], bom=bom) + as_csv(self.rows)


def as_csv(rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> str:
    """Rows as lines of CSV, behind the mark where it is wanted."""
    out = io.StringIO()
    out.write(BOM if bom else "")
    csv.writer(out, lineterminator="\r\n").writerows(
        [written(cell) for cell in row] for row in rows
    )
    return out.getvalue()


def written(cell: Cell) -> str:
    """A cell: amounts as plain numbers, negative ones too; a text that a spreadsheet would take for
    a formula gets a quote in front.
    """
    if isinstance(cell, Money):
        return cell.wire
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text
