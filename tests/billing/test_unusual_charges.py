"""Unusual charges of banks and gateways need a reason."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.audit_rows import EVENTS
from tests.billing.papers import issued, line
from tests.billing.test_api import code
from tests.billing.test_bounced import BOUNCE, cheque
from tests.billing.test_effects import run_dry
from tests.billing.test_forms import send
from tests.billing.test_payouts import bank_of, body_of, findings, gateway_of, registered, through
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.kernel.db import db

WHY = "The bank's advice of 25 June shows it"


def igst(amount: str) -> list[dict[str, str]]:
    return [{"component": "igst", "amount": amount}]


def receipt_of(person: Person, **charge: Any) -> Any:
    """Record a receipt of an invoice of 50,000 with a charge, and return the answer."""
    path = f"/invoices/{issued(person, line('50000.00', quantity=1))}/receipts"
    return person.api.post(path, json={"paid_on": "2024-06-25"} | charge)


def reasons(person: Person) -> list[tuple[str, str]]:
    """Return kind and reason of the audit events that have a reason."""
    found = f"select kind, inputs->>'deduction_reason' as why from {EVENTS}"
    with person.acting():
        return [(kind, why) for kind, why in db.session.execute(sa.text(found)) if why]


def test_a_tax_above_the_highest_rate_needs_a_reason(alice: Person) -> None:
    """One rupee above 18 % of the fee is tolerated, as on a bill."""
    registered(alice)
    assert receipt_of(alice, fee="1000.00", taxes=igst("181.00")).status_code == 201
    above = {"fee": "1000.00", "taxes": igst("181.01")}
    refused = receipt_of(alice, **above)
    assert code(refused) == (409, "charge_tax_above_rate")
    assert "The tax is INR 181.01; at the highest rate it is INR 180.00." in refused.json["message"]
    halves = [{"component": one, "amount": "91.00"} for one in ("cgst", "sgst")]
    assert code(receipt_of(alice, fee="1000.00", taxes=halves)) == (409, "charge_tax_above_rate")
    assert code(receipt_of(alice, taxes=igst("2.00"))) == (409, "charge_tax_above_rate")
    for blank in (" ", "x" * 501):
        assert receipt_of(alice, **above, deduction_reason=blank).status_code == 422
    assert receipt_of(alice, **above, deduction_reason=f" {WHY} ").status_code == 201
    needless = {"fee": "1000.00", "deduction_reason": "needless"}
    assert receipt_of(alice, **needless).status_code == 201
    assert reasons(alice) == [("payment.received", WHY)]
    assert findings(alice) == []


def test_the_tax_on_the_charge_of_a_payout_and_of_a_cheque_is_compared(alice: Person) -> None:
    registered(alice)
    gateway_id = gateway_of(alice)
    payout = body_of(alice, gateway_id, through(alice, gateway_id), fee="1000.00")
    bounced = BOUNCE | {"fee": "300.00"}
    for path, body in (("/payouts", payout), (f"/payments/{cheque(alice)}/bounce", bounced)):
        above = body | {"taxes": igst("600.00")}
        assert code(alice.api.post(path, json=above)) == (409, "charge_tax_above_rate")
        confirmed = alice.api.post(path, json=above | {"deduction_reason": WHY})
        assert confirmed.status_code in (200, 201), confirmed.json
    assert reasons(alice) == [("payout.recorded", WHY), ("payment.bounced", WHY)]
    assert findings(alice) == []


def test_the_pages_ask_for_the_reason_at_its_field(alice: Person) -> None:
    registered(alice)
    gateway_id = gateway_of(alice)
    paid = {"paid_on": "25 Jun 2024", "account": "bank", "amount": "48,400.00"}
    payout = {"gateway_id": str(gateway_id), "payment_ids": [str(through(alice, gateway_id))]}
    payout |= {"bank_account_id": str(bank_of(alice)), "paid_on": "27 Jun 2024"}
    bounced = {"reason": "No money", "reversed_on": "26 Jun 2024"}
    new = paid | {"direction": "in", "party_name": "Uma", "currency": "INR"}
    for path, typed in (
        (f"/invoices/{issued(alice, line('50000.00', quantity=1))}/receipt", paid),
        ("/payments/new", new),
        ("/payouts/new", payout),
        (f"/payments/{cheque(alice)}/bounce", bounced),
    ):
        assert "deduction_reason" not in alice.tab.get(path).text
        typed |= {"fee": "1,000", "tax_igst": "600"}
        refused = send(alice, path, **typed)
        assert refused.status_code == 422, path
        assert "INR 180.00" in Page(refused).words(".//*[@id='deduction_reason-err']")
        assert send(alice, path, **typed, deduction_reason=WHY).status_code == 303
    assert [why for _kind, why in reasons(alice)] == [WHY] * 4


def test_an_approver_sees_the_refusal_and_the_reason(alice: Person) -> None:
    registered(alice)
    given = {
        "invoice_id": str(issued(alice)),
        "amount": "1000.00",
        "currency": "INR",
        "paid_on": "2024-06-25",
        "fee": "10.00",
        "taxes": igst("60.00"),
    }
    assert run_dry(alice, "record_receipt", given)["refusal"] == "charge_tax_above_rate"
    shown = run_dry(alice, "record_receipt", given | {"deduction_reason": WHY})
    assert "refusal" not in shown
    facts = [(one["label"], one["value"]) for one in shown["facts"]]
    assert ("Reason for the unusual deduction", WHY) in facts
