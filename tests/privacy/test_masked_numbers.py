"""PANs, tax numbers and bank accounts are masked in conversations and audit texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.line import Line
from tests.billing.papers import draft
from tests.people import Person
from tests.privacy.test_sealing import GSTIN, PAN, stored
from voyagent.audit.service import recording as audit
from voyagent.privacy import commands, tasks
from voyagent.privacy.tasks import mask

ACCOUNT = "A/c 001234567890"
TABLES = ("chat_sessions", "chat_turns", "chat_messages", "chat_turn_steps", "chat_events")
SAID = f"GSTIN {GSTIN}, PAN {PAN}, A/c 0012 3456 7890, invoice Uma Traders 45,000 for a visa"
MASKED = "GSTIN ••••F1ZV, PAN ••••939F, A/c ••••7890, invoice Uma Traders 45,000 for a visa"


@pytest.fixture
def line(alice: Person, drain: Callable[[], None]) -> Iterator[Line]:
    made = Line(alice, drain, alice.api.post("/chat/sessions").json["session_id"])
    yield made
    for answer in made.opened:
        answer.close()


def texts(engine: sa.Engine, person: Person, *tables: str) -> str:
    return "\n".join(stored(engine, table, person) for table in tables)


def test_a_message_is_masked_before_it_is_stored(line: Line, owner_engine: sa.Engine) -> None:
    line.say(SAID)
    found = texts(owner_engine, line.person, *TABLES, "approvals", "audit_events", "audit_private")
    assert "Uma Traders" in found
    assert MASKED in found
    assert PAN not in found
    assert "3456" not in found


def test_an_edited_message_is_masked(line: Line, owner_engine: sa.Engine) -> None:
    line.say("hello")
    (turn_id,) = {one["turn_id"] for one in line.say("hello again")}
    path = f"/chat/sessions/{line.session_id}/turns/{turn_id}/edit"
    answer = line.person.api.post(path, json={"message": SAID})
    assert answer.status_code in {200, 202}, answer.text
    line.drain()
    assert PAN not in texts(owner_engine, line.person, *TABLES)


def test_personal_text_of_an_event_is_masked(alice: Person, owner_engine: sa.Engine) -> None:
    with alice.acting():
        audit.record(
            alice.actor,
            "probe.noted",
            private={"arguments": {"customer_pan": PAN, "notes": ["A/c 001234567890", 7, None]}},
            private_outputs={"text": f"for {GSTIN}"},
        )
    (event,) = alice.api.get("/audit?kind=probe.noted").json["items"]
    assert event["payload"]["inputs"]["arguments"] == {
        "customer_pan": "••••939F",
        "notes": ["A/c ••••7890", 7, None],
    }
    assert event["payload"]["outputs"] == {"text": "for ••••F1ZV"}
    assert PAN not in texts(owner_engine, alice, "audit_events", "audit_private")


def test_the_command_masks_the_conversations_of_an_earlier_release(
    app: Flask, line: Line, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voyagent.kernel.financial_numbers._masks", lambda _text: [])
    line.say(SAID)
    monkeypatch.undo()
    person = line.person
    monkeypatch.setattr(commands, "tenant_ids", lambda: [person.actor.tenant_id])
    monkeypatch.setattr("voyagent.kernel.stored_texts.ROWS_MAX", 2)
    assert PAN in texts(owner_engine, person, *TABLES)
    first = app.test_cli_runner().invoke(args=["mask-conversations"])
    assert (first.exit_code, first.output.endswith(" texts were masked.\n")) == (0, True)
    assert not first.output.startswith("0 ")
    again = app.test_cli_runner().invoke(args=["mask-conversations"])
    assert again.output == "0 texts were masked.\n"
    found = texts(owner_engine, person, *TABLES)
    assert MASKED in found
    assert PAN not in found
    assert "3456 7890" not in found
    page = person.tab.get(f"/assistant/{line.session_id}").text
    assert "••••F1ZV" in page
    assert "Uma Traders" in page


# Requests for approval
# --------------------------------------------------------------------------------


@pytest.fixture
def only_alice(alice: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Alice; the nightly job leaves out the agencies of other tests."""
    monkeypatch.setattr(tasks, "tenant_ids", lambda: [alice.actor.tenant_id])
    return alice


def request(bob: Person) -> str:
    """Return the id of Bob's request to draft an invoice with a PAN and an account."""
    line = {"description": "Visa", "quantity": 1, "unit_price": "45000", "currency": "INR"}
    days = {"issue_date": "2026-06-01", "due_date": "2026-06-25"}
    body = days | {"customer_name": "Uma Traders", "line_items": [line], "customer_pan": PAN}
    answer = bob.api.post("/capabilities/draft_invoice", json=body | {"notes": ACCOUNT})
    assert answer.status_code == 202, answer.text
    return str(answer.json["approval_id"])


def payload(person: Person, approval_id: str) -> tuple[str, str]:
    found = person.api.get(f"/approvals/{approval_id}").json["payload"]
    return found["customer_pan"], found["notes"]


def decide(person: Person, approval_id: str, *, granted: bool) -> None:
    answer = person.api.post(f"/approvals/{approval_id}/resolve", json={"granted": granted})
    assert answer.status_code == 200, answer.text


