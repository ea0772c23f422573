"""Cancellations and refunds of suppliers by an approved proposal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import issued, line, pay
from tests.billing.test_cancellations import CANCELLED, HOTEL, ISSUED, WHY, agency, standing
from tests.billing.test_claims import PAID_ON, claimed, open_of, paid_bill
from tests.billing.test_credits import findings
from tests.people import People, Person
from voyagent.billing.cancellations import service
from voyagent.billing.cancellations.capabilities import cancel_sale
from voyagent.billing.cancellations.errors import KeptExceedsLine, NothingToCancel
from voyagent.billing.cancellations.service import Fee, PayBack
from voyagent.billing.claims.capabilities import record_supplier_refund
from voyagent.capabilities.capability import Invocation
from voyagent.kernel.actor import ApprovalRequired, Grant
from voyagent.kernel.money import MixedCurrencies, Money

__all__ = ["agency"]
CANCEL, REFUND = cancel_sale.CAPABILITY.name, record_supplier_refund.CAPABILITY.name
Drain = Callable[[], None]


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting and may approve."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


def asked(person: Person, name: str, **given: Any) -> dict[str, Any]:
    """Propose an act over the API, and return the proposal."""
    answer = person.api.post(f"/capabilities/{name}", json=given)
    assert answer.status_code == 202, answer.json
    proposal: dict[str, Any] = person.api.get(f"/approvals/{answer.json['approval_id']}").json
    return proposal


def approve(person: Person, proposal: dict[str, Any], drain: Drain) -> dict[str, Any]:
    answer = person.api.post(f"/approvals/{proposal['id']}/resolve", json={"granted": True})
    assert answer.status_code == 200, answer.json
    drain()
    done: dict[str, Any] = person.api.get(f"/approvals/{proposal['id']}").json
    return done


def a_paid_sale(person: Person) -> UUID:
    """An invoice of INR 100.00 and 50.00 for services next year, paid in full."""
    second = HOTEL | {"description": "Transfer", "unit_price": "50"}
    terms: dict[str, Any] = {"issue_date": ISSUED, "due_date": ISSUED, "place_of_supply": "27"}
    invoice_id = issued(person, HOTEL, second, **terms)
    pay(person, invoice_id, 15_000, ISSUED)
    return invoice_id


def of_sale(invoice_id: UUID, **given: Any) -> dict[str, Any]:
    values = {"invoice_id": str(invoice_id), "reason": WHY, "cancelled_on": CANCELLED.isoformat()}
    return values | given


def test_an_approved_cancellation_keeps_charges_and_pays_back(
    agency: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = a_paid_sale(agency)
    given = of_sale(invoice_id, kept="30", fee="10", fee_tax="service_fee", pays_back=True)
    proposal = asked(bob, CANCEL, **given)
    assert proposal["summary"] == ("Cancel invoice 2026-27/000001 to Deepa Krishnan, INR 150.00")
    facts = [fact["value"] for fact in proposal["preview"]["facts"]]
    assert facts[:3] == ["INR 150.00", "INR 30.00", "INR 10.00"]
    assert facts[-2:] == ["Paid back", WHY]
    codes = {one["code"] for one in proposal["preview"]["lines"]}
    assert {"4250", "2400", "4200", "1100"} <= codes
    assert agency.api.get(f"/invoices/{invoice_id}").json["credited_amount"] == "0.00"
    done = approve(leila, proposal, drain)
    assert done["effect_status"] == "done", done
    result = done["effect_result"]
    assert (result["amount"], result["kept_amount"]) == ("120.00", "30.00")
    record = agency.api.get(f"/cancellations/{result['cancellation_id']}").json
    # In proportion to the lines of 100.00 and 50.00.
    assert [row["kept_amount"] for row in record["lines"]] == ["20.00", "10.00"]
    fee = agency.api.get(f"/invoices/{record['fee_invoice_id']}").json
    assert (fee["total_amount"], fee["status"]) == ("11.80", "paid")
    assert agency.api.get(f"/refunds/{record['refund_id']}").json["amount"] == "108.20"
    assert standing(agency)["revenue_cancellation"] == -3_000
    assert findings(agency) == []


def test_an_approval_does_what_its_preview_said(
    agency: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    invoice_id = a_paid_sale(agency)
    proposal = asked(bob, CANCEL, **of_sale(invoice_id))
    body = {"invoice_id": str(invoice_id), "reason": WHY, "issue_date": CANCELLED.isoformat()}
    part = body | {"lines": [{"line_no": 1, "amount": "10"}]}
    assert agency.api.post("/credit-notes", json=part).status_code == 201
    answer = leila.api.post(f"/approvals/{proposal['id']}/resolve", json={"granted": True})
    assert (answer.status_code, answer.json["detail"]) == (409, "preview_stale")
    drain()
    assert agency.api.get(f"/invoices/{invoice_id}").json["credited_amount"] == "10.00"


def test_who_may_cancel_by_a_proposal(
    agency: Person, bob: Person, victor: Person, charlie: Person
) -> None:
    invoice_id = a_paid_sale(agency)
    path, body = f"/capabilities/{CANCEL}", of_sale(invoice_id)
    assert victor.api.post(path, json=body).status_code == 403
    assert charlie.api.post(path, json=body).json["detail"] == "invoice_not_found"
    direct = f"/invoices/{invoice_id}/cancellations/preview"
    assert bob.api.post(direct, json={"reason": WHY}).status_code == 403
    form = agency.tab.get(f"/do/{CANCEL}").text
    assert 'value="service_fee"' in form
    page = bob.tab.get(f"/invoices/{invoice_id}").text
    assert f"/invoices/{invoice_id}/cancel" not in page
    assert f"/invoices/{invoice_id}/credit" not in page


@pytest.mark.parametrize(
    ("further", "more", "is_allowed"),
    [
        (set(), {}, True),
        (set(), {"fee": Fee(Money(1_000, "INR"), "Fee")}, False),
        (set(), {"pay_back": PayBack()}, False),
        ({"invoice.issue"}, {"fee": Fee(Money(1_000, "INR"), "Fee")}, False),
        ({"invoice.issue", "payment.record"}, {"fee": Fee(Money(1_000, "INR"), "Fee")}, True),
        ({"payment.record"}, {"pay_back": PayBack()}, True),
    ],
)
def test_a_grant_covers_only_the_parts_that_it_names(
    agency: Person, bob: Person, further: set[str], more: dict[str, Any], is_allowed: bool
) -> None:
    """Bob’s role has all of these permissions, and may use none without a grant."""
    wanted = service.Cancel(invoice_ids=[a_paid_sale(agency)], reason=WHY, on=CANCELLED, **more)
    grant = Grant("ap-test", "invoice.credit", frozenset(further))
    granted = replace(bob, actor=bob.actor.granted(grant))
    with nullcontext() if is_allowed else pytest.raises(ApprovalRequired):
        granted.does(lambda actor: service.cancel(actor, wanted, preview_hash=None).id)


def test_what_is_kept_is_divided_over_what_is_left_of_the_lines(agency: Person) -> None:
    invoice_id = a_paid_sale(agency)

    def kept(minor: int, currency: str = "INR") -> list[int]:
        with agency.acting():
            lines = service.keeping(invoice_id, Money(minor, currency)) or []
            return [one.kept.amount_minor for one in lines]

    assert kept(0) == []
    assert kept(1) == [1, 0]
    assert kept(15_000) == [10_000, 5_000]
    with pytest.raises(KeptExceedsLine):
        kept(15_001)
    with pytest.raises(MixedCurrencies):
        kept(1, "USD")
    with agency.acting() as actor:
        service.cancel(
            actor,
            service.Cancel(invoice_ids=[invoice_id], reason=WHY, on=CANCELLED),
            preview_hash=None,
        )
    with pytest.raises(NothingToCancel):
        kept(1)


def test_the_invoices_that_a_text_can_mean(agency: Person, charlie: Person) -> None:
    first, second = a_paid_sale(agency), a_paid_sale(agency)

    def meant(person: Person, text: str) -> list[str]:
        with person.acting() as actor:
            found = cancel_sale.cancellable_invoices(Invocation(actor), text)
            return [one.id for one in found]

    assert meant(agency, "cancel invoice 000001") == [str(first)]
    assert meant(agency, "cancel the sale to Deepa Krishnan") == [str(second), str(first)]
    assert meant(charlie, "cancel invoice 000001") == []
    agency.does(
        lambda actor: (
            service.cancel(
                actor,
                service.Cancel(invoice_ids=[first], reason=WHY, on=CANCELLED),
                preview_hash=None,
            ).id
        )
    )
    assert meant(agency, "cancel what we sold") == [str(second)]


def test_an_approved_refund_of_a_supplier_settles_its_claim(
    alice: Person, bob: Person, leila: Person, drain: Drain
) -> None:
    claim_id = claimed(alice, paid_bill(alice, line("1000.00", quantity=1)))
    given = {"claim_id": str(claim_id), "received_on": PAID_ON.isoformat(), "reference": "UTR-7"}
    proposal = asked(bob, REFUND, amount="600.00", give_up_rest=True, **given)
    assert proposal["summary"] == (
        "Record a refund of BSP India for claim L/2024-25/000001, INR 1,000.00"
    )
    facts = [fact["value"] for fact in proposal["preview"]["facts"]]
    assert facts == ["INR 600.00", "INR 1,000.00", "10 Dec 2024", "UTR-7", "Given up"]
    (still,) = proposal["preview"]["balances"]
    assert (still["before"]["amount"], still["after"]["amount"]) == ("1000.00", "0.00")
    assert open_of(alice, claim_id) == (0, 0, 100_000)
    done = approve(leila, proposal, drain)
    assert done["effect_status"] == "done", done
    assert done["effect_result"]["given_up_amount"] == "400.00"
    assert open_of(alice, claim_id) == (60_000, 40_000, 0)
    again = bob.api.post(f"/capabilities/{REFUND}", json=given)
    assert (again.status_code, again.json["detail"]) == (409, "claim_not_open")


def test_who_may_record_a_refund_by_a_proposal(
    alice: Person, victor: Person, charlie: Person
) -> None:
    claim_id = claimed(alice, paid_bill(alice))
    path, body = f"/capabilities/{REFUND}", {"claim_id": str(claim_id)}
    assert victor.api.post(path, json=body).status_code == 403
    assert charlie.api.post(path, json=body).json["detail"] == "claim_not_found"


def test_the_claims_that_a_text_can_mean(alice: Person, charlie: Person) -> None:
    bills = [paid_bill(alice, vendor_reference=f"BSP-{number}") for number in (7, 8)]
    first, second = (claimed(alice, bill_id) for bill_id in bills)

    def meant(person: Person, text: str) -> list[str]:
        with person.acting() as actor:
            found = record_supplier_refund.open_claims(Invocation(actor), text)
            return [one.id for one in found]

    assert meant(alice, "claim 000002 is refunded") == [str(second)]
    assert set(meant(alice, "BSP India refunded us")) == {str(first), str(second)}
    assert meant(charlie, "claim 000002 is refunded") == []
