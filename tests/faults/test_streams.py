"""A hundred stalled listeners and two hundred that disconnect.

Other users hardly notice, one person has a limited number of streams, and nothing is left.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.faults.conftest import Report, Rounds
from tests.faults.web import Web, is_cut, wait, web_processes
from tests.faults.work import TIMES_SLOWER, p95, work
from tests.people import People, Person
from voyagent.assistant.api.event_stream import PER_PERSON_MAX, SHARE
from voyagent.kernel.config import Settings

PROCESSES = 2
STUCK, VANISHING, WORKERS, LISTENERS = 100, 200, 20, 20
SECONDS = 100  # of ordinary work, with the flood and without
WARM_UP_S = 3
GONE_WITHIN_S = 60
MORE_MEMORY = 1.10
EVENTS, EVENT_BYTES = 2000, 1000
STREAMS_MAX = SHARE * (2 * STUCK + VANISHING)
"""So many that one agency may have all listeners, who stand for those of many agencies."""
POOLED = PROCESSES * (
    Settings.model_fields["db_pool_size"].default
    + Settings.model_fields["db_lane_pool_size"].default
)
WINDOW_BYTES = 4096  # what a listener who does not read takes in nevertheless


@pytest.fixture
def web(settings: Settings, tmp_path: Path) -> Iterator[Web]:
    variables = {"VOYAGENT_STREAMS_MAX": str(STREAMS_MAX)}
    with web_processes(settings, tmp_path, processes=PROCESSES, **variables) as made:
        yield made


@dataclass(frozen=True)
class Held:
    """Resources of the web processes.

    Kibibytes of memory, threads, client connections, database connections in use and in all.
    """

    memory: int
    threads: int
    clients: int
    in_use: int
    database: int


@dataclass
class Streams:
    """The site with a long conversation, its listeners and its users."""

    web: Web
    engine: sa.Engine
    session_id: str
    listeners: list[Person]
    workers: list[Person]

    def holds(self) -> Held:
        memory, threads = self.web.figure("VmRSS"), self.web.figure("Threads")
        with self.engine.connect() as connection:
            open_ones = (
                "select count(*) from pg_stat_activity where datname = current_database() and pid"
                " <> pg_backend_pid()"
            )
            database = int(connection.scalar(sa.text(open_ones)) or 0)
        clients = len(self.web.sockets())
        return Held(memory, threads, clients, self.web.connections_in_use(), database)

    def listen(self, person: Person) -> socket.socket:
        """Request the whole conversation and read almost nothing; return the connection."""
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
        line.settimeout(30)
        line.connect(("127.0.0.1", self.web.port))
        headers = {
            "Host": "localhost",
            "Authorization": f"Bearer {person.access_token}",
            "Last-Event-ID": "0",
        }
        asked = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.sendall(
            f"GET /api/chat/sessions/{self.session_id}/events HTTP/1.1\r\n{asked}\r\n".encode()
        )
        return line

    def work(self, seconds: float, seeded: random.Random) -> list[float]:
        """Let all users work with a request now and then; return the durations."""
        return work(self.web, self.workers, seconds, seeded)


@pytest.fixture
def streams(web: Web, alice: Person, people: People, owner_engine: sa.Engine) -> Streams:
    session_id = alice.api.post("/chat/sessions").json["session_id"]
    values = {"s": session_id, "t": alice.actor.tenant_id, "n": EVENTS, "text": "x" * EVENT_BYTES}
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into chat_events (tenant_id, session_id, seq, turn_id, kind, data) select"
                " :t, :s, n, 't-long', 'text_delta', json_build_object('kind', 'text_delta',"
                " 'text', cast(:text as text))::text from generate_series(1, :n) n"
            ),
            values,
        )
        connection.execute(sa.text("update chat_sessions set event_seq = :n where id = :s"), values)
    somebody = [
        people.colleague(alice, f"Person {number}", role="agent")
        for number in range(LISTENERS + WORKERS)
    ]
    return Streams(web, owner_engine, session_id, somebody[:LISTENERS], somebody[LISTENERS:])


def status_of(line: socket.socket) -> int:
    return int(line.recv(64).split(b" ", 2)[1])


def test_clients_that_stop_reading_do_not_affect_others(
    streams: Streams, seeded: random.Random, rounds: Rounds, report: Report
) -> None:
    seconds, vanishing = (
        rounds(SECONDS),
        rounds(VANISHING),
    )  # so many a second, however long it lasts
    with flood(
        streams, seeded, WARM_UP_S, 2 * STUCK, VANISHING
    ):  # a bigger one, which fills the pools of threads and of connections
        streams.work(WARM_UP_S, seeded)
    settle(streams)
    before, idle = streams.holds(), streams.work(seconds, seeded)
    with flood(streams, seeded, seconds, STUCK, vanishing) as stuck:
        flooded = streams.work(seconds, seeded)
        since = time.monotonic()
        wait(lambda: all(map(is_cut, stuck)), streams.web.log_end, GONE_WITHIN_S)
        settle(streams, before)
        gone_s = time.monotonic() - since
    report(
        f"p95 of those who work {p95(idle) * 1000:.0f} ms, and {p95(flooded) * 1000:.0f} ms with"
        f" {STUCK} who stop reading and {vanishing} who vanish"
    )
    report(f"held before {before}, and {gone_s:.0f} s later {streams.holds()}")
    assert p95(flooded) <= TIMES_SLOWER * p95(idle)
    assert gone_s <= GONE_WITHIN_S


@contextmanager
def flood(
    streams: Streams, seeded: random.Random, seconds: float, how_many: int, vanishing: int
) -> Iterator[list[socket.socket]]:
    """Open stalled listeners, yield them, and let others connect and disconnect."""

    def come_and_go() -> None:
        for number in range(vanishing):
            with streams.listen(streams.listeners[number % LISTENERS]) as line:
                if number % 2:
                    assert status_of(line) in (200, 429, 503)
            time.sleep(seeded.uniform(0, 2 * seconds / vanishing))

    with ExitStack() as held:
        stuck = [
            held.enter_context(streams.listen(streams.listeners[number % LISTENERS]))
            for number in range(how_many)
        ]
        assert {status_of(line) for line in stuck} == {200}
        crowd = threading.Thread(target=come_and_go)
        crowd.start()
        yield stuck
        crowd.join()


def settle(streams: Streams, before: Held | None = None) -> float:
    """Wait until all resources of the flood are released; return the seconds."""

    def is_settled() -> bool:
        now = streams.holds()
        if now.clients:
            return False
        if before is None:
            return True
        are_closed = (
            now.in_use <= before.in_use and now.database <= before.database + POOLED
        )  # a pool may have grown into what it keeps
        return (
            are_closed
            and now.memory <= before.memory * MORE_MEMORY
            and now.threads <= before.threads
        )

    return wait(
        is_settled,
        lambda: f"{before}, now {streams.holds()}\n{streams.web.log_end()}",
        GONE_WITHIN_S,
    )


def test_streams_per_user_are_limited(streams: Streams, report: Report) -> None:
    person = streams.listeners[0]
    with ExitStack() as held:
        statuses = [
            status_of(held.enter_context(streams.listen(person)))
            for _ in range(PROCESSES * PER_PERSON_MAX + 10)
        ]
    refused = statuses.count(429)
    report(
        f"{statuses.count(200)} streams of one person let in by {PROCESSES} processes, {refused}"
        " × 429"
    )
    assert set(statuses) == {200, 429}
    assert PER_PERSON_MAX <= statuses.count(200) <= PROCESSES * PER_PERSON_MAX
    wait(lambda: not streams.web.sockets(), streams.web.log_end, GONE_WITHIN_S)
    with streams.listen(person) as line:
        assert status_of(line) == 200