def hashes(engine: sa.Engine, person: Person) -> list[str]:
    found = sa.text("select arguments_hash from approvals where tenant_id = :t order by id")
    with engine.connect() as connection:
        return list(connection.scalars(found, {"t": person.actor.tenant_id}))


def test_arguments_are_masked_when_the_request_is_finished(
    only_alice: Person, bob: Person, drain: Callable[[], None], owner_engine: sa.Engine
) -> None:
    alice, app = only_alice, only_alice.app
    pending, rejected, granted = request(bob), request(bob), request(bob)
    decide(alice, rejected, granted=False)
    before = hashes(owner_engine, alice)
    with app.app_context():
        mask.run(0)
    assert payload(alice, rejected) == ("••••939F", "A/c ••••7890")
    assert payload(alice, pending) == payload(alice, granted) == (PAN, ACCOUNT)
    decide(alice, granted, granted=True)
    drain()
    (invoice,) = alice.api.get("/invoices").json["items"]
    assert alice.api.get(f"/invoices/{invoice['id']}").json["customer_pan"] == PAN
    decide(alice, pending, granted=False)
    with app.app_context():
        mask.run(0)
    tables = ("approvals", "audit_events", "audit_private", *TABLES)
    assert [table for table in tables if PAN in stored(owner_engine, table, alice)] == []
    assert hashes(owner_engine, alice) == before


@pytest.mark.parametrize(
    ("finished", "change", "allowed"),
    [
        (True, {"customer_pan": "••••939F"}, True),
        (True, {"customer_pan": "AAPFU0939G"}, False),
        (True, {"customer_pan": "••••939G"}, False),
        (True, {"customer_name": "%"}, False),
        (True, {"customer_name": "Uma_Traders"}, False),
        (True, {"more": "••••"}, False),
        (False, {"customer_pan": "••••939F"}, False),
    ],
)
def test_the_database_lets_arguments_of_finished_requests_be_masked_only(
    alice: Person,
    bob: Person,
    owner_engine: sa.Engine,
    finished: bool,
    change: dict[str, str],
    allowed: bool,
) -> None:
    approval_id = request(bob)
    if finished:
        decide(alice, approval_id, granted=False)
    update = sa.text("update approvals set payload = payload || cast(:c as jsonb) where id = :i")
    given = {"c": json.dumps(change), "i": approval_id}
    with (
        nullcontext() if allowed else pytest.raises(sa.exc.IntegrityError, match="cannot be"),
        owner_engine.begin() as connection,
    ):
        connection.execute(update, given)


def test_the_printed_tax_number_in_a_preview_is_masked_when_the_request_is_finished(
    only_alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    given = {"place_of_supply": "27", "customer_tax_number": GSTIN, "notes": ACCOUNT}
    invoice_id = str(draft(only_alice, **given))
    pending, rejected = (
        bob.api.post("/capabilities/issue_invoice", json={"invoice_id": invoice_id}).json
        for _ in range(2)
    )
    decide(only_alice, rejected["approval_id"], granted=False)

    def paper(proposal: dict[str, str]) -> tuple[str, str, str]:
        found = only_alice.api.get(f"/approvals/{proposal['approval_id']}").json
        (one,) = found["preview"]["papers"]
        return one["customer_tax_number"], one["notes"], found["preview_hash"]

    (*_numbers, before), unmasked = paper(rejected), paper(pending)
    with only_alice.app.app_context():
        mask.run(0)
    assert paper(rejected) == ("••••F1ZV", "A/c ••••7890", before)
    assert paper(pending) == unmasked
    assert unmasked[:2] == (GSTIN, ACCOUNT)


@pytest.mark.parametrize(
    ("finished", "sets", "allowed"),
    [
        (True, """preview = preview || '{"undo": "••••"}'""", True),
        (True, """preview = preview || '{"undo": "Another"}'""", False),
        (True, "preview_hash = repeat('0', 64)", False),
        (False, """preview = preview || '{"undo": "••••"}'""", False),
    ],
)
def test_the_database_lets_previews_of_finished_requests_be_masked_only(
    alice: Person, bob: Person, owner_engine: sa.Engine, finished: bool, sets: str, allowed: bool
) -> None:
    approval_id = request(bob)
    decide(alice, approval_id, granted=not finished)
    with (
        nullcontext() if allowed else pytest.raises(sa.exc.IntegrityError, match="cannot be"),
        owner_engine.begin() as connection,
    ):
        connection.execute(
            sa.text(f"update approvals set {sets} where id = :i"), {"i": approval_id}
        )


def test_the_database_lets_no_preview_be_added_to_a_finished_request(
    alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    approval_id = request(bob)
    remove = "update approvals set preview = null, preview_hash = null where id = :i"
    with owner_engine.begin() as connection:
        connection.execute(sa.text(remove), {"i": approval_id})
    decide(alice, approval_id, granted=False)
    add = "update approvals set preview = '{}', preview_hash = repeat('0', 64) where id = :i"
    with (
        pytest.raises(sa.exc.IntegrityError, match="cannot be"),
        owner_engine.begin() as connection,
    ):
        connection.execute(sa.text(add), {"i": approval_id})
