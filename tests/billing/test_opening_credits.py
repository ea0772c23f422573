"""Credits, voids and write-offs of imported open documents.

A price reduction counts from its own date. A wrong opening balance is posted back to its account.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, EVER, ISSUED, untied, write_off
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import Person
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.money import Money
from voyagent.reports.queries import checks

OPENING = "opening_balances"


@pytest.fixture
def invoice_id(alice: Person) -> UUID:
    """An imported invoice with 1,000 rupees open."""
    with alice.acting() as actor:
        given: dict[str, Any] = {
            "party_name": "Deepa Krishnan",
            "reference": "OLD-7",
            "issue_date": ISSUED,
            "due_date": DUE,
        }
        return issuing.import_open_invoice(actor, amount=Money(100_000, "INR"), **given).id


@pytest.fixture
def bill_id(alice: Person) -> UUID:
    """An imported bill."""
    with alice.acting() as actor:
        given: dict[str, Any] = {
            "party_name": "BSP India",
            "reference": "B-7",
            "issue_date": ISSUED,
            "due_date": DUE,
        }
        return bill_service.import_open_bill(actor, amount=Money(100_000, "INR"), **given).id


def moved(person: Person) -> dict[str, int]:
    """Return the balance of each account."""
    return {purpose: minor for (purpose, _currency), minor in balances(person).items() if minor}


def is_sound(person: Person) -> bool:
    with person.reading() as reader:
        return (untied(person), list(checks.findings(reader))) == ([], [])


def test_a_credit_on_an_imported_invoice_reduces_the_sales_of_its_day(
    alice: Person, invoice_id: UUID
) -> None:
    assert moved(alice) == {"receivable": 100_000, OPENING: -100_000}
    with alice.acting() as actor:
        credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Agreed", on=DUE, amounts={1: Money(30_000, "INR")}
        )
    assert moved(alice) == {"receivable": 70_000, OPENING: -100_000, "revenue_services": 30_000}
    with alice.reading() as reader:
        before, then = (
            [
                row["open_minor"]
                for row in reader.read(
                    open_items.ageing_statement("receivable", *EVER, today=DUE, as_of=day)
                )[0]
            ]
            for day in (DUE - timedelta(days=1), DUE)
        )
    assert (before, then) == ([100_000], [70_000])
    assert is_sound(alice)


def test_a_supplier_credit_on_an_imported_bill_reduces_the_cost(
    alice: Person, bill_id: UUID
) -> None:
    assert moved(alice) == {"payable": -100_000, OPENING: 100_000}
    with alice.acting() as actor:
        supplier_credit_service.credit_bill(
            actor,
            bill_id,
            vendor_reference="C-7",
            reason="Agreed",
            on=DUE,
            amounts={1: Money(30_000, "INR")},
        )
    assert moved(alice) == {"payable": -70_000, OPENING: 100_000, "cost_of_services": -30_000}
    assert is_sound(alice)


def test_a_wrong_imported_document_is_voided_against_the_opening_account(
    alice: Person, invoice_id: UUID, bill_id: UUID
) -> None:
    with alice.acting() as actor:
        issuing.void_invoice(actor, invoice_id, reason="Paid before", on=date(2024, 7, 1))
        bill_service.void_bill(actor, bill_id, reason="Paid before", on=date(2024, 7, 1))
    assert moved(alice) == {}
    assert is_sound(alice)


def test_a_write_off_of_an_imported_invoice_is_a_bad_debt(alice: Person, invoice_id: UUID) -> None:
    write_off(alice, invoice_id)
    assert moved(alice) == {"bad_debts": 100_000, OPENING: -100_000}
    assert is_sound(alice)


def test_the_page_of_the_credit_explains_the_posting(
    alice: Person, invoice_id: UUID, bill_id: UUID
) -> None:
    browser = alice.tab
    for path, words, account in (
        (
            f"/invoices/{invoice_id}/credit",
            "reduces current sales",
            "4300 Sales of travel services",
        ),
        (f"/bills/{bill_id}/credit", "reduces current costs", "5100 Cost of travel services"),
    ):
        page = Page(browser.get(path))
        assert words in page.words(".//*[@id='brought-forward']")
        assert account in page.words(".//*[@id='postings']")
