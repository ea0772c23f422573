"""Cells written by the database: amounts as in the API, and no formulas."""

from __future__ import annotations

import csv
import io
import json

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.dialects.postgresql import JSONB

from tests.cpu_time import cpu_seconds
from tests.people import Person
from voyagent.kernel.database.copy_export import Snapshot, amount_cell, json_cell, text_cell
from voyagent.kernel.money import Money, currency_codes
from voyagent.kernel.sheets import as_csv, written


@pytest.fixture
def snapshot(app: Flask, alice: Person) -> Snapshot:
    """A snapshot bound to an agency."""
    opened: Snapshot = app.extensions["voyagent.exports"].open(alice.actor.tenant_id)
    return opened


def row_of(snapshot: Snapshot, *cells: sa.ColumnElement[object]) -> list[str]:
    return next(
        csv.reader(io.StringIO(b"".join(snapshot.copied(sa.select(*cells))).decode(), newline=""))
    )


@pytest.mark.parametrize("minor", [0, 1, -5, 123_456, -(10**17)])
def test_an_amount_has_the_decimals_of_the_api(snapshot: Snapshot, minor: int) -> None:
    row = row_of(
        snapshot,
        *[
            amount_cell(sa.literal(minor, sa.BigInteger), sa.literal(code))
            for code in currency_codes()
        ],
    )
    assert row == [Money(minor, code).wire for code in currency_codes()]


SEPARATED = [
    *(
        f"Asha{separator}{quote}{space}{sign}HYPERLINK(1)"
        for separator in (";", "\t", "\n", "\r\n", ";;", "; ;")
        for quote in ("", '"', ' "')
        for space in ("", " ", "\u00a0", "\u200b")
        for sign in "=+-@\uff1d\uff0b\uff0d\uff20"
    ),
    ';=1;"=2"\t+3\n-4',
    "=1;=2",
    "\t=1",
    "\r\n=1",
    'Asha","=1',
    'Asha,=1;"";=2',
]
"""Texts of which a part is a formula in a file that is opened with another separator."""


def opened_with(separator: str, text: str) -> list[str]:
    """Return the cells of a CSV text as a spreadsheet splits them."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


def formulas(text: str) -> list[str]:
    """Return the cells that a spreadsheet takes for a formula, with each separator."""
    return [
        cell
        for separator in ",;\t"
        for cell in opened_with(separator, text)
        if cell.lstrip(' \u00a0\u200b\t\r\n"').startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
    ]


@pytest.mark.parametrize("beside", ["Rao", "Rao, Sons", 'Rao "and" Sons;'])
def test_no_part_of_a_cell_is_a_formula_with_another_separator(
    snapshot: Snapshot, beside: str
) -> None:
    for text in SEPARATED:
        file = as_csv([[beside, text, beside]])
        assert formulas(file) == [], file
    cells = [text_cell(sa.literal(text)) for text in SEPARATED]
    assert row_of(snapshot, *cells) == [written(text) for text in SEPARATED]


def test_harmless_text_with_separators_is_unchanged(snapshot: Snapshot) -> None:
    harmless = ["Rao; Sons", "one\ntwo", "a;b=c", "a\tb-c", 'say "hi"; then go', "9-10;11-12"]
    assert [written(text) for text in harmless] == harmless
    assert row_of(snapshot, *[text_cell(sa.literal(text)) for text in harmless]) == harmless


def test_a_json_cell_has_no_separator_and_the_same_value(snapshot: Snapshot) -> None:
    value = {'a;=1\t"': [";=2", '\\;"=3', "\n-4"], "plain": "a=b"}
    (cell,) = row_of(snapshot, json_cell(sa.cast(json.dumps(value), JSONB)))
    assert json.loads(cell) == value
    assert formulas(as_csv([["Rao", cell, "Rao"]])) == []
    assert ";" not in cell


def test_guarding_a_cell_takes_linear_time() -> None:
    def seconds(length: int) -> float:
        text = ";" + '\t "' * length
        return cpu_seconds(lambda: [written(text) for _ in range(5)], calls=3)

    short, long = seconds(6_000), seconds(60_000)
    assert long < max(40 * short, 0.5)


def test_only_text_like_a_formula_is_escaped(snapshot: Snapshot) -> None:
    evil = ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", " =1", "\u00a0@x", "\uff1d1", "\u200b-1"]
    harmless = [
        "Air tickets",
        "zebra=1",
        "[x]",
        "_x",
        "7 nights",
        ":x",
        "{x}",
        "éclair",
        "विवरण",
        "x",
    ]
    row = row_of(snapshot, *[text_cell(sa.literal(text)) for text in (*evil, *harmless)])
    assert row == [f"'{text}" for text in evil] + harmless
    assert [written(text) for text in (*evil, *harmless)] == row
    assert row_of(snapshot, text_cell(sa.null()), sa.literal(1)) == ["", "1"]


def test_a_failing_row_ends_the_file_with_its_error(
    snapshot: Snapshot,
) -> None:
    number = sa.func.generate_series(1, 10_000).column_valued("n")
    assert b"".join(snapshot.copied(sa.select(number))) == b"".join(
        b"%d\r\n" % n for n in range(1, 10_001)
    )
    assert row_of(snapshot, sa.literal(1)) == ["1"], "the wire is free for the next"
    pieces = snapshot.copied(sa.select(1 // (9_000 - number)))
    assert next(pieces) == b"0\r\n"
    with pytest.raises(psycopg.errors.DivisionByZero):
        b"".join(pieces)
