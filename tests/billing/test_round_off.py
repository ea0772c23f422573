"""Invoices rounded to whole units: postings, PDF and credits."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.billing.papers import DUE, ISSUED, carry_out, draft, issue, issued, line, plan, untied
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import Person, csrf_token
from tests.reports.test_beancount import command, complaints
from tests.reports.test_tally import on_the_page, proved, vouchers
from voyagent.billing.core.errors import InstalmentsDoNotAddUp
from voyagent.billing.core.models.credits import CreditNote
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.core.service.rounding import to_whole
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.enquiries import service as enquiries
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.money import Money
from voyagent.reports.queries import checks
from voyagent.settings.service import tenant_settings as settings

ON = {"issue_date": date(2026, 6, 10), "due_date": date(2026, 6, 25)}
TYPED = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "10 Jun 2024",
    "due_date": "25/6/2024",
    "currency": "INR",
}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra and with rounded invoices."""
    rounds(alice)
    return alice


def rounds(person: Person, *, yes: bool = True) -> None:
    changes: settings.SettingsChanges = {"round_invoices": yes, "tax_number": "27AACCN6194P1ZP"}
    person.does(lambda actor: settings.update(actor, changes).round_invoices)


def over(amount: str, **more: Any) -> LineItem:
    return LineItem(description="Visa fee", quantity=1, unit_price=amount, currency="INR", **more)


def amounts(person: Person, invoice_id: UUID) -> tuple[int, int, int]:
    """The total, what it is rounded by, and what is open."""
    with person.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        return invoice.total_minor, invoice.round_off_minor, invoice.open_minor


def credit(person: Person, invoice_id: UUID, **minor: int) -> tuple[int, int]:
    """Credit amounts of lines, or the rest.

    Returns the total and its part of the round-off.
    """
    amounts = {
        int(name.removeprefix("line")): Money(amount, "INR") for name, amount in minor.items()
    } or None
    with person.acting() as actor:
        note = credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", amounts=amounts
        )
        return note.total_minor, note.round_off_minor


def is_sound(person: Person) -> bool:
    with person.reading() as reader:
        return list(checks.findings(reader)) == [] and untied(person) == []


def send(person: Person, path: str, **fields: Any) -> Any:
    browser = person.tab
    return browser.post(path, data={**fields, "csrf_token": csrf_token(browser)})


@pytest.mark.parametrize(
    ("minor", "currency", "moved"),
    [
        (10_049, "INR", -49),
        (10_050, "INR", 50),
        (10_051, "INR", 49),
        (10_000, "INR", 0),
        (50, "INR", 50),
        (49, "INR", 0),  # no invoice is over nothing
        (12_499, "KWD", -499),
        (12_500, "KWD", 500),
        (12_345, "JPY", 0),  # has whole units alone
    ],
)
def test_half_a_unit_is_rounded_up(minor: int, currency: str, moved: int) -> None:
    assert to_whole(Money(minor, currency)) == Money(moved, currency)


def test_rounding_down_is_a_cost_and_rounding_up_an_income(agency: Person) -> None:
    down = issued(agency, over("100.05", tax="service_fee"), place_of_supply="27", **ON)
    assert amounts(agency, down) == (11_800, -5, 11_800)
    taxes = {("output_cgst", "INR"): -900, ("output_sgst", "INR"): -900}
    assert balances(agency) == {
        ("receivable", "INR"): 11_800,
        ("revenue_services", "INR"): -10_005,
        ("round_off", "INR"): 5,
        **taxes,
    }
    up = issued(agency, over("100.60"))
    assert amounts(agency, up) == (10_100, 40, 10_100)
    assert balances(agency)[("round_off", "INR")] == 5 - 40
    assert is_sound(agency)


def test_an_agency_without_the_setting_does_not_round(alice: Person) -> None:
    assert amounts(alice, issued(alice, over("100.60"))) == (10_060, 0, 10_060)


def test_a_currency_without_minor_units_is_never_rounded(agency: Person) -> None:
    assert amounts(agency, issued(agency, line("12345", quantity=1, currency="JPY"))) == (
        12_345,
        0,
        12_345,
    )


def test_a_draft_is_rounded_and_issued_as_it_was_shown(alice: Person) -> None:
    before = draft(alice, over("100.60"))
    rounds(alice)
    after = draft(alice, over("100.60"))
    issue(alice, before)
    assert amounts(alice, before)[:2] == (10_060, 0), "it was drawn up, and shown, without"
    assert amounts(alice, after)[:2] == (10_100, 40)
    alice.does(
        lambda actor: invoice_drafts.revise_draft(actor, after, {"line_items": [over("100.40")]}).id
    )
    assert amounts(alice, after)[:2] == (10_000, -40)
    rounds(alice, yes=False)
    alice.does(lambda actor: invoice_drafts.revise_draft(actor, after, {"notes": "Thank you"}).id)
    issue(alice, after)
    assert amounts(alice, after)[:2] == (10_000, -40)
    assert is_sound(alice)


