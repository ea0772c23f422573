"""Documents as CSV and XLSX, on pages and API, equal to the JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from tests.billing.papers import advance, draft, draft_bill, issue, issued, line, pay, plan, receive
from tests.identity.keys import with_key
from tests.ledger.books import post, sale
from tests.paper_text import text_of
from tests.people import Person
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import drafts as invoice_drafts
from voyagent.billing.paper.exports.xlsx import COLUMNS, PARTS
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.http.documents import is_amount
from voyagent.kernel.database import copy_export
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.kernel.workbooks import MIMETYPE
from voyagent.ledger.service import entries

EVIL = '=HYPERLINK("x")'
DAY = date(2026, 6, 10)
Row = dict[str, str]


def invoice(person: Person) -> UUID:
    """An invoice with two taxed lines, a payment and a credit note.

    The name of its party begins like a formula.
    """
    assert (
        person.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZP"}).status_code
        == 200
    )
    lines = [
        LineItem(
            description=EVIL,
            quantity=2,
            unit_price="50.05",
            currency="INR",
            tax="service_fee",
            sold_as="fee",
        ),
        LineItem(
            description="Ticket",
            quantity=1,
            unit_price="4200",
            currency="INR",
            tax="air_domestic",
            basic_fare="3000",
            sold_as="agent",
            commission="200",
        ),
    ]
    with person.acting() as actor:
        made = invoice_drafts.draft_invoice(
            actor,
            line_items=lines,
            customer_name="@Deepa",
            issue_date=DAY,
            due_date=DAY,
            place_of_supply="27",
        ).id
    issue(person, made)
    pay(person, made, 12_345, DAY)
    with person.acting() as actor:
        credit_note_service.issue_credit_note(
            actor, made, reason="-1 traveller", amounts={1: Money(1_000, "INR")}
        )
    return made


def credit_note(person: Person) -> UUID:
    made = issued(person, line(description=EVIL))
    with person.acting() as actor:
        return credit_note_service.issue_credit_note(
            actor, made, reason="Not travelled", amounts={1: Money(100_05, "INR")}
        ).id


def bill(person: Person) -> UUID:
    made = receive(person, line("100.05", description=EVIL))
    with person.acting() as actor:
        supplier_credit_service.credit_bill(
            actor, made, vendor_reference="C-1", reason="+fees", amounts={1: Money(5, "INR")}
        )
    return made


def supplier_credit(person: Person) -> UUID:
    made = receive(person, line(description=EVIL), vendor_reference="BSP-2")
    with person.acting() as actor:
        return supplier_credit_service.credit_bill(
            actor,
            made,
            vendor_reference="C-2",
            reason="Not travelled",
            amounts={1: Money(100_05, "INR")},
        ).id


def payment(person: Person) -> UUID:
    made = issued(person)
    found = advance(
        person, 100_05, date(2024, 6, 25), Part(made, Money(50_00, "INR")), reference=EVIL
    )
    with person.acting() as actor:
        payment_service.refund_payment(
            actor, found, amount=Money(1_01, "INR"), on=date(2024, 6, 26)
        )
    return found


def entry(person: Person) -> UUID:
    lines = [*sale(Money(100_05, "INR")), *sale(Money(1_234, "KWD"))]
    return post(person, lines, narration=EVIL).entry_id


DOCUMENTS: dict[str, tuple[str, str, Callable[[Person], UUID]]] = {
    "invoice": ("/invoices", "/invoices", invoice),
    "credit-note": ("/credit-notes", "/credit-notes", credit_note),
    "bill": ("/bills", "/bills", bill),
    "supplier-credit": ("/supplier-credits", "/supplier-credits", supplier_credit),
    "payment": ("/payments", "/payments", payment),
    "journal-entry": ("/journal-entries", "/journal", entry),
}
each = pytest.mark.parametrize("name", DOCUMENTS)


def table(text: str) -> list[Row]:
    return list(
        csv.DictReader(
            io.StringIO(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"), newline=""), strict=True
        )
    )


def amounts(values: Any, member: str = "") -> Iterator[Decimal]:
    """Every amount of an answer that is not zero, whatever it belongs to."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from amounts(value, name)
    elif isinstance(values, list):
        for one in values:
            yield from amounts(one, member)
    elif isinstance(values, str) and is_amount(member) and Decimal(values):
        yield Decimal(values)


