"""Reports as files in the API: equal to the pages and the JSON."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest
from flask import Flask

from tests.identity.keys import with_key
from tests.paper_text import text_of
from tests.people import ApiClient, People, Person
from tests.reports.books import EVIL, busy_may
from tests.reports.test_workbooks import opened
from voyagent.kernel import sheets
from voyagent.kernel.database import copy_export
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.workbooks import MIMETYPE
from voyagent.reports.api import report_files
from voyagent.routes import openapi

MONTH = {"from": "2026-05-01", "to": "2026-05-31"}
ASKED: dict[str, dict[str, str]] = {
    "receivables": MONTH | {"as_of": "2026-05-31"},
    "payables": MONTH | {"as_of": "2026-05-31"},
    "trial-balance": {"from": "2026-05-01", "as_of": "2026-05-31"},
    "profit-and-loss": MONTH,
    "cash-flow": MONTH,
    "balance-sheet": {"as_of": "2026-05-31"},
    "general-ledger": MONTH | {"account": "1200"},
    "day-book": MONTH,
    "party-statement": MONTH | {"kind": "customer", "party": EVIL},
    "trip-margins": MONTH,
}
MEDIA = {"csv": "text/csv", "xlsx": MIMETYPE, "pdf": "application/pdf"}
each = pytest.mark.parametrize("report", ASKED)


@pytest.fixture(scope="module")
def busy(app: Flask) -> Person:
    """Somebody whose agency had a busy May; the tests only read it."""
    person = People(app).sign_up("Alice Owner", agency="Alice Travels")
    busy_may(person)
    return person


@pytest.fixture(scope="module")
def stranger(app: Flask) -> Person:
    """Somebody of another agency."""
    return People(app).sign_up("Charlie Stranger", agency="Charlie Tours")


@pytest.fixture(scope="module")
def by_key(busy: Person) -> dict[str, ApiClient]:
    """Return a client with a key of each scope."""
    return {scope: with_key(busy, scope) for scope in ("enquiries", "reports")}


def address(report: str, form: str, **more: str) -> str:
    return f"/reports/{report}.{form}?{urlencode(ASKED[report] | more)}"


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def figures(values: Any) -> set[Decimal]:
    """Return the absolute values of all amounts in the JSON of a report."""
    if isinstance(values, dict):
        return {
            figure
            for name, value in values.items()
            if name not in {"share", "as_of"}
            for figure in figures(value)
        }
    if isinstance(values, list):
        return {figure for one in values for figure in figures(one)}
    try:
        return {abs(Decimal(values))} if isinstance(values, str) and "." in values else set()
    except ArithmeticError:
        return set()


def test_all_reports_with_files_are_tested() -> None:
    assert set(ASKED) == set(report_files.REPORTS)


@each
def test_api_and_page_return_the_same_file(busy: Person, report: str) -> None:
    page = f"/reports/{report}?{urlencode(ASKED[report])}" + (
        "&compare=none" if report == "balance-sheet" else ""
    )
    answer = busy.api.get(address(report, "csv"))
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    assert table(answer.text) == table(busy.tab.get(f"{page}&format=csv").text)
    workbook = busy.api.get(address(report, "xlsx"))
    assert (workbook.status_code, workbook.mimetype) == (200, MIMETYPE)
    rows = opened(busy.tab.get(f"{page}&format=xlsx").data)
    assert list(opened(workbook.data).iter_rows(values_only=True)) == list(
        rows.iter_rows(values_only=True)
    )
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.data)).sheetnames[0]
    assert (
        workbook.headers["Content-Disposition"] == f'attachment; filename="voyagent-{sheet}.xlsx"'
    )
    paper = busy.api.get(address(report, "pdf"))
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")
    assert text_of(paper.data).split() == text_of(busy.tab.get(f"{page}&format=pdf").data).split()


@each
def test_files_and_json_have_the_same_amounts(busy: Person, report: str) -> None:
    """Amounts that are in both are equal, and both have all posted amounts."""
    amounts = figures(busy.api.get(f"/reports/{report}?{urlencode(ASKED[report])}").json)
    rows = table(busy.api.get(address(report, "csv")).text)
    found = {
        abs(Decimal(cell))
        for row in rows[1:]
        for cell in row
        if cell.replace(".", "", 1).lstrip("-").isdigit() and "." in cell
    }
    if report in {"day-book", "general-ledger", "party-statement"}:
        assert found - {Decimal(0)} <= amounts
    assert found & amounts - {Decimal(0)}


@each
@pytest.mark.parametrize("form", MEDIA)
def test_files_require_the_permission_to_read_reports(
    busy: Person, stranger: Person, by_key: dict[str, ApiClient], report: str, form: str
) -> None:
    wanted = address(report, form)
    assert busy.app.test_client().get(f"/api{wanted}").status_code == 401
    assert by_key["enquiries"].get(wanted).status_code == 403
    answer = by_key["reports"].get(wanted)
    assert (answer.status_code, answer.mimetype) == (200, MEDIA[form])
    if form == "csv":
        assert "1000.5" not in stranger.api.get(wanted).text, "another agency has none of it"


def test_no_cell_is_a_formula(busy: Person) -> None:
    for report in ASKED:
        for row in table(busy.api.get(address(report, "csv")).text):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@"))], report
    assert f"'{EVIL}" in [
        cell for row in table(busy.api.get(address("receivables", "csv")).text) for cell in row
    ]


def test_invalid_parameters_get_the_same_error_as_json(busy: Person) -> None:
    for form in MEDIA:
        for report in ("day-book", "general-ledger", "receivables", "profit-and-loss"):
            wrong = address(report, form, **{"from": "2026-06-01"})
            file, json_answer = busy.api.get(wrong), busy.api.get(wrong.replace(f".{form}", ""))
            assert (file.status_code, file.json["detail"]) == (
                json_answer.status_code,
                json_answer.json["detail"],
            )
        assert busy.api.get(f"/reports/day-book.{form}").status_code == 422
        assert (
            busy.api.get(address("general-ledger", form, account="9999")).json["detail"]
            == "account_not_found"
        )
    assert busy.api.get(address("day-book", "pdf", locale="xx")).status_code == 422


def test_the_pdf_is_translated_and_the_csv_is_not(alice: Person) -> None:
    busy_may(alice)
    plain = text_of(alice.api.get(address("trial-balance", "pdf")).data)
    hindi = text_of(alice.api.get(address("trial-balance", "pdf", locale="hi")).data)
    assert "Trial balance" in plain
    assert "Trial balance" not in hindi
    csv_text = alice.api.get(address("trial-balance", "csv")).text
    assert alice.api.patch("/tenant-settings", json={"locale": "hi"}).status_code == 200
    assert alice.api.get(address("trial-balance", "csv")).text == csv_text
    assert "Trial balance" not in text_of(alice.api.get(address("trial-balance", "pdf")).data)


def test_a_file_is_complete_or_refused_and_ledger_lines_are_unlimited(
    busy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, "LINES_MAX", 1)
    assert sheets.LINES_MAX == 20_000
    for form in ("xlsx", "pdf"):
        assert busy.api.get(address("day-book", form)).json["detail"] == "too_many_lines"
    assert len(table(busy.api.get(address("day-book", "csv")).text)) > 3
    assert busy.api.get(address("general-ledger", "xlsx")).json["detail"] == "too_many_lines"


def test_files_have_no_page_parameters_and_pdfs_have_a_language(busy: Person) -> None:
    with busy.app.app_context():
        paths: Any = openapi()["paths"]
    names = {
        form: {each["name"] for each in paths[f"/api/reports/day-book.{form}"]["get"]["parameters"]}
        for form in MEDIA
    }
    assert names == {"csv": {"from", "to"}, "xlsx": {"from", "to"}, "pdf": {"from", "to", "locale"}}
    content = paths["/api/reports/day-book.pdf"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["application/pdf"]


@pytest.mark.parametrize("form", ["pdf", "xlsx"])
def test_files_of_one_agency_are_made_one_after_another(
    busy: Person, stranger: Person, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(copy_export, "FILES_WAIT_S", 0.05)
    exports: Exports = busy.app.extensions["voyagent.exports"]
    with exports.making_file(busy.actor.tenant_id):
        refused = busy.api.get(address("day-book", form))
        page = busy.tab.get("/reports/day-book?format=xlsx")
        assert stranger.api.get(address("day-book", form)).status_code == 200
    assert (refused.status_code, refused.json["detail"]) == (503, "exports_busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert busy.api.get(address("day-book", form)).status_code == 200, "the place is free again"
