"""Two web servers behind a proxy are restarted one after the other, under load."""

from __future__ import annotations

import copy
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.conftest import Report, Rounds
from tests.faults.load import Load, check_books
from tests.faults.web import Web, web_processes, worker_process
from tests.people import People, Person
from tests.processes import end
from tests.proxies import PROGRAMS, proxy
from voyagent.factory import create_app
from voyagent.kernel.config import Settings

RESTARTS, CLIENTS, STREAMS = 10, 12, 6
GRACEFUL_S, WARM_UP_S = 13, 2.5


@contextmanager
def streams_open(web: Web, person: Person) -> Iterator[Counter[int]]:
    """Keep event streams open until the block ends; open each again when it ends.

    Yields the number of responses by status; 0 stands for a connection without response.
    """
    over, statuses = threading.Event(), Counter[int]()
    open_now: list[http.client.HTTPConnection] = []

    def follow(session_id: str) -> None:
        while not over.is_set():
            try:
                connection, answer = web.open(person, "GET", f"/chat/sessions/{session_id}/events")
            except (OSError, http.client.HTTPException):
                statuses[0] += 1
                continue
            statuses[answer.status] += 1
            open_now.append(connection)
            with suppress(OSError, http.client.HTTPException, ValueError):
                while answer.read1(65536):
                    pass
            connection.close()

    sessions = [
        web.answer("POST", "/api/chat/sessions", person=person).json["session_id"]
        for _ in range(STREAMS)
    ]
    with ThreadPoolExecutor(STREAMS) as pool:
        for session_id in sessions:
            pool.submit(follow, session_id)
        try:
            yield statuses
        finally:
            over.set()
            for connection in open_now:
                with suppress(OSError, AttributeError):
                    connection.sock.shutdown(2)


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_request_fails_while_two_servers_are_restarted(
    settings: Settings, tmp_path: Path, rounds: Rounds, report: Report, name: str
) -> None:
    if PROGRAMS[name] is None:
        pytest.skip(f"{name} is not installed")
    app = create_app(settings)
    people = [
        People(app).sign_up("Alice Owner", agency="Alice Travels"),
        People(app).sign_up("Charlie Stranger", agency="Charlie Tours"),
    ]
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    variables = {"VOYAGENT_DRAIN_S": "3"}
    first, second = (
        web_processes(settings, folder, processes=1, graceful_s=GRACEFUL_S, **variables)
        for folder in folders
    )
    with (
        worker_process(settings, tmp_path),
        first as one,
        second as other,
        proxy(name, (one.port, other.port)) as port,
    ):
        front = copy.copy(one)
        front.port = port
        load = Load(front, people)
        front.turn(people[0])  # the worker has started
        with load.running(CLIENTS), streams_open(front, people[0]) as streams:
            time.sleep(WARM_UP_S)
            for _ in range(rounds(RESTARTS)):
                for server in (one, other):
                    end(server.process, within_s=GRACEFUL_S + 5)
                    server.start()
                    server.wait()
            turn_s = front.turn(people[0])[1]
            opened = streams.copy()
        assert load.failed_in(0) == []
        assert set(opened) == {200}
        assert opened[200] > STREAMS, "streams were ended and opened again"
        load.check_stored(settings)
    check_books(app)
    report(
        f"{2 * rounds(RESTARTS)} restarts, {len(load.attempts)} requests and"
        f" {opened[200]} streams, none failed; a turn afterwards took {turn_s:.1f} s"
    )