@each
def test_the_csv_of_a_document_has_the_values_of_its_json(
    alice: Person, bob: Person, name: str
) -> None:
    api, page, make = DOCUMENTS[name]
    made = make(alice)
    body = alice.api.get(f"{api}/{made}").json
    answer = alice.api.get(f"{api}/{made}/{name}.csv")
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    rows = table(answer.text)
    heads = {row["item"]: row["text"] or row["day"] for row in rows if row["row"] == "head"}
    plain = {
        item: value
        for item, value in body.items()
        if isinstance(value, str) and not is_amount(item)
    }
    assert {item: value.removeprefix("'") for item, value in heads.items()} == plain
    columns = ("unit_price", "taxable_amount", "amount", "debit", "credit")
    found = sorted(
        Decimal(row[column])
        for row in rows
        for column in columns
        if row.get(column) and Decimal(row[column])
    )
    sums = [Decimal(value) for value in body.get("totals", {}).values() for _side in range(2)]
    assert found == sorted([*amounts(body), *sums]), (
        "to the last minor unit, and no amount is left out"
    )
    assert {row["row"] for row in rows} >= {
        "head",
        "allocation" if name == "payment" else "line",
        "total",
    }
    shown = alice.tab.get(f"{page}/{made}/{name}.csv")
    assert shown.text == "\N{ZERO WIDTH NO-BREAK SPACE}" + answer.text
    assert f"{page}/{made}/{name}.csv" in alice.tab.get(f"{page}/{made}").text
    assert bob.api.get(f"{api}/{made}/{name}.csv").text == answer.text, (
        "a colleague's file is the same"
    )


@each
def test_the_workbook_of_a_document_equals_its_csv(alice: Person, name: str) -> None:
    api, page, make = DOCUMENTS[name]
    made = make(alice)
    rows = list(csv.reader(io.StringIO(alice.api.get(f"{api}/{made}/{name}.csv").text, newline="")))
    for answer in (
        alice.api.get(f"{api}/{made}/{name}.xlsx"),
        alice.tab.get(f"{page}/{made}/{name}.xlsx"),
    ):
        assert (answer.status_code, answer.mimetype) == (200, MIMETYPE)
        assert answer.headers["Content-Disposition"].startswith(
            f'attachment; filename="voyagent-{name}-'
        )
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
@pytest.mark.parametrize("form", ["pdf", "csv", "xlsx"])
def test_the_files_of_a_document_need_the_permission_to_read_it(
    alice: Person, charlie: Person, name: str, form: str
) -> None:
    api, page, make = DOCUMENTS[name]
    made = make(alice)
    address = f"{api}/{made}/{name}.{form}"
    unknown = charlie.api.get(f"{api}/{new_id()}/{name}.{form}")
    for answer in (charlie.api.get(address), alice.api.get(f"{api}/nonsense/{name}.{form}")):
        assert (answer.status_code, answer.json["detail"]) == (404, unknown.json["detail"])
    assert alice.app.test_client().get(f"/api{address}").status_code == 401
    assert charlie.tab.get(f"{page}/{made}/{name}.{form}").status_code == 404
    assert alice.app.test_client().get(f"{page}/{made}/{name}.{form}").status_code == 303
    assert with_key(alice, "enquiries").get(address).status_code == 403
    assert with_key(alice, "books").get(address).status_code == 200


