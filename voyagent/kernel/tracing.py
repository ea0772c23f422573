"""Traces of requests and jobs, sent to a collector if its address is set.

The environment variables are those of OpenTelemetry. Without an address nothing is recorded, and no
module of OpenTelemetry is imported. A span has ids and names of the program only: no values, no
URLs, no messages of exceptions (decision 52). The trace of a caller is not continued, because any
client could then choose what is recorded.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from voyagent.kernel.config import ConfigurationError

if TYPE_CHECKING:
    from voyagent.kernel.spans import Attributes, Kind, Spans

ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SAMPLER, RATIO = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
RATIO_DEFAULT = 0.05
PROTOCOL = "http/protobuf"
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_active: list[Spans] = []


def check() -> None:
    """Raise ConfigurationError if traces are wanted and cannot be sent."""
    address = _address()
    if address is None:
        return
    if not all(map(_is_installed, _NEEDED)):
        raise ConfigurationError(
            f"{address} is set, but the packages of OpenTelemetry are missing: install"
            " voyagent[otel], or remove the variable"
        )
    if _first_set(PROTOCOLS, PROTOCOL) != PROTOCOL:
        raise ConfigurationError(f"OTEL_EXPORTER_OTLP_PROTOCOL must be {PROTOCOL}, or not be set")
    if SAMPLER not in os.environ and not 0 <= _ratio() <= 1:
        raise ConfigurationError(f"{RATIO} must be a number from 0 to 1")


def start(engine: Engine, *, version: str) -> None:
    """Begin to send traces of this process, if the operator wants them.

    Call this function after a fork, because the spans are sent by a thread. The statements of
    `engine` become spans too.
    """
    if _address() is None:
        return
    from voyagent.kernel.spans import Spans  # noqa: PLC0415 - imports OpenTelemetry

    _active[:] = [Spans(version=version, ratio=None if SAMPLER in os.environ else _ratio())]
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


def _address() -> str | None:
    """Return the variable with the collector's address; None if traces are off."""
    is_off = (
        os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "none"
    )
    return None if is_off else next((name for name in ADDRESSES if os.environ.get(name)), None)


def _first_set(names: tuple[str, ...], default: str) -> str:
    return next(filter(None, map(os.environ.get, names)), default)


def _ratio() -> float:
    try:
        return float(os.environ.get(RATIO) or RATIO_DEFAULT)
    except ValueError:
        return -1


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package above it
        return False


def _execute(cursor: Any, statement: str, parameters: Any, _context: object) -> bool:
    with database_span(statement):
        cursor.execute(statement, parameters)
    return True  # SQLAlchemy does not execute the statement itself


def _execute_many(cursor: Any, statement: str, parameters: Any, _context: object) -> bool:
    with database_span(statement):
        cursor.executemany(statement, parameters)
    return True
