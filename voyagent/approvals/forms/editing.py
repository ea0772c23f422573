"""HTML form of a proposal's arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from flask_babel import gettext

from voyagent.approvals.service.errors import ArgumentsInvalid, EditRefused, ShownChanged
from voyagent.approvals.words.arguments import AMOUNTS, CHOICES, argument, date_kind
from voyagent.http.forms import AMOUNT_SENTENCE, date_sentence, finding_in_words, read_date
from voyagent.http.template_filters import day, today
from voyagent.kernel.money import is_currency, spoken, ungrouped
from voyagent.kernel.text import dates
from voyagent.kernel.text.amounts import read_amount
from voyagent.kernel.text.dates import DateKind, Day

Result = TypeVar("Result")
Place = tuple[str | int, ...]
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?")
_PREFIX = "a"


@dataclass(slots=True)
class Cell:
    """One argument as an input field: name, label, text, and the error message if any.

    `value` is the text in the field, and `example` is the stored value. `understood` is the
    interpretation of a date or an amount in words.
    """

    name: str
    label: str
    value: str
    example: Any
    problem: str = ""
    understood: str = ""

    @property
    def is_date(self) -> bool:
        """True if the stored value is a date."""
        return isinstance(self.example, str) and _DATE.fullmatch(self.example) is not None

    @property
    def day(self) -> date | None:
        """The value as a date, which the page formats for the reader; None for other text."""
        return (
            date.fromisoformat(self.value)
            if self.is_date and _DATE.fullmatch(self.value) and read_date(self.value)
            else None
        )

    @property
    def choices(self) -> dict[str, str]:
        """Labels of the allowed values, by value; empty if any value may be entered."""
        words = CHOICES.get(self.name.rpartition(".")[2], {})
        return (
            {word: str(called) for word, called in words.items()} if self.example in words else {}
        )

    @property
    def date_kind(self) -> DateKind:
        """Purpose of the date, which decides how a date without a year is read."""
        return date_kind(self.name)

    @property
    def is_figure(self) -> bool:
        """True if the stored value is a number."""
        return isinstance(self.example, int) or (
            isinstance(self.example, str) and _FIGURE.fullmatch(self.example) is not None
        )

    @property
    def is_amount(self) -> bool:
        """True if the stored value is an amount of money."""
        return self.is_figure and self.name.endswith(AMOUNTS) and not isinstance(self.example, int)

    def read(self, currency: str | None = None) -> Any:
        """Return the entered value with the type of the stored value, or None if blank.

        Text that is not a date or an amount is returned as it was entered. So is an amount in
        another currency than `currency`. The schema of the act then refuses it.
        """
        text = self.value.strip()
        if not text:
            return None
        if self.is_date:
            return self._day(text)
        if self.is_figure:
            figure = ungrouped(text)
            if self.is_amount and _FIGURE.fullmatch(figure) is None:
                return self._amount(text, currency)
            return int(figure) if isinstance(self.example, int) and figure.isdecimal() else figure
        return text

    def _day(self, text: str) -> str:
        found = dates.read_date(text, today(), self.date_kind)
        if not isinstance(found, Day):
            return text
        if found.is_relative or not found.has_year:
            self.understood = _meaning(found)
        return found.day.isoformat()

    def _amount(self, text: str, currency: str | None) -> str:
        found = read_amount(text)
        if found is None or found.value < 0 or found.currency not in (None, currency):
            return text
        figure = found.plain
        self.understood = spoken(figure, currency) if currency and is_currency(currency) else figure
        return figure


def _meaning(found: Day) -> str:
    meaning = day(found.day, year=True)
    if found.other is None:
        return meaning
    return str(
        gettext(
            "%(date)s; the coming one is %(other)s", date=meaning, other=day(found.other, year=True)
        )
    )


@dataclass(slots=True)
class Table:
    """A list of objects in the arguments, as a table.

    `lines` are the stored objects and `rows` their input fields. If `grows` is true, the last row
    is blank for a further object.
    """

    place: Place
    label: str
    columns: list[str]
    rows: list[list[Cell]]
    lines: list[dict[str, Any]]
    titles: list[str]
    grows: bool


@dataclass(slots=True)
class Sheet:
    """The form of a proposal's arguments.

    Texts, numbers, dates and lists of simple objects, such as invoice lines, can be edited. Ids,
    booleans and deeper structures cannot.
    """

    payload: dict[str, Any]
    cells: dict[Place, Cell] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _places: dict[Place, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        payload: dict[str, Any],
        sent: Mapping[str, str] | None = None,
        titles: Sequence[str] = (),
    ) -> Sheet:
        """Return the form for the arguments of a proposal.

        `sent` has the submitted values by name of the input. `titles` has a name for each row of a
        table whose rows have only ids and no description.
        """
        sheet = cls(payload)
        for place, value in _things(payload):
            if _is_simple(str(place[-1]), value):
                sheet.cells[place] = _cell(place, value, sent)
            elif _is_lines(value):
                sheet.tables.append(_table(place, value, sent, titles))
        return sheet

    def __bool__(self) -> bool:
        """Return True if at least one argument can be edited."""
        return bool(self.cells or self.tables)

    @property
    def first(self) -> str | None:
        """Name of the input to focus: the first with an error, else the first of all.

        The name is None if no argument can be edited.
        """
        cells = self._everywhere
        return next((cell.name for cell in cells if cell.problem), cells[0].name if cells else None)

    @property
    def understood(self) -> list[tuple[str, str]]:
        """Labels and interpretations of the dates and amounts that were typed in words."""
        return [
            (cell.value.strip(), cell.understood) for cell in self._everywhere if cell.understood
        ]

    def arguments(self) -> dict[str, Any]:
        """Return the arguments with the values that the user entered."""
        arguments: dict[str, Any] = deepcopy(self.payload)
        for place, cell in self.cells.items():
            _put(arguments, place, cell.read(self._currency_beside(place)))
            self._places[place] = cell.name
        for table in self.tables:
            _put(arguments, table.place, list(self._lines(table)))
        return arguments

    def attempt(self, act: Callable[[dict[str, Any]], Result]) -> Result | None:
        """Call `act` with the entered arguments; return its result, or None if it refuses.

        A refusal is ArgumentsInvalid, ShownChanged or EditRefused; the form then shows its errors.
        """
        try:
            return act(self.arguments())
        except ArgumentsInvalid as refusal:
            for item in refusal.items:
                self._note(tuple(item["loc"])[2:], str(item["type"]), str(item["msg"]))  # type: ignore[arg-type]
            return None
        except (ShownChanged, EditRefused) as refusal:
            self.problems.append(gettext(refusal.message))
            return None

    def _lines(self, table: Table) -> Iterator[dict[str, Any]]:
        number = 0
        for n, row in enumerate(table.rows):
            stored = table.lines[n] if n < len(table.lines) else {}
            written = dict(zip(table.columns, row, strict=True))
            currency = (
                written["currency"].read()
                if "currency" in written
                else stored.get("currency") or self._currency_beside(table.place)
            )
            line = {
                name: value
                for name, cell in written.items()
                if (value := cell.read(currency)) is not None
            }
            if not line:
                continue
            self._places |= {
                (*table.place, number, name): cell.name for name, cell in written.items()
            }
            yield {
                name: value for name, value in stored.items() if name not in table.columns
            } | line
            number += 1

    @property
    def _everywhere(self) -> list[Cell]:
        return [
            *self.cells.values(),
            *(cell for table in self.tables for row in table.rows for cell in row),
        ]

    def _currency_beside(self, place: Place) -> str | None:
        """Return the currency of the amount at a path in the arguments, or None.

        The currency is the member `currency` of the object with the amount, or else the argument
        `currency` of the act.
        """
        near = next(
            (
                cell
                for at in (place[:-1], ())
                if (cell := self.cells.get((*at, "currency"))) is not None
            ),
            None,
        )
        return near.read() if near is not None else None

    def _note(self, place: Place, kind: str, message: str) -> None:
        """Show a validation error at the input of the wrong value, or above the form.

        `place` is the path of the value, and `kind` the error type of Pydantic.
        """
        sentence = finding_in_words(kind, message)
        name = self._places.get(place)
        for cell in self._everywhere:
            if cell.name == name:
                cell.problem = _problem(cell, kind) or sentence
                return
        self.problems.append(
            f"{' '.join(argument(str(part)) for part in place)}: {sentence}" if place else sentence
        )


def _problem(cell: Cell, kind: str) -> str | None:
    if kind == "string_pattern_mismatch" and cell.is_figure:
        return _figure_sentence(cell)
    if kind == "date_parsing" and cell.is_date:
        return date_sentence(cell.value.strip(), cell.date_kind)
    return None


def _figure_sentence(cell: Cell) -> str:
    if cell.is_amount:
        return str(
            gettext(
                "Enter an amount such as 45,000.50 or 1.3 lakh, in the currency shown next to it."
            )
        )
    return str(AMOUNT_SENTENCE)


def _things(payload: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    """Yield the path and value of each argument; an object yields its members."""
    for key, value in payload.items():
        if isinstance(value, dict):
            yield from (((key, name), member) for name, member in value.items())
        else:
            yield (key,), value


def _put(target: dict[str, Any], place: Place, value: Any) -> None:
    for key in place[:-1]:
        target = target[key]  # type: ignore[index]
    if value is None:
        target.pop(str(place[-1]), None)
    else:
        target[str(place[-1])] = value


def _table(
    place: Place, lines: list[dict[str, Any]], sent: Mapping[str, str] | None, titles: Sequence[str]
) -> Table:
    examples = {
        name: value
        for line in reversed(lines)
        for name, value in line.items()
        if _is_simple(name, value)
    }
    columns = [
        name for name in dict.fromkeys(name for line in lines for name in line) if name in examples
    ]
    grows = all(name in examples for line in lines for name in line)
    rows = [
        [_cell((*place, n, name), line.get(name), sent, examples[name]) for name in columns]
        for n, line in enumerate([*lines, *([{}] if grows else [])])
    ]
    named = list(titles) if not grows and len(titles) == len(lines) else []
    return Table(place, argument(str(place[-1])), columns, rows, lines, named, grows)


def _cell(place: Place, value: Any, sent: Mapping[str, str] | None, example: Any = None) -> Cell:
    name = ".".join((_PREFIX, *map(str, place)))
    stored = "" if value is None else str(value)
    return Cell(
        name,
        argument(str(place[-1])),
        stored if sent is None else sent.get(name, stored),
        value if example is None else example,
    )


def _is_simple(key: str, value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and not _is_id(key)


def _is_id(key: str) -> bool:
    return key == "id" or key.endswith("_id")


def _is_lines(value: Any) -> bool:
    """Return True for a list of objects that consist of single values and ids."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(line, dict) and any(_is_simple(k, v) for k, v in line.items())
            for line in value
        )
        and all(_is_simple(k, v) or _is_id(k) for line in value for k, v in line.items())
    )
