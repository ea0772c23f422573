"""Metrics of all processes, added up through files in a shared directory.

The library prometheus_client chooses its storage when it is imported. This module therefore imports
the library at first use, after `share`. Without a shared directory, as in tests, each process has
its own metrics.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.pool import ConnectionPoolEntry

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WORK_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_AFTER_COMMIT = "metrics_after_commit"
_COUNTED = "counted_in_metrics"


@dataclass(frozen=True, slots=True)
class Meters:
    """All metrics of a process.

    No label contains a caller's input, an agency, a person or an id.
    """

    registry: CollectorRegistry
    requests: Counter
    request_seconds: Histogram
    pages: Counter
    page_seconds: Histogram
    turns_started: Counter
    turn_seconds: Histogram
    job_seconds: Histogram
    decisions: Counter
    connections: Gauge
    connections_max: Gauge


def share(directory: Path) -> bool:
    """Store the metrics in a shared directory; return False if it is not writable.

    Call this function before anything is counted; otherwise it raises RuntimeError. If the
    environment already names a directory, that directory is used.
    """
    if DIRECTORY in os.environ:
        return True
    if "prometheus_client" in sys.modules:
        raise RuntimeError("metrics of this process are already stored in another place")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    if not os.access(directory, os.W_OK | os.X_OK):
        return False
    os.environ[DIRECTORY] = str(directory.resolve())
    return True


def clear(directory: Path) -> None:
    """Delete the metrics of ended processes."""
    for pattern in ("counter_*.db", "histogram_*.db", "gauge_*_*.db"):
        for file in directory.glob(pattern):
            if not _is_alive(_process_of(file)):
                file.unlink(missing_ok=True)


def forget_gauges_of_the_dead(directory: Path) -> None:
    """Delete the gauges of killed processes and keep their counters."""
    for file in directory.glob("gauge_live*_*.db"):
        if not _is_alive(_process_of(file)):
            file.unlink(missing_ok=True)


@cache
def meters() -> Meters:
    """Return the metrics of this process, created on first use."""
    from prometheus_client import (  # noqa: PLC0415
        CollectorRegistry,
        Counter,
        Gauge,
        Histogram,
        disable_created_metrics,
    )

    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    by_request, by_pool = ("method", "path"), ("pool",)
    return Meters(
        registry=registry,
        requests=Counter(
            "voyagent_api_requests_total",
            "Responses of the JSON API",
            (*by_request, "status"),
            registry=registry,
        ),
        request_seconds=Histogram(
            "voyagent_api_request_duration_seconds",
            "Time in seconds until a response of the JSON API began",
            by_request,
            registry=registry,
            buckets=REQUEST_BUCKETS_S,
        ),
        pages=Counter(
            "voyagent_page_requests_total",
            "Responses with pages and files",
            (*by_request, "status"),
            registry=registry,
        ),
        page_seconds=Histogram(
            "voyagent_page_request_duration_seconds",
            "Time in seconds until a response with a page or file began",
            by_request,
            registry=registry,
            buckets=REQUEST_BUCKETS_S,
        ),
        turns_started=Counter(
            "voyagent_turns_started_total",
            "Turns of the assistant that a worker started",
            registry=registry,
        ),
        turn_seconds=Histogram(
            "voyagent_turn_duration_seconds",
            "Duration of a turn of the assistant in seconds, by outcome",
            ("outcome",),
            registry=registry,
            buckets=WORK_BUCKETS_S,
        ),
        job_seconds=Histogram(
            "voyagent_job_duration_seconds",
            "Duration of an attempt of a job in seconds, by task and outcome",
            ("task", "outcome"),
            registry=registry,
            buckets=WORK_BUCKETS_S,
        ),
        decisions=Counter(
            "voyagent_approvals_decided_total",
            "Proposals that were approved, declined or expired",
            ("outcome",),
            registry=registry,
        ),
        connections=Gauge(
            "voyagent_db_connections_in_use",
            "Database connections in use",
            by_pool,
            registry=registry,
            multiprocess_mode="livesum",
        ),
        connections_max=Gauge(
            "voyagent_db_connections_max",
            "Maximum number of database connections",
            by_pool,
            registry=registry,
            multiprocess_mode="livesum",
        ),
    )


def exposition(more: Callable[[], Iterable[Metric]]) -> bytes:
    """Return all metrics in Prometheus format, including those that `more` reads."""
    from prometheus_client import (  # noqa: PLC0415
        CollectorRegistry,
        generate_latest,
        multiprocess,
    )

    directory = os.environ.get(DIRECTORY)
    sources = [meters().registry] if directory is None else []
    everything = CollectorRegistry()
    if directory is not None:
        forget_gauges_of_the_dead(Path(directory))
        multiprocess.MultiProcessCollector(everything, path=directory)  # type: ignore[no-untyped-call]

    class Further:
        def collect(self) -> Iterator[Metric]:
            for source in sources:
                yield from source.collect()
            yield from more()

    everything.register(Further())
    return generate_latest(everything)


@contextmanager
def timed_job(task: str) -> Iterator[None]:
    """Record the duration of a job, with its outcome: succeeded or failed."""
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "succeeded"
    finally:
        meters().job_seconds.labels(task, outcome).observe(time.perf_counter() - began)


def after_commit(session: scoped_session[Any], count: Callable[[], object]) -> None:
    """Call `count` after the current transaction has committed; not after a rollback."""
    session.info.setdefault(_AFTER_COMMIT, []).append(count)


@contextmanager
def forgotten_when_raised(session: scoped_session[Any]) -> Iterator[None]:
    """Cancel the `after_commit` calls that the block registered, if the block raises."""
    calls = session.info.setdefault(_AFTER_COMMIT, [])
    before = len(calls)
    try:
        yield
    except BaseException:
        del calls[before:]
        raise


def _count_connection(_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    assert record.record_info is not None
    record.record_info[_COUNTED] = True
    meters().connections.labels("session").inc()


def _discount_connection(_connection: Any, record: ConnectionPoolEntry) -> None:
    # The pool also checks in a connection that could not be opened and was never checked out.
    assert record.record_info is not None
    if record.record_info.pop(_COUNTED, False):
        meters().connections.labels("session").dec()


def watch(session: scoped_session[Any], engine: Engine, *, connections_max: int) -> None:
    """Install the listeners that run `after_commit` calls and count open connections.

    `connections_max` is the largest number of connections of the engine, which is a metric too.
    """
    if not event.contains(session, "after_commit", _count_recorded):
        event.listen(session, "after_commit", _count_recorded)
        event.listen(session, "after_rollback", _forget_recorded)
    event.listen(
        engine,
        "first_connect",
        lambda *_: meters().connections_max.labels("session").set(connections_max),
    )
    event.listen(engine, "checkout", _count_connection)
    event.listen(engine, "checkin", _discount_connection)


def leave(directory: Path, pid: int) -> None:
    """Delete the gauges of a process that stops serving and keep its counters."""
    for file in directory.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)


def _count_recorded(session: Session) -> None:
    if not session.in_nested_transaction():  # the transaction goes on after the end of a savepoint
        for count in session.info.pop(_AFTER_COMMIT, ()):
            count()


def _forget_recorded(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_AFTER_COMMIT, None)


def _process_of(file: Path) -> int:
    number = file.stem.rpartition("_")[2]
    return int(number) if number.isdigit() else 0


def _is_alive(pid: int) -> bool:
    """Return True if a process runs; False for a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return pid > 0
    return pid > 0 and state not in "ZX"
