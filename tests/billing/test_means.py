"""Bank account, mode and instrument of receipts, payments and refunds."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.banking.test_banking import listed, opened
from tests.billing.papers import DUE, advance, issued, line, receive
from tests.billing.test_api import code
from tests.enquiries.reading import Page
from tests.ledger.books import account_id
from tests.people import Person, csrf_token
from voyagent.banking import queries as bank_queries, service as banking
from voyagent.banking.errors import BankAccountClosed, BankAccountNotFound
from voyagent.billing.payments.errors import CashLimit, ModeUnfit
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.means import Means
from voyagent.kernel.money import Money
from voyagent.ledger.service import direct, entries
from voyagent.ledger.service.errors import AccountCurrency

CHEQUE = {
    "mode": "cheque",
    "instrument_no": "000123",
    "instrument_on": "2024-06-20",
    "instrument_bank": "Federal Bank",
}


def paid(person: Person, minor: int = 100_000, **given: Any) -> dict[str, Any]:
    """Record an advance and return it as the API answers it."""
    currency = given.pop("currency", "INR")
    payment_id = advance(person, minor, currency=currency, **given)
    found: dict[str, Any] = person.api.get(f"/payments/{payment_id}").json
    return found


def codes(person: Person, payment: dict[str, Any]) -> list[str]:
    """Return the codes of the accounts that the payment's entry debits and credits."""
    entry = person.api.get(f"/journal-entries/{payment['journal_entry_id']}").json
    return [row["code"] for row in entry["lines"]]


def test_a_word_means_the_default_of_the_currency(alice: Person) -> None:
    banks = listed(alice)
    first = paid(alice)
    assert first["bank_account_id"] == banks["Bank, current account"]["id"]
    assert (first["account"], first["mode"], codes(alice, first)) == (
        "bank",
        None,
        ["1100", "2200"],
    )
    cash = paid(alice, account="cash")
    assert (cash["bank_account_name"], cash["mode"]) == ("Cash in hand", "cash")
    hdfc = opened(alice, is_default=True)
    assert codes(alice, paid(alice)) == ["1100-2", "2200"]
    other = Means(bank_account_id=UUID(first["bank_account_id"]))
    assert codes(alice, paid(alice, means=other)) == ["1100", "2200"]
    assert paid(alice)["bank_account_id"] == str(hdfc)


def test_a_currency_without_a_bank_account_stays_in_the_account_of_the_chart(
    alice: Person,
) -> None:
    before = paid(alice, currency="USD")
    assert (before["bank_account_id"], codes(alice, before)) == (None, ["1100", "2200"])
    dollars = opened(alice, "Dollars", currency="USD")
    after = paid(alice, currency="USD")
    assert (after["bank_account_id"], codes(alice, after)) == (str(dollars), ["1100-2", "2200"])


def test_an_entry_by_hand_posts_to_a_bank_account_in_its_currency(alice: Person) -> None:
    paid(alice, currency="USD")  # 1,000.00 on the chart's account for bank

    def write(
        debit: UUID | str, credit: UUID | str, minor: int, currency: str = "USD", **more: Any
    ) -> None:
        amount = Money(minor, currency)
        lines = [entries.debit(debit, amount), entries.credit(credit, amount)]
        alice.does(more.get("act", direct.post_direct), narration="By hand", lines=lines)

    write("bank", "capital", 500)
    bank_account_id = opened(alice, "Dollars", currency="USD")
    with alice.acting():
        dollars = bank_queries.get_account(bank_account_id).account_id
    body = {
        "narration": "By hand",
        "lines": [
            {"account_id": str(account_id(alice, "bank")), "currency": "USD", "debit_amount": "5"},
            {"account_id": str(dollars), "currency": "USD", "credit_amount": "5"},
        ],
    }
    assert code(alice.api.post("/journal-entries", json=body)) == (409, "account_currency")
    for debit, credit, minor, currency in (
        ("bank", "capital", 1, "USD"),
        (dollars, "capital", 1, "INR"),
        ("capital", dollars, 1, "INR"),
        (dollars, "bank", 100_501, "USD"),
    ):
        for act in (direct.post_direct, direct.post_requested):
            with pytest.raises(AccountCurrency):
                write(debit, credit, minor, currency, act=act)
    write(dollars, "bank", 100_500)  # what the account holds may be taken out
    with pytest.raises(AccountCurrency):
        write(dollars, "bank", 1)
    held = {row["name"]: row["balances"] for row in listed(alice).values()}
    assert held["Dollars"] == [{"currency": "USD", "balance": "1005.00"}]


def test_a_bank_account_of_another_currency_or_agency_is_refused(
    alice: Person, charlie: Person
) -> None:
    dollars = opened(alice, "Dollars", currency="USD")
    with pytest.raises(AccountCurrency):
        paid(alice, means=Means(bank_account_id=dollars))
    with pytest.raises(BankAccountNotFound):
        paid(charlie, currency="USD", means=Means(bank_account_id=dollars))
    alice.does(banking.close_account, dollars)
    with pytest.raises(BankAccountClosed):
        paid(alice, currency="USD", means=Means(bank_account_id=dollars))


