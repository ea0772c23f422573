"""A socket that keeps what its client has not read, within limits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from voyagent.http import sending
from voyagent.http.sending import READ_BYTES_PER_S, REST_BYTES_MAX, ResponseSocket, Rests

LARGE = b"x" * (4 * REST_BYTES_MAX)


class Line:
    """A connection within this process."""

    def __init__(self, rests: Rests) -> None:
        ours, self.client = socket.socketpair()
        self.client.settimeout(10)
        self.server = ResponseSocket(ours, rests, None)
        self.announced = threading.Semaphore(0)
        self.server.on_rest = self.announced.release

    def close(self) -> None:
        self.server.forget()
        self.server.close()
        self.client.close()

    def read(self, size: int) -> int:
        """Read as the client, and send the rest like the main thread."""
        read = 0
        while read < size:
            read += len(self.client.recv(65536))
            self.server.send_rest()
        return read


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    rests = Rests(waiting_max=1)
    made = [Line(rests), Line(rests)]
    yield made
    for line in made:
        line.close()
    assert rests.reserve(None, 1 << 40) == sending.RESTS_BYTES_MAX, "all memory was given back"


def test_a_rest_is_kept_with_a_deadline_by_its_size(lines: list[Line]) -> None:
    line, size = lines[0], REST_BYTES_MAX
    line.server.sendall(b"x" * size)
    assert line.announced.acquire(blocking=False)
    left = line.server.deadline - time.monotonic()
    assert 10 < left <= 10 + size / READ_BYTES_PER_S
    assert line.read(size) == size
    assert line.server.send_rest(), "nothing is left"
    assert not line.announced.acquire(blocking=False), "it was announced once"


def test_an_address_has_a_quarter_of_the_memory() -> None:
    rests, all_bytes = Rests(waiting_max=1), 1 << 40
    assert rests.reserve("192.0.2.1", all_bytes) == sending.RESTS_BYTES_MAX // 4
    assert rests.reserve("192.0.2.1", 1) == 0
    assert rests.reserve("192.0.2.2", 10) == 10, "another address is not affected"
    left = sending.RESTS_BYTES_MAX * 3 // 4 - 10
    assert rests.reserve(None, all_bytes) == left, "a proxy has no share"
    rests.release("192.0.2.1", 5)
    assert rests.reserve("192.0.2.1", all_bytes) == 5


def test_what_does_not_fit_waits_for_the_client(lines: list[Line]) -> None:
    line = lines[0]
    with ThreadPoolExecutor() as threads:
        sent = threads.submit(line.server.sendall, LARGE)
        time.sleep(0.1)
        assert not sent.done()
        assert line.read(len(LARGE)) == len(LARGE)
        sent.result(10)


def test_without_memory_a_thread_waits_and_sends_everything(
    lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = lines[0]
    with monkeypatch.context() as full, ThreadPoolExecutor() as threads:
        full.setattr(sending, "RESTS_BYTES_MAX", 0)
        sent = threads.submit(line.server.sendall, LARGE)
        assert line.read(len(LARGE)) == len(LARGE)
        sent.result(10)


@pytest.mark.parametrize(
    ("network", "limit"),
    [("192.0.2.1", "ADDRESS_WAITING_BYTES_MAX"), (None, "WAITING_BYTES_MAX")],
)
def test_if_too_many_bytes_wait_the_slowest_is_cut(
    network: str | None, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A line waits with about 0.7 of LARGE: the rest and the buffer of the socket take the others.
    monkeypatch.setattr(sending, limit, len(LARGE) * 5 // 2)
    rests = Rests(waiting_max=100)
    made = [Line(rests) for _ in range(4)]
    for number, line in enumerate(made):
        line.server.network = network
        monkeypatch.setattr(line.server, "rate", lambda number=number: number, raising=False)
    with ThreadPoolExecutor(len(made)) as threads:
        sent = []
        for line in made:
            sent.append(threads.submit(line.server.sendall, LARGE))
            time.sleep(0.1)
        assert isinstance(sent[0].exception(5), TimeoutError)
        for line, done in zip(made[1:], sent[1:], strict=True):
            assert line.read(len(LARGE)) == len(LARGE)
            done.result(10)
    assert [line.server.is_cut for line in made] == [True, False, False, False]
    for line in made:
        line.close()


def test_of_too_many_that_wait_the_slowest_is_cut(
    lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast = lines
    monkeypatch.setattr(slow.server, "rate", lambda: 1.0, raising=False)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(slow.server.sendall, LARGE)
        time.sleep(0.1)
        second = threads.submit(fast.server.sendall, LARGE)
        assert isinstance(first.exception(5), TimeoutError)
        assert fast.read(len(LARGE)) == len(LARGE)
        second.result(10)
    assert (slow.server.is_cut, fast.server.is_cut) == (True, False)


def test_a_client_below_the_rate_is_cut_while_a_thread_waits(lines: list[Line]) -> None:
    line = lines[0]
    line.server._rests.patience_s = 0.3  # noqa: SLF001 - a setting of the worker
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        line.server.sendall(LARGE)
    assert 0.3 <= time.monotonic() - began < 2
