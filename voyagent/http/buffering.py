"""A gunicorn worker whose threads do not wait for slow clients.

Decision 0039 has the reasons. The module depends on internals of gunicorn's `gthread` worker, so
the version of gunicorn is pinned. `tests/http/test_buffering.py` tests each behaviour on a real
server.
"""

from __future__ import annotations

import errno
import json
import re
import resource
import selectors
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache, partial
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address
from itertools import islice
from typing import Any

from gunicorn.http import message
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidChunkSize, ParseException
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from voyagent.http.sending import ResponseSocket, Rests
from voyagent.kernel.config import Network, Settings
from voyagent.kernel.metrics import meters

RECEIVE_BYTES = 64 * 1024
HEADER_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 1024 * 1024
BODY_BYTES_PER_S = 4 * 1024
BUFFERED_BYTES_MAX = 64 * 1024 * 1024
ADDRESS_SHARE = 4  # an address may have a quarter of the bytes
CHUNK_LINE_BYTES_MAX = 16 * 1024
CHUNKS_MAX = 8 * 1024
"""Chunks of one body. The parser takes as long for a small chunk as for a large one."""
UNSENT_BYTES_MAX = 256 * 1024
SLOW_READERS_MAX = 128
"""Threads that wait for clients which read slowly."""
LINGER_S = 2.0
LINGER_BYTES_MAX = 4 * 1024 * 1024
GRACE_S = 10
FILES_FOR_THE_PROGRAM = 512
REPORT_EVERY_S = 60.0
REFUSALS = (
    *("too_many_connections", "headers_too_large", "payload_too_large", "request_timeout"),
    "unavailable",
)
"""Codes of the requests and connections that are refused before a thread handles them."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BARE_LF = re.compile(rb"(?<!\r)\n")
_LENGTH = re.compile(rb"0{0,64}[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]+")
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|expect):([^\r\n]*)")
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_TRY_AGAIN = frozenset({errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK})


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of time, of a client's connections, and of bytes of unfinished requests."""

    header_s: float = 10.0
    body_s: float = 10.0
    send_s: float = 10.0
    drain_s: float = 0.0
    per_address: int = 100
    buffered_bytes: int = BUFFERED_BYTES_MAX
    trusted: tuple[Network, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return the limits that the settings define."""
        return cls(
            header_s=settings.http_header_s,
            body_s=settings.http_body_s,
            send_s=settings.http_send_s,
            drain_s=settings.drain_s,
            per_address=settings.connections_per_address,
            trusted=settings.trusted_networks,
        )


class Stage(Enum):
    """The part of a request that is missing, `READY`, or the reason for a refusal."""

    HEADER = auto()
    BODY = auto()
    READY = auto()
    HEADER_TOO_LARGE = auto()
    BODY_TOO_LARGE = auto()


class Scan:
    """Search for the end of a request, to decide when a thread can handle the request.

    Only gunicorn's parser interprets requests. If the scan finds anything unexpected, the stage is
    `READY` at once, so that the parser can refuse the request. A wrong guess of the scan costs time
    but never changes a request.
    """

    def __init__(self) -> None:
        self.stage = Stage.HEADER
        self.body = 0
        self.expects_continue = False
        self._end: int | None = None
        self._trailer: int | None = None
        self._chunks = 0
        self._position = 0

    def read(self, received: bytearray) -> Stage:
        """Return the stage of the request that begins with these bytes."""
        if self.stage is Stage.HEADER:
            self.stage = self._read_header(received)
        if self.stage is Stage.BODY:
            is_large = len(received) - self.body > BODY_BYTES_MAX
            if self._end is not None:
                if is_large or len(received) >= self._end:
                    self.stage = Stage.READY
            elif self._has_last_chunk(received):
                self.stage = Stage.READY
            elif is_large or self._chunks > CHUNKS_MAX:
                self.stage = Stage.BODY_TOO_LARGE
        return self.stage

    def _read_header(self, received: bytearray) -> Stage:
        end = received.find(b"\r\n\r\n", max(self._position - 3, 0))
        if end < 0:
            if len(received) > HEADER_BYTES_MAX:
                return Stage.HEADER_TOO_LARGE
            if _BARE_LF.search(received, self._position):
                return Stage.READY
            self._position = len(received)
            return Stage.HEADER
        if end > HEADER_BYTES_MAX:
            return Stage.HEADER_TOO_LARGE
        self.body = self._position = end + 4
        head = bytes(received[: end + 2]).lower()
        fields: dict[bytes, list[bytes]] = {}
        for name, value in _FRAMING.findall(head):
            fields.setdefault(name, []).append(value.strip(b" \t"))
        match fields.get(b"content-length"), fields.get(b"transfer-encoding"):
            case [length], None if _LENGTH.fullmatch(length) and int(length) <= BODY_BYTES_MAX:
                self._end = self.body + int(length)
            case None, [*_, last] if last.rpartition(b",")[2].strip(b" \t") == b"chunked":
                pass
            case _:  # no body, a large one, or one that the parser refuses
                return Stage.READY
        if b"expect" in fields:
            line = head.lstrip(b"\r\n").partition(b"\r\n")[0]
            self.expects_continue = fields[b"expect"] == [b"100-continue"] and line.endswith(
                b" http/1.1"
            )
        return Stage.BODY

    def _has_last_chunk(self, received: bytearray) -> bool:
        if self._trailer is not None:
            return self._has_trailer(received, self._trailer)
        while self._chunks <= CHUNKS_MAX:
            end = received.find(b"\r\n", self._position)
            if end < 0:
                return len(received) - self._position > CHUNK_LINE_BYTES_MAX
            size = bytes(received[self._position : end]).partition(b";")[0].rstrip(b" \t")
            if not _CHUNK_SIZE.fullmatch(size):
                return True
            if int(size, 16) == 0:
                self._trailer = self._position = end
                return self._has_trailer(received, end)
            following = end + 2 + int(size, 16) + 2
            if len(received) < following:
                return False
            if received[following - 2 : following] != b"\r\n":
                return True
            self._position = following
            self._chunks += 1
        return False

    def _has_trailer(self, received: bytearray, start: int) -> bool:
        has_ended = (
            received.find(b"\r\n\r\n", max(self._position - 3, start)) >= 0
            or len(received) - start > HEADER_BYTES_MAX
            or _BARE_LF.search(received, self._position) is not None
        )
        self._position = len(received)
        return has_ended


class _FewChunks(ChunkedReader):
    """gunicorn's reader of chunked bodies, with a maximum number of chunks.

    `Scan` has this maximum too, but it does not count the chunks of requests that it cannot parse.
    """

    chunks = 0

    def parse_chunk_size(self, unreader: Any, data: bytes | None = None) -> Any:
        self.chunks += 1
        if self.chunks > CHUNKS_MAX + 1:
            raise InvalidChunkSize(b"more than %d chunks" % CHUNKS_MAX)
        return super().parse_chunk_size(unreader, data)


message.ChunkedReader = _FewChunks


class _Source:
    """The buffered bytes of a request.

    gunicorn gets the bytes in small pieces, because its reader of chunked bodies copies the rest of
    the piece after each chunk. With one large piece this would take quadratic time. A thread never
    reads the socket. If the program asks for more bytes than were collected, the request ends at
    once.
    """

    def __init__(self) -> None:
        self._buffered = memoryview(b"")

    def fill(self, received: bytes) -> None:
        self._buffered = memoryview(received)

    def take_rest(self) -> bytes:
        """Return the buffered bytes that nobody has read."""
        rest, self._buffered = bytes(self._buffered), memoryview(b"")
        return rest

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes. Raises TimeoutError if none are left."""
        if not self._buffered:
            raise TimeoutError
        piece, self._buffered = bytes(self._buffered[:size]), self._buffered[size:]
        return piece


class _Connection(TConn):
    """A connection, with the received bytes of a request that is not complete yet.

    If the thread ends before the client has taken the whole response, `after_rest` is called when
    the response is sent.
    """

    sock: ResponseSocket

    def __init__(
        self, cfg: Any, sock: ResponseSocket, client: Any, server: Any, *, network: str | None
    ) -> None:
        super().__init__(cfg, sock, client, server)
        self.network = network
        self.received = bytearray()
        self.scan = Scan()
        self.source: _Source | None = None
        self.deadline = 0.0
        self.discarded = 0
        self.after_rest: Callable[..., None] | None = None
        self.is_polled = self.is_closed = False


class BufferingWorker(ThreadWorker):
    """gunicorn's `gthread` worker, which gives threads only complete requests.

    `handle_request` and `_keepalive_after` run in a thread of a request, and `sample` in any
    thread. All other methods run in the main thread.
    """

    alive: bool
    worker_connections: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = Limits()
        self._collecting: set[_Connection] = set()
        self._lingering: set[_Connection] = set()
        self._sending: set[_Connection] = set()
        self._rests = Rests(min(SLOW_READERS_MAX, self.cfg.threads // 2))
        self._open: Counter[str] = Counter()
        self._buffered: Counter[str | None] = Counter()
        self._events: Counter[str] = Counter()
        self._swept_at = self._reported_at = 0.0
        self._is_told_to_stop = False
        self._drain_until: float | None = None
        self._on_drain: Callable[[], object] = _nothing
        self._on_stop: Callable[[], object] = _nothing

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse a configuration with TLS, because encrypted requests cannot be scanned."""
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise RuntimeError("TLS is not supported: remove certfile and keyfile, and use a proxy")

    def sample(self) -> None:
        """Set the metric of open connections by state; any thread may call this.

        The counters of refused requests are created too, so that they are shown before the first
        refusal.
        """
        for code in REFUSALS:
            meters().http_refused.labels(code)
        waiting = {
            "receiving": len(self._collecting),
            "sending": len(self._sending),
            "idle": len(self.keepalived_conns),
            "ending": len(self._lingering),
        }
        working = max(0, self.nr_conns - sum(waiting.values()))
        for state, number in (waiting | {"working": working}).items():
            meters().http_connections.labels(state).set(number)

    def use(
        self, limits: Limits, *, on_drain: Callable[[], object], on_stop: Callable[[], object]
    ) -> None:
        """Set the limits, and two functions that are called when the worker stops.

        After SIGTERM the worker handles requests for another `limits.drain_s` seconds, the drain.
        `on_drain` is called at the beginning of the drain. `on_stop` is called at its end, or when
        the parent process has ended.
        """
        self.limits, self._on_drain, self._on_stop = limits, on_drain, on_stop
        self._rests.patience_s = limits.send_s

    def run(self) -> None:
        """Accept connections and handle requests until the process is told to stop.

        The number of connections is limited by the number of files that the process may open.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.worker_connections + FILES_FOR_THE_PROGRAM
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            self.worker_connections = max(
                min(self.worker_connections, soft - FILES_FOR_THE_PROGRAM), 1
            )
        super().run()

    # Connections
    # ------------------------------------------------------------------------------

    def accept(self, listener: socket.socket) -> bool:
        """Accept or refuse a waiting connection, and begin to collect its first request.

        Returns True if there was a connection, even if it was refused because its address has too
        many. Returns False if there was none, or if the process has too many open files.
        """
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in _OUT_OF_FILES:
                self._events["could not be accepted, because the process has too many files"] += 1
                time.sleep(0.05)  # the listener stays readable and would be polled without a pause
            elif error.errno not in _TRY_AGAIN:
                raise
            return False
        network = network_of(client[0], self.limits.trusted) if isinstance(client, tuple) else None
        if (
            network is not None
            and self._open[network] >= self.limits.per_address
            and not self._close_idle_of(network)
        ):
            self._events["over the limit of an address were refused"] += 1
            meters().http_refused.labels("too_many_connections").inc()
            sock.settimeout(0)
            with suppress(OSError):
                sock.send(_response(HTTPStatus.TOO_MANY_REQUESTS, "too_many_connections"))
            sock.close()
            return True
        self.nr_conns += 1
        conn = _Connection(
            self.cfg,
            ResponseSocket(sock, self._rests, network),
            client,
            listener.getsockname(),
            network=network,
        )
        conn.sock.on_rest = partial(self.method_queue.defer, self._begin_sending, conn)
        if network is not None:
            self._open[network] += 1
        with suppress(OSError):  # the client may have disconnected already
            _set_timeout(conn.sock, socket.SO_RCVTIMEO, self.limits.body_s)
            # The system would keep up to 4 MiB of responses for a client that reads nothing.
            conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX)
        self._expect_request(conn)
        self._guarded(self._receive, conn, conn.sock)
        return True

    def on_client_socket_readable(self, conn: _Connection, _client: socket.socket) -> None:
        """Collect the next request of a connection that was kept open."""
        self.keepalived_conns.remove(conn)
        self._unpoll(conn)
        self._expect_request(conn)
        self._receive(conn)

    def finish_request(self, conn: _Connection, fs: Future[Any]) -> None:
        """Keep or close a connection after the thread of its request has ended.

        If the result of `fs` is true, the connection stays open for the next request. Otherwise it
        is closed. If a part of the response is still being sent, this happens afterwards.
        """
        try:
            keeps = bool(fs.result()) if not fs.cancelled() else False
            conn.sock.settimeout(0)
        except Exception:  # noqa: BLE001 - as gunicorn does: whatever happened, the connection ends
            self._close(conn)
            return
        then = self._expect_next if keeps else self._linger
        if conn.sock.is_cut:
            self._events["did not take their whole response were closed"] += 1
            self._close(conn)
        elif conn in self._sending:
            conn.after_rest = then
        else:
            self._guarded(then, conn, conn.sock)

    def _begin_sending(self, conn: _Connection) -> None:
        """Send the rest of a response, whether or not its thread has ended."""
        if not conn.is_closed:
            self._sending.add(conn)
            self._poll(conn, self._send_rest, selectors.EVENT_WRITE)

    def _send_rest(self, conn: _Connection, client: socket.socket) -> None:
        try:
            if not conn.sock.send_rest():
                return
        except OSError:
            self._stop_sending(conn)
            return
        self._unpoll(conn)
        self._sending.discard(conn)
        if conn.after_rest is not None:
            then, conn.after_rest = conn.after_rest, None
            then(conn, client)

    def _stop_sending(self, conn: _Connection) -> None:
        """Disconnect a client that does not take its whole response.

        If a thread still handles the request, the connection is closed after the thread has ended.
        """
        conn.sock.cut()
        self._unpoll(conn)
        self._sending.discard(conn)
        if conn.after_rest is not None:
            self._close(conn)

    def _expect_next(self, conn: _Connection, _client: socket.socket) -> None:
        following = conn.parser.unreader.take_buffered()
        if conn.source is not None:
            following += conn.source.take_rest()
        if following:  # the client sent its next request without waiting for the response
            self._expect_request(conn)
            self._add(conn, following)
            return
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.append(conn)
        self._poll(conn, self.on_client_socket_readable)

    def _close_idle_of(self, network: str) -> bool:
        """Close the longest idle connection of a network; return False if none is idle.

        A network is the IPv4 address or the IPv6 /64 of a client.
        """
        for conn in self.keepalived_conns:
            if conn.network == network:
                self.keepalived_conns.remove(conn)
                self._close(conn)
                return True
        return False

    def _expect_request(self, conn: _Connection) -> None:
        conn.scan = Scan()
        conn.deadline = time.monotonic() + self.limits.header_s
        self._collecting.add(conn)

    def _receive(self, conn: _Connection, _client: socket.socket | None = None) -> None:
        if conn not in self._collecting:  # refused by another event of the same poll
            return
        try:
            received = conn.sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            self._poll(conn, self._receive)
            return
        except OSError:
            received = b""
        if received:
            self._add(conn, received)
        else:
            self._close(conn)

    def _add(self, conn: _Connection, received: bytes) -> None:
        """Add received bytes to a request.

        A complete request is passed to a thread. A request that is too large is refused.
        """
        conn.received += received
        self._buffered[conn.network] += len(received)
        before = conn.scan.stage
        stage = conn.scan.read(conn.received)
        if stage is Stage.READY:
            self._hand_over(conn)
            return
        if stage is Stage.HEADER_TOO_LARGE:
            self._refuse(conn, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large")
            return
        if stage is Stage.BODY_TOO_LARGE:
            self._refuse(conn, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large")
            return
        self._limit_memory(conn.network)
        if conn not in self._collecting:
            return
        if stage is Stage.BODY:
            if before is Stage.HEADER:
                conn.deadline = time.monotonic() + self.limits.body_s
                if conn.scan.expects_continue:
                    with suppress(OSError):
                        conn.sock.send(CONTINUE)
            conn.deadline = _extended(conn.deadline, len(received), self.limits.body_s)
        self._poll(conn, self._receive)

    def _limit_memory(self, network: str | None) -> None:
        """Refuse a large unfinished request if such requests take too much memory.

        `network` is the client's IPv4 address or IPv6 /64, or None for a trusted proxy. If the
        network is above its share, its largest request is refused. If all networks together are
        above the limit, the network with the most bytes loses its largest request. A request of up
        to HEADER_BYTES_MAX bytes is never refused.
        """
        # The share of one client is checked first, then the sum of all clients.
        most = self.limits.buffered_bytes
        if network is None or self._buffered[network] <= most // ADDRESS_SHARE:
            if self._buffered.total() <= most:
                return
            network = max(self._buffered, key=lambda one: self._buffered[one])
        largest = max(
            (conn for conn in self._collecting if conn.network == network),
            key=lambda conn: len(conn.received),
            default=None,
        )
        if largest is not None and len(largest.received) > HEADER_BYTES_MAX:
            self._events["were refused, because unfinished requests take too much memory"] += 1
            self._refuse(largest, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")

    def _hand_over(self, conn: _Connection) -> None:
        self._unpoll(conn)
        self._collecting.discard(conn)
        conn.init()
        if conn.source is None:
            conn.source = conn.parser.unreader.sock = _Source()
        conn.source.fill(bytes(conn.received))
        self._forget_received(conn)
        self.enqueue_req(conn)

    def _refuse(self, conn: _Connection, status: HTTPStatus, code: str) -> None:
        meters().http_refused.labels(code).inc()
        with suppress(OSError):
            conn.sock.send(_response(status, code))
        self._linger(conn)

    def _linger(self, conn: _Connection, _client: socket.socket | None = None) -> None:
        """Shut down sending on a connection, and discard what the client still sends.

        If the connection were closed at once, the client might lose the response (RFC 9112, section
        9.6). gunicorn's own code would wait for this client in the main thread and delay all other
        clients.
        """
        self._collecting.discard(conn)
        self._forget_received(conn)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        conn.deadline = time.monotonic() + LINGER_S
        self._lingering.add(conn)
        self._unpoll(conn)
        self._discard(conn)

    def _discard(self, conn: _Connection, _client: socket.socket | None = None) -> None:
        try:
            received = conn.sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            self._poll(conn, self._discard)
            return
        except OSError:
            received = b""
        conn.discarded += len(received)
        if not received or conn.discarded > LINGER_BYTES_MAX:
            self._close(conn)
        else:
            self._poll(conn, self._discard)

    def _close(self, conn: _Connection) -> None:
        if conn.is_closed:
            return
        conn.is_closed = True
        self._unpoll(conn)
        self._collecting.discard(conn)
        self._lingering.discard(conn)
        self._sending.discard(conn)
        conn.sock.forget()
        self._forget_received(conn)
        if conn.network is not None:
            self._open[conn.network] -= 1
            if self._open[conn.network] <= 0:
                del self._open[conn.network]
        self.nr_conns -= 1
        conn.close()

    def _forget_received(self, conn: _Connection) -> None:
        self._buffered[conn.network] -= len(conn.received)
        if self._buffered[conn.network] <= 0:
            del self._buffered[conn.network]
        conn.received = bytearray()

    def _poll(
        self, conn: _Connection, then: Callable[..., None], event: int = selectors.EVENT_READ
    ) -> None:
        if not conn.is_polled:
            conn.is_polled = True
            self.poller.register(conn.sock, event, partial(self._guarded, then, conn))

    def _guarded(self, then: Callable[..., None], conn: _Connection, sock: socket.socket) -> None:
        """Call `then` for an event of `conn`; after an error, log it and close `conn`."""
        if conn.is_closed:  # by another event of the same poll
            return
        try:
            then(conn, sock)
        except Exception:
            self.log.exception("Error with a connection that no thread has.")
            self._close(conn)

    def _unpoll(self, conn: _Connection) -> None:
        if conn.is_polled:
            conn.is_polled = False
            with suppress(KeyError, ValueError, OSError):
                self.poller.unregister(conn.sock)

    # Deadlines
    # ------------------------------------------------------------------------------

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events, but no longer than until the next check of deadlines."""
        if self._collecting or self._lingering or self._sending or self._drain_until is not None:
            timeout = min(timeout, self._tick_s)
        super().wait_for_and_dispatch_events(timeout)
        self._drain()

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - gunicorn's
        """Close connections that were idle too long.

        If the worker has its maximum number of connections, the longest idle connections are closed
        too. With `force`, all idle connections are closed.
        """
        if self.nr_conns >= self.worker_connections:
            for conn in islice(self.keepalived_conns, max(self.worker_connections // 20, 1)):
                conn.timeout = 0.0
        now = time.monotonic()
        while self.keepalived_conns and (force or self.keepalived_conns[0].timeout <= now):
            self._close(self.keepalived_conns.popleft())

    def murder_pending(self) -> None:
        """End connections whose deadline has passed.

        An incomplete request is refused with status 408. A connection is closed if the client has
        sent nothing, if it has been ending for LINGER_S seconds (`_linger`), or if the client takes
        its response too slowly.
        """
        now = time.monotonic()
        if now - self._swept_at < self._tick_s and self.alive:
            return
        self._swept_at = now
        for conn in [conn for conn in self._lingering if conn.deadline <= now]:
            self._close(conn)
        for conn in [conn for conn in self._collecting if conn.deadline <= now]:
            if conn.received:
                self._events["were late"] += 1
                self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT, "request_timeout")
            else:  # a client would take a response for the one to its next request
                self._close(conn)
        for conn in [conn for conn in self._sending if conn.sock.deadline <= now]:
            if conn.after_rest is not None:
                self._events["did not take their whole response were closed"] += 1
            self._stop_sending(conn)
        if self._events and now - self._reported_at >= REPORT_EVERY_S:
            self._reported_at = now
            for what, number in self._events.items():
                self.log.warning("Connections that %s: %d", what, number)
            self._events.clear()

    @property
    def _tick_s(self) -> float:
        return min(1.0, min(self.limits.header_s, self.limits.body_s, self.limits.send_s) / 4)

    # The end
    # ------------------------------------------------------------------------------

    def handle_exit(self, _sig: int, _frame: object) -> None:
        """After SIGTERM, serve requests for `drain_s` seconds more, and then stop."""
        self._is_told_to_stop = True
        self.method_queue.defer(_nothing)  # wakes the main thread

    def is_parent_alive(self) -> bool:
        """Return True if the parent process runs; if it has ended, end open streams."""
        is_alive = bool(super().is_parent_alive())
        if not is_alive:
            self._on_stop()
        return is_alive

    def _drain(self) -> None:
        """After SIGTERM, begin the drain, and stop the worker when the drain is over.

        During the drain the worker still serves requests, but it closes each connection after the
        response.
        """
        if not self._is_told_to_stop or not self.alive:
            return
        now = time.monotonic()
        if self._drain_until is None:
            self._drain_until = now + self.limits.drain_s
            self.max_keepalived = 0  # gunicorn then sends `Connection: close`
            self._on_drain()
        if now < self._drain_until:
            return
        # The master's timeout includes the drain; the time for the rest is counted from now.
        self.cfg.set("graceful_timeout", min(self.cfg.graceful_timeout, GRACE_S))
        self.set_accept_enabled(False)
        for listener in self.sockets:
            # Closing it would reset the connections that the system has accepted already.
            for _ in range(self.cfg.backlog):
                if self.nr_conns >= self.worker_connections or not self.accept(listener):
                    break
            listener.close()
        for conn in self._collecting:
            if not conn.received:
                conn.deadline = min(conn.deadline, now + STOP_KEEPALIVE_LINGER)
        self._on_stop()
        self.alive = False

    # In a thread
    # ------------------------------------------------------------------------------

    def handle_request(self, req: Any, conn: _Connection) -> bool:
        """Pass a request to the application, and send the response.

        A client that reads too slowly is disconnected.
        """
        conn.sock.begin()
        if conn.scan.expects_continue:
            req._expected_100_continue = False  # noqa: SLF001 - it was sent before the body arrived
        try:
            return bool(super().handle_request(req, conn))
        except (BlockingIOError, TimeoutError):
            self.log.debug("A client read too slowly and is disconnected.")
            conn.sock.cut()
            return False

    def _keepalive_after(self, conn: _Connection, keepalive: bool) -> bool:  # noqa: FBT001 - gunicorn's signature
        """Return True if the connection can be used for another request."""
        if not keepalive:
            return False
        try:
            return bool(conn.parser.finish_body())
        except (ParseException, OSError):
            return False


@lru_cache(maxsize=4096)
def network_of(address: str, trusted: tuple[Network, ...]) -> str | None:
    """Return the network that counts as one client, or None for a trusted proxy.

    The network is an IPv4 address or an IPv6 /64. A text that is no IP address is returned
    unchanged.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if any(found in network for network in trusted):
        return None
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False))
    return str(found)


def _extended(deadline: float, size: int, patience_s: float) -> float:
    """Return the new deadline of a request body after `size` bytes have arrived.

    Each BODY_BYTES_PER_S bytes extend the deadline by a second, but at most to `patience_s` seconds
    from now.
    """
    return min(deadline + size / BODY_BYTES_PER_S, time.monotonic() + patience_s)


def _set_timeout(sock: socket.socket, option: int, seconds: float) -> None:
    whole = int(seconds)
    sock.setsockopt(
        socket.SOL_SOCKET, option, struct.pack("ll", whole, int((seconds - whole) * 1_000_000))
    )


def _response(status: HTTPStatus, code: str) -> bytes:
    body = json.dumps({"detail": code})
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Retry-After: 5\r\n"
        f"Connection: close\r\n\r\n{body}"
    ).encode()


def _nothing() -> None:
    """Do nothing; a default callback, and a call that wakes the main thread."""