def test_a_draft_in_another_currency_is_rounded_in_that_currency(agency: Person) -> None:
    drawn = draft(agency, over("100.60"))
    agency.does(lambda actor: invoice_drafts.revise_draft(actor, drawn, {"currency": "KWD"}).id)
    assert amounts(agency, drawn)[:2] == (101_000, 400)


def test_instalments_add_up_to_the_rounded_total(agency: Person) -> None:
    with pytest.raises(InstalmentsDoNotAddUp):
        draft(
            agency, over("100.60"), instalments=plan((DUE, "50.00"), (date(2024, 7, 25), "50.60"))
        )
    planned = issued(
        agency, over("100.60"), instalments=plan((DUE, "50.00"), (date(2024, 7, 25), "51.00"))
    )
    assert amounts(agency, planned) == (10_100, 40, 10_100)
    assert is_sound(agency)


@pytest.mark.parametrize("amount", ["100.40", "100.10"])
def test_a_fully_credited_invoice_has_no_rounding_left(agency: Person, amount: str) -> None:
    invoice_id = issued(
        agency, over(amount, tax="service_fee"), over("0.30"), place_of_supply="27", **ON
    )
    total, moved, _open = amounts(agency, invoice_id)
    assert moved
    assert credit(agency, invoice_id) == (total, moved)
    assert amounts(agency, invoice_id)[2] == 0
    assert not any(balances(agency).values())
    assert is_sound(agency)


def test_rounding_is_returned_with_the_last_partial_credit(agency: Person) -> None:
    invoice_id = issued(agency, over("100.60"), over("50.00"))
    assert amounts(agency, invoice_id)[:2] == (15_100, 40)
    assert credit(agency, invoice_id, line1=6_000) == (6_000, 0)
    assert credit(agency, invoice_id, line2=5_000) == (5_000, 0)
    assert credit(agency, invoice_id, line1=4_060) == (4_100, 40)
    assert not any(balances(agency).values())
    assert is_sound(agency)


def test_a_reversed_credit_note_lets_the_next_one_return_the_rounding(
    agency: Person,
) -> None:
    invoice_id = issued(agency, over("100.60"))
    notes = []
    for minor, expected in ((6_000, (6_000, 0)), (4_060, (4_100, 40))):
        assert credit(agency, invoice_id, line1=minor) == expected
        with agency.acting():
            notes.append(
                db.session.scalars(
                    sa.select(CreditNote.id).where(CreditNote.total_minor == expected[0])
                ).one()
            )
    first, last = notes
    agency.does(
        lambda actor: credit_note_service.reverse_credit_note(actor, last, reason="A mistake").id
    )
    assert amounts(agency, invoice_id)[2] == 4_100
    assert credit(agency, invoice_id) == (4_100, 40)
    agency.does(
        lambda actor: credit_note_service.reverse_credit_note(actor, first, reason="A mistake").id
    )
    assert credit(agency, invoice_id) == (6_000, 0), "what stands has given it back"
    assert not any(balances(agency).values())
    assert is_sound(agency)


def test_a_last_part_of_zero_returns_nothing(agency: Person) -> None:
    package = over("100.40", collection="overseas_package")
    invoice_id = issued(agency, package, **ON)
    assert amounts(agency, invoice_id)[1] == -42, "what is collected of it is 5.02"
    credit(agency, invoice_id, line1=10_010)
    assert credit(agency, invoice_id) == (30, 0)
    assert is_sound(agency)


def test_the_database_allows_one_return_of_the_rounding(agency: Person) -> None:
    invoice_id = issued(agency, over("100.60"))
    credit(agency, invoice_id)
    again = """
    insert into credit_notes (tenant_id, id, invoice_id, number, issue_date, currency, total_minor,
      round_off_minor, party_name, reason, entry_id)
      select tenant_id, gen_random_uuid(), invoice_id, 'C/1', issue_date, currency, 140, 40,
      party_name, reason, entry_id from credit_notes
    """
    with agency.acting(), pytest.raises(sa.exc.IntegrityError, match="uq_credit_notes_round_off"):
        rows_changed(again)


def test_voiding_an_invoice_reverses_its_rounding(agency: Person) -> None:
    invoice_id = issued(agency, over("100.60"))
    agency.does(lambda actor: issuing.void_invoice(actor, invoice_id, reason="A mistake").id)
    assert not any(balances(agency).values())
    assert is_sound(agency)


