"""Traces of requests and jobs, sent to a collector if its address is set (`otlp`).

Without an address nothing is recorded, and no module of OpenTelemetry is imported. A span has ids
and names of the program only: no values, no URLs, no messages of exceptions (decision 52). The
trace of a caller is not continued, because any client could then choose what is recorded.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from voyagent.kernel import otlp

if TYPE_CHECKING:
    from voyagent.kernel.spans import Attributes, Kind, Spans

_active: list[Spans] = []


def start(engine: Engine, *, version: str) -> None:
    """Begin to send traces of this process, if the operator wants them.

    Call this function after a fork, because the spans are sent by a thread. The statements of
    `engine` become spans too.
    """
    if not otlp.is_sent("TRACES"):
        return
    from voyagent.kernel.spans import Spans  # noqa: PLC0415 - imports OpenTelemetry

    ratio = None if otlp.SAMPLER in os.environ else otlp.ratio()
    _active[:] = [Spans(version=version, ratio=ratio)]
    event.listen(engine, "do_execute", _execute)
    event.listen(engine, "do_executemany", _execute_many)
    atexit.register(stop)


def stop() -> None:
    """Send the spans that wait, for at most a few seconds, and record no more."""
    atexit.unregister(stop)
    while _active:
        _active.pop().close()


@contextmanager
def span(
    name: str, kind: Kind, attributes: Mapping[str, str | int | None], *, parent: str | None = None
) -> Iterator[Attributes]:
    """Record the block as a span, and an exception by its type.

    A SERVER or CONSUMER begins a trace, or continues that of `parent`, a value of `traceparent`. A
    CLIENT is recorded only inside of another span. An attribute is left out if it is None. What is
    added to the yielded dict is recorded too; `error.type` marks the span as failed.
    """
    if not _active:
        yield {}
        return
    with _active[0].span(name, kind, attributes, parent) as further:
        yield further


@contextmanager
def database_span(*statements: str) -> Iterator[None]:
    """Record the block as a round trip to the database."""
    if not _active:
        yield
        return
    with _active[0].database_span("; ".join(statements)):
        yield


def trace_parent() -> str | None:
    """Return the present span as a value of `traceparent`, or None."""
    return _active[0].trace_parent() if _active else None


def trace_id() -> str | None:
    """Return the id of the present trace in hexadecimal digits, or None."""
    return _active[0].trace_id() if _active else None


def _execute(cursor: Any, statement: str, parameters: Any, _context: object) -> bool:
    with database_span(statement):
        cursor.execute(statement, parameters)
    return True  # SQLAlchemy does not execute the statement itself


def _execute_many(cursor: Any, statement: str, parameters: Any, _context: object) -> bool:
    with database_span(statement):
        cursor.executemany(statement, parameters)
    return True
