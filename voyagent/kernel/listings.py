"""Lists as downloads, with one definition of columns for CSV and workbooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal, select

from voyagent.kernel.database.copy_export import Snapshot, amount_cell, text_cell
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.sheets import LINE, LINES_MAX, ROW, Cell, Sheet, TooManyLines, as_csv


@dataclass(frozen=True, slots=True)
class Stream:
    """A table whose rows come in parts.

    Each part is a list of rows, or a select that returns the cells of rows.
    """

    name: str
    columns: Sequence[str]
    parts: Iterable[Sequence[Sequence[Cell]] | Select[Any]]

    def csv(self, snapshot: Snapshot, *, bom: bool) -> Iterator[bytes]:
        """Yield the table as CSV in chunks; the snapshot is closed at the end."""
        try:
            yield from snapshot.paced(self._chunks(snapshot, bom=bom))
        finally:
            snapshot.close()

    def _chunks(self, snapshot: Snapshot, *, bom: bool) -> Iterator[bytes]:
        yield as_csv([self.columns], bom=bom).encode()
        for part in self.parts:
            if isinstance(part, Select):
                yield from snapshot.copied(part)
            else:
                yield as_csv(part).encode()


class Column(NamedTuple):
    """A column of a list: its name, its SQL expression `of`, and its kind.

    A value of the kind `text` is changed so that no spreadsheet reads it as a formula. The kind
    `amount` is an amount in minor units. A value of the kind `plain` is written unchanged.
    """

    name: str
    of: ColumnElement[Any]
    kind: Literal["text", "amount", "plain"] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of records that can be downloaded, the newest day first.

    `base` returns the select of the records with the given columns. `day` is the date column.
    `ends` selects two dates, `first_day` and `last_day`; the date of every record is between the
    two dates. `currency` is the currency of a row's amounts. `order` sorts rows of the same day.
    `is_sparse` is true if the filter selects few rows; one select then reads all rows.
    """

    name: str
    columns: Sequence[Column]
    base: Callable[[Sequence[ColumnElement[Any]]], Select[Any]]
    day: ColumnElement[Any]
    ends: Select[Any]
    currency: ColumnElement[Any]
    order: Sequence[ColumnElement[Any]]
    is_sparse: bool = False

    def stream(self, reader: Reader) -> Stream:
        """Return the list for a CSV download, as one select per month.

        A list with `is_sparse` is one select.
        """
        cells = [self._cell(column) for column in self.columns]
        whole = self._ordered(self.base([literal(LINE), *cells]))

        def parts() -> Iterator[Select[Any]]:
            if self.is_sparse:
                yield whole
                return
            ((found,),) = reader.read(self.ends)
            for first, last in months(found["first_day"], found["last_day"], newest_first=True):
                yield whole.where(self.day.between(first, last))

        return Stream(self.name, self._names, parts())

    def sheet(self, reader: Reader) -> Sheet:
        """Return the list as a table in memory. Raises TooManyLines above LINES_MAX rows."""
        given = [column.of.label(column.name) for column in self.columns]
        (rows,) = reader.read(
            self._ordered(self.base([*given, self.currency.label("of_currency")])).limit(
                LINES_MAX + 1
            )
        )
        if len(rows) > LINES_MAX:
            raise TooManyLines
        return Sheet(
            self.name,
            self._names,
            [[LINE, *(self._value(column, row) for column in self.columns)] for row in rows],
        )

    @property
    def _names(self) -> list[str]:
        return [ROW, *(column.name for column in self.columns)]

    def _cell(self, column: Column) -> ColumnElement[Any]:
        if column.kind == "amount":
            return amount_cell(column.of, self.currency)
        return text_cell(column.of) if column.kind == "text" else column.of

    def _value(self, column: Column, row: Row) -> Cell:
        value: Cell = row[column.name]
        return (
            Money(int(row[column.name]), row["of_currency"]) if column.kind == "amount" else value
        )

    def _ordered(self, rows: Select[Any]) -> Select[Any]:
        return rows.order_by(self.day.desc(), *self.order)


def months(
    first: date | None, last: date | None, *, newest_first: bool = False
) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of each month between two days.

    The first month begins at `first`, and the last month ends at `last`. Yields nothing if one of
    the two days is None.
    """
    if first is None or last is None:
        return
    count = (last.year - first.year) * 12 + last.month - first.month
    numbers = range(count, -1, -1) if newest_first else range(count + 1)
    for number in numbers:
        begins = date(
            first.year + (first.month - 1 + number) // 12, (first.month - 1 + number) % 12 + 1, 1
        )
        following = (begins + timedelta(days=32)).replace(day=1)
        yield max(begins, first), min(following - timedelta(days=1), last)


def ends_of(day: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return a select of the earliest and latest `day`, both null without a match."""
    return select(func.min(day).label("first_day"), func.max(day).label("last_day")).where(
        *conditions
    )
