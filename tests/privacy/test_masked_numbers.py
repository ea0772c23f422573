"""PANs, tax numbers and bank accounts are masked in conversations and in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.line import Line
from tests.people import Person
from tests.privacy.test_sealing import GSTIN, PAN, stored
from voyagent.audit.service import recording as audit
from voyagent.chat.service import masking

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
    monkeypatch.setattr(masking, "ROWS_MAX", 2)
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
    page = person.browser.get(f"/assistant/{line.session_id}").text
    assert "••••F1ZV" in page
    assert "Uma Traders" in page
