"""If a worker is killed during a turn, another continues and repeats no tool call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.assistant.conftest import Event, Talk, kinds, text
from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.assistant.service import messages
from voyagent.chat.queries import sessions as chats
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.config import Settings

PATIENCE_S = 40
SHOWN = 2
"""Events of the turn that shows the card."""
LEAD = "new enquiry from Ravi Menon: Kochi to Dubai, 2 adults, ravi@example.com"


@pytest.fixture(scope="module")
def desk(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which a test states where the worker process is to kill itself."""
    folder = tmp_path_factory.mktemp("dying")
    environment = worker_environment(settings)
    with (folder / "log").open("ab") as out:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.assistant.dying_worker", str(folder), "--prepared"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
        )
    yield folder
    end(keeper, within_s=15)


def wait_until(ready: Callable[[], bool], desk: Path) -> None:
    """Wait for a condition; fail with the worker's log after a timeout."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.05)  # each look is a transaction, which takes CPU from the worker
    raise AssertionError((desk / "log").read_text())


def begin(talk: Talk, person: Person, desk: Path, plan: str) -> UUID:
    """Let the first worker show a card, and confirm the card under a plan.

    Returns the conversation.
    """
    session_id = talk.begin(person)
    with person.acting() as actor:
        messages.send(actor, session_id, message=LEAD)
    wait_until(lambda: is_over(talk.events(person, session_id)), desk)
    (desk / "plan").write_text(plan)
    with person.acting() as actor:
        messages.send(actor, session_id, message="yes")
    return session_id


def is_over(events: list[Event]) -> bool:
    return bool(events) and events[-1]["kind"] == "final"


def assert_whole(talk: Talk, person: Person, session_id: UUID) -> None:
    """Check that two workers completed one turn without repeating anything.

    There is one tool call and no repeated event.
    """
    events = talk.events(person, session_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    events = events[SHOWN:]
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    assert text(events).count("Ravi Menon") == 1
    with person.reading() as reader:
        assert len(enquiries.find_by_text(reader, "Ravi Menon")) == 1
        newest = chats.newest_turn(session_id)
    assert newest is not None
    assert (newest.status, newest.attempt) == ("done", 2)
    assert len(talk.messages(person, session_id)) == 4


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize(
    ("plan", "events_before"),
    [("after 3", 3), ("before 4", 3), ("after 4", 4), ("after 5", 5)],
    ids=[
        "the tool is announced",
        "the tool has run and is not committed",
        "the tool has run",
        "in the middle of a sentence",
    ],
)
def test_a_turn_of_a_killed_worker_is_finished_by_another(
    talk: Talk, alice: Person, desk: Path, plan: str, events_before: int
) -> None:
    session_id = begin(talk, alice, desk, plan)
    wait_until(lambda: not (desk / "plan").exists(), desk)
    events = talk.events(alice, session_id)
    assert len(events) == events_before
    wait_until(lambda: is_over(talk.events(alice, session_id)), desk)
    assert talk.events(alice, session_id)[: len(events)] == events
    assert_whole(talk, alice, session_id)


def test_a_stream_followed_through_a_kill_has_no_gap_and_no_repeat(
    talk: Talk, alice: Person, desk: Path
) -> None:
    session_id = begin(talk, alice, desk, "slow")
    wait_until(lambda: len(talk.events(alice, session_id)) >= SHOWN + 3, desk)
    os.kill(int((desk / "pid").read_text()), signal.SIGKILL)
    (desk / "plan").unlink()
    seen = talk.events(alice, session_id)
    assert not is_over(seen)
    with alice.acting() as actor:
        reply = messages.send(actor, session_id, message="yes", last_event_id=str(seen[-1]["seq"]))
    assert reply.after_seq == seen[-1]["seq"]
    wait_until(lambda: is_over(talk.events(alice, session_id)), desk)
    assert talk.events(alice, session_id)[: len(seen)] == seen
    assert_whole(talk, alice, session_id)
