"""Reports as CSV: the amounts of the page, complete, without formulas."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from flask import Flask

from tests.people import People, Person
from tests.reports.books import DAYS, EVIL, MAY, REPORTS, busy_may
from voyagent.kernel.money import Money
from voyagent.kernel.sheets import Sheet, written
from voyagent.reports.exports import spreadsheets
from voyagent.reports.views import answers, lines


def read(person: Person, report: str, query: str = "", kind: str = "csv") -> list[dict[str, str]]:
    answer = person.tab.get(f"/reports/{report}?{query or REPORTS[report]}&format={kind}")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    return list(
        csv.DictReader(
            io.StringIO(answer.data.decode("utf-8-sig" if kind == "csv-bom" else "utf-8"))
        )
    )


@pytest.fixture(scope="module")
def busy(app: Flask) -> Person:
    """Invoices of two customers, a bill and a loss in dirhams.

    One customer has a name that begins like a formula. The tests only read the books.
    """
    person = People(app).sign_up("Alice Owner", agency="Alice Travels")
    busy_may(person)
    return person


@pytest.fixture(scope="module")
def viewer(app: Flask, busy: Person) -> Person:
    """A colleague with read access."""
    return People(app).colleague(busy, "Victor Viewer", role="viewer")


@pytest.fixture(scope="module")
def stranger(app: Flask) -> Person:
    """Somebody of another agency."""
    return People(app).sign_up("Charlie Stranger", agency="Charlie Tours")


def test_only_texts_like_formulas_are_escaped() -> None:
    cells = [
        "=1",
        "+1",
        "-1",
        "@x",
        "\tx",
        "\rx",
        "x=1",
        "",
        None,
        7,
        MAY,
        Money(-150, "INR"),
        Money(1234, "KWD"),
    ]
    rows = [written(cell) for cell in cells]
    assert rows == [
        "'=1",
        "'+1",
        "'-1",
        "'@x",
        "'\tx",
        "'\rx",
        "x=1",
        "",
        "",
        "7",
        "2026-05-04",
        "-1.50",
        "1.234",
    ]


def test_the_file_follows_rfc_4180_with_an_optional_byte_order_mark() -> None:
    sheet = Sheet("x", ["a", "b"], [['He said "so", twice', "two\nlines"]])
    assert sheet.csv(bom=False) == 'a,b\r\n"He said ""so"", twice","two\nlines"\r\n'
    assert sheet.csv(bom=True) == "\ufeff" + sheet.csv(bom=False)


def lines_of(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows whose first column is `line`, which a program would add up."""
    assert {row["row"] for row in rows} <= {"opening", "line", "carried", "total", "age"}
    return [row for row in rows if row["row"] == "line"]


# The amounts of each report's lines, and which of its totals they come to, by currency.
ADDED = {
    "receivables": (
        "not_due",
        "days_1_to_30",
        "days_31_to_60",
        "days_61_to_90",
        "days_over_90",
        "open",
        "advances",
        "outstanding",
    ),
    "payables": ("not_due", "days_1_to_30", "open", "advances", "outstanding", "scheduled"),
    "trial-balance": (
        "opening_debit",
        "opening_credit",
        "debit",
        "credit",
        "carried_debit",
        "closing_debit",
        "closing_credit",
    ),
    "general-ledger": ("debit", "credit"),
    "day-book": ("debit", "credit"),
    "party-statement": ("amount",),
}


@pytest.mark.parametrize("report", ADDED)
def test_the_total_of_a_currency_is_the_sum_of_its_lines(busy: Person, report: str) -> None:
    rows = read(busy, report)
    totals = [row for row in rows if row["row"] == "total"]
    assert totals
    assert len({row["currency"] for row in totals}) == len(totals)
    for total in totals:
        for name in ADDED[report]:
            assert Decimal(total[name]) == sum(
                Decimal(row[name]) for row in lines_of(rows) if row["currency"] == total["currency"]
            ), name


def test_the_statements_as_csv_have_totals(busy: Person) -> None:
    earned = [
        (row["row"], row["type"], row["amount"])
        for row in read(busy, "profit-and-loss", f"{DAYS}&currency=INR")
    ]
    assert earned[1::2] == [("total", "revenue", "1200.50"), ("total", "expense", "300.00")]
    assert earned[-1] == ("total", "result", "900.50")
    totals = {
        row["type"]: row["amount"]
        for row in read(busy, "balance-sheet", "as_of=2026-05-31&currency=INR")
        if row["row"] == "total"
    }
    assert totals == {
        "asset": "1200.50",
        "liability": "300.00",
        "equity": "900.50",
        "liabilities_and_equity": "1200.50",
    }
    account = [
        (row["row"], row["narration"], row["debit"], row["balance"])
        for row in read(busy, "general-ledger")
        if row["row"] != "line"
    ]
    assert account == [
        ("opening", "Opening", "", "0.00"),
        ("total", "Closing", "1200.50", "1200.50"),
    ]


def test_ageing_as_csv(busy: Person) -> None:
    assert [
        (row["currency"], row["party"], row["days_1_to_30"], row["open"])
        for row in lines_of(read(busy, "receivables"))
    ] == [
        ("INR", f"'{EVIL}", "1000.50", "1000.50"),
        ("INR", "Deepa Krishnan", "200.00", "200.00"),
    ]
    assert [(row["party"], row["open"]) for row in lines_of(read(busy, "payables"))] == [
        ("Galaxy Consolidators", "300.00")
    ]


