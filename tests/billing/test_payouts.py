"""Payouts of payment gateways to bank accounts."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from tests.banking.test_banking import listed, opened
from tests.billing.papers import DUE, advance, issued, line
from tests.billing.test_api import code
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.people import Person, csrf_token
from voyagent.banking import service as banking
from voyagent.billing.core.service.charges import Charge
from voyagent.billing.payments.errors import PaymentPaidOut
from voyagent.billing.payments.service import payments as payment_service, reversals
from voyagent.billing.payments.service.means import Means
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.payouts import service
from voyagent.billing.payouts.service import Payout
from voyagent.kernel.money import Money
from voyagent.ledger.service import chart, months
from voyagent.reports.queries import checks
from voyagent.settings.service import tenant_settings

PAID_OUT = date(2024, 6, 27)


def gateway_of(person: Person) -> UUID:
    """Open a gateway on the chart's account 1150 and return its id."""
    account_id = person.does(chart.account_of, "gateway_clearing")
    return opened(person, "Razorpay", kind="gateway", account_id=account_id)


def bank_of(person: Person) -> UUID:
    """Return the default bank account."""
    return UUID(listed(person)["Bank, current account"]["id"])


def through(
    person: Person, gateway_id: UUID, minor: int = 5_000_000, *parts: Part, **more: Any
) -> UUID:
    """Record a customer's payment through a gateway and return its id."""
    means = Means(bank_account_id=gateway_id, mode="gateway")
    return advance(person, minor, DUE, *parts, means=means, **more)


def registered(person: Person) -> None:
    """Give the agency a tax number in Maharashtra."""
    person.does(tenant_settings.update, {"tax_number": "27AAPFU0939F1ZV"})


def body_of(person: Person, gateway_id: UUID, *payment_ids: UUID, **more: Any) -> dict[str, Any]:
    """Return a payout as the API takes it."""
    return {
        "gateway_id": str(gateway_id),
        "bank_account_id": str(bank_of(person)),
        "payment_ids": [str(one) for one in payment_ids],
        "paid_on": PAID_OUT.isoformat(),
        **more,
    }


def paid_out(person: Person) -> UUID:
    """Record a payout of one payment of an invoice and return its id."""
    gateway_id = gateway_of(person)
    part = Part(issued(person, line("50000.00", quantity=1)), Money(5_000_000, "INR"))
    payment_ids = [through(person, gateway_id, 5_000_000, part)]
    payout = Payout(gateway_id, bank_of(person), payment_ids, charge=Charge("1000.00"), on=PAID_OUT)
    return person.does(lambda actor: service.record_payout(actor, payout).id)


