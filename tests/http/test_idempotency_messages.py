"""A message with an Idempotency-Key is stored once.

A repeat follows its turn or replays it.
"""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.assistant.line import FRAME, Line, frames, proposal
from tests.chat.parallel import at_once
from tests.http.conftest import Variant
from tests.people import ApiClient, Person
from voyagent.assistant.api.event_stream import Sitter, seats
from voyagent.http.idempotency import REPLAYED


@pytest.fixture
def line(alice: Person, drain: Any) -> Any:
    made = Line(alice, drain)
    made.session_id = alice.api.post("/chat/sessions").json["session_id"]
    yield made
    for answer in made.opened:
        answer.close()


def send(
    line: Line, body: dict[str, Any], *, key: str = "a-key", last_event_id: int | None = None
) -> TestResponse:
    headers = {"Idempotency-Key": key} | (
        {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    )
    answer = line.person.api.post(
        f"/chat/sessions/{line.session_id}/messages", json=body, headers=headers
    )
    line.opened.append(answer)
    return answer


def events(answer: TestResponse) -> list[str]:
    return [found.group() for found in FRAME.finditer(answer.get_data(as_text=True))]


def message_count(line: Line) -> int:
    """Return the number of messages in the conversation."""
    return line.person.api.get(f"/chat/sessions/{line.session_id}").json["message_count"]


HELP = {"message": "help"}


def test_a_repeat_follows_the_running_turn(line: Line) -> None:
    first, second = send(line, HELP), send(line, HELP)
    line.drain()
    recorded = events(first)
    assert events(second) == recorded
    assert len(recorded) >= 2
    assert (first.headers.get(REPLAYED), second.headers[REPLAYED]) == (None, "true")
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert message_count(line) == 2


def test_a_repeat_after_the_turn_gets_all_events_of_the_turn(
    line: Line,
) -> None:
    line.say("trial balance")
    first = send(line, HELP)
    line.drain()
    recorded = events(first)
    line.say("trial balance")
    assert events(send(line, HELP)) == recorded
    assert message_count(line) == 6


def test_a_repeat_without_a_key_is_a_new_message(line: Line) -> None:
    line.say("help")
    line.say("help")
    assert message_count(line) == 4


def test_a_repeat_is_accepted_while_another_turn_runs(line: Line) -> None:
    first = send(line, HELP)
    line.drain()
    recorded = events(first)
    assert send(line, {"message": "trial balance"}, key="another-key").status_code == 200
    assert events(send(line, HELP)) == recorded
    assert send(line, HELP, key="a-third").status_code == 409
    line.drain()


@pytest.mark.parametrize("seen", [1, -1])
def test_a_repeat_with_last_event_id_gets_only_later_events(line: Line, seen: int) -> None:
    first = send(line, HELP)
    line.drain()
    recorded = events(first)
    last = frames_of(recorded)[seen]
    answer = send(line, HELP, last_event_id=last)
    assert answer.status_code == 200
    assert events(answer) == [
        event for event, number in zip(recorded, frames_of(recorded), strict=True) if number > last
    ]
    assert message_count(line) == 2


def frames_of(sent: list[str]) -> list[int]:
    """Return the numbers of events."""
    return [int(FRAME.fullmatch(event)["id"]) for event in sent]  # type: ignore[index]


@pytest.mark.parametrize("lost", ["nonsense", "999999"])
def test_a_repeat_with_an_unknown_last_event_gets_the_whole_turn(line: Line, lost: str) -> None:
    first = send(line, HELP)
    line.drain()
    recorded = events(first)
    api, headers = line.person.api, {"Idempotency-Key": "a-key", "Last-Event-ID": lost}
    assert (
        events(api.post(f"/chat/sessions/{line.session_id}/messages", json=HELP, headers=headers))
        == recorded
    )


def test_a_different_message_with_the_same_key_is_refused(line: Line) -> None:
    send(line, HELP)
    answer = send(line, {"message": "trial balance"})
    assert (answer.status_code, answer.json["detail"]) == (422, "idempotency_key_reused")
    line.drain()
    assert message_count(line) == 2


def test_a_repeated_decision_gets_the_events_of_the_next_turn(line: Line, people: Any) -> None:
    asked = proposal(line)
    first = send(line, {"approvals": {asked: False}})
    line.drain()
    recorded = events(first)
    assert "approval_denied" in "".join(recorded)
    before = message_count(line)
    assert events(send(line, {"approvals": {asked: False}})) == recorded
    assert message_count(line) == before


def test_a_repeat_to_a_deleted_conversation_is_404(line: Line) -> None:
    send(line, HELP)
    line.drain()
    line.person.api.delete(f"/chat/sessions/{line.session_id}")
    answer = send(line, HELP)
    assert (answer.status_code, answer.json["detail"]) == (404, "session_not_found")


def test_a_message_without_a_free_slot_is_not_stored_and_can_be_sent_again(
    variant: Variant, line: Line
) -> None:
    app = variant(streams_max=1)
    api, address = (
        ApiClient(app.test_client(), line.person.access_token),
        f"/chat/sessions/{line.session_id}/messages",
    )
    headers = {"Idempotency-Key": "a-key"}
    seats(app).take(Sitter(None))
    assert api.post(address, json=HELP, headers=headers).status_code == 503
    assert message_count(line) == 0
    seats(app).leave(Sitter(None))
    answer = api.post(address, json=HELP, headers=headers)
    line.drain()
    assert frames(answer)[-1]["kind"] == "final"
    assert REPLAYED not in answer.headers
    assert seats(app).taken == 0
    assert message_count(line) == 2


def test_one_of_many_parallel_messages_is_stored(line: Line) -> None:
    answers = at_once([lambda: send(line, HELP)] * 6)
    assert {answer.status_code for answer in answers} == {200}
    line.drain()
    recorded = [events(answer) for answer in answers]
    assert all(other == recorded[0] for other in recorded)
    assert message_count(line) == 2
