"""Child processes in which documents are typeset, with limits of memory and time.

Typst keeps parts of earlier documents in memory, and a document can need any amount of memory and
time. Separate processes with limits protect the process that handles requests.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

import structlog

from voyagent.drivers.paper import typesetter
from voyagent.drivers.paper.typesetter import Order, Outcome, Reply
from voyagent.kernel.database.copy_export import ExportsBusy
from voyagent.kernel.errors import N_, Unprocessable

PROCESSES = 2
"""Largest number of typesetters of one process, and so of documents at a time."""
WAIT_S = 10.0
"""Longest wait for a typesetter, in seconds."""
CPU_MAX_S, TIME_MAX_S = 20, 60.0
"""Maximum processor time and maximum elapsed time of a document, in seconds.

The elapsed time may be longer, because the computer may be busy.
"""
MEMORY_MAX = 1024 * 1024 * 1024
"""Address space of a typesetter, in bytes."""
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")
"""Environment variables that a typesetter gets; it gets no secrets."""
_ENVIRONMENT = {
    # Each thread and each heap of the allocator would reserve address space, on computers with many
    # cores more than MEMORY_MAX.
    "RAYON_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}
log = structlog.get_logger(__name__)


class DocumentTooLarge(Unprocessable):
    """The document needs too much processor time, time or memory.

    The limits are CPU_MAX_S, TIME_MAX_S and MEMORY_MAX.
    """

    code = "document_too_large"
    message = N_(
        "This PDF would need too much time or memory. Choose fewer rows, or shorten long texts."
    )


class _Ended(Exception):
    """The child process ended before it had finished a document."""


class _Typesetter:
    """A child process that typesets one document after another."""

    def __init__(self, memory_max: int, cpu_max_s: int) -> None:
        self._connection, end_of_child = Pipe()
        with end_of_child:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    typesetter.__file__,
                    str(end_of_child.fileno()),
                    str(memory_max),
                    str(cpu_max_s),
                ],
                env={name: os.environ[name] for name in _INHERITED if name in os.environ}
                | _ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[end_of_child.fileno()],
            )
        self.documents = 0

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return True while the process runs."""
        return self._process.poll() is None

    def typeset(self, order: Order, time_max_s: float) -> tuple[Reply, list[bytes]]:
        """Return the reply to an order, and the files. Raises _Ended and TimeoutError."""
        until = time.monotonic() + time_max_s
        try:
            self._connection.send_bytes(json.dumps(order).encode())
            reply: Reply = json.loads(_received(self._connection, until))
            files = [_received(self._connection, until) for _ in range(reply["files"])]
        except (EOFError, ConnectionError) as error:
            raise _Ended from error
        self.documents += 1
        return reply, files

    def end(self) -> int:
        """End the process; return its exit code."""
        self._process.kill()
        self._connection.close()
        return self._process.wait()


class Typesetters:
    """The typesetters of this process: up to `count` child processes.

    A child process is started when it is needed. Each document has at most `cpu_max_s` seconds of
    processor time and must be finished within `time_max_s` seconds. Each child process has at most
    `memory_max` bytes of address space.
    """

    def __init__(
        self,
        count: int = PROCESSES,
        *,
        cpu_max_s: int = CPU_MAX_S,
        time_max_s: float = TIME_MAX_S,
        memory_max: int = MEMORY_MAX,
    ) -> None:
        self._count, self._time_max_s = count, time_max_s
        self._cpu_max_s, self._memory_max = cpu_max_s, memory_max
        self.forget()

    def forget(self) -> None:
        """Forget the child processes, in a process that was just forked.

        The child processes belong to the parent process. The forked process starts its own.
        """
        self._places = threading.BoundedSemaphore(self._count)
        self._lock = threading.Lock()
        self._idle: list[_Typesetter] = []
        self._running: set[_Typesetter] = set()

    def typeset(self, order: Order) -> tuple[Outcome, str, list[bytes]]:
        """Typeset a document in a child process.

        Returns the outcome, the message of Typst if there is no document, and the files, as
        `typesetter.typeset` does. Raises DocumentTooLarge, and ExportsBusy if no process is free
        within WAIT_S.
        """
        if not self._places.acquire(timeout=WAIT_S):
            raise ExportsBusy
        try:
            return self._typeset(order)
        finally:
            self._places.release()

    def pids(self) -> list[int]:
        """Return the numbers of the child processes."""
        with self._lock:
            return [one.pid for one in self._running]

    def close(self) -> None:
        """End the child processes."""
        with self._lock:
            running, self._running, self._idle = self._running, set(), []
        for one in running:
            one.end()

    def _typeset(self, order: Order) -> tuple[Outcome, str, list[bytes]]:
        used = self._taken()
        try:
            reply, files = used.typeset(order, self._time_max_s)
        except (_Ended, TimeoutError) as error:
            exit_code = self._end(used)
            log.warning(
                "paper.process_ended", document=Path(order["source"]).name, exit_code=exit_code
            )
            is_late = isinstance(error, TimeoutError) or exit_code == -signal.SIGXCPU
            if is_late or not used.documents:
                raise DocumentTooLarge from None
            # Memory that earlier documents needed must not decide about this document.
            return self._typeset(order)
        except BaseException:
            self._end(used)
            raise
        if reply["ends"]:
            self._end(used)
        else:
            with self._lock:
                self._idle.append(used)
        return reply["outcome"], reply["reason"], files

    def _taken(self) -> _Typesetter:
        """Return the idle child process that was used last, or start a new process."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                used = self._idle.pop()
            if used.is_alive():
                return used
            self._end(used)
        started = _Typesetter(self._memory_max, self._cpu_max_s)
        with self._lock:
            self._running.add(started)
        return started

    def _end(self, used: _Typesetter) -> int:
        with self._lock:
            self._running.discard(used)
        return used.end()


def _received(connection: Connection, until: float) -> bytes:
    if not connection.poll(max(0.0, until - time.monotonic())):
        raise TimeoutError
    return connection.recv_bytes()


shared = Typesetters()
"""The typesetters of all parts of this process."""
atexit.register(shared.close)
os.register_at_fork(after_in_child=shared.forget)
