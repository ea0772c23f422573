"""Reports as XLSX equal the CSV, with typed numbers and dates.

Another library reads them.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from flask import Flask
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from tests.people import People, Person
from tests.reports.books import DAYS, MAY, REPORTS, busy_may
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.kernel.sheets import Cell, Sheet
from voyagent.kernel.workbooks import MIMETYPE, NUMBER_MAX, workbook
from voyagent.reports.views import answers

EVERY_CONTROL = "".join(chr(code) for code in range(1, 32))


def opened(content: bytes) -> Worksheet:
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.worksheets) == 1
    return book.worksheets[0]


def cell(value: Cell) -> Any:
    """Return the one cell below the header of a table."""
    return opened(workbook(Sheet("x", ["a"], [[value]])))["A2"]


def as_csv(value: Any) -> str:
    """Return the CSV form of a cell, except for decimals."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, int | float):
        return str(Decimal(str(value)).normalize())
    return value or ""


@pytest.fixture(scope="module")
def busy(app: Flask) -> Person:
    """A person whose agency has many postings in May; the tests only read it."""
    person = People(app).sign_up("Alice Owner", agency="Alice Travels")
    busy_may(person)
    return person


@pytest.mark.parametrize("report", REPORTS)
def test_a_workbook_has_the_same_values_as_csv(busy: Person, charlie: Person, report: str) -> None:
    address = f"/reports/{report}?{REPORTS[report]}"
    client = busy.tab
    assert "format=xlsx" in client.get(address).text
    answer = client.get(f"{address}&format=xlsx")
    assert (answer.status_code, answer.mimetype) == (200, MIMETYPE)
    head, *rows = opened(answer.data).iter_rows()
    csv_head, *csv_rows = csv.reader(io.StringIO(client.get(f"{address}&format=csv").text))
    assert [one.value for one in head] == csv_head
    assert len(rows) == len(csv_rows)
    assert rows
    for row, cells in zip(rows, csv_rows, strict=True):
        for one, text in zip(row, cells, strict=True):
            if one.data_type == "n" and one.value is not None:
                assert Decimal(str(one.value)) == Decimal(text)
            else:
                assert as_csv(one.value) == text.removeprefix("'")
    assert not any(
        "1000.5" in map(as_csv, row)
        for row in opened(charlie.tab.get(f"{address}&format=xlsx").data).iter_rows(
            values_only=True
        )
    )
    assert busy.app.test_client().get(f"{address}&format=xlsx").status_code == 303


def test_totals_are_bold_values_without_formulas(busy: Person) -> None:
    page = opened(
        busy.tab.get(f"/reports/trial-balance?{REPORTS['trial-balance']}&format=xlsx").data
    )
    by_code = {row[0].value: row for row in page.iter_rows()}
    assert [(one.data_type, one.value, one.font.bold) for one in by_code["total"][-2:]] == [
        ("n", 700.25, True)
    ] * 2
    assert [one.font.bold for one in by_code["line"]] == [False] * len(by_code["line"])


def test_the_file_has_a_name_and_a_frozen_head(busy: Person) -> None:
    answer = busy.tab.get(f"/reports/profit-and-loss?{DAYS}&format=xlsx")
    assert (
        answer.headers["Content-Disposition"]
        == 'attachment; filename="voyagent-profit-and-loss-2026-05-31.xlsx"'
    )
    page = opened(answer.data)
    assert (page.title, page.freeze_panes, page["A1"].font.bold) == (
        "profit-and-loss-2026-05-31",
        "A2",
        True,
    )


@pytest.mark.parametrize(
    ("amount", "value", "shown"),
    [
        (Money(100_050, "INR"), 1000.5, "#,##0.00"),
        (Money(-1, "INR"), -0.01, "#,##0.00"),
        (Money(0, "INR"), 0, "#,##0.00"),
        (Money(1_000, "JPY"), 1000, "#,##0"),
        (Money(1_234, "KWD"), 1.234, "#,##0.000"),
        (Money(NUMBER_MAX, "INR"), 9_999_999_999_999.99, "#,##0.00"),
    ],
)
def test_an_amount_is_a_number_with_the_decimals_of_its_currency(
    amount: Money, value: float, shown: str
) -> None:
    found = cell(amount)
    assert (found.data_type, found.value, found.number_format) == ("n", value, shown)


def test_an_amount_with_too_many_digits_is_written_as_text() -> None:
    for amount, text in (
        (Money(NUMBER_MAX + 1, "INR"), "10000000000000.00"),
        (Money(-NUMBER_MAX - 1, "KWD"), "-1000000000000.000"),
    ):
        found = cell(amount)
        assert (found.data_type, found.value) == ("s", text)


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(1900, 3, 1), MAY, date(2200, 12, 31)])
def test_a_date_is_written_as_date_cell(day: date) -> None:
    found = cell(day)
    assert (found.value.date(), found.number_format) == (day, "yyyy-mm-dd")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\u00a0=1", "\uff1d1"])
def test_a_text_like_a_formula_remains_text_after_editing(
    text: str,
) -> None:
    found = cell(text)
    assert (found.data_type, found.quotePrefix) == ("s", True)
    assert unescape(found.value) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "12",
        "TRUE",
        "2026-05-04",
        "  spaced ",
        "two\nlines",
        "<b>&amp;</b>",
        "यात्रा ✈",
        "_x0041_",
        "x" * 32_767,
    ],
)
def test_any_other_text_is_unchanged(text: str) -> None:
    found = cell(text)
    assert (found.data_type, unescape(found.value), found.quotePrefix, found.hyperlink) == (
        "s",
        text,
        False,
        None,
    )


def test_characters_that_xml_forbids_are_removed() -> None:
    assert (
        unescape(cell(f"a{EVERY_CONTROL}b\ufffe\uffffc").value) == f"a{EVERY_CONTROL}b\ufffd\ufffdc"
    )


def test_numbers_ids_and_absent_values_become_cells() -> None:
    key = new_id()
    assert (cell(7).value, cell(key).value, cell(None).value, cell("").value) == (
        7,
        str(key),
        None,
        "",
    )


def test_a_long_name_of_a_sheet_is_cut() -> None:
    page = opened(workbook(Sheet("general-ledger-" + "9" * 32 + "-2026-05-31", ["a"], [])))
    assert (page.title, page["A1"].value) == ("general-ledger-9999999999999999", "a")


def test_a_workbook_is_complete_or_refused(busy: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LINES_MAX", 3)
    answer = busy.tab.get(f"/reports/day-book?{DAYS}&format=xlsx")
    assert (answer.status_code, "at most 20,000" in answer.text) == (422, True)
