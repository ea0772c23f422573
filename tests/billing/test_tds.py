"""Tax that the payer deducted from a payment (TDS)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.papers import DUE, advance, issued, line, receive
from tests.billing.test_allocations import sound
from tests.billing.test_api import code
from tests.enquiries.reading import Page
from tests.people import Person, csrf_token
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.errors import PaymentExceedsOpen, TdsWithoutSection
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.deducting import Tds
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money

HUNDREDS = Tds(Money(50_000, "INR"), "194H", "TDS-2024-17")


def lines_of(person: Person, payment: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    entry = person.api.get(f"/journal-entries/{payment['journal_entry_id']}").json
    return [(one["code"], one["debit_amount"], one["credit_amount"]) for one in entry["lines"]]


def test_a_receipt_settles_with_money_and_deducted_tax(alice: Person) -> None:
    """A commission of 25,000 with 18 % tax, from which the hotel deducted 2 % (V47)."""
    invoice_id = issued(alice, line("29500.00", quantity=1))
    body = {
        "amount": "29000.00",
        "paid_on": "2024-06-25",
        "tds_amount": "500.00",
        "tds_section": "194H",
        "tds_certificate": "TDS-2024-17",
    }
    answer = alice.api.post(f"/invoices/{invoice_id}/receipts", json=body)
    assert (answer.status_code, answer.json["open_amount"]) == (201, "0.00"), answer.text
    (payment,) = alice.api.get("/payments").json["items"]
    expected = {
        "amount": "29000.00",
        "tds_amount": "500.00",
        "tds_section": "194H",
        "tds_certificate": "TDS-2024-17",
        "allocated_amount": "29500.00",
        "unapplied_amount": "0.00",
    }
    assert payment.items() >= expected.items()
    assert lines_of(alice, payment) == [
        ("1100", "29000.00", None),
        ("1420", "500.00", None),
        ("1200", None, "29500.00"),
    ]
    (event,) = alice.api.get("/audit?kind=payment.received").json["items"]
    assert (
        event["payload"]["outputs"].items()
        >= {"amount": "29000.00", "tds_amount": "500.00", "tds_section": "194H"}.items()
    )
    assert sound(alice)


def test_the_amount_defaults_to_what_is_open_less_the_tax(alice: Person) -> None:
    invoice_id = issued(alice)
    with alice.acting() as actor:
        payment = payment_service.record_receipt(actor, invoice_id, None, DUE, tds=HUNDREDS)
        assert (payment.money_minor, payment.amount_minor) == (4_450_000, 4_500_000)
    with alice.acting():
        assert invoice_queries.get_invoice(invoice_id).open_minor == 0


def test_tax_deducted_from_a_supplier_is_owed_to_the_government(alice: Person) -> None:
    bill_id = receive(alice)
    with alice.acting() as actor:
        payment_id = payment_service.pay_bill(actor, bill_id, None, DUE, tds=HUNDREDS).id
    with alice.acting():
        assert bill_queries.get_bill(bill_id).open_minor == 0
    payment = alice.api.get(f"/payments/{payment_id}").json
    assert lines_of(alice, payment) == [
        ("2100", "45000.00", None),
        ("1100", None, "44500.00"),
        ("2340", None, "500.00"),
    ]
    assert sound(alice)


def test_an_advance_is_the_money_and_the_tax(alice: Person) -> None:
    payment = alice.api.get(f"/payments/{advance(alice, 950_000, tds=HUNDREDS)}").json
    assert (payment["amount"], payment["unapplied_amount"]) == ("9500.00", "10000.00")
    reversed_on = {"reason": "Entered twice", "reversed_on": "2024-06-25"}
    path = f"/payments/{payment['id']}/reverse"
    assert all(one in alice.tab.get(path).text for one in ("1100", "1420", "2200"))
    assert alice.api.post(path, json=reversed_on).status_code == 200
    assert sound(alice)


@pytest.mark.parametrize(
    ("tds", "error"),
    [
        (Tds(Money(50_000, "INR")), TdsWithoutSection),
        (Tds(None, "194H"), TdsWithoutSection),
        (Tds(Money(0, "INR"), "194H"), TdsWithoutSection),
        (Tds(None, None, "TDS-1"), TdsWithoutSection),
        (Tds(Money(-1, "INR"), "194H"), InvalidAmount),
        (Tds(Money(50_000, "USD"), "194H"), MixedCurrencies),
    ],
)
def test_incomplete_tax_is_refused(alice: Person, tds: Tds, error: type[Exception]) -> None:
    with pytest.raises(error):
        advance(alice, 950_000, tds=tds)


def test_money_and_tax_are_at_most_what_is_open(alice: Person) -> None:
    invoice_id = issued(alice)
    with alice.acting() as actor, pytest.raises(PaymentExceedsOpen):
        payment_service.record_receipt(
            actor, invoice_id, Money(4_450_001, "INR"), DUE, tds=HUNDREDS
        )
    with alice.acting() as actor, pytest.raises(InvalidAmount):
        all_of_it = Tds(Money(4_500_000, "INR"), "194H")
        payment_service.record_receipt(actor, invoice_id, None, DUE, tds=all_of_it)


def test_the_pages_take_and_show_the_tax(alice: Person) -> None:
    invoice_id, browser = issued(alice), alice.tab
    path = f"/invoices/{invoice_id}/receipt"
    typed = {
        "amount": "44,500.00",
        "paid_on": "25 Jun 2024",
        "account": "bank",
        "tds_amount": "500",
        "csrf_token": csrf_token(browser),
    }
    refused = Page(browser.post(path, data=typed))
    assert (refused.status, "Enter both the tax deducted" in refused.words()) == (422, True)
    wrong = browser.post(path, data=typed | {"tds_section": "§ 194"})
    assert "Enter a section such as 194H" in wrong.text
    typed |= {"tds_section": "194h"}
    looked = browser.post(path, data=typed | {"then": "look"}).text
    assert ("1420" in looked, "500.00" in looked) == (True, True)
    assert browser.post(path, data=typed).status_code == 303
    (payment,) = alice.api.get("/payments").json["items"]
    assert "section 194H" in Page(browser.get(f"/payments/{payment['id']}")).words()


def test_a_button_subtracts_the_tax_from_the_amount_due(alice: Person) -> None:
    browser, path = alice.tab, f"/invoices/{issued(alice)}/receipt"
    typed = {
        "amount": "45,000.00",
        "paid_on": "25 Jun 2024",
        "account": "bank",
        "tds_amount": "500",
        "tds_section": "194H",
        "csrf_token": csrf_token(browser),
    }
    refused = browser.post(path, data=typed)
    assert (refused.status_code, "more than the amount due" in refused.text) == (422, True)
    assert "Subtract from the amount due" in refused.text
    for tax, amount in (("500", "44,500.00"), ("", "45,000.00"), ("45000", "1.00"), ("x", "1.00")):
        entered = typed | {"amount": "1.00", "tds_amount": tax, "then": "fill"}
        filled = browser.post(path, data=entered)
        assert (filled.status_code, f'value="{amount}"' in filled.text) == (200, True), tax
    assert alice.api.get("/payments").json["items"] == []
    assert browser.post(path, data=typed | {"amount": "44,500.00"}).status_code == 303


def test_a_payment_of_several_documents_is_filled_with_money_and_tax(alice: Person) -> None:
    issued(alice)
    browser = alice.tab
    typed = {
        "direction": "in",
        "party_name": "Deepa Krishnan",
        "currency": "INR",
        "amount": "44,500.00",
        "paid_on": "25 Jun 2024",
        "account": "bank",
        "tds_amount": "500",
        "tds_section": "194H",
        "csrf_token": csrf_token(browser),
    }
    filled = browser.post("/payments/new", data=typed | {"then": "fill"}).text
    assert 'value="45,000.00"' in filled
    assert code(
        alice.api.post(
            "/payments",
            json={
                "direction": "in",
                "party_name": "Uma",
                "amount": "1.00",
                "currency": "INR",
                "tds_amount": "1.00",
            },
        )
    ) == (422, "tds_without_section")