def lines_of(person: Person, answer: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    entry = person.api.get(f"/journal-entries/{answer['journal_entry_id']}").json
    return [(one["code"], one["debit_amount"], one["credit_amount"]) for one in entry["lines"]]


def findings(person: Person) -> list[checks.Finding]:
    with person.app.app_context():
        return checks.run(person.actor.tenant_id)


def test_a_payout_is_net_of_fee_and_input_tax(alice: Person) -> None:
    """50,000 through a gateway that keeps 2 % and 18 % tax on it (V48)."""
    registered(alice)
    gateway_id = gateway_of(alice)
    payment_id = through(alice, gateway_id)
    (waiting,) = alice.api.get("/payouts/waiting").json["items"]
    assert (waiting["id"], waiting["amount"]) == (str(payment_id), "50000.00")
    tax = [{"component": "igst", "amount": "180.00"}]
    body = body_of(alice, gateway_id, payment_id, fee="1000.00", taxes=tax, reference="setl_1")
    answer = alice.api.post("/payouts", json=body)
    assert answer.status_code == 201, answer.text
    expected = {
        "gateway_name": "Razorpay",
        "gross_amount": "50000.00",
        "fee_amount": "1000.00",
        "tax_amount": "180.00",
        "net_amount": "48820.00",
        "paid_on": "2024-06-27",
        "reference": "setl_1",
        "reversed_on": None,
    }
    assert answer.json.items() >= expected.items()
    assert lines_of(alice, answer.json) == [
        ("1100", "48820.00", None),
        ("5700", "1000.00", None),
        ("1412", "180.00", None),
        ("1150", None, "50000.00"),
    ]
    assert listed(alice)["Razorpay"]["balances"] == [{"currency": "INR", "balance": "0.00"}]
    assert alice.api.get("/payouts/waiting").json["items"] == []
    assert alice.api.get(f"/payments/{payment_id}").json["payout_id"] == answer.json["id"]
    assert alice.api.get("/payouts").json["items"][0]["net_amount"] == "48820.00"
    assert findings(alice) == []


def test_a_refund_from_the_gateway_lowers_the_payout(alice: Person) -> None:
    gateway_id = gateway_of(alice)
    payment_ids = [through(alice, gateway_id), through(alice, gateway_id, 100_000)]
    means = Means(bank_account_id=gateway_id)
    refund_id = alice.does(
        lambda actor: payment_service.refund_payment(actor, payment_ids[1], on=DUE, means=means).id
    )
    amounts = [one["amount"] for one in alice.api.get("/payouts/waiting").json["items"]]
    assert sorted(amounts) == ["-1000.00", "1000.00", "50000.00"]
    refunds = {"refund_ids": [str(refund_id)]}
    alone = alice.api.post("/payouts", json=body_of(alice, gateway_id, **refunds))
    assert code(alone) == (422, "nothing_paid_out")
    answer = alice.api.post("/payouts", json=body_of(alice, gateway_id, *payment_ids, **refunds))
    assert (answer.json["gross_amount"], len(answer.json["items"])) == ("50000.00", 3)
    path = f"/payments/{payment_ids[1]}/refunds/{refund_id}/reverse"
    reverse = {"reason": "Never went", "reversed_on": "2024-06-28"}
    assert code(alice.api.post(path, json=reverse)) == (409, "payment_paid_out")
    assert findings(alice) == []


def test_a_payment_is_paid_out_once_and_then_not_reversed(alice: Person) -> None:
    gateway_id = gateway_of(alice)
    payment_id = through(alice, gateway_id)
    body = body_of(alice, gateway_id, payment_id)
    payout = alice.api.post("/payouts", json=body).json
    assert code(alice.api.post("/payouts", json=body)) == (409, "payment_paid_out")
    reverse = {"reason": "Typed twice", "reversed_on": "2024-06-28"}
    path = f"/payments/{payment_id}/reverse"
    assert code(alice.api.post(path, json=reverse)) == (409, "payment_paid_out")
    assert alice.tab.get(path).status_code == 303
    undone = alice.api.post(f"/payouts/{payout['id']}/reverse", json=reverse)
    assert (undone.json["reversed_on"], undone.json["items"]) == ("2024-06-28", [])
    again = alice.api.post(f"/payouts/{payout['id']}/reverse", json=reverse)
    assert code(again) == (409, "payout_reversed")
    assert findings(alice) == []
    assert alice.api.post("/payouts", json=body | {"paid_on": "2024-06-29"}).status_code == 201
    assert findings(alice) == []


def test_of_two_payouts_at_the_same_moment_one_is_refused(alice: Person) -> None:
    gateway_id = gateway_of(alice)
    payout = Payout(gateway_id, bank_of(alice), [through(alice, gateway_id)], on=PAID_OUT)
    results = at_once([partial(alice.does, service.record_payout, payout)] * 2)
    assert [type(one) for one in results].count(PaymentPaidOut) == 1
    assert findings(alice) == []


def test_of_a_payout_and_a_reversal_at_the_same_moment_one_is_refused(alice: Person) -> None:
    gateway_id = gateway_of(alice)
    payment_id = through(alice, gateway_id)
    payout = Payout(gateway_id, bank_of(alice), [payment_id], on=PAID_OUT)
    reverse = partial(
        alice.does, reversals.reverse_payment, payment_id, reason="Twice", on=PAID_OUT
    )
    results = at_once([partial(alice.does, service.record_payout, payout), reverse])
    assert sum(isinstance(one, Exception) for one in results) == 1
    assert findings(alice) == []


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"payment_ids": []}, (422, "nothing_paid_out")),
        ({"fee": "50000.00"}, (422, "payout_charge_too_high")),
        ({"paid_on": "2024-06-24"}, (400, "invalid_date")),
        ({"paid_on": "2124-06-24"}, (400, "date_in_future")),
        ({"taxes": [{"component": "igst", "amount": "1.00"}]}, (409, "agency_tax_number_required")),
        ({"fee": "0.001"}, (422, "invalid_amount")),
    ],
)
def test_a_wrong_payout_is_refused(
    alice: Person, changes: dict[str, Any], answer: tuple[int, str]
) -> None:
    gateway_id = gateway_of(alice)
    body = body_of(alice, gateway_id, through(alice, gateway_id)) | changes
    assert code(alice.api.post("/payouts", json=body)) == answer


def test_a_payout_goes_from_a_gateway_to_a_bank_account(alice: Person) -> None:
    gateway_id, bank_id = gateway_of(alice), bank_of(alice)
    body = body_of(alice, gateway_id, through(alice, gateway_id))
    dollars = opened(alice, "Dollars", currency="USD")
    cash = listed(alice)["Cash in hand"]["id"]
    for changes in (
        {"bank_account_id": str(dollars)},
        {"bank_account_id": cash},
        {"gateway_id": str(bank_id)},
    ):
        refused = alice.api.post("/payouts", json=body | changes)
        assert code(refused) == (409, "payout_accounts_unfit")
    elsewhere = str(advance(alice, 100))
    refused = alice.api.post("/payouts", json=body | {"payment_ids": [elsewhere]})
    assert code(refused) == (409, "payment_not_in_gateway")
    alice.does(banking.close_account, dollars)
    refused = alice.api.post("/payouts", json=body | {"bank_account_id": str(dollars)})
    assert code(refused) == (409, "bank_account_closed")


