"""Cells written by the database: amounts as in the API, and no formulas."""

from __future__ import annotations

import csv
import io

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.kernel.database.copy_export import Snapshot, amount_cell, text_cell
from voyagent.kernel.money import Money, currency_codes


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
