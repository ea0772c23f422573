"""The web process on real sockets: slow, broken and ordinary clients.

gunicorn runs a small program with the product's worker and short deadlines, and beside it the same
program with gunicorn's own worker.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.http import message
from gunicorn.http.errors import InvalidChunkSize
from gunicorn.http.unreader import IterUnreader

from tests.cpu_time import cpu_seconds
from tests.http.echo_server import BUFFERED_BYTES, LARGE_BYTES, THREADS
from tests.processes import ROOT, end
from voyagent.http.buffering import (
    BODY_BYTES_MAX,
    CHUNKS_MAX,
    CONTINUE,
    HEADER_BYTES_MAX,
    LINGER_S,
    BufferingWorker,
    Scan,
    Stage,
    network_of,
)
from voyagent.kernel.config import load_settings

BUFFERING, GTHREAD = "voyagent.http.buffering.BufferingWorker", "gthread"
HEADER_S, BODY_S, SEND_S, PER_ADDRESS = 1.0, 1.0, 1.0, 40
SOON_S = 0.8  # less than any deadline
GET = b"GET /get HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
UNFINISHED = {
    "nothing": b"",
    "half a header": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-",
    "no body": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
    "half a body": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    "half a chunk": b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "no last chunk": b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    "bare line feeds in chunks": b"POST /x HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
    "half a trailer": b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1",
    "waits to continue": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
    b"Expect: 100-continue\r\n\r\n",
    "two encodings": b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "a chunk size of many digits": b"POST /x HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 30 + b"5\r\nhel",
    "two expectations": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
    b"Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
    "a length with zeros": b"POST /x HTTP/1.1\r\nHost: x\r\n"
    b"Content-Length: 00000000000000000000100\r\n\r\n",
    "an expectation of 1.0": b"POST /x HTTP/1.0\r\nContent-Length: 10\r\n"
    b"Expect: 100-continue\r\n\r\n",
}

ENDED = {
    "a length of many digits": b"POST /x HTTP/1.1\r\nHost: x\r\n"
    b"Content-Length: 1000000000000000000000\r\n\r\n",
    "a length of 5,000 zeros": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: "
    + b"0" * 5_000
    + b"10\r\n\r\n",
    "a large length": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nab",
    "a bare line feed": b"POST /x HTTP/1.1\nHost: x\nContent-",
}
"""Unfinished requests that end at once, because the scan does not collect them."""


class Server:
    """gunicorn with the small program."""

    def __init__(self, worker: str, folder: Path, **limits: float) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = folder / f"{worker.rpartition('.')[2]}.log"
        self._hosts = (f"127.1.{n // 250}.{n % 250 + 1}" for n in range(60_000))
        usual = {
            "header_s": HEADER_S,
            "body_s": BODY_S,
            "send_s": SEND_S,
            "per_address": PER_ADDRESS,
        }
        module = "tests.http.echo_server"
        command = [sys.executable, "-m", "gunicorn", "-c", f"python:{module}", f"{module}:app"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--bind", f"127.0.0.1:{self.port}"],
                cwd=ROOT,
                env={"ECHO_WORKER": worker, "ECHO_LIMITS": json.dumps(usual | limits)},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while "Booting worker" not in self.log.read_text() or not self._answers():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return self.ask(LAST).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def connect(self, host: str | None = None) -> socket.socket:
        """Connect from an address of this computer, by default from a new one."""
        return socket.create_connection(
            ("127.0.0.1", self.port), timeout=10, source_address=(host or next(self._hosts), 0)
        )

    def ask(self, *pieces: bytes, pause_s: float = 0.0) -> bytes:
        """Send pieces over a new connection; return all until the server closes it."""
        with self.connect() as client:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause_s)
            return rest_of(client)

    def exit_code(self) -> int:
        """Wait for the end of the server."""
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            raise AssertionError(f"{children.read_text()} {self.log.read_text()}") from None

    def took(self) -> float:
        """Return the seconds of an ordinary request."""
        began = time.monotonic()
        assert self.ask(LAST).startswith(b"HTTP/1.1 200")
        return time.monotonic() - began


@contextmanager
def serving(worker: str, folder: Path, **limits: float) -> Iterator[Server]:
    server = Server(worker, folder, **limits)
    try:
        yield server
    finally:
        end(server.process, within_s=15)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(BUFFERING, tmp_path_factory.mktemp("web")) as made:
        yield made
        log = made.log.read_text()
        assert "Traceback" not in log, log


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn's own worker."""
    with serving(GTHREAD, tmp_path_factory.mktemp("plain")) as made:
        yield made


