"""The web process of the product among slow and broken clients, and its drain."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median

import pytest

from tests.faults.web import Web, web_processes
from tests.http.test_buffering import UNFINISHED, rest_of, status
from tests.people import Person
from voyagent.kernel.config import Settings

SOCKETS = 300
KINDS = [
    [UNFINISHED["nothing"], UNFINISHED["half a header"]],
    [UNFINISHED["half a chunk"], UNFINISHED["no last chunk"]],
    [UNFINISHED["no body"], UNFINISHED["half a body"], UNFINISHED["waits to continue"]],
]


@pytest.fixture(scope="module")
def web(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with web_processes(settings, tmp_path_factory.mktemp("web"), processes=1) as made:
        yield made


def connect(web: Web) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=20)


@pytest.mark.parametrize("kind", range(3), ids=["half headers", "truncated chunks", "no bodies"])
def test_health_answers_within_a_second_beside_unfinished_requests_and_streams(
    web: Web, alice: Person, kind: int
) -> None:
    session_id = alice.api.post("/chat/sessions").json["session_id"]
    path = f"/chat/sessions/{session_id}/events"
    with ExitStack() as held:
        streams = []
        for _ in range(10):
            connection, stream = web.open(alice, "GET", path, **{"Last-Event-ID": "0"})
            held.callback(connection.close)
            assert (stream.status, stream.readline()) == (200, b": open\n")
            streams.append(stream)
        for number in range(SOCKETS):
            sent = KINDS[kind][number % len(KINDS[kind])]
            held.enter_context(connect(web)).sendall(sent)
        for _ in range(5):
            began = time.monotonic()
            assert web.ask("GET", "/health", {}, None) == 200
            assert time.monotonic() - began < 1
        bearer = {"Authorization": f"Bearer {alice.access_token}"}
        assert web.ask("GET", "/api/auth/me", bearer, None) == 200
        assert not any(stream.isclosed() for stream in streams)


def test_health_answers_within_a_second_beside_slow_readers(web: Web, alice: Person) -> None:
    """Three addresses ask for a large document and read at most 3 KB a second of it.

    One slow response of five is the load of the machine, not clients that occupy the server.
    """
    asked = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n" * 20
    bearer = {"Authorization": f"Bearer {alice.access_token}"}
    with ExitStack() as held:
        readers = []
        for number in range(285):
            reader = held.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(20)
            reader.bind((f"127.0.4.{number % 3 + 1}", 0))
            reader.connect(("127.0.0.1", web.port))
            reader.sendall(asked)
            reader.settimeout(0)
            readers.append(reader)
        times_s = []
        for _ in range(5):
            time.sleep(2)
            for reader in readers:
                with suppress(OSError):  # nothing has arrived, or it is disconnected
                    reader.recv(6000)
            began = time.monotonic()
            assert web.ask("GET", "/health", {}, None) == 200
            times_s.append(time.monotonic() - began)
            assert web.ask("GET", "/api/auth/me", bearer, None) == 200
    assert median(times_s) < 1


def test_a_malformed_chunk_is_a_400_with_one_log_line(web: Web) -> None:
    before = len(web.log.read_text())
    with connect(web) as client:
        client.sendall(
            b"POST /api/auth/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"
        )
        got = rest_of(client)
    assert (status(got), got.count(b"HTTP/1.1")) == (400, 1)
    assert json.loads(got.partition(b"\r\n\r\n")[2])["detail"] == "malformed_body"
    (line,) = web.log.read_text()[before:].splitlines()
    assert json.loads(line)["malformed"] == "InvalidChunkSize"


def test_a_body_that_ends_early_is_not_taken_for_the_whole(web: Web) -> None:
    body = b'{"email": "a@malabar.example", "password": "x"}' + b" " * 1_100_000
    with connect(web) as client:
        client.sendall(
            b"POST /import HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + body
        )
        client.shutdown(socket.SHUT_WR)
        assert status(rest_of(client)) in {303, 400, 413}


def test_a_process_that_drains_is_not_ready_and_answers_what_comes(
    settings: Settings, tmp_path: Path, alice: Person
) -> None:
    bearer = {"Authorization": f"Bearer {alice.access_token}"}
    with web_processes(settings, tmp_path, processes=1, VOYAGENT_DRAIN_S="1.5") as web:
        assert web.ask("GET", "/ready", {}, None) == 200
        kept = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
        kept.request("GET", "/health")
        assert kept.getresponse().read()
        web.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert web.ask("GET", "/ready", {}, None) == 503
        assert web.ask("GET", "/api/auth/me", bearer, None) == 200
        kept.request("GET", "/ready")
        answer = kept.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (503, "close")
        assert json.loads(answer.read())["detail"] == "draining"
        assert web.process.wait(10) == 0
        assert "Traceback" not in web.log.read_text()