def test_imported_invoices_are_not_rounded(agency: Person) -> None:
    given = {
        "party_name": "Deepa",
        "reference": "OLD-1",
        "issue_date": ISSUED,
        "due_date": DUE,
        "amount": Money(10_060, "INR"),
    }
    assert amounts(
        agency, agency.does(lambda actor: issuing.import_open_invoice(actor, **given).id)
    )[:2] == (10_060, 0)


def test_invoices_of_the_assistant_are_rounded(agency: Person) -> None:
    enquiry_id = agency.does(
        lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan").id
    )
    invoice = {
        "invoice_number": "2026-27/000001",
        "client_id": str(enquiry_id),
        "issue_date": "2026-06-10",
        "currency": "INR",
        "lines": [{"description": "Visa fee", "quantity": 1, "unit_price": "100.60"}],
        "billing_address": {"lines": ["12 Marine Drive"], "country": "IN"},
    }
    assert (
        agency.does(carry_out("create_invoice"), {"invoice": invoice})["total_amount"] == "101.00"
    )


# Pages, API and commands
# --------------------------------------------------------------------------------


def test_the_api_returns_the_rounding(alice: Person) -> None:
    assert alice.api.get("/tenant-settings").json["round_invoices"] is False
    assert (
        alice.api.patch("/tenant-settings", json={"round_invoices": True}).json["round_invoices"]
        is True
    )
    assert alice.api.patch("/tenant-settings", json={"round_invoices": None}).status_code == 422
    body = {"customer_name": "Deepa", "issue_date": "2026-06-10", "currency": "INR"}
    made = alice.api.post(
        "/invoices",
        json=body | {"line_items": [{"description": "Fee", "quantity": 1, "unit_price": "100.40"}]},
    ).json
    assert (made["total_amount"], made["round_off"]) == ("100.00", "-0.40")
    assert alice.api.get("/invoices").json["items"][0]["round_off"] == "-0.40"
    assert alice.api.post(f"/invoices/{made['id']}/issue").json["open_amount"] == "100.00"
    note = alice.api.post(
        "/credit-notes", json={"invoice_id": made["id"], "reason": "Not travelled"}
    ).json
    assert (note["total_amount"], note["round_off"]) == ("100.00", "-0.40")
    assert alice.api.get(f"/invoices/{made['id']}").json["status"] == "paid"


def test_the_pages_show_the_rounding_before_and_after_posting(alice: Person) -> None:
    page = Page(alice.tab.get("/settings"))
    assert not page.all(".//input[@name='round_invoices'][@checked]")
    rounds(alice)
    assert Page(alice.tab.get("/settings")).all(".//input[@name='round_invoices'][@checked]")
    typed = {"description": "Visa fee", "quantity": "1", "unit_price": "100.40"}
    looked = Page(send(alice, "/invoices/new", **TYPED, **typed, then="look"))
    assert looked.all(".//form[@data-rounded]"), "the script leaves the sum to the server"
    posted = looked.words(".//section[@id='postings']")
    assert "1200 Trade receivablesINR100.00" in posted
    assert "5910 Round-offINR0.40" in posted
    path = send(alice, "/invoices/new", **TYPED, **typed).location
    for words in (
        Page(alice.tab.get(path)).words(".//table[@id='sums']"),
        text_of(alice.tab.get(f"{path}/invoice.pdf").data),
    ):
        assert all(
            one in words for one in ("Before rounding", "100.40", "Round-off", "0.40", "₹100.00")
        )
    assert "0.40" in Page(alice.tab.get(f"{path}/issue")).words(".//section[@id='postings']")
    send(alice, f"{path}/issue")
    crediting = Page(alice.tab.get(f"{path}/credit")).words(".//section[@id='postings']")
    assert "5910 Round-off" in crediting
    note = send(
        alice, f"{path}/credit", reason="Not travelled", issue_date="", amount="100.40"
    ).location
    assert "Round-off" in Page(alice.tab.get(note)).words(".//*[@id='sheet']")
    assert "Round-off" in text_of(alice.tab.get(f"{note}/credit-note.pdf").data)


def test_exports_of_the_books_include_the_rounding(
    app: Flask, agency: Person, tmp_path: Any
) -> None:
    down, up = issued(agency, over("100.40")), issued(agency, over("100.60"))
    credit(agency, down)
    file = tmp_path / "books.beancount"
    assert command(app, agency, file).exit_code == 0
    assert complaints(file) == ""
    found = vouchers(proved(on_the_page(agency)))
    assert [one.get("VCHTYPE") for one in found] == ["Sales", "Sales", "Credit Note"]
    assert amounts(agency, up)[1] == 40
