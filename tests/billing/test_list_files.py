"""Lists of documents and journal as CSV and XLSX equal the API's lists.

A list may have any length; its rows are of one snapshot and one agency.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from flask import Flask

from tests.billing.papers import (
    DUE,
    ISSUED,
    advance,
    draft,
    draft_bill,
    issued,
    line,
    pay,
    receive,
    write_off,
)
from tests.enquiries.reading import Page
from tests.ledger.books import post, sale
from tests.people import People, Person
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.billing.invoices.queries.listing import invoices_listing
from voyagent.billing.payments.service import reversals as payment_reversals
from voyagent.kernel import listings
from voyagent.kernel.database import copy_export
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.money import Money
from voyagent.kernel.workbooks import MIMETYPE

EVIL = '=HYPERLINK("x")'
LISTS = {
    "invoices": ("/invoices", "/invoices"),
    "bills": ("/bills", "/bills"),
    "payments": ("/payments", "/payments"),
    "journal": ("/journal", "/journal-entries"),
}
each = pytest.mark.parametrize("name", LISTS)
Row = dict[str, str]


@pytest.fixture(scope="module")
def busy(app: Flask) -> Person:
    """Documents of several months in currencies with 0, 2 and 3 decimals.

    Some are paid, credited or written off in part; one party's name is a formula. The tests only
    read them.
    """
    alice = People(app).sign_up("Alice Owner", agency="Alice Travels")
    for number, currency in enumerate(("INR", "JPY", "KWD", "INR")):
        given = {
            "issue_date": ISSUED + timedelta(days=40 * number),
            "due_date": DUE + timedelta(days=40 * number),
        }
        price = "45000" if currency != "KWD" else "45000.125"
        made = issued(
            alice,
            line(price, quantity=1, currency=currency),
            customer_name=EVIL if number % 2 else "Deepa Krishnan",
            **given,
        )
        receive(
            alice,
            line(price, quantity=1, currency=currency),
            vendor_reference=f"+{number}",
            **given,
        )
        if number == 0:
            pay(alice, made, 100_05)
            with alice.acting() as actor:
                credit_note_service.issue_credit_note(
                    actor, made, reason="Not travelled", amounts={1: Money(50_00, "INR")}, on=DUE
                )
            write_off(alice, made, 1_01)
    draft(alice)
    draft_bill(alice, vendor_reference="B-9")
    wrong = advance(alice, 70_07, reference=EVIL)
    advance(alice, 1_234, currency="KWD", direction="out", party_name="@BSP")
    with alice.acting() as actor:
        payment_reversals.reverse_payment(actor, wrong, reason="-mistake", on=DUE)
    post(alice, [*sale(Money(100_05, "INR")), *sale(Money(1_234, "KWD"))], narration=EVIL)
    return alice


def table(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def listed(person: Person, name: str, query: str = "") -> list[dict[str, Any]]:
    """Return the API's list, an entry once for each currency."""
    found = person.api.get(f"{LISTS[name][1]}?limit=100{query}").json["items"]
    if name != "journal":
        return found
    spread = (
        {**one, "entry_id": one["id"], "currency": code, "amount": amount}
        for one in found
        for code, amount in one["totals"].items()
    )
    return [{key: value for key, value in one.items() if key != "id"} for one in spread]


