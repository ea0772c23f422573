"""All consumers check permission and policy, then run the act or propose it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.billing.papers import issued
from tests.capabilities.probes import PROPOSES, READS, WRITES, Note, made
from tests.people import Person
from voyagent.approvals import queries as approvals
from voyagent.approvals.service import deciding, execution as approval_execution
from voyagent.approvals.service.errors import WouldBeRefused
from voyagent.billing.ageing.capabilities import list_receivables
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.payments.capabilities import record_receipt
from voyagent.capabilities import execution
from voyagent.capabilities.capability import Capability, Invocation, Policy
from voyagent.capabilities.execution import Proposed
from voyagent.chat.models import ChatMessage
from voyagent.enquiries.capabilities import create_enquiry
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.actor import Channel, system_actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount


def execute(person: Person, capability: Capability[Any], **fields: Any) -> Any:
    inputs = capability.input.model_validate_json(json.dumps(fields))
    return person.does(lambda actor: execution.execute(capability, Invocation(actor), inputs))


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


def events(person: Person, kind: str) -> list[tuple[str, str | None, Any]]:
    """Events of a kind: status, error, and the inputs of a refused one."""
    with person.acting():
        rows = db.session.execute(
            text("select status, error, inputs from audit_events where kind = :kind"),
            {"kind": kind},
        ).all()
    return [(row.status, row.error, row.inputs if row.error else None) for row in rows]


def test_a_query_runs_at_once_and_only_for_its_own_agency(alice: Person, charlie: Person) -> None:
    issued(alice)
    found = execute(alice, list_receivables.CAPABILITY)
    assert [one["name"] for one in found["customers"]] == ["Deepa Krishnan"]
    assert execute(charlie, list_receivables.CAPABILITY)["customers"] == []


def test_an_act_with_review_runs_at_once(bob: Person) -> None:
    made_now = execute(bob, create_enquiry.CAPABILITY, customer_name="Deepa Krishnan")
    with bob.reading() as reader:
        (row,) = enquiries.find_by_text(reader, "Deepa", 5)
    assert made_now == {
        "created": True,
        "enquiry_id": str(row["id"]),
        "customer_name": "Deepa Krishnan",
        "status": "new",
    }


def test_an_act_that_requires_approval_is_stored_and_approved_by_another_person(
    alice: Person, bob: Person
) -> None:
    invoice_id = issued(alice)
    stored = execute(bob, record_receipt.CAPABILITY, **receipt(invoice_id))
    assert isinstance(stored, Proposed)
    assert stored.summary.startswith("Record a payment of Deepa Krishnan for invoice ")
    assert stored.summary.endswith(", INR 100.00")
    assert execute(alice, list_receivables.CAPABILITY)["customers"][0]["amount"] == "45000.00"
    alice.does(lambda actor: deciding.resolve(actor, stored.approval_id, granted=True).id)
    with alice.acting():
        approval_execution.carry_out(stored.approval_id)
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
def test_a_role_without_the_permission_is_refused(
    victor: Person, capability: Capability[Any], fields: dict[str, Any]
) -> None:
    with pytest.raises(Forbidden):
        execute(victor, capability, **fields)
    assert waiting(victor) == 0
    assert events(victor, capability.name) == [("rejected", "forbidden_role", {})]


def test_a_role_with_the_direct_right_acts_at_once(alice: Person) -> None:
    invoice_id = issued(alice)
    done = execute(alice, record_receipt.CAPABILITY, **receipt(invoice_id))
    assert done["recorded"] is True
    assert done["open_amount"] == "44900.00"
    assert waiting(alice) == 0
    assert events(alice, "payment.received") == [("succeeded", None, None)]


def test_an_act_by_the_assistant_is_proposed_for_every_role(alice: Person) -> None:
    invoice_id = issued(alice)
    inputs = record_receipt.RecordReceiptInput.model_validate_json(json.dumps(receipt(invoice_id)))
    stored = alice.does(
        lambda actor: execution.execute(
            record_receipt.CAPABILITY, Invocation(actor.via(Channel.ASSISTANT)), inputs
        )
    )
    assert isinstance(stored, Proposed)
    assert waiting(alice) == 1


def test_a_proposal_is_shown_in_its_conversation(alice: Person, bob: Person) -> None:
    stored = execute(bob, record_receipt.CAPABILITY, **receipt(issued(alice)))
    with alice.acting():
        (blocks,) = db.session.scalars(
            select(ChatMessage.blocks).where(ChatMessage.session_id == stored.session_id)
        )
    assert [(one["type"], one["approval_id"]) for one in blocks] == [
        ("approval", stored.approval_id)
    ]


@pytest.mark.parametrize(
    ("capability", "role", "may"),
    [
        (list_receivables.CAPABILITY, "viewer", True),
        (create_enquiry.CAPABILITY, "viewer", False),
        (create_enquiry.CAPABILITY, "agent", True),
        (record_receipt.CAPABILITY, "viewer", False),
        (record_receipt.CAPABILITY, "agent", True),
        (record_receipt.CAPABILITY, "agency_admin", True),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_person_may_use_what_the_role_may_do_or_propose(
    app: Flask, capability: Capability[Any], role: str, may: bool
) -> None:
    with app.app_context():
        assert execution.may_use(capability, replace(system_actor(new_id()), role=role)) is may


def test_a_person_without_the_permission_cannot_propose(app: Flask) -> None:
    key = replace(system_actor(new_id()), permissions=frozenset({"payment.record"}))
    with app.app_context():
        assert not execution.may_use(record_receipt.CAPABILITY, key)


def test_another_agency_cannot_propose_on_a_document(alice: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    with pytest.raises(InvoiceNotFound):
        execute(charlie, record_receipt.CAPABILITY, **receipt(invoice_id))
    assert waiting(charlie) == waiting(alice) == 0


def test_the_policy_is_evaluated_before_a_proposal_is_stored(alice: Person, bob: Person) -> None:
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