def test_the_trial_balance_as_csv(busy: Person) -> None:
    rows = {(row["currency"], row["code"]): row for row in read(busy, "trial-balance")}
    assert (
        rows["INR", "1200"]["debit"],
        rows["INR", "1200"]["closing_debit"],
        rows["INR", "1200"]["opening_debit"],
    ) == ("1200.50", "1200.50", "0.00")
    assert rows["AED", "1100"]["closing_credit"] == "700.25"
    alone = read(busy, "trial-balance", f"{REPORTS['trial-balance']}&currency=AED")
    assert {row["currency"] for row in alone} == {"AED"}


def test_the_statements_as_csv(busy: Person) -> None:
    result = [
        (row["currency"], row["type"], row["code"], row["amount"], row["before"])
        for row in read(busy, "profit-and-loss")
    ]
    assert result == [
        ("INR", "revenue", "4300", "1200.50", "0.00"),
        ("INR", "revenue", "", "1200.50", "0.00"),
        ("INR", "expense", "5100", "300.00", "0.00"),
        ("INR", "expense", "", "300.00", "0.00"),
        ("INR", "result", "", "900.50", "0.00"),
        ("AED", "revenue", "", "0.00", "0.00"),
        ("AED", "expense", "5100", "700.25", "0.00"),
        ("AED", "expense", "", "700.25", "0.00"),
        ("AED", "result", "", "-700.25", "0.00"),
    ]
    assert {
        row["before"] for row in read(busy, "profit-and-loss", f"{DAYS}&compare=none&currency=AED")
    } == {""}
    assert {row["difference"] for row in read(busy, "profit-and-loss", f"{DAYS}&currency=AED")} == {
        "0.00",
        "700.25",
        "-700.25",
    }
    beside = {
        (row["currency"], row["type"]): row
        for row in read(busy, "balance-sheet", "as_of=2026-05-31&compare=period")
    }
    assert [
        beside["INR", "result_of_year"][name] for name in ("amount", "before", "difference")
    ] == ["900.50", "0.00", "900.50"]
    assert {row["before"] + row["difference"] for row in read(busy, "balance-sheet")} == {""}
    position = [
        (row["currency"], row["type"], row["amount"]) for row in read(busy, "balance-sheet")
    ]
    assert ("INR", "result_of_year", "900.50") in position
    assert ("AED", "asset", "-700.25") in position


def test_ledger_lines_and_entries_as_csv(busy: Person) -> None:
    account = read(busy, "general-ledger")
    assert [row["narration"] for row in account][:1] == ["Opening"]
    assert [(row["party"], row["debit"], row["balance"]) for row in lines_of(account)] == [
        (f"'{EVIL}", "1000.50", "1000.50"),
        ("Deepa Krishnan", "200.00", "1200.50"),
    ]
    entries = lines_of(read(busy, "day-book"))
    assert len(entries) == 8
    assert {row["memo"] for row in entries} >= {"'-G-1"}
    assert {row["narration"] for row in entries} >= {"'@rooms"}
    assert next(
        (row["narration"], row["amount"], row["balance"]) for row in read(busy, "party-statement")
    ) == ("Opening", "", "0.00")
    assert read(busy, "party-statement")[1]["balance"] == "1000.50"


@pytest.mark.parametrize("report", REPORTS)
def test_each_file_is_linked_and_contains_only_own_data(
    busy: Person, viewer: Person, stranger: Person, report: str
) -> None:
    page = viewer.tab.get(f"/reports/{report}?{REPORTS[report]}").text
    assert "format=csv-bom" in page
    seen = read(viewer, report, kind="csv-bom")
    assert seen == read(busy, report)
    assert not any(
        "1000.50" in row.values() or "700.25" in row.values()
        for row in read(stranger, report, REPORTS[report])
    )
    nobody = busy.app.test_client().get(f"/reports/{report}?{REPORTS[report]}&format=csv")
    assert nobody.status_code == 303
    refused = viewer.tab.get(f"/reports/{report}?{REPORTS[report]}&format=xls")
    assert (refused.status_code, "Not valid: format." in refused.text) == (422, True)


def test_the_file_is_an_attachment_with_a_name(busy: Person) -> None:
    answer = busy.tab.get(f"/reports/profit-and-loss?{DAYS}&format=csv")
    assert (
        answer.headers["Content-Disposition"]
        == 'attachment; filename="voyagent-profit-and-loss-2026-05-31.csv"'
    )


def test_a_file_is_complete_or_refused(busy: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "PAGE_ENTRIES", 1)
    assert len(lines_of(read(busy, "day-book"))) == 8, "not only the first page"
    monkeypatch.setattr(answers, "LINES_MAX", 3)
    assert len(lines_of(read(busy, "day-book"))) == 8, "a file of lines has as many as there are"
    for form in ("xlsx", "tally"):
        answer = busy.tab.get(f"/reports/day-book?{DAYS}&format={form}")
        assert (answer.status_code, "at most 20,000" in answer.text) == (422, True)
    assert spreadsheets.TooManyLines.code == "too_many_lines"
