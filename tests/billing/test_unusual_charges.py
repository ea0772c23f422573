"""Unusual charges and unusual deductions of tax need a reason."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from tests.audit_rows import EVENTS
from tests.billing.papers import issued, line
from tests.billing.test_api import code
from tests.billing.test_bounced import BOUNCE, cheque
from tests.billing.test_effects import run_dry
from tests.billing.test_forms import send
from tests.billing.test_payouts import bank_of, body_of, findings, gateway_of, registered, through
from tests.chat.parallel import at_once
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


@pytest.mark.parametrize(
    ("usual", "above", "said"),
    [
        (
            {"amount": "45000.00", "fee": "5000.00"},
            {"amount": "44999.99", "fee": "5000.01"},
            "The charge is INR 5,000.01 of INR 50,000.00; up to 10 % is usual.",
        ),
        (
            {"fee": "4500.00", "taxes": igst("500.00")},
            {"fee": "4500.00", "taxes": igst("501.00")},
            "The charge is INR 5,001.00 of INR 50,000.00; up to 10 % is usual.",
        ),
        (
            {"tds_amount": "15000.00", "tds_section": "194H"},
            {"tds_amount": "15000.01", "tds_section": "194H"},
            "The tax deducted is INR 15,000.01 of INR 50,000.00; up to 30 % is usual.",
        ),
        (
            {"amount": "30000.00", "fee": "5000.00", "tds_amount": "15000.00"}
            | {"tds_section": "194H"},
            {"amount": "500.00", "fee": "49500.00"},
            "The charge is INR 49,500.00 of INR 50,000.00; up to 10 % is usual.",
        ),
    ],
)
def test_a_deduction_above_its_usual_share_of_a_receipt_needs_a_reason(
    alice: Person, usual: dict[str, Any], above: dict[str, Any], said: str
) -> None:
    registered(alice)
    assert receipt_of(alice, **usual).json["open_amount"] == "0.00"
    refused = receipt_of(alice, **above)
    assert code(refused) == (409, "deduction_above_usual")
    assert said in refused.json["message"]
    assert receipt_of(alice, **above, deduction_reason=" ").status_code == 422
    answer = receipt_of(alice, **above, deduction_reason=WHY)
    assert answer.json["open_amount"] == "0.00", answer.json
    new = {"party_name": "Uma", "currency": "INR", "amount": "500.00"}
    new |= {"fee": "49500.00", "paid_on": "2024-06-25"}
    assert code(alice.api.post("/payments", json=new)) == (409, "deduction_above_usual")
    assert alice.api.post("/payments", json=new | {"deduction_reason": WHY}).status_code == 201
    assert reasons(alice) == [("payment.received", WHY)] * 2
    assert findings(alice) == []


def test_one_reason_confirms_all_deductions_and_others_cannot_confirm(
    alice: Person, bob: Person, charlie: Person
) -> None:
    registered(alice)
    unusual = {"fee": "10000.00", "taxes": igst("9000.00"), "tds_section": "194H"}
    unusual |= {"tds_amount": "20000.00", "deduction_reason": WHY, "paid_on": "2024-06-25"}
    path = f"/invoices/{issued(alice, line('50000.00', quantity=1))}/receipts"
    assert bob.api.post(path, json=unusual).status_code == 403
    assert charlie.api.post(path, json=unusual).status_code == 404
    record = partial(alice.api.post, path, json=unusual)
    assert sorted(one.status_code for one in at_once([record] * 2)) == [201, 409]
    assert reasons(alice) == [("payment.received", WHY)]


def test_tax_deducted_from_a_supplier_is_not_compared(alice: Person) -> None:
    """It is owed to the government, so nothing is forgiven."""
    body = {"direction": "out", "party_name": "BSP India", "amount": "1.00", "currency": "INR"}
    body |= {"tds_amount": "99.00", "tds_section": "195"}
    assert alice.api.post("/payments", json=body).status_code == 201


def test_the_fee_of_a_payout_above_its_usual_share_needs_a_reason(alice: Person) -> None:
    gateway_id = gateway_of(alice)
    usual, above = (through(alice, gateway_id) for _ in range(2))
    body = body_of(alice, gateway_id, usual, fee="5000.00")
    assert alice.api.post("/payouts", json=body).status_code == 201
    body = body_of(alice, gateway_id, above, fee="5000.01")
    refused = alice.api.post("/payouts", json=body)
    assert code(refused) == (409, "deduction_above_usual")
    assert "INR 5,000.01 of INR 50,000.00; up to 10 % is usual." in refused.json["message"]
    assert alice.api.post("/payouts", json=body | {"deduction_reason": WHY}).status_code == 201
    assert reasons(alice) == [("payout.recorded", WHY)]
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


@pytest.mark.parametrize(
    ("charge", "said"),
    [({"tax_igst": "600"}, "INR 180.00"), ({"fee": "6,000"}, "up to 10 % is usual")],
)
def test_the_pages_ask_for_the_reason_at_its_field(
    alice: Person, charge: dict[str, str], said: str
) -> None:
    registered(alice)
    gateway_id = gateway_of(alice)
    paid = {"paid_on": "25 Jun 2024", "account": "bank", "amount": "40,000.00"}
    payout = {"gateway_id": str(gateway_id), "payment_ids": [str(through(alice, gateway_id))]}
    payout |= {"bank_account_id": str(bank_of(alice)), "paid_on": "27 Jun 2024"}
    bounced = {"reason": "No money", "reversed_on": "26 Jun 2024"}
    new = paid | {"direction": "in", "party_name": "Uma", "currency": "INR"}
    pages = [
        (f"/invoices/{issued(alice, line('50000.00', quantity=1))}/receipt", paid),
        ("/payments/new", new),
        ("/payouts/new", payout),
    ]
    if "tax_igst" in charge:  # the charge for a bounced cheque is no share of it
        pages.append((f"/payments/{cheque(alice)}/bounce", bounced))
    for path, typed in pages:
        assert "deduction_reason" not in alice.tab.get(path).text
        entered = typed | {"fee": "1,000"} | charge
        refused = send(alice, path, **entered)
        assert refused.status_code == 422, path
        assert said in Page(refused).words(".//*[@id='deduction_reason-err']")
        assert send(alice, path, **entered, deduction_reason=WHY).status_code == 303
    assert [why for _kind, why in reasons(alice)] == [WHY] * len(pages)


@pytest.mark.parametrize(
    ("charge", "refusal"),
    [
        ({"fee": "10.00", "taxes": igst("60.00")}, "charge_tax_above_rate"),
        ({"fee": "9000.00"}, "deduction_above_usual"),
    ],
)
def test_an_approver_sees_the_refusal_and_the_reason(
    alice: Person, charge: dict[str, Any], refusal: str
) -> None:
    registered(alice)
    given = {
        "invoice_id": str(issued(alice)),
        "amount": "1000.00",
        "currency": "INR",
        "paid_on": "2024-06-25",
    } | charge
    assert run_dry(alice, "record_receipt", given)["refusal"] == refusal
    shown = run_dry(alice, "record_receipt", given | {"deduction_reason": WHY})
    assert "refusal" not in shown
    facts = [(one["label"], one["value"]) for one in shown["facts"]]
    assert ("Reason for the unusual deduction", WHY) in facts
