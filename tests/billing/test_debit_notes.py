"""Debit notes: further amounts on an issued invoice."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import issue, issued, pay
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.billing.test_taxes import HERE, charged, findings, taxed
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import Person
from voyagent.billing.core.errors import DateTooEarly, LineNotOnInvoice, NoLines, ReasonRequired
from voyagent.billing.invoices.errors import InvoiceHasDebitNotes, NotDebitable
from voyagent.billing.invoices.service import debit_notes, issuing
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import Money

DAY, DUE, LATER = date(2026, 6, 10), date(2026, 7, 1), date(2026, 6, 20)
BUYER = "27AAPFU0939F1ZV"
WHY = "Fuel surcharge of the airline"


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def an_invoice(person: Person, *lines: Any, **given: Any) -> UUID:
    values = {"place_of_supply": "27", "issue_date": DAY, "due_date": DUE} | given
    return issued(person, *(lines or [taxed("1000")]), **values)


def debited(person: Person, invoice_id: UUID, amounts: dict[int, str], **given: Any) -> UUID:
    values = {"reason": WHY, "on": LATER} | given
    by_line = {number: Money.parse(amount, "INR") for number, amount in amounts.items()}
    return person.does(
        lambda actor: debit_notes.draft_debit_note(actor, invoice_id, amounts=by_line, **values).id
    )


def void(person: Person, invoice_id: UUID) -> None:
    person.does(issuing.void_invoice, invoice_id, reason="Wrong", on=LATER)


# The document
# --------------------------------------------------------------------------------


def test_a_debit_note_is_posted_as_a_further_receivable_with_tax(agency: Person) -> None:
    invoice_id = an_invoice(agency, customer_tax_number=BUYER)
    note_id = debited(agency, invoice_id, {1: "500"})
    assert balances(agency)[("receivable", "INR")] == 118_000
    assert issue(agency, note_id) == "D/2026-27/000001"
    assert charged(agency, note_id) == [
        (1, "cgst", "9.000", 50_000, 4_500),
        (1, "sgst", "9.000", 50_000, 4_500),
    ]
    assert balances(agency) == {
        ("receivable", "INR"): 177_000,
        ("revenue_services", "INR"): -150_000,
        ("output_cgst", "INR"): -13_500,
        ("output_sgst", "INR"): -13_500,
    }
    pay(agency, note_id, 59_000, DUE)
    note = agency.api.get(f"/invoices/{note_id}").json
    assert (note["status"], note["customer_tax_number"], note["notes"]) == ("paid", BUYER, WHY)
    assert (note["debited_invoice_id"], note["debited_invoice_number"]) == (
        str(invoice_id),
        "2026-27/000001",
    )
    assert note["debited_invoice_date"] == DAY.isoformat()
    invoice = agency.api.get(f"/invoices/{invoice_id}").json
    assert invoice["debited_invoice_id"] is None
    assert invoice["debit_notes"] == [
        {
            "invoice_id": str(note_id),
            "number": "D/2026-27/000001",
            "status": "paid",
            "issue_date": LATER.isoformat(),
            "amount": "590.00",
        }
    ]
    assert issue(agency, debited(agency, invoice_id, {1: "1"})) == "D/2026-27/000002"
    assert issue(agency, debited(agency, invoice_id, {1: "1"}, on=LATER)) == "D/2026-27/000003"
    assert findings(agency) == []


def test_it_has_the_rates_of_the_invoice_that_it_corrects(agency: Person) -> None:
    before = {"issue_date": date(2025, 9, 10), "due_date": date(2025, 9, 20)}
    invoice_id = an_invoice(agency, taxed("1000", "flight_other_cabin"), **before)
    note_id = debited(agency, invoice_id, {1: "100"})
    issue(agency, note_id)
    assert {percent for _, _, percent, _, _ in charged(agency, note_id)} == {"6.000"}


@pytest.mark.parametrize(
    ("price", "nights", "tax", "amount", "percent"),
    [
        ("8000", 2, "room", "500", "9.000"),
        ("5000", 10, "room", "10000", "2.500"),
        ("8000", 2, "room_above_7500", "500", "9.000"),
        ("5000", 10, "room_up_to_7500", "10000", "2.500"),
    ],
)
def test_more_for_a_room_has_the_rate_of_the_line_that_it_corrects(
    agency: Person, price: str, nights: int, tax: str, amount: str, percent: str
) -> None:
    room = taxed(price, tax, quantity=nights)
    invoice_id = an_invoice(agency, taxed("10"), room)
    note_id = debited(agency, invoice_id, {2: amount})
    assert {one[2] for one in charged(agency, note_id)} == {percent}
    issue(agency, note_id)
    assert {one[2] for one in charged(agency, note_id)} == {percent}


def test_more_for_a_room_whose_price_included_tax_has_its_rate(agency: Person) -> None:
    room = taxed("7875", "room", quantity=2, price_includes_tax=True)
    note_id = debited(agency, an_invoice(agency, room), {1: "8000"})
    assert {one[2] for one in charged(agency, note_id)} == {"2.500"}


def test_basic_fare_and_commission_grow_in_proportion(agency: Person) -> None:
    ticket = taxed("1000", "air_domestic", basic_fare="600", sold_as="agent", commission="50")
    invoice_id = an_invoice(agency, taxed("10"), ticket)
    note_id = debited(agency, invoice_id, {2: "500"})
    (line,) = agency.api.get(f"/invoices/{note_id}").json["line_items"]
    assert (line["basic_fare"], line["commission"], line["tax"]) == (
        "300.00",
        "25.00",
        "air_domestic",
    )
    assert charged(agency, note_id)[0][3] == 1_500


def test_page_and_pdf_show_what_rule_53_asks(agency: Person) -> None:
    invoice_id = an_invoice(agency, customer_tax_number=BUYER)
    note_id = debited(agency, invoice_id, {1: "500"})
    page = Page(agency.tab.get(f"/invoices/{note_id}"))
    assert page.words(".//*[@id='sheet']//h2") == "Draft debit note"
    issue(agency, note_id)
    page = Page(agency.tab.get(f"/invoices/{note_id}"))
    assert page.words(".//*[@id='sheet']//h2") == "Debit note"
    assert f"/invoices/{invoice_id}" in page.links()
    file = text_of(agency.tab.get(f"/invoices/{note_id}/invoice.pdf").data)
    on_page, on_paper = page.words(".//*[@id='sheet']"), " ".join(file.split())
    assert "2026-27/000001 of 10 Jun 2026" in on_page
    assert "On invoice 2026-27/000001 of 10 June 2026" in on_paper
    for words in (on_page, on_paper):
        for wanted in (
            "Debit note",
            "D/2026-27/000001",
            f"Tax number {HERE}, Maharashtra (27)",
            f"Tax number {BUYER}, Maharashtra (27)",
            "500.00",
            "CGST 9 %",
            "45.00",
            WHY,
            "Authorised signatory",
        ):
            assert wanted in words, wanted


# Refusals
# --------------------------------------------------------------------------------


def test_refused_debit_notes(agency: Person, victor: Person, charlie: Person) -> None:
    invoice_id = an_invoice(agency)
    for amounts, given, error in (
        ({1: "1"}, {"reason": " "}, ReasonRequired),
        ({1: "1"}, {"on": date(2026, 6, 9)}, DateTooEarly),
        ({}, {}, NoLines),
        ({2: "1"}, {}, LineNotOnInvoice),
    ):
        with pytest.raises(error):
            debited(agency, invoice_id, amounts, **given)
    with pytest.raises(Forbidden):
        debited(victor, invoice_id, {1: "1"})
    body = {"reason": WHY, "lines": [{"line_no": 1, "amount": "1"}]}
    path = f"/invoices/{invoice_id}/debit-notes"
    assert charlie.api.post(path, json=body).status_code == 404
    assert code(agency.api.post(path, json=body | {"lines": body["lines"] * 2})) == (
        422,
        "line_already_named",
    )
    note_id = agency.api.post(path, json=body | {"issue_date": "2026-06-20"}).json["id"]
    again = agency.api.post(f"/invoices/{note_id}/debit-notes", json=body)
    assert code(again) == (409, "invoice_not_debitable")
    changed = agency.api.patch(f"/invoices/{note_id}", json={"notes": "Other"})
    assert code(changed) == (409, "debit_note_fixed")
    assert agency.tab.get(f"/invoices/{note_id}/edit").location == f"/invoices/{note_id}"
    assert agency.api.delete(f"/invoices/{note_id}").status_code == 204


def test_an_invoice_with_a_debit_note_is_voided_after_it(agency: Person) -> None:
    invoice_id = an_invoice(agency)
    note_id, draft_id = (debited(agency, invoice_id, {1: "500"}) for _ in range(2))
    issue(agency, note_id)
    with pytest.raises(NotDebitable):
        debited(agency, note_id, {1: "1"})
    with pytest.raises(InvoiceHasDebitNotes):
        void(agency, invoice_id)
    refused = agency.api.post(f"/invoices/{invoice_id}/void", json={"reason": "Wrong"})
    assert code(refused) == (409, "invoice_has_debit_notes")
    page = f"/invoices/{invoice_id}"
    assert f"{page}/void" not in agency.tab.get(page).text
    answer = agency.tab.get(f"{page}/void")
    assert (answer.status_code, answer.location) == (303, page)
    void(agency, note_id)
    assert f"{page}/void" in agency.tab.get(page).text
    void(agency, invoice_id)
    with pytest.raises(NotDebitable):
        issue(agency, draft_id)
    answer = agency.tab.get(f"{page}/debit")
    assert (answer.status_code, answer.location) == (303, page)


def test_an_invoice_is_not_voided_while_its_debit_note_is_issued(agency: Person) -> None:
    invoice_id = an_invoice(agency)
    note_id = debited(agency, invoice_id, {1: "500"})
    done = at_once([lambda: issue(agency, note_id), lambda: void(agency, invoice_id)])
    assert {type(one) for one in done} in (
        {str, InvoiceHasDebitNotes},
        {NotDebitable, type(None)},
    )


def test_the_database_refuses_a_debit_note_on_itself(
    agency: Person, owner_engine: sa.Engine
) -> None:
    note_id = debited(agency, an_invoice(agency), {1: "500"})
    with owner_engine.begin() as connection, pytest.raises(sa.exc.IntegrityError) as refused:
        connection.execute(
            sa.text("update invoices set debits_id = id where id = :id"), {"id": note_id}
        )
    assert "ck_invoices_debits" in str(refused.value)


# Pages
# --------------------------------------------------------------------------------


def test_the_form_drafts_a_debit_note(agency: Person, bob: Person, victor: Person) -> None:
    invoice_id = an_invoice(agency, taxed("1000"), taxed("200"))
    path = f"/invoices/{invoice_id}/debit"
    assert path in Page(bob.tab.get(f"/invoices/{invoice_id}")).links()
    assert path not in Page(victor.tab.get(f"/invoices/{invoice_id}")).links()
    assert victor.tab.get(path).status_code == 403
    typed = {"reason": WHY, "issue_date": "20 Jun 2026", "amount": ["", ""]}
    empty = send(bob, path, **typed)
    assert empty.status_code == 422
    assert "Enter an amount for at least one line." in Page(empty).words()
    wrong = send(bob, path, **typed | {"amount": ["many", ""]})
    assert wrong.status_code == 422
    done = send(bob, path, **typed | {"amount": ["", "1,500.50"], "reason": "Fee"})
    assert done.status_code == 303
    note = bob.api.get(done.location).json
    assert [line["amount"] for line in note["line_items"]] == ["1500.50"]
    assert (note["status"], note["notes"], note["issue_date"]) == ("draft", "Fee", "2026-06-20")
    page = Page(agency.tab.get(f"{done.location}/issue")).words()
    assert "It gets number D/2026-27/000001" in page