def test_others_cannot_record_see_or_reverse_a_payout(
    alice: Person, bob: Person, charlie: Person
) -> None:
    payout_id = paid_out(alice)
    payment_id = alice.api.get(f"/payouts/{payout_id}").json["items"][0]["id"]
    gateway_id = UUID(listed(alice)["Razorpay"]["id"])
    body = body_of(alice, gateway_id, UUID(payment_id))
    assert code(charlie.api.post("/payouts", json=body)) == (404, "bank_account_not_found")
    assert code(charlie.api.get(f"/payouts/{payout_id}")) == (404, "payout_not_found")
    own = gateway_of(charlie)
    stolen = body_of(charlie, own, UUID(payment_id))
    assert code(charlie.api.post("/payouts", json=stolen)) == (409, "payment_not_in_gateway")
    path = f"/payouts/{payout_id}/reverse"
    assert charlie.api.post(path, json={"reason": "Mine"}).status_code == 404
    assert bob.api.post("/payouts", json=body).status_code == 403
    assert bob.api.post(path, json={"reason": "Mine"}).status_code == 403
    assert bob.tab.get("/payouts/new").status_code == 403


def test_a_closed_month_takes_no_payout(alice: Person) -> None:
    gateway_id = gateway_of(alice)
    body = body_of(alice, gateway_id, through(alice, gateway_id))
    alice.does(months.close_month, date(2024, 6, 1))
    assert code(alice.api.post("/payouts", json=body)) == (409, "period_locked")


def test_the_pages_record_show_and_reverse_a_payout(alice: Person) -> None:
    registered(alice)
    browser = alice.tab
    assert "No payment gateway yet" in browser.get("/payouts/new").text
    assert "No payouts yet" in browser.get("/payouts").text
    gateway_id = gateway_of(alice)
    payment_id = through(alice, gateway_id)
    form = browser.get("/payouts/new").text
    assert f'value="{payment_id}" checked' in form
    typed: dict[str, Any] = {
        "gateway_id": str(gateway_id),
        "payment_ids": [str(payment_id)],
        "bank_account_id": str(bank_of(alice)),
        "paid_on": "27 Jun 2024",
        "reference": "setl_1",
        "fee": "1,000",
        "tax_igst": "180",
        "csrf_token": csrf_token(browser),
    }
    looked = browser.post("/payouts/new", data=typed | {"then": "look"}).text
    assert ("48,820.00" in looked, "1412" in looked) == (True, True)
    for changes, sentence in (
        ({"payment_ids": []}, "Choose payments that add up to more"),
        ({"fee": "60,000"}, "The fee and its tax must be less"),
        ({"fee": "1,00"}, "Enter an amount such as"),
        ({"tax_igst": "x"}, "Enter an amount such as"),
        ({"reference": "a b"}, "Enter at most 64 letters and digits"),
        ({"bank_account_id": "x"}, "Choose one from the list."),
    ):
        refused = browser.post("/payouts/new", data=typed | changes)
        assert (refused.status_code, sentence in refused.text) == (422, True), changes
    done = browser.post("/payouts/new", data=typed)
    assert done.status_code == 303
    page = Page(browser.get(done.location)).words()
    assert all(one in page for one in ("Razorpay", "48,820.00", "setl_1", "Deepa Krishnan"))
    assert "Razorpay" in browser.get("/payouts").text
    assert "Paid out by the gateway" in browser.get(f"/payments/{payment_id}").text
    reverse = {"reason": "Twice", "reversed_on": "28 Jun 2024", "csrf_token": csrf_token(browser)}
    assert browser.post(f"{done.location}/reverse", data=reverse).status_code == 303
    assert "Reversed on 28 Jun 2024" in Page(browser.get(done.location)).words()
    assert browser.get(f"{done.location}/reverse").status_code == 303


def test_a_payment_of_an_invoice_is_paid_out_too(alice: Person) -> None:
    gateway_id = gateway_of(alice)
    invoice_id = issued(alice)
    receipt = {"bank_account_id": str(gateway_id), "mode": "gateway", "paid_on": "2024-06-25"}
    assert alice.api.post(f"/invoices/{invoice_id}/receipts", json=receipt).status_code == 201
    (waiting,) = alice.api.get(f"/payouts/waiting?gateway_id={gateway_id}").json["items"]
    assert waiting["amount"] == "45000.00"
