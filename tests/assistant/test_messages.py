"""JSON API of messages: the stream, its continuation, decisions and limits."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.assistant.conftest import kinds
from tests.assistant.line import FRAME, INSTANT, INVOICE, Line, frames, proposal
from tests.people import Person
from voyagent.assistant.api import event_stream
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.events import EVENT_FIELDS
from voyagent.chat.service import turns

# The stream
# --------------------------------------------------------------------------------


def test_the_stream_has_the_format_of_the_contract(line: Line) -> None:
    answer = line.post({"message": "trial balance", "unknown": "is ignored"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    line.drain()
    events = frames(answer)
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    for event in events:
        assert set(event) == {"id", "kind", "session_id", "turn_id", "timestamp", *EVENT_FIELDS}
        assert event["session_id"] == line.session_id
        assert re.fullmatch(r"t-[0-9a-f]{12}", event["turn_id"])
        assert INSTANT.fullmatch(event["timestamp"])
    used = events[0]
    assert {name for name in EVENT_FIELDS if used[name] is not None} == {
        "tool_name",
        "tool_call_id",
        "tool_input",
    }
    assert {name for name in EVENT_FIELDS if events[1][name] is not None} == {
        "tool_name",
        "tool_call_id",
        "tool_output",
    }
    assert {name for name in EVENT_FIELDS if events[4][name] is not None} == {"text"}
    assert {name for name in EVENT_FIELDS if events[-1][name] is not None} == set()
    assert b"\r" not in answer.data


def test_only_the_final_follows_a_request_for_approval(line: Line) -> None:
    events = line.ask(INVOICE)
    assert kinds(events) == ["text_delta", "tool_use", "approval_request", "final"]
    request = events[-2]
    assert request["approval_id"].startswith("ap-")
    assert (request["tool_name"], request["tool_call_id"]) == (
        "draft_invoice",
        events[-3]["tool_call_id"],
    )
    assert request["approval_summary"]


def test_event_numbers_increase_over_the_turns(line: Line) -> None:
    first, second = line.say("help"), line.say("trial balance")
    numbers = [event["id"] for event in first + second]
    assert numbers == list(range(1, len(numbers) + 1))
    assert first[0]["turn_id"] != second[0]["turn_id"]


@pytest.mark.parametrize(
    "body",
    [
        {"message": "x" * 32_001},
        {"message": None},
        {"message": 5},
        {"approvals": {"ap-1": "yes"}},
        {"approvals": {"ap-1": 1}},
        {"approvals": []},
        {"message": "\ud800"},
    ],
    ids=[
        "too long",
        "null",
        "number",
        "text for a decision",
        "number for a decision",
        "list",
        "surrogate",
    ],
)
def test_an_invalid_body_starts_no_turn(line: Line, body: dict[str, Any]) -> None:
    answer = line.post(body)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/json"
    assert line.person.api.get(f"/chat/sessions/{line.session_id}").json["message_count"] == 0


def test_a_message_of_maximum_length_is_accepted(line: Line) -> None:
    assert kinds(line.say("x" * 32_000)) == ["text_delta", "final"]


# Picking up
# --------------------------------------------------------------------------------


def test_missed_events_are_sent_again_and_the_body_is_ignored(line: Line) -> None:
    first = line.post({"message": "trial balance"})
    line.drain()
    whole = first.get_data(as_text=True)
    again = line.post({"message": "trial balance"}, last_event_id="2").get_data(as_text=True)
    assert FRAME.findall(again) == FRAME.findall(whole)[2:]
    everything = line.post({"message": "trial balance"}, last_event_id="0").get_data(as_text=True)
    assert FRAME.findall(everything) == FRAME.findall(whole)
    assert line.person.api.get(f"/chat/sessions/{line.session_id}").json["message_count"] == 2


def test_after_the_last_event_a_message_starts_a_turn_and_an_empty_one_ends(line: Line) -> None:
    last = line.say("help")[-1]["id"]
    assert frames(line.post({}, last_event_id=str(last))) == []
    fresh = line.say("help", last_event_id=str(last))
    assert kinds(fresh) == ["text_delta", "final"]
    assert fresh[0]["id"] == last + 1


@pytest.mark.parametrize("event_number", ["nonsense", "999", "1e3", "", "²"])
def test_an_unknown_event_number_stores_an_error_and_the_body_is_processed(
    line: Line, event_number: str
) -> None:
    last = line.say("help")[-1]["id"]
    events = line.say("trial balance", last_event_id=event_number.encode().decode("latin-1"))
    assert kinds(events) == ["error", "tool_use", "tool_result", "text_delta", "final"]
    assert (events[0]["turn_id"], events[0]["id"]) == ("replay", last + 1)
    assert events[0]["error_message"].startswith("replay_failed")
    again = frames(line.post({}, last_event_id=str(last)))
    assert again == events


def test_a_failed_replay_without_a_message_ends_in_a_final(line: Line) -> None:
    events = frames(line.post({}, last_event_id="7"))
    assert kinds(events) == ["error", "final"]
    assert [event["id"] for event in events] == [1, 2]


def test_an_empty_message_without_a_running_turn_gets_an_unstored_final(line: Line) -> None:
    for number, body in enumerate(
        ({}, {"message": "   "}, {"message": "", "approvals": {}}, {"approvals": None}), start=1
    ):
        events = frames(line.post(body))
        assert kinds(events) == ["final"]
        assert events[0]["id"] == number
    shown = line.person.api.get(f"/chat/sessions/{line.session_id}").json
    assert (shown["message_count"], shown["title"]) == (0, None)


def test_a_repeated_message_follows_its_turn_and_another_is_refused(
    line: Line, bob: Person
) -> None:
    first = line.post({"message": "trial balance"})
    twin, blank = line.post({"message": "trial balance"}), line.post({})
    other = line.post({"message": "help"}, person=bob)
    assert (other.status_code, other.json["detail"]) == (409, "turn_in_progress")
    resumed = line.post({"message": "help"}, last_event_id="0")
    line.drain()
    whole = frames(first)
    assert kinds(whole)[-1] == "final"
    assert frames(twin) == frames(blank) == frames(resumed) == whole
    assert line.person.api.get(f"/chat/sessions/{line.session_id}").json["message_count"] == 2


def test_an_equal_message_of_another_person_is_no_repeat(line: Line, bob: Person) -> None:
    first = line.post({"message": "trial balance"})
    other = line.post({"message": "trial balance"}, person=bob)
    assert (other.status_code, other.json["detail"]) == (409, "turn_in_progress")
    line.drain()
    assert kinds(frames(first))[-1] == "final"


def test_a_repeat_during_a_turn_receives_it_from_its_first_event(line: Line, app: Flask) -> None:
    line.say("help")
    answer = line.post({"message": "trial balance"})
    with line.person.acting():
        turn = chats.find_running_turn(UUID(line.session_id))
        assert turn is not None
        begun = turns.begin_turn(turn.id)
        assert begun is not None
        turns.append_event(begun, "text_delta", text="half a ")
        turns.append_event(begun, "text_delta", text="sentence")
    twin = line.post({"message": "trial balance"})
    blank = line.post({})
    with line.person.acting():
        turns.append_event(begun, "final")
        turns.mark_finished(begun, "done")
    assert [event["text"] for event in frames(answer)] == ["half a ", "sentence", None]
    assert frames(twin) == frames(blank) == frames(answer)


# Decisions in the body
# --------------------------------------------------------------------------------


def test_a_decision_in_the_body_runs_and_the_turn_after_it_is_streamed(
    line: Line,
) -> None:
    approval_id = proposal(line)
    answer = line.post({"message": "", "approvals": {approval_id: True}})
    assert answer.status_code == 200
    line.drain()
    events = frames(answer)
    assert kinds(events) == [
        "approval_granted",
        "tool_result",
        "text_delta",
        "final",
    ]
    assert events[0]["approval_id"] == approval_id
    assert events[1]["tool_output"]["drafted"] is True
    assert line.person.api.get(f"/approvals/{approval_id}").json["status"] == "granted"
    again = line.post({"approvals": {approval_id: True}})
    assert frames(again) == events


def test_the_stream_of_a_decision_waits_until_the_act_has_run(line: Line) -> None:
    approval_id = proposal(line)
    answer = line.post({"approvals": {approval_id: True}})
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(frames, answer)
        time.sleep(0.5)
        assert not reading.done()
        line.drain()
        events = reading.result(timeout=30)
    assert kinds(events) == [
        "approval_granted",
        "tool_result",
        "text_delta",
        "final",
    ]


def test_a_declined_proposal_in_the_body_is_reported(line: Line) -> None:
    approval_id = proposal(line)
    answer = line.post({"approvals": {approval_id: False}})
    line.drain()
    assert kinds(frames(answer)) == ["approval_denied", "text_delta", "final"]
    assert line.person.api.get(f"/approvals/{approval_id}").json["status"] == "rejected"


def test_a_message_may_come_with_a_decision(line: Line) -> None:
    approval_id = proposal(line)
    answer = line.post({"message": "trial balance", "approvals": {approval_id: False}})
    line.drain()
    events = frames(answer)
    assert kinds(events) == [
        "tool_use",
        "tool_result",
        "text_delta",
        "final",
        "approval_denied",
        "text_delta",
        "final",
    ]


def test_after_a_decision_an_empty_message_follows_the_next_turn(line: Line) -> None:
    approval_id = proposal(line)
    assert (
        line.person.api.post(
            f"/approvals/{approval_id}/resolve", json={"granted": True}
        ).status_code
        == 200
    )
    before, seen = line.post({}), line.post({}, last_event_id=str(last_seq(line)))
    line.drain()
    after = line.post({})
    events = frames(after)
    assert kinds(events) == [
        "approval_granted",
        "tool_result",
        "text_delta",
        "final",
    ]
    assert frames(before) == frames(seen) == events


def last_seq(line: Line) -> int:
    with line.person.acting():
        return chats.last_seq(UUID(line.session_id))


def test_if_one_decision_fails_nothing_is_decided_or_stored(line: Line, bob: Person) -> None:
    first = proposal(line)
    line.post({"approvals": {first: False}})
    line.drain()
    second = proposal(line)
    for decisions, status, code in (
        ({second: True, "ap-unknown": True}, 404, "approval_not_found"),
        ({second: True, first: True}, 409, "approval_already_resolved"),
        ({first: True}, 409, "approval_already_resolved"),
    ):
        answer = line.post({"message": "help", "approvals": decisions})
        assert (answer.status_code, answer.json["detail"]) == (status, code)
    forbidden = line.post({"approvals": {second: True}}, person=bob)
    assert (forbidden.status_code, forbidden.json["detail"]) == (403, "forbidden_role")
    assert line.person.api.get(f"/approvals/{second}").json["status"] == "pending"
    shown = line.person.api.get(f"/chat/sessions/{line.session_id}").json
    assert [row["approval_id"] for row in shown["pending_approvals"]] == [second]


def test_ones_own_money_request_needs_a_colleague_if_there_is_one(
    line: Line, people: Any, alice: Person
) -> None:
    approval_id = proposal(line)
    people.colleague(alice, "Leila Lead", role="accounting_lead")
    answer = line.post({"approvals": {approval_id: True}})
    assert (answer.status_code, answer.json["detail"]) == (403, "self_approval")
    assert line.person.api.get(f"/approvals/{approval_id}").json["status"] == "pending"


def test_a_proposal_of_another_conversation_cannot_be_decided(line: Line, alice: Person) -> None:
    approval_id = proposal(line)
    line.session_id = alice.api.post("/chat/sessions").json["session_id"]
    answer = line.post({"approvals": {approval_id: True}})
    assert (answer.status_code, answer.json["detail"]) == (404, "approval_not_found")


def test_another_agency_cannot_decide(line: Line, charlie: Person) -> None:
    approval_id = proposal(line)
    session_id = charlie.api.post("/chat/sessions").json["session_id"]
    answer = charlie.api.post(
        f"/chat/sessions/{session_id}/messages", json={"approvals": {approval_id: True}}
    )
    assert (answer.status_code, answer.json["detail"]) == (404, "approval_not_found")


# Bounds
# --------------------------------------------------------------------------------


def test_streams_of_a_person_are_limited_and_a_closed_one_is_not_counted(
    line: Line, alice: Person
) -> None:
    taken = [line.post({"message": "help"}) for _ in range(event_stream.PER_PERSON_MAX)]
    refused = line.post({"message": "help"})
    assert (refused.status_code, refused.json["detail"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    for answer in taken:
        answer.close()
    again = line.post({"message": "help"})
    assert again.status_code == 200
    line.drain()
    assert kinds(frames(again)) == ["text_delta", "final"]


def test_a_stream_uses_no_database_connection(line: Line, app: Flask) -> None:
    answers = [line.post({"message": "help"}) for _ in range(5)]
    with app.app_context():
        from voyagent.kernel.db import db  # noqa: PLC0415

        assert db.engine.pool.checkedout() == 0
    line.drain()
    for answer in answers:
        assert kinds(frames(answer)) == ["text_delta", "final"]


def test_the_openapi_document_describes_the_stream(alice: Person) -> None:
    document = alice.app.test_client().get("/api/openapi.json").json
    operation = document["paths"]["/api/chat/sessions/{session_id}/messages"]["post"]
    assert "text/event-stream; charset=utf-8" in operation["responses"]["200"]["content"]
    assert {"200", "401", "403", "404", "409", "413", "415", "422", "429", "503"} <= set(
        operation["responses"]
    )
    assert any(parameter["name"] == "Last-Event-ID" for parameter in operation["parameters"])
