"""The time that a request or a job waits for the database."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

import psycopg

_waited: ContextVar[list[float] | None] = ContextVar("waited", default=None)


class TimedConnection(psycopg.Connection[Any]):
    """A connection that adds its waits for the server to the time of a request or job."""

    def wait(self, *arguments: Any, **options: Any) -> Any:
        """Wait for the server as psycopg does, and add the time to `db_ms`."""
        began = time.perf_counter()
        try:
            return super().wait(*arguments, **options)
        finally:
            waited = _waited.get()
            if waited is not None:
                waited[0] += time.perf_counter() - began


def begin_timing() -> None:
    """Set the time that `db_ms` returns to zero, when a request or job begins."""
    _waited.set([0.0])


def db_ms() -> float:
    """Return the milliseconds spent waiting for statements since `begin_timing`.

    Without `begin_timing` in this thread the result is 0.
    """
    waited = _waited.get()
    return 0.0 if waited is None else round(waited[0] * 1000, 1)