def rest_of(client: socket.socket) -> bytes:
    received = b""
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def one_response(client: socket.socket) -> tuple[bytes, dict[str, Any]]:
    """Read one response with its declared length; return its header and its JSON."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = client.recv(65536)
        assert piece, received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65536)
    assert len(body) == length, "one response only"
    return head, json.loads(body)


def post(body: bytes, *fields: bytes, path: bytes = b"/post") -> bytes:
    head = [b"POST " + path + b" HTTP/1.1", b"Host: x", b"Connection: close", *fields]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"", body])


def chunked(*chunks: bytes, trailers: bytes = b"", extension: bytes = b"") -> bytes:
    head = b"POST /chunked HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    parts = b"".join(b"%x%s\r\n%s\r\n" % (len(one), extension, one) for one in chunks)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n" + trailers + b"\r\n"


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1]) if received else 0


# 1 and 2. Unfinished requests hold no thread, and the parser alone interprets
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*UNFINISHED, *ENDED])
def test_unfinished_requests_hold_no_thread(server: Server, kind: str) -> None:
    with ExitStack() as held:
        for _ in range(5 * THREADS):
            held.enter_context(server.connect()).sendall((UNFINISHED | ENDED)[kind])
        time.sleep(0.1)
        assert server.took() < SOON_S


def test_clients_that_do_not_close_their_side_delay_nobody(server: Server) -> None:
    with ExitStack() as held:
        for _ in range(5 * THREADS):
            client = held.enter_context(server.connect())
            client.sendall(LAST)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        assert server.took() < SOON_S
        assert rest_of(client) is not None
        time.sleep(LINGER_S + 0.5)
        with pytest.raises(OSError, match=r"reset|pipe"):
            for _ in range(10):
                client.sendall(GET)
                time.sleep(0.01)


COMPLETE = {
    "get": LAST,
    "an empty line before": b"\r\n" + LAST,
    "body": post(b"hello"),
    "empty body": post(b""),
    "body of 200 kB": post(b"0123456789" * 20_000),
    "the largest body": post(bytes(range(256)) * (BODY_BYTES_MAX // 256)),
    "chunks": chunked(b"hello", b", ", b"world"),
    "no chunks": chunked(),
    "chunk extensions": chunked(b"hello", extension=b';name="a;b" ; x'),
    "trailers": chunked(b"hello", trailers=b"X-Sum: 1\r\nX-Other: 2\r\n"),
    "many large chunks": chunked(*[b"z" * 70_000] * 14),
    "many small chunks": chunked(*[b"z"] * 8_000),
    "large chunk": chunked(b"y" * 300_000),
    "connection close of 1.0": b"GET /old HTTP/1.0\r\n\r\n",
    "body and expectation": post(b"hello", b"Expect: 100-continue"),
    "unread body": post(b"x" * 1000, path=b"/unread"),
}
ODD = {
    "bare line feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    "no method": b"\r\n\r\n\r\n\r\n",
    "empty lines before": b"\r\n\r\n" + LAST,
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": post(b"hello", b"Content-Length: 4"),
    "two equal lengths": post(b"hello", b"Content-Length: 5"),
    "list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
    "signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "hexadecimal length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello",
    "superscript length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \xb2\r\n\r\nhello",
    "length of 9000 digits": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
    + b"9" * 9000
    + b"\r\n\r\n",
    "space before the colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
    "folded length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 5\r\n\r\nhello",
    "underscore": b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    b"Content_Length: 5\r\n\r\nhello",
    "chunked twice": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, then identity": b"POST / HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "gzip alone": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    "gzip, then chunked": b"POST /g HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    b"2\r\nab\r\n0\r\n\r\n",
    "unknown coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked with a control character": b"POST / HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks of 1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown expectation": post(b"hello", b"Expect: a miracle"),
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "smuggled after a length": post(b"hello") + LAST,
    "smuggled in a body": post(GET),
}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_request_arrives_whole_in_any_pieces(server: Server, plain: Server, name: str) -> None:
    sent = COMPLETE[name]
    expected = without_date(plain.ask(sent).removeprefix(CONTINUE))
    assert status(expected) == 200
    dice = random.Random(name)  # noqa: S311 - reproducible pieces
    cuts = sorted(dice.sample(range(1, len(sent)), min(40, len(sent) - 1)))
    pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    for got in (server.ask(sent), server.ask(*pieces, pause_s=0.002)):
        assert without_date(got.removeprefix(CONTINUE)) == expected


@pytest.mark.parametrize(
    "sent",
    [
        chunked(*[b"z" * 70_000] * 20),
        chunked(*[b"z"] * (CHUNKS_MAX + 1)),
        chunked(*[b"z"] * 170_000),
        chunked(*[b"z"] * 9_000, extension=b";" + b"x" * 90),
    ],
    ids=["more bytes", "one chunk more", "very many chunks", "extensions"],
)
def test_a_chunked_body_beyond_the_limits_is_413(server: Server, sent: bytes) -> None:
    got = server.ask(sent)
    assert (status(got), got.endswith(b'{"detail": "payload_too_large"}')) == (413, True)


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n000000000000000001\r\nz\r\n",
    ],
    ids=["two encodings", "a long size"],
)
def test_many_chunks_of_an_odd_body_take_little_time(server: Server, head: bytes) -> None:
    sent = b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"1\r\nz\r\n" * 150_000 + b"0\r\n\r\n"
    began = time.monotonic()
    assert status(server.ask(sent)) == 413
    assert time.monotonic() - began < 2


def test_the_parser_reads_as_many_chunks_as_the_scan_allows() -> None:
    def read(chunks: int) -> bytes:
        sent = b"1\r\nz\r\n" * chunks + b"0\r\n\r\n"
        return bytes(message.ChunkedReader(SimpleNamespace(), IterUnreader([sent])).read(10**6))

    assert len(read(CHUNKS_MAX)) == CHUNKS_MAX
    with pytest.raises(InvalidChunkSize):
        read(CHUNKS_MAX + 1)


def test_small_chunks_before_a_large_one_take_little_time(server: Server) -> None:
    sent = chunked(*[b"z"] * 8_000, b"y" * 900_000)
    began = time.monotonic()
    assert status(server.ask(sent)) == 200
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_answered_at_once_as_gunicorn_answers_it(
    server: Server, plain: Server, name: str
) -> None:
    began = time.monotonic()
    with server.connect() as client:
        client.sendall(ODD[name])
        client.settimeout(SOON_S)
        first = client.recv(65536)
        assert time.monotonic() - began < SOON_S
        client.settimeout(10)
        client.shutdown(socket.SHUT_WR)
        got = first + rest_of(client)
    with plain.connect() as client:
        client.sendall(ODD[name])
        client.shutdown(socket.SHUT_WR)
        assert without_date(got) == without_date(rest_of(client))


@pytest.mark.parametrize(
    "chunks",
    [
        b"xyz\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello, world\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"0\r\nbad trailer\r\n\r\n",
        b"0\r\nX: 1\nY: 2\r\n\r\n",
        b"9" * 20_000,
    ],
)
def test_a_malformed_chunk_is_handed_over_at_once(server: Server, chunks: bytes) -> None:
    began = time.monotonic()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status(server.ask(head + chunks)) == 400
    assert time.monotonic() - began < SOON_S


def without_date(received: bytes) -> bytes:
    return b"\r\n".join(line for line in received.split(b"\r\n") if not line.startswith(b"Date: "))


def test_a_trailer_that_arrives_byte_by_byte_is_scanned_once() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    received, scan = bytearray(head + b"a" * 40_000), Scan()

    def arrive() -> None:
        for _ in range(20_000):
            received.extend(b"a")
            assert scan.read(received) is Stage.BODY

    assert cpu_seconds(arrive) < 1
    received += b"\r\n\r"
    assert scan.read(received) is Stage.BODY
    received += b"\n"
    assert scan.read(received) is Stage.READY


@pytest.mark.parametrize("end", [b"\r\n", b"a: b\r\n\r\n", b"a\n", b"a" * 70_000])
def test_the_end_of_a_trailer_is_found_wherever_the_bytes_are_cut(end: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    for cut in range(min(len(end), 12)):
        scan, received = Scan(), bytearray(head + end[:cut])
        assert scan.read(received) is Stage.BODY
        assert scan.read(received + end[cut:]) is Stage.READY


def test_a_wrong_guess_of_the_scan_hands_over_early_and_never_changes_a_byte() -> None:
    for sent in [*COMPLETE.values(), *ODD.values()]:
        received, scan = bytearray(), Scan()
        for number in range(0, len(sent), 7):
            received += sent[number : number + 7]
            if scan.read(received) is Stage.READY:
                break
        assert bytes(received) == sent[: len(received)]


# 3. Connections that are kept open
# --------------------------------------------------------------------------------


def test_a_connection_serves_several_requests_each_in_pieces(server: Server) -> None:
    with server.connect() as client:
        for number in range(5):
            body = b"%d" % number * 50
            client.sendall(b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Len" % number)
            time.sleep(0.02)
            client.sendall(b"gth: 50\r\n\r\n" + body[:20])
            time.sleep(0.02)
            client.sendall(body[20:])
            head, answer = one_response(client)
            assert b"Connection: keep-alive" in head
            assert (answer["path"], answer["digest"]) == (
                f"/{number}",
                hashlib.sha256(body).hexdigest(),
            )


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    many = [b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab" % n for n in range(10)]
    got = server.ask(b"".join(many) + LAST)
    paths = [line.split(b": ")[1] for line in got.split(b"\r\n") if line.startswith(b"X-Path")]
    assert paths == [b"/%d" % n for n in range(10)] + [b"/last"]


def test_half_of_a_pipelined_request_waits_without_a_thread(server: Server) -> None:
    half = b"POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab"
    with ExitStack() as held:
        clients = [held.enter_context(server.connect()) for _ in range(3 * THREADS)]
        for client in clients:
            client.sendall(GET + half)
            assert one_response(client)[1]["path"] == "/get"
        assert server.took() < SOON_S
        for client in clients:
            client.sendall(b"cd")
            assert one_response(client)[1]["bytes"] == 4


def test_the_client_is_told_once_to_continue_before_its_body_arrives(server: Server) -> None:
    head = b"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n"
    with server.connect() as client:
        for _ in range(2):
            client.sendall(head)
            assert client.recv(65536) == CONTINUE
            client.sendall(b"hello")
            assert one_response(client)[1]["bytes"] == 5


def test_an_unread_body_is_skipped_if_it_has_arrived(server: Server) -> None:
    unread = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + b"x" * 90_000
    with server.connect() as client:
        for _ in range(3):
            client.sendall(unread)
            assert one_response(client)[1]["path"] == "/unread"


def test_nobody_waits_for_the_rest_of_a_large_body_that_is_not_read(server: Server) -> None:
    head = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
    with ExitStack() as held:
        for _ in range(3 * THREADS):
            client = held.enter_context(server.connect())
            client.sendall(head)
            assert one_response(client)[1]["path"] == "/unread"
            client.sendall(b"x" * 100_000)  # arrives although the response was sent
        assert server.took() < SOON_S


# 4. Deadlines
# --------------------------------------------------------------------------------


def test_requests_that_stay_unfinished_are_answered_408_and_closed(server: Server) -> None:
    def answer(sent: bytes) -> tuple[bytes, float]:
        with server.connect() as client:
            client.sendall(sent)
            began = time.monotonic()
            got = rest_of(client).removeprefix(CONTINUE)
            return got, time.monotonic() - began

    with ThreadPoolExecutor(len(UNFINISHED)) as pool:  # they wait for the deadline together
        answers = dict(zip(UNFINISHED, pool.map(answer, UNFINISHED.values()), strict=True))
    for kind, (got, took) in answers.items():
        assert HEADER_S - 0.1 <= took <= HEADER_S + 1.5, kind
        if kind == "nothing":
            assert got == b"", "who has asked for nothing gets no answer"
        else:
            assert got.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), kind
            assert got.endswith(b'Connection: close\r\n\r\n{"detail": "request_timeout"}'), kind


TRICKLES = {
    "header": (b"GET / HTTP/1.1\r\nX: ", b"a"),
    "body": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n", b"a" * 100),
    "chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"2\r\nab\r\n",
    ),
    "after much of a body": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + b"a" * 500_000,
        b"a",
    ),
}


def test_a_trickle_does_not_extend_the_deadline(server: Server) -> None:
    def trickle(start: bytes, piece: bytes) -> tuple[int, float]:
        began = time.monotonic()
        with server.connect() as client:
            client.sendall(start)
            client.settimeout(0.05)
            received = b""
            while not received and time.monotonic() - began < 5:
                client.sendall(piece)
                try:
                    received = client.recv(65536)
                except TimeoutError:
                    continue
        return status(received), time.monotonic() - began

    with ThreadPoolExecutor(len(TRICKLES)) as pool:
        ends = dict(
            zip(TRICKLES, pool.map(lambda sent: trickle(*sent), TRICKLES.values()), strict=True)
        )
    for kind, (code, took) in ends.items():
        assert code == 408, kind
        assert took < HEADER_S + 1.5, kind


def test_a_body_that_keeps_up_the_rate_has_all_the_time_it_needs(server: Server) -> None:
    pieces = [b"x" * 4096] * 5  # each is worth a second and comes after 0.4
    body = b"".join(pieces)
    head = b"POST /rate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    assert status(server.ask(head % len(body), *pieces, pause_s=0.4)) == 200


def test_a_connection_without_a_request_is_closed_after_the_keepalive(server: Server) -> None:
    with server.connect() as client:
        client.sendall(GET)
        one_response(client)
        began = time.monotonic()
        assert rest_of(client) == b""
        assert 2.5 < time.monotonic() - began < 5


# 5. Sizes
# --------------------------------------------------------------------------------


def test_a_header_may_have_64_kib(server: Server) -> None:
    def header(size: int) -> bytes:
        field = b"X-%d: %s\r\n"
        fields = b"".join(field % (n, b"a" * 1000) for n in range(size // 1010))
        return LAST.replace(b"Host: x\r\n", b"Host: x\r\n" + fields)

    assert status(server.ask(header(HEADER_BYTES_MAX - 2000))) == 200
    assert status(server.ask(header(HEADER_BYTES_MAX + 4000))) == 431
    endless = server.ask(b"GET / HTTP/1.1\r\nX: " + b"a" * (HEADER_BYTES_MAX + 10))
    assert status(endless) == 431


BUFFERED = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with 2 MiB for unfinished requests and time to fill them."""
    folder = tmp_path_factory.mktemp("small")
    with serving(BUFFERING, folder, buffered_bytes=BUFFERED, body_s=30.0) as made:
        yield made
        log = made.log.read_text()
        assert "Traceback" not in log, log


