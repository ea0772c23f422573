"""Links from journal entries to their documents and accounts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, advance, issued, left_of, line, pay, plan, receive, write_off
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import allocations, payments as payment_service
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.billing.write_offs import queries as write_off_queries
from voyagent.kernel import clock
from voyagent.kernel.money import Money

LISTS = (
    "/journal",
    "/reports/day-book?from=2024-06-01&to=2024-07-31",
    "/reports/general-ledger?account=1200&from=2024-06-01&to=2024-07-31",
)


def entries_of(person: Person, payment_id: UUID) -> tuple[UUID, list[UUID]]:
    """Return the entry of the last refund of a payment, and those of its allocations."""
    with person.reading() as reader:
        found = payment_queries.read_payment(reader, payment_id)
    return found.refunds[-1]["entry_id"], [
        row["entry_id"] for row in found.allocations if row["entry_id"] != found.payment["entry_id"]
    ]


def links(person: Person, path: str) -> list[str]:
    return Page(person.tab.get(path)).links()


def allocated_and_refunded(person: Person) -> tuple[UUID, UUID]:
    """Return a payment and the invoice to which it was allocated.

    The allocation was reversed and a part refunded.
    """
    invoice_id = issued(person)
    payment_id = advance(person, 5_000_000)
    with person.acting() as actor:
        allocations.allocate(
            actor, payment_id, parts=[Part(invoice_id, Money(4_500_000, "INR"))], on=DUE
        )
    with person.acting() as actor:
        payment_service.refund_payment(actor, payment_id, amount=Money(100_000, "INR"), on=DUE)
    with person.reading() as reader:
        (allocation,) = payment_queries.read_payment(reader, payment_id).allocations
    with person.acting() as actor:
        allocations.deallocate(actor, payment_id, allocation["id"], on=DUE)
    return payment_id, invoice_id


def test_an_entry_of_a_refund_or_an_allocation_links_to_the_payment(alice: Person) -> None:
    payment_id, _ = allocated_and_refunded(alice)
    assert left_of(alice, payment_id) == (0, 100_000, 4_900_000)
    refunded, allocated = entries_of(alice, payment_id)
    assert len(allocated) == 2, "what was allocated, and what took it back"
    for entry_id in (refunded, *allocated):
        (way,) = (
            link for link in links(alice, f"/journal/{entry_id}") if link.startswith("/payments/")
        )
        answer = alice.tab.get(way)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/payments/{payment_id}")


@pytest.mark.parametrize("way", ["refunds", "allocations"])
def test_foreign_and_unknown_entries_are_404_and_anonymous_visitors_sign_in(
    alice: Person, victor: Person, charlie: Person, way: str
) -> None:
    payment_id, _ = allocated_and_refunded(alice)
    with alice.reading() as reader:
        found = payment_queries.read_payment(reader, payment_id)
    address = f"/payments/{way}/{getattr(found, way)[0]['id']}"
    assert victor.tab.get(address).status_code == 303, "whoever reads the books reads this"
    assert charlie.tab.get(address).status_code == 404
    assert alice.tab.get(f"/payments/{way}/nonsense").status_code == 404
    assert "/sign-in" in alice.app.test_client().get(address).headers["Location"]


def test_every_kind_of_entry_links_to_its_document_from_every_list(alice: Person) -> None:
    _, invoice_id = allocated_and_refunded(alice)
    bill_id = receive(alice)
    with alice.acting() as actor:
        note = credit_note_service.issue_credit_note(
            actor, invoice_id, reason="Not travelled", on=DUE, amounts={1: Money(50_000, "INR")}
        ).id
    with alice.acting() as actor:
        given: dict[str, Any] = {
            "vendor_reference": "C-1",
            "reason": "Not travelled",
            "amounts": {1: Money(100, "INR")},
        }
        credit = supplier_credit_service.credit_bill(actor, bill_id, on=DUE, **given).id
    wanted = {
        f"/invoices/{invoice_id}",
        f"/bills/{bill_id}",
        f"/credit-notes/{note}",
        f"/supplier-credits/{credit}",
    }
    assert wanted <= set(links(alice, LISTS[0]))
    assert wanted <= set(links(alice, LISTS[1]))
    of_customers = links(alice, LISTS[2])
    assert {f"/invoices/{invoice_id}", f"/credit-notes/{note}"} <= set(of_customers)
    assert any(link.startswith("/payments/allocations/") for link in of_customers)
    assert {f"/bills/{bill_id}"} <= set(
        links(
            alice,
            "/reports/party-statement?kind=supplier&party=BSP+India&from=2024-06-01&to=2024-07-31",
        )
    )


def test_a_write_off_links_to_its_invoice(alice: Person, victor: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    written_id = write_off(alice, invoice_id)
    with alice.acting():
        entry_id = write_off_queries.get_write_off(invoice_id, written_id).entry_id
    way = f"/invoices/write-offs/{written_id}"
    for path in (*LISTS, f"/journal/{entry_id}"):
        assert way in links(alice, path), path
    for person in (alice, victor):
        answer = person.tab.get(way)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/invoices/{invoice_id}")
    assert charlie.tab.get(way).status_code == 404
    assert alice.tab.get("/invoices/write-offs/nonsense").status_code == 404
    assert "/sign-in" in alice.app.test_client().get(way).headers["Location"]


def test_each_line_of_an_entry_links_to_its_account_on_that_day(alice: Person) -> None:
    invoice_id = issued(alice)
    pay(alice, invoice_id, 100_000)
    with alice.reading() as reader:
        (payment,) = payment_queries.list_payments(reader, payment_queries.PaymentSearch()).items
    for path in (
        f"/journal/{payment['entry_id']}",
        f"/payments/{payment['id']}",
        "/reports/day-book?from=2024-06-25&to=2024-06-25",
    ):
        found = [link for link in links(alice, path) if link.startswith("/reports/general-ledger?")]
        assert {
            f"/reports/general-ledger?account={code}&from=2024-06-25&to=2024-06-25"
            for code in ("1100", "1200")
        } <= set(found), path
        assert Page(alice.tab.get(found[0])).status == 200


def test_the_result_of_earlier_years_links_to_its_profit_and_loss(alice: Person) -> None:
    issued(alice)
    ways = [
        link
        for link in links(alice, f"/reports/trial-balance?as_of={date(2025, 5, 1)}")
        if "profit-and-loss?" in link
    ]
    assert ways
    assert set(ways) == {"/reports/profit-and-loss?compare=none&from=1900-01-01&to=2025-03-31"}
    assert "45,000.00" in Page(alice.tab.get(ways[0])).words()


@pytest.mark.parametrize("report", ["receivables", "payables"])
def test_an_amount_due_of_instalments_opens_its_documents(alice: Person, report: str) -> None:
    """The amount of an age is that of an instalment.

    The linked list shows the instalment and its document.
    """
    day = clock.today()
    parts = plan(
        (day - timedelta(days=40), "200.00"),
        (day - timedelta(days=5), "300.00"),
        (day + timedelta(days=9), "400.00"),
    )
    draw = issued if report == "receivables" else receive
    draw(alice, line("900", quantity=1), issue_date=day - timedelta(days=50), instalments=parts)
    browser = alice.tab
    ages = [
        one for one in links(alice, f"/reports/{report}") if "party_id=" in one and "due_" in one
    ]
    assert len(ages) == 3
    for way, amount in zip(ages, ("400.00", "300.00", "200.00"), strict=True):
        row = Page(browser.get(way)).words(".//tbody[@data-rows]")
        assert row.endswith(f"INR900.00INR{amount}of INR900.00"), row
    whole = Page(
        browser.get(f"/{'invoices' if report == 'receivables' else 'bills'}?status=open")
    ).words(".//tbody[@data-rows]")
    assert whole.endswith("INR900.00INR900.00")


def test_a_payment_to_a_supplier_links_to_the_bill(alice: Person) -> None:
    bill_id = receive(alice)
    with alice.acting() as actor:
        payment_id = payment_service.pay_bill(actor, bill_id, Money(100, "INR"), DUE).id
    assert f"/bills/{bill_id}" in links(alice, f"/payments/{payment_id}")


def test_the_form_says_what_becomes_of_a_credit_above_the_amount_due(alice: Person) -> None:
    invoice_id = issued(alice)
    message = "of this is paid. What you credit above the amount due becomes a credit"
    assert message not in Page(alice.tab.get(f"/invoices/{invoice_id}/credit")).words()
    pay(alice, invoice_id, 100_000)
    page = Page(alice.tab.get(f"/invoices/{invoice_id}/credit"))
    assert message in page.words()
