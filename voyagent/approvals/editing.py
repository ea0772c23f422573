"""The arguments of a proposal as a sheet that a person fills in: simple values as fields, lists of
lines as tables, everything else as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from flask_babel import gettext

from voyagent.approvals.freely import amount_in, day_in
from voyagent.approvals.service import ArgumentsInvalid, EditRefused, ShownChanged
from voyagent.approvals.wording import AMOUNTS, CHOICES, argument
from voyagent.http.forms import AMOUNT_SENTENCE, finding_in_words, read_date
from voyagent.http.template_filters import day, today
from voyagent.kernel.money import is_currency, spoken

Result = TypeVar("Result")
Place = tuple[str | int, ...]
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?")
_PREFIX = "a"


@dataclass(slots=True)
class Cell:
    """One value: the name of its control, what it is called, what stands in it, and what is wrong
    with that.
    """

    name: str
    label: str
    value: str
    example: Any
    problem: str = ""
    understood: str = ""

    @property
    def is_date(self) -> bool:
        """Whether a day is written here."""
        return isinstance(self.example, str) and _DATE.fullmatch(self.example) is not None

    @property
    def day(self) -> date | None:
        """The day as it stands stored, for the page to write as people do; None for what was typed
        and is none.
        """
        return (
            date.fromisoformat(self.value)
            if self.is_date and _DATE.fullmatch(self.value) and read_date(self.value)
            else None
        )

    @property
    def choices(self) -> dict[str, str]:
        """The words that may stand here, each with what it is called; nothing where any may."""
        words = CHOICES.get(self.name.rpartition(".")[2], {})
        return (
            {word: str(called) for word, called in words.items()} if self.example in words else {}
        )

    @property
    def is_figure(self) -> bool:
        """Whether a number is written here."""
        return isinstance(self.example, int) or (
            isinstance(self.example, str) and _FIGURE.fullmatch(self.example) is not None
        )

    @property
    def is_amount(self) -> bool:
        """Whether the number is money."""
        return self.is_figure and self.name.endswith(AMOUNTS) and not isinstance(self.example, int)

    def read(self, currency: str | None = None) -> Any:
        """What was written, of the kind that stood here; what cannot be read stays as it is, for
        the schema to refuse; None where blank.

        A day and an amount may be in free words; `understood` then says what they were taken for.
        One in another currency than that beside it is not read.
        """
        text = self.value.strip()
        if not text:
            return None
        if self.is_date:
            return self._day(text)
        if self.is_figure:
            figure = "".join(text.replace(",", "").split())
            if self.is_amount and _FIGURE.fullmatch(figure) is None:
                return self._amount(text, currency)
            return int(figure) if isinstance(self.example, int) and figure.isdecimal() else figure
        return text

    def _day(self, text: str) -> str:
        typed, free = read_date(text), day_in(text, today())
        found = free or typed
        if found is None:
            return text
        if found != typed:
            self.understood = day(found, year=True)
        return found.isoformat()

    def _amount(self, text: str, currency: str | None) -> str:
        found = amount_in(text)
        if found is None or found[1] not in (None, currency):
            return text
        figure = found[0]
        self.understood = spoken(figure, currency) if currency and is_currency(currency) else figure
        return figure


@dataclass(slots=True)
class Table:
    """Lines under one name; one that is emptied goes.

    Where it `grows` the last is blank, to add one; lines that name something by its id have
    `titles` instead.
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
    """All that can be edited of some arguments. Ids and deeper things are kept as they are."""

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
        """The sheet over stored arguments, filled with what was sent where something was.

        `titles` say whose the lines are, where these know it by an id.
        """
        sheet = cls(payload)
        for place, value in _things(payload):
            if _is_simple(str(place[-1]), value):
                sheet.cells[place] = _cell(place, value, sent)
            elif _is_lines(value):
                sheet.tables.append(_table(place, value, sent, titles))
        return sheet

    def __bool__(self) -> bool:
        """Whether anything of it can be edited here."""
        return bool(self.cells or self.tables)

    @property
    def first(self) -> str | None:
        """The control that takes the focus: the first one with something wrong, else the first of
        all.
        """
        cells = self._everywhere
        return next((cell.name for cell in cells if cell.problem), cells[0].name if cells else None)

    @property
    def understood(self) -> list[tuple[str, str]]:
        """Days and amounts that were written in free words, each with what it was taken for."""
        return [
            (cell.value.strip(), cell.understood) for cell in self._everywhere if cell.understood
        ]

    def arguments(self) -> dict[str, Any]:
        """The arguments as they were written."""
        told: dict[str, Any] = deepcopy(self.payload)
        for place, cell in self.cells.items():
            _put(told, place, cell.read(self._currency_beside(place)))
            self._places[place] = cell.name
        for table in self.tables:
            _put(told, table.place, list(self._lines(table)))
        return told

    def attempt(self, act: Callable[[dict[str, Any]], Result]) -> Result | None:
        """Do the act with what was written; None where the tool's schema or a rule does not take
        it, or somebody else was faster, which the sheet then says.
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
            kept = table.lines[n] if n < len(table.lines) else {}
            written = dict(zip(table.columns, row, strict=True))
            currency = (
                written["currency"].read()
                if "currency" in written
                else kept.get("currency") or self._currency_beside(table.place)
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
            yield {name: value for name, value in kept.items() if name not in table.columns} | line
            number += 1

    @property
    def _everywhere(self) -> list[Cell]:
        return [
            *self.cells.values(),
            *(cell for table in self.tables for row in table.rows for cell in row),
        ]

    def _currency_beside(self, place: Place) -> str | None:
        """The currency that holds at a place: as written beside it, else that of the whole."""
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
        """Say at its control what is wrong with a value, or above all of them where it has none."""
        sentence = finding_in_words(kind, message)
        name = self._places.get(place)
        for cell in self._everywhere:
            if cell.name == name:
                cell.problem = (
                    _figure_sentence(cell)
                    if kind == "string_pattern_mismatch" and cell.is_figure
                    else sentence
                )
                return
        self.problems.append(
            f"{' '.join(argument(str(part)) for part in place)}: {sentence}" if place else sentence
        )


def _figure_sentence(cell: Cell) -> str:
    if cell.is_amount:
        return str(
            gettext(
                "Enter an amount such as 45,000.50 or 1.3 lakh, in the currency shown next to it."
            )
        )
    return str(AMOUNT_SENTENCE)


def _things(payload: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    """Each argument by its place; an object's members are things of their own, and what is deeper
    is not looked into.
    """
    for key, value in payload.items():
        if isinstance(value, dict):
            yield from (((key, name), member) for name, member in value.items())
        else:
            yield (key,), value


def _put(told: dict[str, Any], place: Place, value: Any) -> None:
    for key in place[:-1]:
        told = told[key]  # type: ignore[index]
    if value is None:
        told.pop(str(place[-1]), None)
    else:
        told[str(place[-1])] = value


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
    standing = "" if value is None else str(value)
    return Cell(
        name,
        argument(str(place[-1])),
        standing if sent is None else sent.get(name, standing),
        value if example is None else example,
    )


def _is_simple(key: str, value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and not _is_id(key)


def _is_id(key: str) -> bool:
    return key == "id" or key.endswith("_id")


def _is_lines(value: Any) -> bool:
    """A list of lines, each of simple values and of ids, which stay."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(line, dict) and any(_is_simple(k, v) for k, v in line.items())
            for line in value
        )
        and all(_is_simple(k, v) or _is_id(k) for line in value for k, v in line.items())
    )
