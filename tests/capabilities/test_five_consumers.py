"""Form, API, assistant, approvals and command do the same with the same input."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.billing.papers import issued
from tests.capabilities.test_forms import send
from tests.people import People, Person
from voyagent import catalogue
from voyagent.approvals.service import deciding, execution
from voyagent.assistant.rules.moves import Call, Conversation, Done, Move, SendText, discard_text
from voyagent.assistant.service import loop, messages as assistant
from voyagent.chat.service import conversations as chat
from voyagent.kernel.db import db

Fields = dict[str, Any]
ENQUIRY: Fields = {
    "customer_name": "Deepa Krishnan",
    "destination": "Dubai",
    "depart_date": "2027-12-24",
    "pax_count": 4,
    "budget_amount": "120000.00",
    "budget_currency": "INR",
}
RECEIPT: Fields = {
    "amount": "1000.00",
    "currency": "INR",
    "paid_on": "2024-06-25",
    "account": "bank",
    "reference": "UTR 77",
}


class Scripted:
    """A planner that makes one call and ends."""

    def __init__(self, name: str, fields: Fields) -> None:
        self.call = Call(name, fields)

    def next_move(self, conversation: Conversation, send_text: SendText = discard_text) -> Move:  # noqa: ARG002
        return Done() if conversation.played else self.call


def by_form(person: Person, _other: Person, name: str, fields: Fields) -> None:
    typed = {key: str(value) for key, value in fields.items()}
    _, answer = send(person, f"/do/{name}", typed)
    assert answer.status_code == 303, answer.text


def by_api(person: Person, _other: Person, name: str, fields: Fields) -> None:
    answer = person.api.post(f"/capabilities/{name}", json=fields)
    assert answer.status_code == 200, answer.text


def by_command(person: Person, _other: Person, name: str, fields: Fields) -> None:
    options = [
        part for key, value in fields.items() for part in (f"--{key.replace('_', '-')}", str(value))
    ]
    agency = ["--agency", str(person.actor.tenant_id), "--as", person.email]
    result = person.app.test_cli_runner().invoke(args=["do", name, *agency, *options])
    assert result.exit_code == 0, result.output


def by_approvals(person: Person, other: Person, name: str, fields: Fields) -> None:
    """An agent proposes, a colleague with the right approves."""
    answer = People(person.app).colleague(person, "Bob Agent", role="agent").api
    stored = answer.post(f"/capabilities/{name}", json=fields)
    assert stored.status_code == 202, stored.text
    _approve(other, stored.json["approval_id"])


def by_assistant(person: Person, other: Person, name: str, fields: Fields) -> None:
    with person.acting() as actor:
        session_id = chat.create_session(actor).id
        turn_id = assistant.send(actor, session_id, message="Please").turn_id
    assert turn_id is not None
    with person.app.app_context():
        loop.run(person.actor.tenant_id, turn_id, Scripted(name, fields))
    with person.acting():
        waiting = db.session.scalars(text("select id from approvals")).all()
    for approval_id in waiting:
        _approve(other, approval_id)


def _approve(person: Person, approval_id: str) -> None:
    person.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    with person.acting():
        execution.carry_out(approval_id)


Way = Callable[[Person, Person, str, Fields], None]
REVIEW: tuple[Way, ...] = (by_form, by_api, by_command, by_assistant)
REQUIRED: tuple[Way, ...] = (*REVIEW, by_approvals)


def rows(person: Person, table: str) -> list[Fields]:
    """The rows of a table without ids and instants."""
    with person.acting():
        found = db.session.scalars(text(f"select to_jsonb(t) from {table} t"))
        return sorted((_same(row) for row in found), key=json.dumps)


def postings(person: Person) -> list[Fields]:
    return rows(
        person,
        "(select a.code, p.currency, p.debit_minor, p.credit_minor, p.effective_date, p.party_name"
        " from postings p join accounts a on a.id = p.account_id)",
    )


def events(person: Person, kind: str) -> list[Fields]:
    """Return the events of a kind, with their private part instead of its salted hash."""
    return rows(
        person,
        "(select status, error, inputs - 'private' as inputs, parts from audit_events e left join"
        f" audit_private p using (tenant_id, seq) where e.kind = '{kind}')",
    )


def _same(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _same(one)
            for name, one in value.items()
            if name != "id" and not name.endswith(("_id", "_at"))
        }
    if isinstance(value, list):
        # the assistant notes the conversation, which is an id as well
        return [_same(one) for one in value if one.get("field") != "session_id"]
    return value


def done_by(
    app: Flask, way: Way, name: str, fields: Fields, invoiced: bool
) -> tuple[Person, Person]:
    people = People(app)
    person = people.sign_up("Alice Admin", agency="Malabar Travels")
    other = people.colleague(person, "Carol Accounts", role="accounting_lead")
    given = fields | ({"invoice_id": str(issued(person))} if invoiced else {})
    way(person, other, name, given)
    return person, other


def test_an_enquiry_is_the_same_by_every_consumer(app: Flask) -> None:
    found = []
    for way in REVIEW:
        person, _ = done_by(app, way, "create_enquiry", ENQUIRY, invoiced=False)
        found.append((rows(person, "enquiries"), events(person, "enquiry.created")))
    enquiries, created = found[0]
    assert [row["budget_hundredths"] for row in enquiries] == [12_000_000]
    assert [event["status"] for event in created] == ["succeeded"]
    for way, one in zip(REVIEW, found, strict=True):
        assert one == found[0], way


def test_a_receipt_is_the_same_by_every_consumer(app: Flask) -> None:
    found = []
    for way in REQUIRED:
        person, _ = done_by(app, way, "record_receipt", RECEIPT, invoiced=True)
        found.append(
            (
                rows(person, "payments"),
                postings(person),
                rows(person, "invoices"),
                events(person, "payment.received"),
            )
        )
    payments, lines, _, received = found[0]
    assert [(row["amount_minor"], row["reference"]) for row in payments] == [(100_000, "UTR 77")]
    assert sum(row["debit_minor"] for row in lines) == 4_600_000
    assert len(received) == 1
    for way, one in zip(REQUIRED, found, strict=True):
        assert one == found[0], way


@pytest.mark.parametrize("name", ["create_enquiry", "record_receipt"])
def test_every_consumer_uses_the_input_of_the_capability(name: str) -> None:
    """Each of the two capabilities stands for its kind of approval."""
    (capability,) = (one for one in catalogue.CAPABILITIES if one.name == name)
    assert capability.approval == {"create_enquiry": "review", "record_receipt": "required"}[name]
