"""Metrics of a server: the processes of one gunicorn, or one worker.

Each server has a folder of its own, in which all its processes store their metrics. A process
returns the sums of its server. So a restart of another server on the same machine changes nothing,
and the counters of ended processes stay until their server ends.

The library prometheus_client chooses its storage when it is imported. This module therefore imports
the library at first use, after `share`. Without a folder, as in tests, each process has its own
metrics.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, scoped_session

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WORK_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
SAMPLE_EVERY_S = 5.0
_AFTER_COMMIT = "metrics_after_commit"
_LOCK = "lock"


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
    connections_waiting: Gauge
    connection_wait_seconds: Counter
    connections_discarded: Counter
    http_connections: Gauge
    http_refused: Counter
    streams: Gauge
    limit_refusals: Counter
    read_fallbacks: Counter


class Sampler:
    """Functions that set the gauges of a process, called every SAMPLE_EVERY_S seconds."""

    def __init__(self) -> None:
        self._samples: list[Callable[[], object]] = []

    def add(self, sample: Callable[[], object]) -> None:
        """Add a function, which must be cheap and must not wait."""
        self._samples.append(sample)

    def sample(self) -> None:
        """Call the added functions now, which set the gauges."""
        for sample in self._samples:
            sample()

    def start(self) -> None:
        """Call the added functions now, and then in a thread until the process ends."""
        self.sample()
        Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        never = Event()
        while not never.wait(SAMPLE_EVERY_S):
            self.sample()


def share(directory: Path, server: str) -> bool:
    """Store the metrics in a new folder of this server.

    `server` is the beginning of the folder's name, such as `web`. The folders of ended servers are
    deleted. Returns False if no folder can be made. If the environment already names a folder,
    because this process belongs to the server of its parent, that folder is used.

    Call this function before anything is counted and before the server forks; otherwise it raises
    RuntimeError.
    """
    if DIRECTORY in os.environ:
        return True
    if "prometheus_client" in sys.modules:
        raise RuntimeError("metrics of this process are already stored in another place")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / _LOCK).open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            _delete_folders_of_ended_servers(directory)
            folder = Path(tempfile.mkdtemp(prefix=f"{server}-", dir=directory.resolve()))
            # Forked processes keep the file open too, so the lock ends with the last of them.
            _hold_lock(folder)
    except OSError:
        return False
    os.environ[DIRECTORY] = str(folder)
    return True


def forget_gauges_of_the_dead() -> None:
    """Delete the gauges of killed processes of this server and keep their counters."""
    for file in _files("gauge_live*_*.db"):
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
        connections_waiting=Gauge(
            "voyagent_db_pool_waiting",
            "Threads that wait for a database connection",
            by_pool,
            registry=registry,
            multiprocess_mode="livesum",
        ),
        connection_wait_seconds=Counter(
            "voyagent_db_pool_wait_seconds_total",
            "Seconds in which threads waited for a database connection",
            by_pool,
            registry=registry,
        ),
        connections_discarded=Counter(
            "voyagent_db_connections_discarded_total",
            "Database connections that were closed because they did not work",
            by_pool,
            registry=registry,
        ),
        http_connections=Gauge(
            "voyagent_http_connections",
            "Connections of clients, by what is done with them",
            ("state",),
            registry=registry,
            multiprocess_mode="livesum",
        ),
        http_refused=Counter(
            "voyagent_http_refused_total",
            "Requests and connections that were refused before a thread handled them",
            ("reason",),
            registry=registry,
        ),
        streams=Gauge(
            "voyagent_streams_open",
            "Open event streams of the assistant",
            registry=registry,
            multiprocess_mode="livesum",
        ),
        limit_refusals=Counter(
            "voyagent_limit_refusals_total",
            "Attempts that a rate limit refused",
            ("limit",),
            registry=registry,
        ),
        read_fallbacks=Counter(
            "voyagent_read_fallbacks_total",
            "Reads that the primary answered because no standby could, by reason",
            ("reason",),
            registry=registry,
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
        forget_gauges_of_the_dead()
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


def watch(
    session: scoped_session[Any], engine: Engine, sampler: Sampler, *, connections_max: int
) -> None:
    """Make `after_commit` work for a session, and measure its database connections.

    `sampler` sets the metrics of the connections that are in use, and of those that callers wait
    for. `connections_max` is the largest number of connections of the engine, which is a metric
    too.
    """
    if not event.contains(session, "after_commit", _count_recorded):
        event.listen(session, "after_commit", _count_recorded)
        event.listen(session, "after_rollback", _forget_recorded)

    def discarded(*_: object) -> None:
        meters().connections_discarded.labels("session").inc()

    def sample() -> None:
        pool: Any = engine.pool  # `dispose` replaces the pool
        meters().connections.labels("session").set(pool.checkedout())
        meters().connections_max.labels("session").set(connections_max)
        meters().connections_waiting.labels("session").set(pool.waiting())
        meters().connections_discarded.labels("session")  # exposed before the first one

    event.listen(engine, "invalidate", discarded)
    sampler.add(sample)


def leave(pid: int) -> None:
    """Delete the gauges of a process that stops serving and keep its counters."""
    for file in _files(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)


def _count_recorded(session: Session) -> None:
    if not session.in_nested_transaction():  # the transaction goes on after the end of a savepoint
        for count in session.info.pop(_AFTER_COMMIT, ()):
            count()


def _forget_recorded(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_AFTER_COMMIT, None)


def _files(pattern: str) -> Iterable[Path]:
    directory = os.environ.get(DIRECTORY)
    return () if directory is None else Path(directory).glob(pattern)


def _delete_folders_of_ended_servers(directory: Path) -> None:
    for name in directory.glob(f"*/{_LOCK}"):
        with name.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # its server runs
                continue
            for file in [*name.parent.glob("*_*.db"), name]:
                file.unlink(missing_ok=True)
        with suppress(OSError):  # other files stay
            name.parent.rmdir()


def _hold_lock(folder: Path) -> None:
    file = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)


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
