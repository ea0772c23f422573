"""Paid amounts of bills are not credited directly, and the named steps work.

Page and API name the steps.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.papers import DUE, draft, issued, receive
from tests.billing.test_forms import send
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.people import Person
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel.money import Money

LATER = "2024-06-30"
BODY = {"reason": "Not travelled", "issue_date": LATER}
WAY = "record it as a claim on the bill."
PAID = pytest.mark.parametrize(
    ("minor", "code"), [(4_500_000, "document_not_open"), (4_400_000, "credit_exceeds_open")]
)


def goes_the_way(person: Person, payment_id: object, path: str, body: dict[str, Any]) -> None:
    """Reverse the payment's allocation, credit, and refund the advance."""
    (allocation,) = person.api.get(f"/payments/{payment_id}").json["allocations"]
    assert (
        person.api.post(
            f"/payments/{payment_id}/allocations/{allocation['id']}/unallocate",
            json={"effective_on": LATER},
        ).status_code
        == 200
    )
    assert person.api.post(path, json=body).status_code == 201
    assert (
        person.api.post(f"/payments/{payment_id}/refund", json={"refunded_on": LATER}).status_code
        == 201
    )


@PAID
def test_a_paid_bill_is_credited_after_deallocation(alice: Person, minor: int, code: str) -> None:
    bill_id = receive(alice)
    payment_id = alice.does(
        lambda actor: payment_service.pay_bill(actor, bill_id, Money(minor, "INR"), DUE).id
    )
    body = BODY | {"bill_id": str(bill_id), "vendor_reference": "C-1"}
    refused = alice.api.post("/supplier-credits", json=body)
    assert (
        refused.status_code,
        refused.json["detail"],
        WAY in refused.json["message"],
    ) == (409, code, True)
    goes_the_way(alice, payment_id, "/supplier-credits", body)
    assert {
        balances(alice)[account, "INR"] for account in ("payable", "supplier_advances", "bank")
    } == {0}


def test_the_pages_explain_how_to_credit_a_paid_amount(alice: Person) -> None:
    paid, part = receive(alice), receive(alice, vendor_reference="BSP-2")
    alice.does(payment_service.pay_bill, paid, None, DUE)
    alice.does(payment_service.pay_bill, part, Money(4_000_000, "INR"), DUE)
    assert WAY in alice.tab.get(f"/bills/{paid}/credit", follow_redirects=True).text
    page = Page(
        send(
            alice,
            f"/bills/{part}/credit",
            vendor_reference="C-1",
            reason="Not travelled",
            issue_date="",
            amount=["45000"],
        )
    )
    assert (page.status, WAY in page.words()) == (422, True)


def test_an_unpaid_document_has_no_such_explanation(alice: Person) -> None:
    credited, drawn_up = issued(alice), draft(alice)
    with alice.acting() as actor:
        credit_note_service.issue_credit_note(actor, credited, reason="Not travelled", on=DUE)
    for invoice_id in (credited, drawn_up):
        refused = alice.api.post(
            "/credit-notes", json={"invoice_id": str(invoice_id), "reason": "Not travelled"}
        )
        assert (
            refused.json["detail"],
            "reverse the payment’s allocation" in refused.json["message"],
        ) == (
            "document_not_open",
            False,
        )
        assert (
            "reverse the payment’s allocation"
            not in alice.tab.get(f"/invoices/{invoice_id}/credit", follow_redirects=True).text
        )
