"""Tables for spreadsheets, whose CSV cells cannot run as formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_SPACE = r" \u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\t\r\n\v\f"
_SIGN = r"=+\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"[\t\r\n]|[{_SPACE}]*[{_SIGN}]")
_SEPARATOR = re.compile(r"[;\t\r\n]")
_AFTER_SEPARATOR = re.compile(rf'([{_SPACE}";]+)([{_SIGN}]?)')
Cell = Money | UUID | date | Decimal | str | int | None
ROW = "row"
"""Name of the first column of every table; it contains the kind of the row."""
HEAD, OPENING, LINE, CARRIED, TOTAL, BOOKS = "head", "opening", "line", "carried", "total", "books"
AGE = "age"
"""Kinds of rows: header, opening balance, line, carried forward, total, ledger balance, and age."""

LINES_MAX = 20_000
"""Maximum number of rows in a file that is built in memory."""


ROWS_IN_REQUEST = 2_000
"""Maximum number of rows of a workbook or PDF that a request makes; a worker makes larger ones."""
_in_worker: ContextVar[bool] = ContextVar("in_worker", default=False)


class LargeFile(Unprocessable):
    """The file has more than ROWS_IN_REQUEST rows, so a worker must make it."""

    code = "large_file"
    message = N_("The file is too large for this request.")


def check_rows(count: int) -> None:
    """Raise LargeFile if a request may not make a file of `count` rows."""
    if count > ROWS_IN_REQUEST and not is_in_worker():
        raise LargeFile


def is_in_worker() -> bool:
    """Return True inside a block of `in_worker`, where files may have any size."""
    return _in_worker.get()


@contextmanager
def in_worker() -> Iterator[None]:
    """Allow files of any size inside the block."""
    token = _in_worker.set(True)
    try:
        yield
    finally:
        _in_worker.reset(token)


class TooManyLines(Unprocessable):
    """The file would have more than LINES_MAX rows."""

    code = "too_many_lines"
    message = N_(
        "A download has at most 20,000 entries or lines. Choose fewer days and download again."
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: file name, columns and rows.

    The first cell of each row is the kind of the row, so that programs can distinguish totals from
    other rows.
    """

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]

    def csv(self, *, bom: bool) -> str:
        """Return the table as CSV (RFC 4180).

        If `bom` is true, the text begins with a byte order mark, by which spreadsheets recognise
        UTF-8.
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
    """Return a cell as text that a spreadsheet never takes for a formula."""
    if isinstance(cell, Money):
        return cell.wire
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return guarded(cell) if isinstance(cell, str) else "" if cell is None else str(cell)


def guarded(text: str) -> str:
    """Put an apostrophe before each part of a text that could be read as a formula.

    A spreadsheet may begin a new cell after a semicolon, a tab or a line end in the text. Therefore
    the parts after these characters are checked too. The database function `app.csv_cell` has the
    same rules.
    """
    if _SEPARATOR.search(text):
        whole = _AFTER_SEPARATOR.sub(_separated, text)
    else:
        whole = text
    return f"'{whole}" if looks_like_formula(text) else whole


def looks_like_formula(text: str) -> bool:
    """Return True if a spreadsheet may read the text as a formula.

    Such a text begins with a tab, a line end or a sign such as `=`, even after spaces.
    """
    return _FORMULA.match(text) is not None


def _separated(found: re.Match[str]) -> str:
    run, sign = found.groups()
    return f"{run}'{sign}" if sign and _SEPARATOR.search(run) else f"{run}{sign}"
