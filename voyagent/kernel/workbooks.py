"""Tables as workbooks (XLSX, ECMA-376): amounts are numbers with the places of their currency, days
are days, and a text is a text whatever it begins with.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from voyagent.kernel.money import Money, exponent
from voyagent.kernel.sheets import FORMULA, TOTAL, Cell, Sheet

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NUMBER_MAX = 10**15 - 1
"""In minor units; a spreadsheet keeps fifteen digits of a number, so a larger amount is written as
text rather than rounded.
"""
_NAME_MAX = 31
_NO_XML = {0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"}
"""Two characters that XML cannot have and the library lets through; the control characters it
writes in the way of the format.
"""
_WIDEST = 48
_DAY_WIDTH = 11


def workbook(sheet: Sheet) -> bytes:
    """A table as a workbook of one sheet: the columns stay in sight above the rows.

    A text that begins like a formula stays a text when it is edited, too.

    Totals are bold, and values like all else: what the page proved, whatever somebody sorts or
    leaves out.
    """
    out = io.BytesIO()
    book = _library().Workbook(out, {"constant_memory": True})
    page = book.add_worksheet(sheet.name[:_NAME_MAX])
    page.freeze_panes(1, 0)
    formats = _Formats(book)
    widths = [len(column) for column in sheet.columns]
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, column, formats[{"bold": True}])
    for number, row in enumerate(sheet.rows, start=1):
        style = {"bold": True} if row[:1] == [TOTAL] else {}
        for place, cell in enumerate(row):
            widths[place] = max(widths[place], _write(page, number, place, cell, formats, style))
    for place, width in enumerate(widths):
        page.set_column(place, place, min(width, _WIDEST) + 2)
    book.close()
    return out.getvalue()


class _Formats:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __getitem__(self, wanted: Mapping[str, Any]) -> Any:
        key = tuple(wanted.items())
        if key not in self._made:
            self._made[key] = self._book.add_format(dict(wanted))
        return self._made[key]


def _write(
    page: Any, row: int, column: int, cell: Cell, formats: _Formats, style: Mapping[str, Any]
) -> int:
    """Write a cell, and tell how many characters wide it is."""
    if cell is None:
        return 0
    if isinstance(cell, Money) and abs(cell.amount_minor) <= NUMBER_MAX:
        page.write_number(
            row, column, cell.decimal, formats[{"num_format": _places(cell.currency), **style}]
        )
        return len(f"{cell.decimal:,f}")
    if isinstance(cell, date):
        page.write_datetime(row, column, cell, formats[{"num_format": "yyyy-mm-dd", **style}])
        return _DAY_WIDTH
    if isinstance(cell, int | Decimal):
        page.write_number(row, column, cell)
        return len(str(cell))
    text = (cell.wire if isinstance(cell, Money) else str(cell)).translate(_NO_XML)
    wanted = {"quote_prefix": True, **style} if text.startswith(FORMULA) else style
    page.write_string(row, column, text, formats[wanted] if wanted else None)
    return len(text)


@cache
def _places(currency: str) -> str:
    places = exponent(currency)
    return "#,##0" + ("." + "0" * places if places else "")


def _library() -> Any:
    """Loaded when the first workbook is wanted: it brings charts and pictures along, and a fifth of
    a second at the start.
    """
    import xlsxwriter  # noqa: PLC0415

    return xlsxwriter