@each
def test_the_csv_of_a_list_equals_the_list_of_the_api(
    busy: Person, charlie: Person, name: str
) -> None:
    page, _api = LISTS[name]
    answer = busy.tab.get(f"{page}?format=csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="voyagent-{name}.csv"'
    rows, items = table(answer.text), listed(busy, name)
    assert len(rows) == len(items) >= 3
    for row, one in zip(rows, items, strict=True):
        assert row.pop("row") == "line"
        assert {column: cell.removeprefix("'") for column, cell in row.items()} == {
            column: one[column] or "" for column in row
        }, "column by column, in this order"
    assert len({row["currency"] for row in rows}) > 1
    assert table(charlie.tab.get(f"{page}?format=csv").text) == [], "another agency has none of it"
    assert busy.app.test_client().get(f"{page}?format=csv").status_code == 303
    assert busy.tab.get(f"{page}?format=csv-bom").data == b"\xef\xbb\xbf" + answer.data


@each
def test_the_workbook_of_a_list_equals_its_csv(busy: Person, name: str) -> None:
    page, _api = LISTS[name]
    rows = list(csv.reader(io.StringIO(busy.tab.get(f"{page}?format=csv").text, newline="")))
    answer = busy.tab.get(f"{page}?format=xlsx")
    assert (answer.status_code, answer.mimetype) == (200, MIMETYPE)
    cells = [
        list(row)
        for row in (
            openpyxl.load_workbook(io.BytesIO(answer.data))
            .worksheets[0]
            .iter_rows(values_only=True)
        )
    ]
    assert len(cells) == len(rows)
    for row, texts in zip(cells, rows, strict=True):
        for cell, text in zip(row, texts, strict=True):
            if isinstance(cell, int | float):
                assert Decimal(str(cell)) == Decimal(text)
            else:
                assert (
                    "" if cell is None else str(cell).removesuffix(" 00:00:00")
                ) == text.removeprefix("'")


@each
def test_no_cell_of_a_list_is_a_formula(busy: Person, name: str) -> None:
    text = busy.tab.get(f"{LISTS[name][0]}?format=csv").text
    assert "'" in text, "something was made harmless"
    for row in table(text):
        for column, cell in row.items():
            assert (
                column.endswith("amount")
                or column == "round_off"
                or not cell.startswith(("=", "+", "-", "@"))
            ), cell


@pytest.mark.parametrize(
    ("name", "filters", "count"),
    [
        ("invoices", "status=open&currency=INR", 2),
        ("invoices", "q=deepa", 3),
        ("invoices", "party=Deepa+Krishnan&status=draft", 1),
        ("invoices", "due_from=2024-07-01&due_to=2024-09-30", 2),
        ("bills", "from=2024-07-01&to=2024-08-31", 2),
        ("bills", "q=b-9", 1),
        ("payments", "reversed=1", 1),
        ("payments", "direction=out&unapplied=1", 1),
        ("payments", "q=hyperlink", 1),
        ("journal", "from=2026-03-10&to=2026-03-10", 2),
        ("journal", "from=2199-01-01", 0),
    ],
)
def test_a_file_has_the_filters_of_its_list(
    busy: Person, name: str, filters: str, count: int
) -> None:
    page, _api = LISTS[name]
    assert len(table(busy.tab.get(f"{page}?{filters}&format=csv").text)) == count
    ways = [way for way in Page(busy.tab.get(f"{page}?{filters}")).links() if "format=" in way]
    assert [way.partition("format=")[2].partition("&")[0] for way in ways] == (
        ["xlsx", "csv-bom"] if count else []
    )
    for way in ways[1:]:
        assert len(table(busy.tab.get(way).text)) == count


def test_invalid_parameters_return_a_page_with_an_error_and_no_file(busy: Person) -> None:
    for address in (
        "/bills?from=nonsense&format=csv",
        "/journal?to=nonsense&format=xlsx",
        "/invoices?due_from=nonsense&format=csv",
    ):
        answer = busy.tab.get(address)
        assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert busy.tab.get("/payments?format=nonsense").mimetype == "text/html"


def test_records_created_during_an_export_are_not_in_it(app: Flask, alice: Person) -> None:
    issued(alice)
    exports: Exports = app.extensions["voyagent.exports"]
    snapshot = exports.open(alice.actor.tenant_id)
    pieces = (
        invoices_listing(InvoiceSearch(date(2026, 1, 1))).stream(snapshot).csv(snapshot, bom=False)
    )
    begun = next(pieces)
    issued(alice)
    assert len(table((begun + b"".join(pieces)).decode())) == 1
    assert len(table(alice.tab.get("/invoices?format=csv").text)) == 2


def test_a_workbook_is_limited_a_csv_is_not_and_slots_are_released(
    busy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "LINES_MAX", 4)
    monkeypatch.setattr(copy_export, "WAIT_S", 0.05)
    client = busy.tab
    for _ in range(copy_export.AGENCY_SLOTS + 1):
        refused = client.get("/invoices?format=xlsx")
        assert (refused.status_code, "at most 20,000" in refused.text) == (422, True)
        half = client.get("/invoices?format=csv", buffered=False)
        next(half.response)
        half.close()
    assert len(table(client.get("/invoices?format=csv").text)) == 5


def test_months_are_shortened_to_the_given_days() -> None:
    assert list(listings.months(None, None)) == []
    days = [
        (date(2025, 12, 30), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 3)),
    ]
    assert list(listings.months(date(2025, 12, 30), date(2026, 2, 3))) == days
    assert (
        list(listings.months(date(2025, 12, 30), date(2026, 2, 3), newest_first=True)) == days[::-1]
    )
