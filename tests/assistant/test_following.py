"""Transcript pages, events over several turns, and the request to stop."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.assistant.line import FRAME, INSTANT, INVOICE, Line, frames, read
from tests.people import ApiClient, Person
from voyagent.assistant.api import event_stream
from voyagent.capabilities import registry
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import turns

# The transcript
# --------------------------------------------------------------------------------


def page(line: Line, person: Person | None = None, **query: Any) -> Any:
    return (person or line.person).api.get(
        f"/chat/sessions/{line.session_id}/messages", query_string=query
    )


def test_the_transcript_has_author_and_turn_of_each_message(line: Line, bob: Person) -> None:
    line.say("help")
    line.ask(INVOICE, person=bob)
    answer = page(line)
    assert answer.status_code == 200
    assert set(answer.json) == {"messages", "next_cursor", "last_event_id"}
    messages = answer.json["messages"]
    assert [(message["sequence"], message["role"]) for message in messages] == [
        (1, "user"),
        (2, "assistant"),
        (3, "user"),
        (4, "assistant"),
        (5, "user"),
        (6, "assistant"),
    ]
    assert [message["author"] and message["author"]["user_id"] for message in messages] == [
        str(line.person.actor.user_id),
        None,
        *(str(bob.actor.user_id), None),
        *(str(bob.actor.user_id), None),
    ]
    assert [message["turn"]["status"] for message in messages] == [
        *["done"] * 4,
        *["waiting"] * 2,
    ]
    assert {message["turn"]["kind"] for message in messages} == {"message"}
    assert messages[0]["blocks"] == [{"type": "text", "text": "help"}]
    assert [block["type"] for block in messages[3]["blocks"]] == ["text", "card"]
    assert [block["type"] for block in messages[5]["blocks"]] == ["text", "approval"]
    assert all(INSTANT.fullmatch(message["created_at"]) for message in messages)
    assert (answer.json["next_cursor"], answer.json["last_event_id"]) == (
        None,
        frames(line.post({}, last_event_id="0"))[-1]["id"],
    )


def test_the_transcript_has_pages(line: Line) -> None:
    for _ in range(3):
        line.say("help")
    whole = page(line).json["messages"]
    found: list[Any] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        part = page(line, limit=2, **cursor).json
        found += part["messages"]
        if part["next_cursor"] is None:
            break
        cursor = {"cursor": part["next_cursor"]}
    assert found == whole
    for query in ({"limit": 0}, {"limit": 201}, {"cursor": "nonsense"}, {"branch": "other"}):
        assert page(line, **query).status_code == 422, query


def test_a_dropped_draft_is_stored_and_not_shown(line: Line) -> None:
    line.say(INVOICE)
    line.say("cancel")
    shown = [[block["type"] for block in one["blocks"]] for one in page(line).json["messages"]]
    assert shown == [["text"], ["text", "card"], ["text"], ["text"]]


def test_from_a_transcript_during_a_turn_its_events_are_sent_from_the_first(
    line: Line,
) -> None:
    line.say("help")
    line.post({"message": "trial balance"})
    with line.person.acting():
        turn = chats.find_running_turn(UUID(line.session_id))
        assert turn is not None
        begun = turns.begin_turn(turn.id)
        assert begun is not None
        first = turns.append_event(begun, "text_delta", text="half a ")
        turns.append_event(begun, "text_delta", text="sentence")
    seen = page(line).json
    assert (seen["last_event_id"], [message["role"] for message in seen["messages"]]) == (
        first - 1,
        ["user", "assistant", "user"],
    )
    assert seen["messages"][-1]["turn"]["status"] == "running"


def test_only_people_who_may_read_can_follow(line: Line, victor: Person, charlie: Person) -> None:
    line.say("help")
    assert len(page(line, victor).json["messages"]) == 2
    stranger = page(line, charlie)
    assert (stranger.status_code, stranger.json["detail"]) == (404, "session_not_found")
    line.person.api.delete(f"/chat/sessions/{line.session_id}")
    assert page(line).status_code == 404


# Events
# --------------------------------------------------------------------------------


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let streams send a heartbeat as soon as there is no new event."""
    whole = event_stream.frames
    monkeypatch.setattr(
        event_stream, "frames", lambda *given, **more: whole(*given, **more, heartbeat_s=0.05)
    )


def heard(answer: TestResponse) -> str:
    """Return the events of a stream until it pauses; it does not end."""
    received = b""
    for chunk in answer.response:
        received += chunk if isinstance(chunk, bytes) else chunk.encode()
        if received.endswith(event_stream.HEARTBEAT):
            return received.decode()
    raise AssertionError("it has ended")


def follow(
    line: Line, last_event_id: str | None = None, person: Person | None = None
) -> TestResponse:
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    answer = (person or line.person).api.get(
        f"/chat/sessions/{line.session_id}/events", headers=headers
    )
    line.opened.append(answer)
    return answer


