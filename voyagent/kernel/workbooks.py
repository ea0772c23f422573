"""Tables as workbooks (XLSX, ECMA-376).

Amounts are numbers with the decimals of their currency, and dates are date cells. Text is never a
formula.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from voyagent.kernel.money import Money, exponent
from voyagent.kernel.sheets import TOTAL, Cell, Sheet, looks_like_formula

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NUMBER_MAX = 10**15 - 1
"""Largest amount in minor units that is written as a number.

A spreadsheet stores fifteen digits, so a larger amount is written as text.
"""
_NAME_MAX = 31
_NO_XML = {0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"}
"""Two characters that XML does not allow and that the library does not remove."""
_WIDEST = 48
_DAY_WIDTH = 11


def workbook(sheet: Sheet) -> bytes:
    """Return a table as a workbook of one sheet, whose header row does not scroll.

    Text that looks like a formula stays text when it is edited. Totals are bold values and not
    formulas, so sorting or filtering does not change them.
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
    """The cell formats of one workbook; each is created once."""

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
    """Write a cell and return its width in characters."""
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
    wanted = {"quote_prefix": True, **style} if looks_like_formula(text) else style
    page.write_string(row, column, text, formats[wanted] if wanted else None)
    return len(text)


@cache
def _places(currency: str) -> str:
    places = exponent(currency)
    return "#,##0" + ("." + "0" * places if places else "")


def _library() -> Any:
    """Import xlsxwriter on first use, because the import takes about 0.2 seconds."""
    import xlsxwriter  # noqa: PLC0415

    return xlsxwriter
