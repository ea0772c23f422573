"""Turns continue without loss or repetition if a process is killed."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.assistant.line import INVOICE
from tests.faults.conftest import Report, Rounds
from tests.faults.web import FRAME, Web, wait, web_processes
from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.kernel.config import Settings

WEB_KILLS, WORKER_KILLS = 100, 30
TAKEN_OVER_WITHIN_S = 10
SERVES_AGAIN_WITHIN_S = 5
NONE_RUNS_AFTER_S = 30
TELLS_FOR_S = 1.0  # about as long as such a turn tells its words, at the pace of `dying_worker`


@pytest.fixture(scope="module")
def desk(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A worker that sends its text slowly.

    The file `pid` in the folder has its process id.
    """
    folder = tmp_path_factory.mktemp("dying")
    (folder / "plan").write_text("slow")
    own = {
        name: value
        for name, value in worker_environment(settings).items()
        if name not in ("VOYAGENT_WORKER_HEARTBEAT_S", "VOYAGENT_WORKER_STALLED_S")
    }
    with (folder / "log").open("ab") as out:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.assistant.dying_worker", str(folder)],
            cwd=ROOT,
            env=own,
            stdout=out,
            stderr=out,
        )
    yield folder
    end(keeper, within_s=15)


@pytest.fixture(scope="module")
def web(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with web_processes(settings, tmp_path_factory.mktemp("web"), processes=2) as made:
        yield made


class Talk:
    """A client that asks for an invoice and follows both turns through faults.

    It confirms the invoice's card.
    """

    def __init__(self, web: Web, person: Person) -> None:
        self.web, self.person = web, person
        self.session_id = str(person.api.post("/chat/sessions").json["session_id"])
        self.ids: list[int] = []
        self.kinds: list[str] = []
        self.broken = 0
        self.away_s = 0.0
        self.port = 0

    def follow(self) -> None:
        """Read to both final events.

        After a break the body is sent again with the last number.
        """
        for turn, message in enumerate((INVOICE, "yes"), start=1):
            self._follow(message, turn)

    def _follow(self, message: str, turn: int) -> None:
        since = time.monotonic()
        while self.kinds.count("final") < turn:
            seen = {"Last-Event-ID": str(self.ids[-1])} if self.ids else {}
            try:
                connection, answer = self.web.open(
                    self.person,
                    "POST",
                    f"/chat/sessions/{self.session_id}/messages",
                    {"message": message},
                    **seen,
                )
                self.port = connection.sock.getsockname()[1]
                assert answer.status == 200, answer.read()
                self.away_s = max(self.away_s, time.monotonic() - since)
                self._read(answer)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                time.sleep(0.1)
            since = time.monotonic()

    def _read(self, answer: http.client.HTTPResponse) -> None:
        rest = b""
        while chunk := answer.read1(65536):
            rest += chunk
            for number, data in FRAME.findall(rest):
                self.ids.append(int(number))
                self.kinds.append(json.loads(data)["kind"])
            rest = rest[rest.rfind(b"\n\n") + 2 :] if b"\n\n" in rest else rest


def begun(talk: Talk, desk: Path) -> threading.Thread:
    """Wait until a client follows and the first text was sent."""
    following = threading.Thread(target=talk.follow)
    following.start()
    wait(lambda: bool(talk.ids), lambda: log_of(desk))
    return following


def log_of(desk: Path) -> str:
    return (desk / "log").read_text()[-3000:]


def check(engine: sa.Engine, talk: Talk) -> int:
    """Check the conversation and return its largest number of attempts.

    The number is that of one of its two turns. Each event was sent once and in order, and there is
    one answer and one proposal.
    """
    assert talk.ids == list(range(1, len(talk.ids) + 1))
    assert [kind for kind in talk.kinds if kind != "text_delta"] == [
        "final",
        "tool_use",
        "approval_request",
        "final",
    ]
    _, answer = talk.web.open(talk.person, "GET", f"/chat/sessions/{talk.session_id}/messages")
    assert [message["role"] for message in json.loads(answer.read())["messages"]] == [
        "user",
        "assistant",
    ] * 2
    with engine.connect() as connection:
        of = {"s": talk.session_id}
        assert (
            connection.scalar(sa.text("select count(*) from approvals where session_id = :s"), of)
            == 1
        )
        assert connection.scalar(
            sa.text("select max(seq) from chat_events where session_id = :s"), of
        ) == len(talk.ids)
        turns = connection.execute(
            sa.text("select status, attempt from chat_turns where session_id = :s order by number"),
            of,
        ).all()
    assert [turn.status for turn in turns] == ["done", "waiting"]
    return max(turn.attempt for turn in turns)


def none_runs(engine: sa.Engine, person: Person) -> bool:
    with engine.connect() as connection:
        of = {"t": person.actor.tenant_id}
        return (
            connection.scalar(
                sa.text(
                    "select count(*) from chat_turns where tenant_id = :t and status in ('queued',"
                    " 'running')"
                ),
                of,
            )
            == 0
        )


@pytest.fixture
def many_turns(alice: Person) -> None:
    """Raise the agency's limit of turns above what a full run needs."""
    response = alice.api.patch("/tenant-settings", json={"rate_limit_per_minute": 10_000})
    assert response.status_code == 200, response.text


@pytest.mark.usefixtures("no_jobs", "many_turns")
def test_a_turn_continues_if_its_web_process_is_killed(
    web: Web,
    desk: Path,
    alice: Person,
    owner_engine: sa.Engine,
    seeded: random.Random,
    rounds: Rounds,
    report: Report,
) -> None:
    broken, away_s, again_s = 0, 0.0, 0.0
    for _ in range(rounds(WEB_KILLS)):
        talk = Talk(web, alice)
        following = begun(talk, desk)
        time.sleep(seeded.random() * TELLS_FOR_S)
        victim = web.server_of(talk.port)
        if victim is not None:
            os.kill(victim, signal.SIGKILL)
            since = time.monotonic()
            wait(lambda victim=victim: victim not in web.workers(), web.log_end)  # type: ignore[misc]
            web.wait()
            again_s = max(again_s, time.monotonic() - since)
        following.join(timeout=60)
        assert not following.is_alive(), web.log_end()
        assert check(owner_engine, talk) == 1, "the turn runs elsewhere"
        broken, away_s = broken + (talk.broken > 0), max(away_s, talk.away_s)
    wait(lambda: none_runs(owner_engine, alice), web.log_end, NONE_RUNS_AFTER_S)
    report(
        f"{rounds(WEB_KILLS)} turns, {broken} streams broken: none lost, reported or done twice;"
        f" followed again after {away_s:.1f} s, two processes again after {again_s:.1f} s at the"
        f" latest, where the site's own start took {web.started_s:.1f} s"
    )
    assert broken > 0
    assert away_s <= SERVES_AGAIN_WITHIN_S
    assert again_s <= max(SERVES_AGAIN_WITHIN_S, 2 * web.started_s), (
        "a computer that is busy starts nothing sooner"
    )


@pytest.mark.usefixtures("no_jobs", "many_turns")
def test_a_turn_continues_if_its_worker_is_killed(
    web: Web,
    desk: Path,
    alice: Person,
    owner_engine: sa.Engine,
    seeded: random.Random,
    rounds: Rounds,
    report: Report,
) -> None:
    slowest, taken_over = 0.0, 0
    for _ in range(rounds(WORKER_KILLS)):
        talk = Talk(web, alice)
        following = begun(talk, desk)
        time.sleep(seeded.random() * TELLS_FOR_S / 2)
        os.kill(int((desk / "pid").read_text()), signal.SIGKILL)
        since = time.monotonic()
        with owner_engine.connect() as connection:
            seen_events = connection.scalar(
                sa.text("select event_seq from chat_sessions where id = :s"), {"s": talk.session_id}
            )
        wait(
            lambda talk=talk, seen_events=seen_events: (
                "final" in talk.kinds or len(talk.ids) > seen_events
            ),
            lambda: log_of(desk),
        )  # type: ignore[misc]
        slowest = max(slowest, time.monotonic() - since)
        following.join(timeout=60)
        assert not following.is_alive(), log_of(desk)
        taken_over += check(owner_engine, talk) > 1
    wait(lambda: none_runs(owner_engine, alice), lambda: log_of(desk), NONE_RUNS_AFTER_S)
    report(
        f"{rounds(WORKER_KILLS)} kills, {taken_over} turns taken over, within {slowest:.1f} s: none"
        " lost, reported or done twice"
    )
    assert taken_over > 0
    assert slowest <= TAKEN_OVER_WITHIN_S
