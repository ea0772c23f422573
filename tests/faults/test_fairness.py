"""Exports without end, and slow downloads, do not keep other agencies waiting."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.audit.conftest import Seed, seed
from tests.faults.web import Web, web_processes
from tests.people import People, Person
from tests.processes import ROOT
from voyagent.kernel.config import Settings

__all__ = ["seed"]
Rounds = Callable[[int], int]
Report = Callable[[str], None]
EXPORTS, EVENTS = 9, 20_000
SECONDS = 60
TIMES_SLOWER = 1.5
PAUSE_S = 0.05
MANY_FILES = "/audit/export.csv"
SLOW_BYTES_PER_S = 20_000
"""Rate of a slow download, above the one that is always required."""
SLOW_CLIENTS = ("1.0", "1.1", "1.0", "1.1")
"""Versions of HTTP of a person's slow clients."""


@pytest.fixture
def web(settings: Settings, tmp_path: Path) -> Iterator[Web]:
    with web_processes(settings, tmp_path, processes=2) as running:
        yield running


@pytest.fixture
def one_process(settings: Settings, tmp_path: Path) -> Iterator[Web]:
    with web_processes(settings, tmp_path, processes=1) as running:
        yield running


def read(web: Web, person: Person, path: str) -> int:
    """Read a response to its end and return its status."""
    connection, answer = web.open(person, "GET", path)
    try:
        answer.read()
        return answer.status
    finally:
        connection.close()


def p95_of_work(web: Web, person: Person, seconds: float) -> float:
    """Return the 95th percentile in seconds of a person's reads, one after the other."""
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        assert read(web, person, "/enquiries") == 200
        took.append(time.perf_counter() - began)
        time.sleep(PAUSE_S)
    return sorted(took)[int(len(took) * 0.95)]


@contextmanager
def exporting(web: Web, person: Person) -> Iterator[Counter[int]]:
    """Export with EXPORTS clients again and again; at the end count the statuses."""
    statuses = Counter[int]()
    arguments = [str(web.port), f"/api{MANY_FILES}", person.access_token, str(EXPORTS)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.exporting_clients", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as clients:
        yield statuses
        printed, _ = clients.communicate(timeout=60)
    statuses.update({int(status): number for status, number in json.loads(printed).items()})


def test_nine_exports_of_an_agency_do_not_slow_another_down(
    web: Web, alice: Person, charlie: Person, seed: Seed, rounds: Rounds, report: Report
) -> None:
    seed(alice, EVENTS, kind="probe.many", inputs={"words": "lorem ipsum " * 20})
    seconds = rounds(SECONDS)
    p95_of_work(web, charlie, 2)
    for _ in range(3):  # other load on this machine is not the agency's
        idle = p95_of_work(web, charlie, seconds)
        with exporting(web, alice) as statuses:
            time.sleep(1)
            busy = p95_of_work(web, charlie, seconds)
        report(
            f"p95 {idle * 1000:.1f} ms, and {busy * 1000:.1f} ms while another agency exports with"
            f" {EXPORTS} clients; their answers: {dict(statuses)}"
        )
        assert set(statuses) <= {200, 503}
        assert statuses[200]
        if busy <= TIMES_SLOWER * idle:
            break
    assert busy <= TIMES_SLOWER * idle


def test_exports_of_one_agency_do_not_refuse_those_of_another(
    web: Web, alice: Person, charlie: Person, seed: Seed, report: Report
) -> None:
    seed(alice, EVENTS, kind="probe.many", inputs={"words": "lorem ipsum " * 20})
    with exporting(web, alice) as statuses:
        time.sleep(1)
        others = Counter(read(web, charlie, MANY_FILES) for _ in range(20))
    report(f"exports of the others: {dict(others)}; of the agency with nine: {dict(statuses)}")
    assert others == {200: 20}


@contextmanager
def downloading_slowly(web: Web, people: list[Person]) -> Iterator[Counter[str]]:
    """Download with SLOW_CLIENTS of each person, again and again; count the ends."""
    over, ends = threading.Event(), Counter[str]()

    def download(person: Person, version: str) -> None:
        while not over.is_set():
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
                client.settimeout(30)
                client.connect(("127.0.0.1", web.port))
                client.sendall(
                    f"GET /api{MANY_FILES} HTTP/{version}\r\nHost: localhost\r\n"
                    f"Authorization: Bearer {person.access_token}\r\n\r\n".encode()
                )
                received = client.recv(SLOW_BYTES_PER_S)
                if b" 200 " not in received[:20]:
                    over.wait(0.2)
                    continue
                try:
                    while received and not over.wait(len(received) / SLOW_BYTES_PER_S):
                        received = client.recv(SLOW_BYTES_PER_S)
                    if not received:
                        ends["complete"] += 1
                except ConnectionResetError:
                    ends[f"reset, HTTP/{version}"] += 1

    threads = [
        threading.Thread(target=download, args=(person, version))
        for person in people
        for version in SLOW_CLIENTS
    ]
    for thread in threads:
        thread.start()
    try:
        yield ends
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_slow_downloads_of_two_agencies_do_not_refuse_a_third(
    one_process: Web,
    alice: Person,
    charlie: Person,
    people: People,
    seed: Seed,
    rounds: Rounds,
    report: Report,
) -> None:
    for person in (alice, charlie):
        seed(person, EVENTS, kind="probe.many", inputs={"words": "lorem ipsum " * 60})
    third = people.sign_up("Third Person", agency="Third Agency")
    for _ in range(3):  # other load on this machine is not that of the downloads
        with downloading_slowly(one_process, [alice, charlie]) as ends:
            time.sleep(3)
            statuses, slowest_s = exports_of(one_process, third, max(20, rounds(SECONDS)))
        report(
            f"exports of the third agency: {dict(statuses)}, at most {slowest_s:.1f} s;"
            f" ends of the slow downloads: {dict(ends)}"
        )
        assert ends
        assert "complete" not in ends
        if set(statuses) == {200}:
            break
    assert set(statuses) == {200}


def exports_of(web: Web, person: Person, seconds: float) -> tuple[Counter[int], float]:
    """Export once a second; return the statuses, and the longest time in seconds."""
    statuses, slowest_s = Counter[int](), 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        statuses[read(web, person, MANY_FILES)] += 1
        slowest_s = max(slowest_s, time.monotonic() - began)
        time.sleep(1)
    return statuses, slowest_s
