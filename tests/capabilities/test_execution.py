"""Every consumer's way to an act: permission, policy, then the act or a proposal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.billing.papers import issued
from tests.capabilities.probes import PROPOSES, READS, WRITES, Note, made
from tests.people import Person
from voyagent.approvals import queries as approvals, service as approvals_service
from voyagent.approvals.service import WouldBeRefused
from voyagent.billing.capabilities import list_receivables, record_receipt
from voyagent.billing.queries import InvoiceNotFound
from voyagent.capabilities import execution
from voyagent.capabilities.capability import Capability, Invocation, Policy
from voyagent.capabilities.execution import Proposed
from voyagent.enquiries import queries as enquiries
from voyagent.enquiries.capabilities import create_enquiry
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.money import InvalidAmount


def execute(person: Person, capability: Capability[Any], **fields: Any) -> Any:
    wanted = capability.input.model_validate_json(json.dumps(fields))
    return person.does(lambda actor: execution.execute(capability, Invocation(actor), wanted))


def receipt(invoice_id: object, **given: Any) -> dict[str, Any]:
    return {
        "invoice_id": str(invoice_id),
        "amount": "100.00",
        "currency": "INR",
        "paid_on": "2024-06-25",
    } | given


def waiting(person: Person) -> int:
    with person.acting():
        return len(SessionReader(db.session).read(approvals.waiting_statement())[0])


def test_a_read_runs_at_once_for_its_own_agency_alone(alice: Person, charlie: Person) -> None:
    issued(alice)
    found = execute(alice, list_receivables.CAPABILITY)
    assert [one["name"] for one in found["customers"]] == ["Deepa Krishnan"]
    assert execute(charlie, list_receivables.CAPABILITY)["customers"] == []


def test_a_write_with_review_runs_at_once(bob: Person) -> None:
    made_now = execute(bob, create_enquiry.CAPABILITY, customer_name="Deepa Krishnan")
    with bob.reading() as reader:
        (row,) = enquiries.find_by_text(reader, "Deepa", 5)
    assert made_now == {
        "created": True,
        "enquiry_id": str(row["id"]),
        "customer_name": "Deepa Krishnan",
        "status": "new",
    }


def test_what_requires_approval_is_stored_and_granted_by_another(
    alice: Person, bob: Person
) -> None:
    invoice_id = issued(alice)
    stored = execute(bob, record_receipt.CAPABILITY, **receipt(invoice_id))
    assert isinstance(stored, Proposed)
    assert stored.summary.startswith("Record a payment of Deepa Krishnan for invoice ")
    assert stored.summary.endswith(", INR 100.00")
    assert execute(alice, list_receivables.CAPABILITY)["customers"][0]["amount"] == "45000.00"
    alice.does(lambda actor: approvals_service.resolve(actor, stored.approval_id, granted=True).id)
    with alice.acting():
        approvals_service.carry_out(stored.approval_id)
    assert execute(alice, list_receivables.CAPABILITY)["customers"][0]["amount"] == "44900.00"


@pytest.mark.parametrize(
    ("capability", "fields"),
    [
        (made(READS, permission="audit.read"), {"text": "Called"}),
        (create_enquiry.CAPABILITY, {"customer_name": "Deepa Krishnan"}),
        (made(WRITES), {"text": "Called"}),
        (made(PROPOSES), {"text": "Called"}),
        (record_receipt.CAPABILITY, receipt("0197c1a0-0000-7000-8000-000000000000")),
    ],
    ids=["never", "review", "review with policy", "required", "required with policy"],
)
def test_a_role_without_the_permission_does_nothing(
    victor: Person, capability: Capability[Any], fields: dict[str, Any]
) -> None:
    with pytest.raises(Forbidden):
        execute(victor, capability, **fields)
    assert waiting(victor) == 0


def test_another_agency_proposes_nothing_on_a_document(alice: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    with pytest.raises(InvoiceNotFound):
        execute(charlie, record_receipt.CAPABILITY, **receipt(invoice_id))
    assert waiting(charlie) == waiting(alice) == 0


def test_the_policy_is_evaluated_before_anybody_is_asked(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    with pytest.raises(InvalidAmount):
        execute(bob, record_receipt.CAPABILITY, **receipt(invoice_id, amount="100.001"))
    with pytest.raises(WouldBeRefused):
        execute(bob, record_receipt.CAPABILITY, **receipt(invoice_id, amount="45000.01"))
    assert waiting(alice) == 0


def test_a_title_without_an_amount_is_the_summary(alice: Person) -> None:
    capability = made(PROPOSES, policy=lambda _call, _wanted: Policy())
    line = alice.does(
        lambda actor: execution.summary_of(capability, Invocation(actor), Note(text="Called"))
    )
    assert line == "Note"
