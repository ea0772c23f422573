"""The day book in the base currency."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

from tests.ledger.books import post
from tests.ledger.test_establishing import established
from tests.people import Person
from tests.reports.test_in_base import cells, dealer
from tests.reports.test_lines_in_base import table
from tests.reports.test_views import rows, shown, words
from voyagent.reports.exports import spreadsheets
from voyagent.reports.queries.day_book import read_day_book
from voyagent.reports.queries.periods import Days

__all__ = ["dealer"]
MARCH = "from=2026-03-01&to=2026-03-31"


def test_the_page_has_base_amounts_beside_each_line(dealer: Person) -> None:
    page = shown(dealer.tab, f"/reports/day-book?{MARCH}")
    found = rows(table(page))
    assert found[0][2:] == ["Debit", "Credit", "Debit in INR", "Credit in INR"]
    assert [row[2:] for row in found if row[0].startswith(("5920", "1200"))][-2:] == [
        ["", "USD 60.00", "", "5,070.30"],
        ["", "", "18.00", ""],
    ]
    assert found[-1] == ["All currencies, in INR", "30,390.80", "30,390.80"]
    assert "Amounts in INR add all currencies." in words(page)


def test_the_json_has_base_amounts(dealer: Person) -> None:
    read = dealer.api.get(f"/reports/day-book?{MARCH}").json
    line = read["entries"][-1]["lines"][-1]
    assert [line[name] for name in ("account_code", "debit", "credit")] == ["5920", "0.00", "0.00"]
    assert [line[f"base_{name}"] for name in ("currency", "debit", "credit")] == [
        "INR",
        "18.00",
        "0.00",
    ]
    assert read["base"] == {"currency": "INR", "debit": "30390.80", "credit": "30390.80"}


def test_the_files_have_base_amounts(dealer: Person, typeset_input: dict[str, Any]) -> None:
    head, *lines = cells(dealer, f"/reports/day-book.csv?{MARCH}")
    assert head[-3:] == ["base_currency", "base_debit", "base_credit"]
    assert lines[-1][-4:] == ["", "INR", "30390.80", "30390.80"]
    with dealer.reading() as reader:
        report = read_day_book(reader, Days(date(2026, 3, 1), date(2026, 3, 31)), limit=1_000)
    sheet = spreadsheets.day_book(report).csv(bom=False)
    assert [head, *lines] == list(csv.reader(io.StringIO(sheet)))
    dealer.tab.get(f"/reports/day-book?{MARCH}&format=pdf")
    (printed,) = typeset_input["tables"]
    assert printed["columns"][-2:] == ["Debit in INR", "Credit in INR"]
    assert printed["totals"][-1][-2:] == ["30,390.80", "30,390.80"]


def test_books_in_one_currency_look_as_before(alice: Person) -> None:
    post(alice)
    before = rows(table(shown(alice.tab, f"/reports/day-book?{MARCH}")))
    file = cells(alice, f"/reports/day-book.csv?{MARCH}")
    established(alice)
    assert rows(table(shown(alice.tab, f"/reports/day-book?{MARCH}"))) == before
    assert cells(alice, f"/reports/day-book.csv?{MARCH}") == file
    assert "base" not in alice.api.get(f"/reports/day-book?{MARCH}").json
