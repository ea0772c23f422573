"""Measure processes through /proc, and record the SQL statements of a request."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from tools.bench.ground import BenchFailed, Installation
from tools.bench.load import Call

_TICKS = os.sysconf("SC_CLK_TCK")


def forget_peaks(pids: Iterable[int]) -> None:
    """Reset each process's peak of memory to its present use."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mib(pids: Iterable[int]) -> float:
    """Return the highest peak of memory among processes, in MiB."""
    return max(_status(pid, "VmHWM") for pid in pids) / 1024


def cpu_s(pids: Iterable[int]) -> float:
    """Return the CPU seconds of processes and of their ended children."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):  # a process that has ended is counted with its parent
            ticks += sum(
                map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15])
            )
    return ticks / _TICKS


@contextmanager
def working(pids: Callable[[], Iterable[int]]) -> Iterator[Callable[[], float]]:
    """Yield a function that returns the CPU seconds used since the block began.

    The CPU seconds of all processes are added. `pids` is called at the beginning and at the end.
    """
    before = cpu_s(pids())
    yield lambda: cpu_s(pids()) - before


def statements(here: Installation, *calls: Call) -> int:
    """Return the number of statements that the last of the calls sends.

    BEGIN and COMMIT are not counted. The earlier calls fill the caches.

    Raises BenchFailed on an unexpected response.
    """
    return [len(answered(here, call)) for call in calls][-1]


def answered(here: Installation, call: Call) -> list[tuple[Any, Any]]:
    """Send a call to the application in this process and return its SQL statements.

    Each statement is returned with its parameters. Raises BenchFailed on an unexpected response.
    """
    client = here.app.test_client(use_cookies=False)
    sent: list[tuple[Any, Any]] = []
    with _noted(lambda query, values: sent.append((query, values))):
        answer = client.open(
            call.path, method=call.method, headers=dict(call.headers), data=call.body, buffered=True
        )
    if answer.status_code != call.expects:
        raise BenchFailed(f"{call.method} {call.path} was answered by {answer.status_code}")
    return sent


@contextmanager
def _noted(note: Callable[[Any, Any], None]) -> Iterator[None]:
    """Call `note` with each statement of this process and its values, except COMMIT."""
    execute: Any = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, values: Any = None, **options: Any) -> Any:
        if query != "commit":
            note(query, values)
        return execute(cursor, query, values, **options)

    setattr(psycopg.Cursor, "execute", noted)  # noqa: B010 - the driver's own method, put back below
    try:
        yield
    finally:
        setattr(psycopg.Cursor, "execute", execute)  # noqa: B010 - as above


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise BenchFailed(f"the system tells no {name}")
