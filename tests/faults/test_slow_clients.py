"""Hundreds of clients that never finish a request, or never read a response.

Other people hardly notice them, and each is disconnected at its deadline.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.faults.conftest import Report, Rounds
from tests.faults.web import Web, is_cut, wait, web_processes
from tests.faults.work import TIMES_SLOWER, p95, repeating, work
from tests.http.test_buffering import UNFINISHED
from tests.people import People, Person
from voyagent.http.buffering import Limits
from voyagent.kernel.config import Settings

LIMITS = Limits()
CLIENTS, PER_ADDRESS, WORKERS = 300, 60, 20
FLOODS = 10
SECONDS = 5.0
"""Duration of the work, shorter than any deadline."""
HEALTH_S = 1.0
LATE_S = 8.0
"""Time to notice a deadline, and to wait for the client's end."""
WINDOW_BYTES = 4096
# The response is larger than what the program and the system keep for a client.
GET_LARGE = b"GET /static/vendor/redoc.standalone.js HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Slow:
    """One kind of slow client.

    `threads` is the number of threads that its responses may hold.
    """

    sends: bytes
    deadline_s: float
    threads: int = 0


KINDS = {
    "nothing": Slow(UNFINISHED["nothing"], LIMITS.header_s),
    "half a header": Slow(UNFINISHED["half a header"], LIMITS.header_s),
    "half a body": Slow(UNFINISHED["half a body"], LIMITS.body_s),
    "half a chunk": Slow(UNFINISHED["half a chunk"], LIMITS.body_s),
    "reads nothing": Slow(GET_LARGE, LIMITS.send_s, threads=128),
}


@pytest.fixture(scope="module")
def web(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One process with the default limits of connections."""
    with web_processes(
        settings,
        tmp_path_factory.mktemp("slow"),
        processes=1,
        VOYAGENT_CONNECTIONS_PER_ADDRESS=str(LIMITS.per_address),
    ) as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
def test_slow_clients_delay_nobody_and_are_disconnected(
    web: Web,
    alice: Person,
    people: People,
    seeded: random.Random,
    rounds: Rounds,
    report: Report,
    kind: str,
) -> None:
    slow = KINDS[kind]
    workers = [people.colleague(alice, f"Person {n}", role="agent") for n in range(WORKERS)]
    work(web, workers, 1, seeded)
    files, threads = web.files(), web.figure("Threads")
    for _ in range(rounds(FLOODS)):
        for _ in range(3):  # other load on this machine is not that of the clients
            idle = p95(work(web, workers, SECONDS, seeded))
            flooded, health_s, closed_s = flood(web, workers, seeded, slow)
            report(
                f"p95 {idle * 1000:.0f} ms, and {flooded * 1000:.0f} ms beside {CLIENTS} clients;"
                f" health within {health_s * 1000:.0f} ms; all closed after {closed_s:.1f} s;"
                f" {threads} threads before and {web.figure('Threads')} after"
            )
            if flooded <= TIMES_SLOWER * idle:
                break
        assert closed_s <= slow.deadline_s + LATE_S
        assert health_s <= HEALTH_S
        assert flooded <= TIMES_SLOWER * idle
    wait(lambda: not web.sockets(), web.log_end, LATE_S)
    assert web.files() <= files
    # The pool keeps each thread that was ever needed, so clients that held one would show.
    assert web.figure("Threads") <= threads + WORKERS + slow.threads


def flood(
    web: Web, workers: list[Person], seeded: random.Random, slow: Slow
) -> tuple[float, float, float]:
    """Let people work beside slow clients.

    Returns the 95th percentile of the work, the slowest response of `/health`, and the time after
    which all clients were disconnected, each in seconds.
    """

    def ask_for_health() -> int:
        return web.answer("GET", "/health", source="127.0.8.1").status

    with ExitStack() as held, repeating(ask_for_health, 0.1) as (statuses, health):
        clients = [held.enter_context(connect(web, n, slow)) for n in range(CLIENTS)]
        since = time.monotonic()
        flooded = p95(work(web, workers, SECONDS, seeded))
        wait(
            lambda: all(map(is_cut, clients)),
            lambda: f"{sum(map(is_cut, clients))} are closed\n{web.log_end()}",
            slow.deadline_s + LATE_S,
        )
        closed_s = time.monotonic() - since
    assert set(statuses) == {200}
    return flooded, max(health), closed_s


def connect(web: Web, number: int, slow: Slow) -> socket.socket:
    """Connect from one of several addresses and send; the client never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW_BYTES)
    client.bind((f"127.0.7.{number // PER_ADDRESS + 1}", 0))
    client.settimeout(10)
    client.connect(("127.0.0.1", web.port))
    client.sendall(slow.sends)
    if slow.threads:
        # The next client follows when this response has begun: a thread that works for a client is
        # not one that waits for it.
        client.recv(1, socket.MSG_PEEK)
    return client
