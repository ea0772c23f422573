"""Files of the day book and of an account, written by the database.

They equal the report, are of one snapshot and of one agency.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from flask import Flask

from tests.ledger.books import post, sale
from tests.people import Person
from voyagent.kernel.database import copy_export
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.money import Money
from voyagent.ledger.queries.accounts import read_chart
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line
from voyagent.reports.exports import spreadsheets, streams
from voyagent.reports.queries.day_book import read_day_book
from voyagent.reports.queries.general_ledger import account_of, read_general_ledger
from voyagent.reports.queries.party_statement import PartyKind, read_party_statement
from voyagent.reports.queries.periods import Days, Period

FIRST, LAST = date(2023, 5, 3), date(2026, 6, 20)
DAYS, PERIOD = Days(FIRST, LAST), Period(FIRST, LAST, date(2023, 4, 1))
OVER = f"from={FIRST}&to={LAST}"
CURRENCIES = ("INR", "JPY", "KWD")
WORDS = ("A sale", "=1+1", 'say "so"', "two\nlines", " +9", "a;b,c", "ünïcödé 🛫")


@pytest.fixture
def busy(alice: Person) -> Person:
    """Entries of three years in currencies with 0, 2 and 3 decimals, across year ends."""
    for number in range(42):
        amount = Money(1_000_001 + number, CURRENCIES[number % 3])
        lines = sale(amount)
        if number % 4 == 0:
            lines = [
                entries.debit("revenue_services", amount),
                entries.credit(
                    "receivable", amount, party_name=WORDS[number % 7], memo=WORDS[number % 5]
                ),
            ]
        post(
            alice,
            lines,
            entry_date=FIRST + timedelta(days=27 * number),
            narration=WORDS[number % 7],
        )
    return alice


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def unquoted(rows: list[list[str]]) -> list[list[str]]:
    """Remove the quote before possible formulas, which the database adds more often."""
    return [[cell.removeprefix("'") for cell in row] for row in rows]


def code_of(person: Person, purpose: str) -> str:
    with person.reading() as reader:
        return next(str(row["code"]) for row in read_chart(reader) if row["purpose"] == purpose)


@pytest.mark.parametrize(("purpose", "carried"), [("receivable", 0), ("revenue_services", 9)])
def test_the_file_of_an_account_equals_the_general_ledger(
    busy: Person, purpose: str, carried: int
) -> None:
    code = code_of(busy, purpose)
    with busy.reading() as reader:
        report = read_general_ledger(
            reader, account_of(read_chart(reader), code), PERIOD, limit=1_000
        )
    rows = table(
        busy.tab.get(f"/reports/general-ledger?account={code}&{OVER}&format=csv").data.decode()
    )
    assert unquoted(rows) == unquoted(table(spreadsheets.general_ledger(report).csv(bom=False)))
    kinds = [row[0] for row in rows]
    assert (
        kinds.count("opening"),
        kinds.count("line"),
        kinds.count("carried"),
        kinds.count("total"),
    ) == (3, 42, carried, 3)


def test_the_file_of_the_day_book_equals_the_day_book(busy: Person) -> None:
    with busy.reading() as reader:
        report = read_day_book(reader, DAYS, limit=1_000)
    answer = busy.tab.get(f"/reports/day-book?{OVER}&format=csv-bom")
    assert (
        answer.headers["Content-Disposition"]
        == f'attachment; filename="voyagent-day-book-{LAST}.csv"'
    )
    rows = table(answer.data.decode("utf-8-sig"))
    assert unquoted(rows) == unquoted(table(spreadsheets.day_book(report).csv(bom=False)))
    assert len(rows) == 1 + 84 + 3
    assert not [cell for row in rows for cell in row if cell.lstrip()[:1] in ("=", "+", "@")], (
        "nothing is reckoned with"
    )
    assert b"\r\n" in answer.data
    assert answer.data.replace(b"\r\n", b"").count(b"\n") == answer.data.count(b"two\nlines")


@pytest.mark.parametrize(
    ("kind", "purpose", "count"), [("customer", "receivable", 19), ("supplier", "payable", 10)]
)
def test_the_file_of_a_party_equals_the_statement(
    busy: Person, kind: PartyKind, purpose: str, count: int
) -> None:
    """Entries in two currencies, or with a zero net, have a row per currency.

    The report has the same rows.
    """
    party = "Meera & Sons"
    for number in range(count):
        day = FIRST - timedelta(days=3) + timedelta(days=40 * number)
        lines: list[Line] = []
        for currency in CURRENCIES[: 1 + number % 3]:
            one, two = Money(1_000 + number, currency), Money(500, currency)
            lines += [
                entries.debit(purpose, one, party_name=party),
                entries.credit(purpose, two, party_name=party.upper()),
            ]
            lines.append(entries.credit("revenue_services", one - two))
        post(busy, lines, entry_date=day, narration=WORDS[number % 7])
    same = Money(700, "INR")
    post(
        busy,
        [
            entries.debit(purpose, same, party_name=party),
            entries.credit(purpose, same, party_name=party),
        ],
        entry_date=LAST,
        narration="Moved",
    )
    with busy.reading() as reader:
        report = read_party_statement(reader, kind, party, DAYS, limit=1_000)
    rows = table(
        busy.tab.get(
            f"/reports/party-statement?kind={kind}&party=meera+%26+sons&{OVER}&format=csv"
        ).data.decode()
    )
    assert unquoted(rows) == unquoted(table(spreadsheets.party_statement(report).csv(bom=False)))
    assert [row[0] for row in rows].count("line") == len(report.moved) > count
    nobody = table(
        busy.tab.get(
            f"/reports/party-statement?kind={kind}&party=Nobody&{OVER}&format=csv"
        ).data.decode()
    )
    assert nobody == rows[:1], "the head line alone"


def test_files_exclude_other_agencies_and_may_be_empty(busy: Person, charlie: Person) -> None:
    code = code_of(charlie, "receivable")
    for report in (f"general-ledger?account={code}&", "day-book?"):
        rows = table(charlie.tab.get(f"/reports/{report}{OVER}&format=csv").data.decode())
        assert len(rows) == 1, "the head line alone"


def test_balances_and_lines_of_a_file_are_read_at_one_moment(app: Flask, busy: Person) -> None:
    """Entries posted during the download are not in the file.

    They are neither among its lines nor in its totals.
    """
    exports: Exports = app.extensions["voyagent.exports"]
    snapshot = exports.open(busy.actor.tenant_id)
    pieces = streams.day_book(snapshot, DAYS).csv(snapshot, bom=False)
    begun = next(pieces)
    post(busy, entry_date=LAST)
    rows = table((begun + b"".join(pieces)).decode())
    assert len(rows) == 1 + 84 + 3
    inr = [row for row in rows if row[9] == "INR"]
    assert sum(float(row[10] or 0) for row in inr if row[0] == "line") == pytest.approx(
        float(inr[-1][10])
    )
    assert (
        len(table(busy.tab.get(f"/reports/day-book?{OVER}&format=csv").data.decode())) == 1 + 86 + 3
    )


def test_the_export_slot_is_released_in_every_case(
    app: Flask, busy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_export, "WAIT_S", 0.05)
    exports: Exports = app.extensions["voyagent.exports"]
    address = f"/reports/day-book?{OVER}&format=csv"
    client = busy.tab
    for _ in range(copy_export.AGENCY_SLOTS + 1):
        assert client.get(address).status_code == 200
        half = client.get(address, buffered=False)
        next(half.response)
        half.close()
        assert client.get(f"/reports/day-book?from={LAST}&to={FIRST}&format=csv").status_code == 422
    held = [exports.open(busy.actor.tenant_id) for _ in range(copy_export.AGENCY_SLOTS)]
    busy_now = client.get(address)
    assert (busy_now.status_code, "Other exports are running" in busy_now.text) == (503, True)
    for snapshot in held:
        snapshot.close()
    assert client.get(address).status_code == 200
