"""The arguments of a proposal as a sheet that a person fills in: simple values as fields, lists of lines as tables, everything else as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from flask_babel import gettext

from voyagent.approvals.service import ArgumentsInvalid, ShownChanged
from voyagent.http.forms import finding_in_words, read_date

Result = TypeVar("Result")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?")
_PREFIX = "a"


@dataclass(slots=True)
class Cell:
    """One value: the name of its control, what it is called, what stands in it, and what is wrong with that."""

    name: str
    label: str
    value: str
    example: Any
    problem: str = ""

    @property
    def is_date(self) -> bool:
        """Whether a day is written here."""
        return isinstance(self.example, str) and _DATE.fullmatch(self.example) is not None

    @property
    def day(self) -> date | None:
        """The day as it stands stored, for the page to write as people do; None for what was typed and is none."""
        return date.fromisoformat(self.value) if self.is_date and _DATE.fullmatch(self.value) and read_date(self.value) else None

    @property
    def is_figure(self) -> bool:
        """Whether a number is written here."""
        return isinstance(self.example, int) or (isinstance(self.example, str) and _FIGURE.fullmatch(self.example) is not None)

    def read(self) -> Any:
        """What was written, of the kind that stood here; what cannot be read stays as it is, for the schema to refuse; None where blank."""
        text = self.value.strip()
        if not text:
            return None
        if self.is_date:
            day = read_date(text)
            return day.isoformat() if day else text
        if self.is_figure:
            figure = "".join(text.replace(",", "").split())
            return int(figure) if isinstance(self.example, int) and figure.isdecimal() else figure
        return text


@dataclass(slots=True)
class Table:
    """Lines under one name; the last is blank, to add one, and one that is emptied goes."""

    key: str
    label: str
    rows: list[list[Cell]]


@dataclass(slots=True)
class Sheet:
    """All that can be edited of some arguments. Ids and deeper things are kept as they are."""

    payload: dict[str, Any]
    cells: dict[str, Cell] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _places: dict[tuple[str | int, ...], str] = field(default_factory=dict)

    @classmethod
    def of(cls, payload: dict[str, Any], sent: Mapping[str, str] | None = None) -> Sheet:
        """The sheet over stored arguments, filled with what was sent where something was."""
        sheet = cls(payload)
        for key, value in payload.items():
            if _is_simple(key, value):
                sheet.cells[key] = _cell((key,), value, sent)
            elif _is_lines(value):
                blank = dict.fromkeys(value[0], None)
                rows = [[_cell((key, n, name), line.get(name), sent, value[0][name]) for name in value[0]] for n, line in enumerate([*value, blank])]
                sheet.tables.append(Table(key, _words(key), rows))
        return sheet

    def arguments(self) -> dict[str, Any]:
        """The arguments as they were written."""
        told: dict[str, Any] = dict(self.payload)
        for key, cell in self.cells.items():
            told[key] = cell.read()
            self._places[key,] = cell.name
        for table in self.tables:
            told[table.key] = list(self._lines(table))
        return {key: value for key, value in told.items() if value is not None}

    def attempt(self, act: Callable[[dict[str, Any]], Result]) -> Result | None:
        """Do the act with what was written; None where the tool's schema does not take it, or somebody else was faster, which the sheet then says."""
        try:
            return act(self.arguments())
        except ArgumentsInvalid as refusal:
            for item in refusal.items:
                self._note(tuple(item["loc"])[2:], finding_in_words(str(item["type"]), str(item["msg"])))  # type: ignore[arg-type]
            return None
        except ShownChanged as refusal:
            self.problems.append(gettext(refusal.message))
            return None

    def _lines(self, table: Table) -> Any:
        number = 0
        for n, row in enumerate(table.rows):
            names = list(self.payload[table.key][0])
            line = {name: value for name, cell in zip(names, row, strict=True) if (value := cell.read()) is not None}
            if not line:
                continue
            kept = self.payload[table.key][n] if n < len(self.payload[table.key]) else {}
            self._places |= {(table.key, number, name): cell.name for name, cell in zip(names, row, strict=True)}
            yield {name: value for name, value in kept.items() if name not in names} | line
            number += 1

    def _note(self, place: tuple[str | int, ...], sentence: str) -> None:
        name = self._places.get(place)
        everywhere = [*self.cells.values(), *(cell for table in self.tables for row in table.rows for cell in row)]
        for cell in everywhere:
            if cell.name == name:
                cell.problem = sentence
                return
        self.problems.append(f"{' '.join(_words(str(part)) for part in place)}: {sentence}" if place else sentence)


def _cell(path: tuple[str | int, ...], value: Any, sent: Mapping[str, str] | None, example: Any = None) -> Cell:
    name = ".".join((_PREFIX, *map(str, path)))
    standing = "" if value is None else str(value)
    return Cell(name, _words(str(path[-1])), standing if sent is None else sent.get(name, standing), value if example is None else example)


def _is_simple(key: str, value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and key != "id" and not key.endswith("_id")


def _is_lines(value: Any) -> bool:
    """A list of lines of simple values."""
    return isinstance(value, list) and bool(value) and all(isinstance(line, dict) and all(_is_simple(k, v) for k, v in line.items()) for line in value)


def _words(key: str) -> str:
    return key[:1].upper() + key[1:].replace("_", " ")