@each
def test_no_cell_of_a_document_is_a_formula(alice: Person, name: str) -> None:
    api, _page, make = DOCUMENTS[name]
    text = alice.api.get(f"{api}/{make(alice)}/{name}.csv").text
    assert f"'{EVIL}" in [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    for row in table(text):
        for column, cell in row.items():
            assert column in {
                "unit_price",
                "taxable_amount",
                "amount",
                "debit",
                "credit",
            } or not cell.startswith(("=", "+", "-", "@")), cell


def test_an_invoice_file_has_taxes_under_their_line_and_the_settlements(alice: Person) -> None:
    made = invoice(alice)
    rows = table(alice.api.get(f"/invoices/{made}/invoice.csv").text)
    assert list(rows[0]) == list(COLUMNS)
    kinds = [
        (
            row["row"],
            row["line_no"],
            row["item"],
            row["percent"],
            row["taxable_amount"],
            row["amount"],
        )
        for row in rows
        if row["row"] != "head"
    ]
    assert kinds[:3] == [
        ("line", "1", f"'{EVIL}", "", "", "100.10"),
        ("tax", "1", "cgst", "9", "100.10", "9.01"),
        ("tax", "1", "sgst", "9", "100.10", "9.01"),
    ]
    assert ("line.commission", "2", "", "", "", "200.00") in kinds
    assert ("payment", "1", "", "", "", "123.45") in kinds
    (credit,) = [row for row in rows if row["row"] == "credit_note"]
    assert (credit["text"], credit["currency"]) == ("'-1 traveller", "INR")
    (quantity,) = [
        row["quantity"] for row in rows if row["row"] == "line" and row["line_no"] == "1"
    ]
    assert quantity == "2"
    (first, _second) = [row for row in rows if row["row"] == "line"]
    assert (first["price_includes_tax"], first["place_of_supply"]) == ("no", "")
    with alice.acting() as actor:
        note = alice.api.get(f"/invoices/{made}").json["credit_notes"][0]["credit_note_id"]
        credit_note_service.reverse_credit_note(actor, note, reason="A mistake")
    assert "credit_note.reversed" in {
        row["row"] for row in table(alice.api.get(f"/invoices/{made}/invoice.csv").text)
    }, "it credits nothing"


def test_instalments_have_their_open_amounts(alice: Person) -> None:
    made = draft(
        alice,
        line("500", quantity=1),
        instalments=plan((DAY, "100.00"), (date(2026, 7, 1), "400.00")),
    )
    issue(alice, made)
    pay(alice, made, 12_000, DAY)
    rows = [
        row
        for row in table(alice.api.get(f"/invoices/{made}/invoice.csv").text)
        if row["row"].startswith("instalment")
    ]
    assert [(row["row"], row["line_no"], row["day"], row["amount"]) for row in rows] == [
        ("instalment", "1", "2026-06-10", "100.00"),
        ("instalment", "2", "2026-07-01", "400.00"),
        ("instalment.open_amount", "2", "", "380.00"),
    ]


def test_drafts_and_currencies_with_other_decimals_are_exported(alice: Person) -> None:
    yen = draft(alice, line("1000", quantity=1, currency="JPY"))
    answer = alice.api.get(f"/invoices/{yen}/invoice.csv")
    assert (
        answer.headers["Content-Disposition"] == 'attachment; filename="voyagent-invoice-draft.csv"'
    )
    assert [row["amount"] for row in table(answer.text) if row["item"] == "total_amount"] == [
        "1000.00"
    ]
    dinar = draft_bill(alice, line("1.234", quantity=1, currency="KWD"))
    totals = {
        row["item"]: row["amount"]
        for row in table(alice.api.get(f"/bills/{dinar}/bill.csv").text)
        if row["row"] == "total"
    }
    assert (totals["total_amount"], totals["paid_amount"], totals["open_amount"]) == (
        "1.234",
        "0.000",
        "0.000",
    )


def test_every_list_of_a_document_is_in_its_file(alice: Person) -> None:
    for name, (api, _page, make) in DOCUMENTS.items():
        body = alice.api.get(f"{api}/{make(alice)}").json
        assert {member for member, value in body.items() if isinstance(value, list)} <= {
            *PARTS,
            "lines",
        }, name


def test_a_journal_entry_has_debits_and_credits_by_currency_and_a_pdf(alice: Person) -> None:
    made = entry(alice)
    rows = table(alice.api.get(f"/journal-entries/{made}/journal-entry.csv").text)
    assert [
        (row["currency"], row["debit"], row["credit"]) for row in rows if row["row"] == "total"
    ] == [("INR", "100.05", "100.05"), ("KWD", "1.234", "1.234")]
    first = next(row for row in rows if row["row"] == "line")
    assert (first["line_no"], first["text"], first["party"], first["debit"], first["credit"]) == (
        "1",
        "Trade receivables",
        "Deepa Krishnan",
        "100.05",
        "0.00",
    )
    paper = alice.tab.get(f"/journal/{made}/journal-entry.pdf")
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")
    text = text_of(paper.data)
    assert [
        word
        for word in ("Journal entry", EVIL, "1.234", "Deepa Krishnan", "10 March 2026")
        if word not in text
    ] == []
    assert alice.api.get(f"/journal-entries/{made}/journal-entry.pdf?locale=hi").data.startswith(
        b"%PDF"
    )
    with alice.acting() as actor:
        entries.reverse(actor, made, reason="A mistake", entry_date=date(2026, 3, 11))
    assert "This entry was reversed." in text_of(
        alice.tab.get(f"/journal/{made}/journal-entry.pdf").data
    )


def test_an_agency_has_one_pdf_made_at_a_time(
    alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_export, "FILES_WAIT_S", 0.1)
    path, theirs = (f"/invoices/{issued(one)}/invoice" for one in (alice, charlie))
    exports: Exports = alice.app.extensions["voyagent.exports"]
    with exports.making_file(alice.actor.tenant_id):
        for client, form in ((alice.api, "pdf"), (alice.tab, "pdf"), (alice.api, "xlsx")):
            answer = client.get(f"{path}.{form}")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert charlie.api.get(f"{theirs}.pdf").status_code == 200
        assert alice.api.get(f"{path}.csv").status_code == 200
    assert alice.api.get(f"{path}.pdf").status_code == 200