def unfinished(server: Server, held: ExitStack, host: str, size: int) -> socket.socket:
    """Send a part of a body of 1 MiB and stop."""
    client = held.enter_context(server.connect(host))
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES_MAX
    client.sendall(head + b"x" * size)
    return client


def upload(server: Server, size: int, host: str | None = None) -> int:
    """Send a body in three pieces; return the status of the response."""
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with server.connect(host) as client:
        client.sendall(head % size)
        for part in (size // 3, size // 3, size - 2 * (size // 3)):
            client.sendall(b"x" * part)
            time.sleep(0.1)
        return status(rest_of(client))


def refused(clients: list[socket.socket]) -> int:
    """Count the clients that have an answer, which is 503."""
    answers = []
    for client in clients:
        client.settimeout(0.02)
        try:
            answers.append(status(client.recv(65536)))
        except TimeoutError:
            continue
    assert {*answers} <= {503}
    return len(answers)


def test_unfinished_bodies_of_an_address_leave_memory_to_others(small: Server) -> None:
    with ExitStack() as held:
        clients = [unfinished(small, held, "127.4.0.1", 200_000) for _ in range(20)]
        time.sleep(0.3)
        assert upload(small, 400_000) == 200
        assert 20 - refused(clients) == BUFFERED // 4 // 200_000
        assert upload(small, 100_000, "127.4.0.1") == 200, "not the largest of its address"
        assert upload(small, 50_000, "127.4.0.1") == 200


def test_if_the_memory_is_full_the_address_with_the_most_is_refused(small: Server) -> None:
    with ExitStack() as held:
        clients = [unfinished(small, held, f"127.5.0.{n + 1}", 340_000) for n in range(10)]
        time.sleep(0.3)
        assert refused(clients) == 10 - BUFFERED // 340_000
        assert upload(small, 200_000) == 200
        assert upload(small, 50_000) == 200


def slow_reader(server: Server, path: bytes, *, requests: int = 1) -> socket.socket:
    """Connect with a small receive buffer, ask, and read nothing."""
    client = server.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(GET.replace(b"/get", path) * requests)
    return client


@pytest.mark.parametrize("path", [b"/large", b"/buffered"])
def test_clients_that_read_nothing_hold_no_thread_that_others_need(
    server: Server, path: bytes
) -> None:
    with ExitStack() as held:
        for _ in range(5 * THREADS):
            held.enter_context(slow_reader(server, path, requests=20))
        time.sleep(0.2)
        assert server.took() < SOON_S


def test_clients_that_read_nothing_or_too_slowly_of_a_large_response_are_disconnected(
    server: Server,
) -> None:
    with slow_reader(server, b"/large") as idle, slow_reader(server, b"/large") as slow:
        read = 0
        for number in range(20):
            read += len(slow.recv(1000))
            time.sleep(0.2 * SEND_S)
            if number == 13:  # 2.8 times the deadline
                assert len(rest_of(idle)) < LARGE_BYTES
        assert read + len(rest_of(slow)) < LARGE_BYTES


def test_a_kept_response_arrives_whole_before_the_next_request_is_handled(server: Server) -> None:
    many = 6  # the system takes two or three
    with server.connect() as client:
        client.sendall(GET.replace(b"/get", b"/buffered") * many + LAST)
        time.sleep(0.3)
        got = rest_of(client)
    assert got.count(b"HTTP/1.1 200 OK") == many + 1
    assert len(got) > many * BUFFERED_BYTES
    assert got.rpartition(b"X-Path: ")[2].startswith(b"/last")


def test_a_stop_waits_for_the_rest_of_a_response(tmp_path: Path) -> None:
    with serving(BUFFERING, tmp_path, send_s=5.0) as server:
        with server.connect() as client:
            client.sendall(GET.replace(b"/get", b"/buffered") * 6)
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            got = rest_of(client)
        assert len(got) > got.count(b"HTTP/1.1 200 OK") * BUFFERED_BYTES > 0
        assert got.count(b"Connection: close") == 1, "the last one is announced"
        assert server.exit_code() == 0


# 6. Connections of an address
# --------------------------------------------------------------------------------


def test_an_address_has_a_limited_number_of_connections(server: Server) -> None:
    host = "127.2.0.1"
    with ExitStack() as held:
        clients = [held.enter_context(server.connect(host)) for _ in range(PER_ADDRESS)]
        for client in clients:
            client.sendall(UNFINISHED["half a header"])
        with server.connect(host) as refused:
            assert status(rest_of(refused)) == 429
        assert server.took() < SOON_S, "another address is served"
        clients[0].close()
        time.sleep(0.1)
        with server.connect(host) as client:
            client.sendall(GET)
            one_response(client)
    time.sleep(0.1)
    with server.connect(host) as client:
        client.sendall(GET)
        one_response(client)


def test_idle_connections_of_an_address_make_room_for_its_new_ones(server: Server) -> None:
    host = "127.2.0.2"
    with ExitStack() as held:
        clients = [held.enter_context(server.connect(host)) for _ in range(PER_ADDRESS)]
        for client in clients:
            client.sendall(GET)
            one_response(client)
        with server.connect(host) as client:
            client.sendall(GET)
            one_response(client)
        assert rest_of(clients[0]) == b"", "the one that was idle longest is closed"
        clients[-1].sendall(GET)
        one_response(clients[-1])


def test_a_trusted_proxy_has_no_limit_and_an_ipv6_network_counts_as_one() -> None:
    trusted = load_settings(
        auth_secret="s" * 40, trusted_proxies="10.0.0.5,2001:db8:1::/48"
    ).trusted_networks
    assert network_of("10.0.0.5", trusted) is None
    assert network_of("::ffff:10.0.0.5", trusted) is None
    assert network_of("2001:db8:1::7", trusted) is None
    assert network_of("10.0.0.6", trusted) == "10.0.0.6"
    assert network_of("::ffff:10.0.0.6", trusted) == "10.0.0.6"
    assert network_of("2001:db8:2::1", trusted) == network_of("2001:db8:2:0:ff::2", trusted)
    assert network_of("2001:db8:2::1", trusted) != network_of("2001:db8:2:1::1", trusted)


def test_idle_connections_make_room_for_new_ones(server: Server) -> None:
    with ExitStack() as held:
        for number in range(410):
            client = held.enter_context(server.connect(f"127.3.0.{number % 20 + 1}"))
            client.sendall(GET)
            one_response(client)
        assert server.took() < 2


# 7. The end
# --------------------------------------------------------------------------------


def test_a_drain_answers_every_request_and_keeps_no_connection(tmp_path: Path) -> None:
    with serving(BUFFERING, tmp_path, drain_s=1.0) as server, server.connect() as kept:
        kept.sendall(GET)
        assert b"Connection: keep-alive" in one_response(kept)[0]
        idle = server.connect()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        kept.sendall(GET)
        assert b"Connection: close" in one_response(kept)[0]
        with server.connect() as new:
            new.sendall(GET)
            assert b"Connection: close" in one_response(new)[0]
        assert "streams end" not in server.log.read_text()
        began = time.monotonic()
        assert server.exit_code() == 0
        assert time.monotonic() - began < 5
        log = server.log.read_text()
        assert log.index("drain begins") < log.index("streams end")
        assert rest_of(idle) == b""
        idle.close()
        with pytest.raises(ConnectionRefusedError):
            server.connect()


def test_no_request_is_cut_by_a_stop_under_load(tmp_path: Path) -> None:
    """The clients are a proxy that sends nothing more once it knows about the drain."""
    outcomes: list[bytes | str] = []
    known = threading.Event()

    def client(server: Server) -> None:
        while not known.is_set():
            try:
                with server.connect() as line:
                    line.sendall(LAST.replace(b"/last", b"/sleep?0.02"))
                    outcomes.append(rest_of(line))
            except OSError as error:
                outcomes.append(repr(error))

    with serving(BUFFERING, tmp_path, drain_s=1.0) as server:
        clients = [threading.Thread(target=client, args=(server,)) for _ in range(8)]
        for one in clients:
            one.start()
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        while "drain begins" not in server.log.read_text():
            time.sleep(0.01)
        before = len(outcomes)
        time.sleep(0.3)
        known.set()
        for one in clients:
            one.join(15)
        assert server.exit_code() == 0
    assert len(outcomes) > before > 0
    assert [one for one in outcomes if not isinstance(one, bytes) or status(one) != 200] == []


def test_a_request_under_way_is_finished_after_the_drain(tmp_path: Path) -> None:
    with serving(BUFFERING, tmp_path) as server, server.connect() as client:
        client.sendall(LAST.replace(b"/last", b"/sleep?1"))
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        assert one_response(client)[1]["path"] == "/sleep"


def test_certificates_are_refused_with_a_sentence() -> None:
    class Configuration:
        is_ssl, worker_connections, threads, keepalive = True, 2000, 256, 75

    with pytest.raises(RuntimeError, match="TLS is not supported"):
        BufferingWorker.check_config(Configuration(), None)
