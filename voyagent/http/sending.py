"""A socket that keeps the part of a response that a slow client has not taken yet."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socket import _SendableFile

    from _typeshed import ReadableBuffer

REST_BYTES_MAX = 1024 * 1024
RESTS_BYTES_MAX = 64 * 1024 * 1024
ADDRESS_RESTS_BYTES_MAX = RESTS_BYTES_MAX // 4
WAITING_BYTES_MAX = 256 * 1024 * 1024
ADDRESS_WAITING_BYTES_MAX = WAITING_BYTES_MAX // 4
READ_BYTES_PER_S = 16 * 1024
FILE_PIECE_BYTES = 256 * 1024
POLL_MS = 250


class Rests:
    """Limits of memory for unsent responses, and of threads that wait for clients.

    In the methods, `network` is the IPv4 address or IPv6 /64 of a client, or None for a trusted
    proxy.

    Args:
        waiting_max: Number of threads that may wait at the same time.
    """

    def __init__(self, waiting_max: int) -> None:
        self.patience_s = 10.0
        self._waiting_max = max(waiting_max, 1)
        self._waiting: dict[ResponseSocket, int] = {}
        self._bytes: Counter[str | None] = Counter()
        self._lock = Lock()

    def reserve(self, network: str | None, size: int) -> int:
        """Reserve memory for at most `size` bytes and return the number of reserved bytes.

        A network may reserve at most one client's share of the memory. If `network` is None, there
        is no such limit.
        """
        with self._lock:
            room = RESTS_BYTES_MAX - self._bytes.total()
            if network is not None:
                room = min(room, ADDRESS_RESTS_BYTES_MAX - self._bytes[network])
            room = max(min(size, room), 0)
            self._bytes[network] += room
            return room

    def release(self, network: str | None, size: int) -> None:
        """Release `size` bytes of the memory that a network has reserved."""
        with self._lock:
            self._bytes[network] -= size
            if self._bytes[network] <= 0:
                del self._bytes[network]

    @contextmanager
    def waiting(self, sock: ResponseSocket, size: int) -> Iterator[None]:
        """Count this thread as waiting with `size` unsent bytes.

        If too many threads or bytes wait, the slowest clients are disconnected. Raises TimeoutError
        if the client of this thread is one of them.
        """
        with self._lock:
            while rivals := self._rivals(sock, size):
                slowest = min([*rivals, sock], key=lambda one: one.rate())
                self._waiting.pop(slowest, None)
                slowest.cut()
                if slowest is sock:
                    raise TimeoutError
            self._waiting[sock] = size
        try:
            yield
        finally:
            with self._lock:
                self._waiting.pop(sock, None)

    def _rivals(self, sock: ResponseSocket, size: int) -> list[ResponseSocket]:
        """Return the waiting sockets that compete with `sock`; empty if `sock` may wait.

        If there are such sockets, one of them or `sock` must be disconnected.
        """
        if len(self._waiting) >= self._waiting_max:
            return list(self._waiting)
        own = {one: left for one, left in self._waiting.items() if one.network == sock.network}
        if sock.network is not None and sum(own.values()) + size > ADDRESS_WAITING_BYTES_MAX:
            return list(own)
        if sum(self._waiting.values()) + size > WAITING_BYTES_MAX:
            return list(self._waiting)
        return []


class ResponseSocket(socket.socket):
    """Socket of a connection; `sendall` keeps the bytes that the client does not take.

    The thread of the request calls `sendall` and `sendfile`. `on_rest` is called when the main
    thread must send the kept bytes. The main thread calls `send_rest` and `forget`.

    Args:
        accepted: The accepted socket, whose file descriptor is taken over.
        rests: The unsent parts of all responses of the process.
        network: The network that counts as one client, or None for a trusted proxy.
    """

    on_rest: Callable[[], None]

    def __init__(self, accepted: socket.socket, rests: Rests, network: str | None) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self.is_cut = False
        self.deadline = 0.0
        self._rests, self.network = rests, network
        self._rest = bytearray()
        self._rest_lock = Lock()
        self._is_announced = False
        self.begin()

    def begin(self) -> None:
        """Start to measure how fast the client takes a new response."""
        self._began = time.monotonic()
        self._sent = self._sent_while_waiting = 0
        self._waited_s = 0.0

    def rate(self) -> float:
        """Return the bytes per second that the client has taken of the response."""
        return self._sent / (time.monotonic() - self._began + 1)

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        """Send without blocking and keep the rest; wait only if memory for it is short.

        Raises TimeoutError if the client is too slow.
        """
        if self.gettimeout():
            super().sendall(data, flags)
            return
        if self.is_cut:
            raise TimeoutError
        view = memoryview(data)
        if not self._rest:  # only this thread adds to it
            view = view[self._send(view) :]
        if view:
            view = view[self._keep(view) :]
        if view:
            with self._rests.waiting(self, len(view)):
                self._wait(view)

    def sendfile(self, file: _SendableFile, offset: int = 0, count: int | None = None) -> int:
        """Send a part of a file as `sendall` sends data; return the number of bytes.

        The part has `count` bytes from `offset` on. If `count` is None, it extends to the end.
        """
        file.seek(offset)
        sent = 0
        while count is None or sent < count:
            size = FILE_PIECE_BYTES if count is None else min(FILE_PIECE_BYTES, count - sent)
            piece = file.read(size)
            if not piece:
                break
            self.sendall(piece)
            sent += len(piece)
        return sent

    def send_rest(self) -> bool:
        """Send as much of the rest as the client takes now; return True if all is sent.

        Raises OSError if the client has disconnected.
        """
        with self._rest_lock:
            self._flush()
            self._is_announced = bool(self._rest)
            return not self._rest

    def cut(self) -> None:
        """End the connection without sending the kept bytes.

        When the socket is closed, the operating system drops what it has not sent yet.
        """
        self.is_cut = True
        with suppress(OSError):  # the client may have disconnected before
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Discard the unsent bytes and release their memory."""
        with self._rest_lock:
            self._rests.release(self.network, len(self._rest))
            self._rest = bytearray()
            self._is_announced = False

    def close(self) -> None:
        """Close the socket; if the main thread still polls it, only end the connection."""
        if self._is_announced:
            self.cut()
        else:
            super().close()

    def _send(self, data: ReadableBuffer) -> int:
        try:
            sent = self.send(data, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return 0
        self._sent += sent
        return sent

    def _flush(self) -> int:
        sent = self._send(self._rest) if self._rest else 0
        del self._rest[:sent]
        self._rests.release(self.network, sent)
        return sent

    def _keep(self, view: memoryview) -> int:
        with self._rest_lock:
            kept = self._rests.reserve(
                self.network, min(len(view), REST_BYTES_MAX - len(self._rest))
            )
            if not kept:
                return 0
            if not self._rest:
                self.deadline = time.monotonic() + self._rests.patience_s
            self._rest += view[:kept]
            self.deadline += kept / READ_BYTES_PER_S
            is_new, self._is_announced = not self._is_announced, True
        if is_new:
            self.on_rest()
        return kept

    def _wait(self, view: memoryview) -> None:
        poller = select.poll()
        poller.register(self.fileno(), select.POLLOUT)
        while view:
            began = time.monotonic()
            poller.poll(POLL_MS)
            if self.is_cut:
                raise TimeoutError
            with self._rest_lock:
                sent_before = self._sent
                self._flush()
                if not self._rest:
                    view = view[self._send(view) :]
            view = view[self._keep(view) :]
            self._sent_while_waiting += self._sent - sent_before
            self._waited_s += time.monotonic() - began
            self._check_rate()

    def _check_rate(self) -> None:
        if self._waited_s < self._rests.patience_s:
            return
        if self._sent_while_waiting < self._waited_s * READ_BYTES_PER_S:
            self.cut()
            raise TimeoutError
        self._waited_s, self._sent_while_waiting = 0.0, 0