def test_cash_in_hand_is_paid_in_cash(alice: Person) -> None:
    with pytest.raises(ModeUnfit):
        paid(alice, means=Means(account="cash", mode="neft"))
    till = opened(alice, "Till at Kochi", kind="cash")
    found = paid(alice, means=Means(account="bank", bank_account_id=till))
    assert (found["account"], found["mode"]) == ("cash", "cash")


def test_cash_paid_into_a_bank_counts_for_the_limit(alice: Person) -> None:
    with pytest.raises(CashLimit):
        paid(alice, 20_000_000, means=Means(mode="cash"))
    paid(alice, 10_000_000, means=Means(mode="cash"))
    with pytest.raises(CashLimit):
        paid(alice, 10_000_000, account="cash")
    paid(alice, 20_000_000, means=Means(mode="neft"))


def test_receipts_payments_and_refunds_have_a_bank_account(alice: Person) -> None:
    hdfc = opened(alice)
    body = {"bank_account_id": str(hdfc), "paid_on": "2024-06-25"} | CHEQUE
    invoice_id = issued(alice)
    received = alice.api.post(f"/invoices/{invoice_id}/receipts", json=body)
    assert received.status_code == 201, received.text
    (receipt,) = alice.api.get("/payments").json["items"]
    assert receipt.items() >= (CHEQUE | {"bank_account_name": "HDFC", "account": "bank"}).items()
    with alice.acting() as actor:
        payment = payment_service.pay_bill(
            actor, receive(alice), None, DUE, means=Means(bank_account_id=hdfc, mode="rtgs")
        )
        assert (payment.bank_account_id, payment.mode) == (hdfc, "rtgs")
    held = paid(alice)
    refund = {"refunded_on": "2024-06-26", "bank_account_id": str(hdfc), "mode": "upi"}
    answer = alice.api.post(f"/payments/{held['id']}/refund", json=refund)
    assert answer.status_code == 201, answer.text
    (refunded,) = answer.json["refunds"]
    assert (refunded["bank_account_name"], refunded["mode"]) == ("HDFC", "upi")
    assert codes(alice, refunded) == ["2200", "1100-2"]
    wrong = alice.api.post(f"/payments/{held['id']}/refund", json={"mode": "barter"})
    assert wrong.status_code == 422
    dollars = opened(alice, "Dollars", currency="USD")
    sent = body | {"amount": "1.00", "currency": "INR", "party_name": "Uma", "direction": "in"}
    refused = alice.api.post("/payments", json=sent | {"bank_account_id": str(dollars)})
    assert code(refused) == (409, "account_currency")
    assert alice.api.post("/payments", json=sent).status_code == 201


def test_the_pages_offer_open_accounts_and_show_the_chosen_one(alice: Person) -> None:
    invoice_id, browser = issued(alice), alice.tab
    path = f"/invoices/{invoice_id}/receipt"
    assert "(default)" not in browser.get(path).text
    hdfc = opened(alice)
    opened(alice, "Dollars", currency="USD")
    assert ("HDFC, INR" in browser.get(path).text, "Dollars" in browser.get(path).text) == (
        True,
        False,
    )
    assert "Dollars, USD" in browser.get("/payments/new").text
    typed = {
        "amount": "45,000.00",
        "paid_on": "25 Jun 2024",
        "account": str(hdfc),
        "csrf_token": csrf_token(browser),
    } | (CHEQUE | {"instrument_on": "20 Jun 2024"})
    looked = Page(browser.post(path, data=typed | {"then": "look"}))
    assert "HDFC" in looked.words().partition("Journal")[2]
    assert browser.post(path, data=typed).status_code == 303
    (receipt,) = alice.api.get("/payments").json["items"]
    words = Page(browser.get(f"/payments/{receipt['id']}")).words()
    assert "HDFCCheque 000123 of 20 Jun 2024, Federal Bank" in words
    refused = browser.post(
        "/payments/new",
        data=typed | {"party_name": "Uma", "account": "cash", "currency": "INR", "direction": "in"},
    )
    assert "Cash in hand is paid in cash" in refused.text


def test_a_payment_keeps_its_bank_account_when_it_is_reversed(alice: Person) -> None:
    hdfc = opened(alice)
    found = paid(alice, means=Means(bank_account_id=hdfc))
    opened(alice, "SBI", is_default=True)
    page = alice.tab.get(f"/payments/{found['id']}/reverse").text
    assert "1100-2" in page
    body = {"reason": "Entered twice", "reversed_on": date(2024, 6, 25).isoformat()}
    assert alice.api.post(f"/payments/{found['id']}/reverse", json=body).status_code == 200
    assert listed(alice)["HDFC"]["balances"] == [{"currency": "INR", "balance": "0.00"}]


def test_a_supplier_in_dollars_is_paid_from_the_dollar_account(alice: Person) -> None:
    dollars = opened(alice, "Dollars", currency="USD")
    bill_id = receive(alice, line(currency="USD"))
    with alice.acting() as actor:
        payment = payment_service.pay_bill(actor, bill_id, Money(100, "USD"), DUE)
        assert payment.bank_account_id == dollars