@pytest.mark.usefixtures("restless")
def test_a_stream_has_the_events_of_all_turns(line: Line, victor: Person) -> None:
    line.say("help")
    first = line.say("trial balance")
    answer = follow(line, "0", victor)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )
    assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == (
        "no-store",
        "no",
    )
    events = read(heard(answer))
    assert [event["id"] for event in events] == list(range(1, first[-1]["id"] + 1))
    assert [event["kind"] for event in events].count("final") == 2, "no final ends it"
    assert read(heard(follow(line, str(first[0]["id"])))) == first[1:]


def test_a_repeated_stream_has_the_same_bytes(line: Line, request: pytest.FixtureRequest) -> None:
    live = line.post({"message": "trial balance"})
    line.drain()
    events = FRAME.findall(live.get_data(as_text=True))
    request.getfixturevalue("restless")
    assert len(events) > 2
    assert FRAME.findall(heard(follow(line, "0"))) == events


def test_without_a_number_only_new_events_are_sent(line: Line) -> None:
    line.say("help")
    body = follow(line).response
    events = line.say("help")
    text = ""
    for chunk in body:
        text += chunk.decode() if isinstance(chunk, bytes) else chunk
        if '"kind":"final"' in text:
            break
    assert [int(number) for number, _ in FRAME.findall(text)] == [event["id"] for event in events]


@pytest.mark.parametrize("event_number", ["nonsense", "999", "-1", "1e3", ""])
def test_an_unknown_event_number_is_refused(line: Line, event_number: str) -> None:
    line.say("help")
    answer = follow(line, event_number)
    assert (answer.status_code, answer.json["detail"]) == (422, "invalid_last_event_id")


def test_a_person_can_follow_a_limited_number_of_streams(
    line: Line, monkeypatch: pytest.MonkeyPatch, victor: Person
) -> None:
    monkeypatch.setattr(event_stream.seats(line.person.app), "_per_person_max", 2)
    for _ in range(2):
        assert follow(line).status_code == 200
    refused = follow(line)
    assert (refused.status_code, refused.json["detail"]) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "5"
    assert follow(line, person=victor).status_code == 200
    line.opened[0].close()
    assert follow(line).status_code == 200


def test_other_agencies_and_anonymous_callers_cannot_read_the_stream(
    line: Line, charlie: Person
) -> None:
    assert follow(line, person=charlie).json["detail"] == "session_not_found"
    nobody = ApiClient(line.person.app.test_client(), None).get(
        f"/chat/sessions/{line.session_id}/events"
    )
    assert (nobody.status_code, nobody.json["detail"]) == (401, "unauthorized")


# Stopping
# --------------------------------------------------------------------------------


def stop(line: Line, person: Person | None = None) -> TestResponse:
    return (person or line.person).api.post(f"/chat/sessions/{line.session_id}/stop")


def test_a_stopped_turn_ends_as_stopped(line: Line, bob: Person, owner_engine: sa.Engine) -> None:
    answer = line.post({"message": "trial balance"})
    for person in (None, bob, None):
        asked = stop(line, person)
        assert (asked.status_code, asked.json) == (200, {"stopping": True})
    line.drain()
    assert [event["kind"] for event in frames(answer)] == ["final"]
    assert page(line).json["messages"][-1]["turn"]["status"] == "stopped"
    assert stop(line).json == {"stopping": False}
    with owner_engine.connect() as connection:
        count = sa.text(
            "select count(*) from audit_events where tenant_id = :t and kind = 'chat.stop_asked'"
        )
        assert connection.scalar(count, {"t": line.person.actor.tenant_id}) == 1, (
            "asked once, however often"
        )


def test_a_turn_stopped_during_a_tool_ends_within_a_second_after_it(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request to stop gets its response at once, while the tool still runs.

    The worker locks the conversation until the tool ends.
    """
    tool = registry.get("trial_balance")
    inside, go, ended = threading.Event(), threading.Event(), []

    def slow(scene: Any, wanted: Any) -> Any:
        inside.set()
        assert go.wait(20)
        assert tool.run is not None
        return tool.run(scene, wanted)

    monkeypatch.setitem(registry._installed, tool.name, replace(tool, run=slow))  # noqa: SLF001 - the only way to a tool that takes its time
    answer = line.post({"message": "trial balance"})

    def work() -> None:
        line.drain()
        ended.append(time.monotonic())

    worker = threading.Thread(target=work)
    worker.start()
    assert inside.wait(20)
    asked_at = time.monotonic()
    assert stop(line).json == {"stopping": True}
    assert time.monotonic() - asked_at < 1
    let_go = time.monotonic()
    go.set()
    worker.join(timeout=20)
    assert ended[0] - let_go < 1
    assert [event["kind"] for event in frames(answer)] == [
        "tool_use",
        "tool_result",
        "final",
    ]


def test_who_may_not_send_messages_may_not_stop_turns(
    line: Line, victor: Person, charlie: Person
) -> None:
    line.post({"message": "trial balance"})
    assert stop(line, victor).json["detail"] == "forbidden_role"
    assert stop(line, charlie).json["detail"] == "session_not_found"
    assert stop(line).json == {"stopping": True}
