"""CSV files as tables: separators and quotes by RFC 4180, UTF-8, known column names.

Every cell is plain text, whatever it begins with; exports guard against formulas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from voyagent.kernel import money
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import contains_unstorable

BYTES_MAX = 200_000
"""Size of the largest file, in bytes of UTF-8."""
ROWS_MAX = 1_000
FINDINGS_MAX = 100
"""Number of findings that are returned for a file."""
SEPARATORS = (",", ";", "\t")
_BYTE_ORDER_MARK = "\ufeff"


class FileUnreadable(Unprocessable):
    """The file is not UTF-8, or has characters that cannot be stored."""

    code = "file_unreadable"
    message = N_("This file is not in UTF-8. Save it as CSV in UTF-8 and choose it again.")


class FileTooLarge(Unprocessable):
    """The file has too many bytes or lines."""

    code = "file_too_large"
    message = N_("A file has at most 200,000 bytes and 1,000 lines. Split it into several files.")


class FileEmpty(Unprocessable):
    """The file has no line after its header."""

    code = "file_empty"
    message = N_("This file has no lines below the header.")


OF_SHAPE = {
    "bool_parsing": N_("Enter yes or no."),
    "invalid_currency": money.UnknownCurrency.message,
    "email_invalid": N_("Enter an e-mail address such as name@example.com."),
    **dict.fromkeys(
        ("date_parsing", "date_from_datetime_parsing"),
        N_("Enter the date with the year first, such as 2026-03-31."),
    ),
    "string_pattern_mismatch": N_(
        "The format is not valid. Enter an amount as 1234.50, a currency as INR, a country as IN."
    ),
}
"""Sentences for cells of the wrong form, by error code; else the schema's own sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: line from 1, column if one cell is wrong, code, translatable sentence."""

    line: int
    column: str | None
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row: its first line in the file, and its cells that are not blank, by column."""

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class Table:
    """Rows with the shape of the header, and findings for the others."""

    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def decoded(raw: bytes) -> str:
    """Return the text of a file. Raises FileTooLarge, FileUnreadable."""
    if len(raw) > BYTES_MAX:
        raise FileTooLarge
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise FileUnreadable from None


def normal(text: str) -> str:
    """Return the text by which a file is recognised: no UTF-8 mark, one kind of line end.

    Raises as `decoded`.
    """
    plain = (
        text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    )
    if contains_unstorable(plain):
        raise FileUnreadable
    if len(plain.encode()) > BYTES_MAX:
        raise FileTooLarge
    return plain


def read(text: str, columns: Sequence[str], needed: Sequence[str]) -> Table:
    """Read normalised text as a table.

    `columns` are the allowed names in any order and case, `needed` the required ones. Raises
    FileEmpty, FileTooLarge.
    """
    table = Table()
    rows = _rows(text, table.findings)
    _line, head = next(rows, (1, []))
    names = [cell.strip().casefold() for cell in head]
    table.findings += _of_head(names, columns, needed)
    if table.findings:
        return table
    for line, cells in rows:
        if len(table.records) >= ROWS_MAX:
            raise FileTooLarge
        if len(cells) != len(names):
            table.findings.append(
                Finding(
                    line,
                    None,
                    "cells_do_not_fit",
                    N_("The number of cells in this line differs from the header."),
                )
            )
        table.records.append(
            Record(
                line,
                {
                    name: cell.strip()
                    for name, cell in zip(names, cells, strict=False)
                    if cell.strip()
                },
            )
        )
    if not table.records and not table.findings:
        raise FileEmpty
    return table


def _rows(text: str, findings: list[Finding]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that are not blank with their first line.

    An unclosed quote, or text after a closing one, is recorded and ends the reading.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_separator(text))
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        findings.append(
            Finding(
                begins,
                None,
                "quotes_do_not_fit",
                N_("A quotation mark is not closed, or text follows it in the same cell."),
            )
        )


def _separator(text: str) -> str:
    """Return the separator: the most frequent of comma, semicolon and tab in the header."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=head.count)


def _of_head(names: list[str], columns: Sequence[str], needed: Sequence[str]) -> list[Finding]:
    found = [
        Finding(1, name, "column_missing", N_("The header must have this column."))
        for name in needed
        if name not in names
    ]
    found += [
        Finding(1, name, "column_twice", N_("The header has this column twice."))
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    unknown = [name for name in dict.fromkeys(names) if name not in columns]
    return found + [
        Finding(
            1, name[:64], "column_unknown", N_("Unknown column. Remove it or correct its name.")
        )
        for name in unknown
    ]
