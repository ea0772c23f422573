"""Parse CSV files in UTF-8, with quotes as in RFC 4180 and known column names.

Cells are plain text and are stored unchanged, even a cell such as `=1+1`. Cells are protected
against spreadsheet formulas only when they are exported.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from voyagent.kernel import money
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import contains_unstorable

BYTES_MAX = 200_000
"""Size of the largest file, in bytes of UTF-8."""
ROWS_MAX = 1_000
FINDINGS_MAX = 100
"""Largest number of errors that are returned for a file."""
SEPARATORS = (",", ";", "\t")
_BYTE_ORDER_MARK = "\ufeff"


class FileUnreadable(Unprocessable):
    """The file is not UTF-8, or has characters that cannot be stored."""

    code = "file_unreadable"
    message = N_("This file is not in UTF-8. Save it as CSV in UTF-8 and choose it again.")


class FileTooLarge(Unprocessable):
    """The file has too many bytes or rows."""

    code = "file_too_large"
    message = N_("A file has at most 200,000 bytes and 1,000 lines. Split it into several files.")


class FileEmpty(Unprocessable):
    """The file has no row below its header."""

    code = "file_empty"
    message = N_("This file has no lines below the header.")


OF_SHAPE = {
    "bool_parsing": N_("Enter yes or no."),
    "invalid_currency": money.UnknownCurrency.message,
    "string_control_character": N_(
        "This has invisible characters, such as a line break or a change of the text’s direction."
        " Delete them or type the text again."
    ),
    "email_invalid": N_("Enter an e-mail address such as name@example.com."),
    **dict.fromkeys(
        ("date_parsing", "date_from_datetime_parsing"),
        N_("Enter the date with its year, such as 31 Mar 2026 or 2026-03-31."),
    ),
    "string_pattern_mismatch": N_(
        "The format is not valid. Enter an amount as 1234.50, a currency as INR, a country as IN."
    ),
}
"""Messages for cells of a wrong type, by Pydantic error code.

For any other code the message of the schema is used.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """An error in a file: line number (from 1), column, code and message.

    `column` is None if the error is not about one cell.
    """

    line: int
    column: str | None
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a file, with its non-empty cells by column name.

    `line` is the number of the row's first line in the file.
    """

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class Table:
    """The parsed rows of a file, and the errors found while parsing."""

    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def decoded(raw: bytes) -> str:
    """Decode the bytes of a file as UTF-8. Raises FileTooLarge, FileUnreadable."""
    if len(raw) > BYTES_MAX:
        raise FileTooLarge
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise FileUnreadable from None


def normal(text: str) -> str:
    """Normalise a file's text: remove the byte order mark, unify line ends.

    Line ends at the end of the text are removed. Those at its beginning count as lines.

    Raises FileTooLarge, FileUnreadable.
    """
    plain = (
        text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    )
    if contains_unstorable(plain):
        raise FileUnreadable
    if len(plain.encode()) > BYTES_MAX:
        raise FileTooLarge
    return plain


def read(text: str, columns: Sequence[str], needed: Sequence[str]) -> Table:
    """Parse normalised text as a table.

    `columns` are the allowed column names, which the file may have in any order and case. `needed`
    are the required columns. Raises FileEmpty, FileTooLarge. All other errors are in the result.
    """
    table = Table()
    rows = _rows(text, table.findings)
    first, head = next(rows, (1, []))
    names = [cell.strip().casefold() for cell in head]
    table.findings += _of_head(first, names, columns, needed)
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
    """Yield the first line number and the cells of each row that is not blank.

    If a quote is not closed, or text follows a closing quote, an error is added to `findings`, and
    no further row is read.
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
    """Return the most frequent of comma, semicolon and tab in the header."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=head.count)


def _of_head(
    line: int, names: list[str], columns: Sequence[str], needed: Sequence[str]
) -> list[Finding]:
    found = [
        Finding(line, name, "column_missing", N_("The header must have this column."))
        for name in needed
        if name not in names
    ]
    found += [
        Finding(line, name, "column_twice", N_("The header has this column twice."))
        for name, number in Counter(names).items()
        if number > 1
    ]
    unknown = [name for name in dict.fromkeys(names) if name not in columns]
    return found + [
        Finding(
            line, name[:64], "column_unknown", N_("Unknown column. Remove it or correct its name.")
        )
        for name in unknown
    ]
