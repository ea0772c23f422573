"""Connection to a model's server, which can be closed at any time."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from voyagent.drivers.models.errors import ModelTimeout
from voyagent.kernel.config import is_this_computer

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 5.0
POLL_S = 0.25
BYTES_MAX = 16 * 1024 * 1024
"""Maximum number of bytes of one response."""
WAITING_MAX = 256
_RESET = struct.pack("ii", 1, 0)
Events = AbstractContextManager[Iterable[Any]]


class Stopped(Exception):
    """The caller has asked to stop."""


class TooMuch(ValueError):
    """The server sent more than BYTES_MAX bytes."""


class _HungUp(Exception):
    """The caller has closed the connection; this exception ends the reading thread."""


class Line:
    """A connection for one request; the end of the `with` block closes it.

    A read that waits for a silent server cannot be cancelled from another thread, and the time-outs
    of the HTTP library start again with each byte. Therefore a separate thread reads, and the
    caller waits for that thread until the deadline.
    """

    def __init__(self, base_url: str, deadline: float, should_stop: Callable[[], bool]) -> None:
        self._base_url = base_url
        self._deadline = deadline
        self._should_stop = should_stop
        self._asked_at = 0.0
        self._down = threading.Event()
        self._socket: socket.socket | None = None
        self._heard: queue.Queue[object] = queue.Queue(WAITING_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._down.set()
        self._shut(at_once=kind is not None)

    def client(self) -> httpx2.Client:
        """Return an HTTP client for the SDK of Anthropic or OpenAI.

        The client uses the proxies in environment variables, except for a server on this computer.
        The client does not follow redirects.
        """
        import httpx2  # noqa: PLC0415 - a slow import, needed only with a model

        left = max(self._deadline - time.monotonic(), 0.001)
        return httpx2.Client(
            verify=_tls(),
            timeout=httpx2.Timeout(left, connect=min(CONNECT_S, left)),
            follow_redirects=False,
            trust_env=not is_this_computer(urlsplit(self._base_url).hostname or ""),
            event_hooks={"request": [self._watch], "response": [_bound]},
        )

    def events(
        self, ask: Callable[[Line], Events], explain: Callable[[Exception], Exception], driver: str
    ) -> Iterator[object]:
        """Yield the events of the response as JSON.

        `ask` sends the request; a separate thread calls it. `explain` converts an exception of the
        separate thread, and the result is raised to the caller. Raises ModelTimeout at the
        deadline. Raises Stopped soon after `should_stop()` becomes true.
        """
        threading.Thread(
            target=self._read, args=(ask, explain), name=f"model-{driver}", daemon=True
        ).start()
        while True:
            if time.monotonic() >= self._deadline:
                raise ModelTimeout("the deadline has passed", driver=driver)
            self._check_stop()
            try:
                item = self._heard.get(
                    timeout=max(min(POLL_S, self._deadline - time.monotonic()), 0.001)
                )
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item

    def _check_stop(self) -> None:
        """Raise Stopped if `should_stop()` is true.

        `should_stop()` is called at most once in POLL_S seconds, because it may query the database.
        """
        if time.monotonic() - self._asked_at < POLL_S:
            return
        self._asked_at = time.monotonic()
        if self._should_stop():
            raise Stopped

    def _read(
        self, ask: Callable[[Line], Events], explain: Callable[[Exception], Exception]
    ) -> None:
        try:
            with ask(self) as events:
                for event in events:
                    self._hand_over(_plain(event))
            self._hand_over(None)
        except _HungUp:
            return
        except Exception as error:  # noqa: BLE001 - raised in the caller's thread
            with contextlib.suppress(_HungUp):
                self._hand_over(explain(error))

    def _hand_over(self, item: object) -> None:
        while not self._down.is_set():
            with contextlib.suppress(queue.Full):
                self._heard.put(item, timeout=POLL_S)
                return
        raise _HungUp

    def _watch(self, request: httpx2.Request) -> None:
        request.extensions["trace"] = self._note

    def _note(self, name: str, info: dict[str, Any]) -> None:
        """Store the socket of the connection as soon as it exists.

        The HTTP library calls this function at each stage of a request. With TLS, the HTTP library
        makes a second socket, which replaces the first.
        """
        if not name.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        found = info["return_value"].get_extra_info("socket")
        self._socket = found if isinstance(found, socket.socket) else None
        if self._down.is_set():
            self._shut(at_once=True)

    def _shut(self, *, at_once: bool) -> None:
        """Shut down the socket.

        If `at_once` is true, the connection is reset even while the server sends.
        """
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may be closed already
                if at_once:
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                socket.socket.shutdown(
                    self._socket, socket.SHUT_RDWR
                )  # not of the TLS socket, which would wait for a closing message


def _plain(event: Any) -> Any:
    """Return an event of an SDK as JSON, with only the fields that the server sent.

    The SDK does not validate the values of these fields.
    """
    return (
        event.model_dump(exclude_unset=True, warnings=False)
        if hasattr(event, "model_dump")
        else event
    )


def _bound(response: httpx2.Response) -> None:
    """Change a response so that reading more than BYTES_MAX bytes raises TooMuch."""
    import httpx2  # noqa: PLC0415 - as in `client`

    class Bounded(httpx2.SyncByteStream):
        def __init__(self, inner: httpx2.SyncByteStream) -> None:
            self._inner = inner

        def __iter__(self) -> Iterator[bytes]:
            read = 0
            for chunk in self._inner:
                read += len(chunk)
                if read > BYTES_MAX:
                    raise TooMuch
                yield chunk

        def close(self) -> None:
            self._inner.close()

    response.stream = Bounded(cast("httpx2.SyncByteStream", response.stream))


@cache
def _tls() -> ssl.SSLContext:
    import httpx2  # noqa: PLC0415 - as in `client`

    return httpx2.create_ssl_context()
