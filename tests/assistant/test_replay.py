"""Stored events of a conversation are sent byte for byte by another process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.line import FRAME, INVOICE, Line
from tests.people import ApiClient
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.privacy.service import retention


@pytest.fixture
def restarted(settings: Settings) -> Iterator[Flask]:
    """The application of a new process, which shares only the database with the first."""
    made = create_app(settings)
    yield made
    made.extensions["voyagent.auth_adapter"].lane.close()
    with made.app_context():
        db.engine.dispose()


def events_of(stream: bytes) -> list[bytes]:
    """Return the frames of the events as sent, without heartbeats."""
    return [match.group().encode() for match in FRAME.finditer(stream.decode())]


def replay(restarted: Flask, line: Line, after: int) -> bytes:
    api = ApiClient(restarted.test_client(), line.person.access_token)
    answer = api.post(
        f"/chat/sessions/{line.session_id}/messages",
        json={"message": "never run"},
        headers={"Last-Event-ID": str(after)},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    line.opened.append(answer)
    return answer.get_data()


@pytest.mark.parametrize("message", ["trial balance", INVOICE])
def test_after_a_restart_a_finished_turn_is_sent_byte_for_byte(
    line: Line, restarted: Flask, message: str
) -> None:
    first = line.post({"message": message})
    line.drain()
    events = events_of(first.get_data())
    assert len(events) >= 2
    for after in range(len(events)):
        assert events_of(replay(restarted, line, after)) == events[after:], after
    assert line.person.api.get(f"/chat/sessions/{line.session_id}").json["message_count"] == 2


def test_a_message_is_not_handled_again_after_its_events_were_deleted(
    line: Line, restarted: Flask, owner_engine: sa.Engine
) -> None:
    first = line.post({"message": "trial balance"})
    line.drain()
    events = events_of(first.get_data())
    with owner_engine.begin() as connection:
        for change in (
            "chat_events set created_at = now() - interval '8 days'",
            "chat_turns set finished_at = now() - interval '8 days'",
        ):
            connection.execute(
                sa.text(f"update {change} where session_id = :s"), {"s": line.session_id}
            )
    with line.person.acting():
        assert retention.apply(("turn_events",)) == {"turn_events": len(events) - 1}
    assert events_of(replay(restarted, line, 1)) == events[-1:]
    session = line.person.api.get(f"/chat/sessions/{line.session_id}").json
    assert session["message_count"] == 2


def test_after_a_restart_the_stream_continues_over_turns(line: Line, restarted: Flask) -> None:
    events: list[bytes] = []
    for message in ("help", "trial balance"):
        stream = line.post({"message": message})
        line.drain()
        events += events_of(stream.get_data())
    assert events_of(replay(restarted, line, 0)) == events
    assert events_of(replay(restarted, line, len(events) - 1)) == events[-1:]


def test_after_a_restart_the_conversation_continues(line: Line, restarted: Flask) -> None:
    last = line.say("help")[-1]["id"]
    line.person.app = restarted
    assert line.say("trial balance", last_event_id=str(last))[0]["id"] == last + 1
