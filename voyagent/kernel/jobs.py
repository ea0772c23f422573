"""Background jobs, stored in PostgreSQL and run by workers.

`defer` inserts a job in the caller's transaction, so that the job and the caller's rows are
committed together or not at all. A worker runs each task in an application context, in one
transaction unless the task manages its own transactions. If a worker dies, another worker runs its
jobs.

Agencies share the workers and take turns, however many jobs each agency has.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import procrastinate
import procrastinate.periodic
import procrastinate.utils
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlalchemy import text

from voyagent.kernel import clock, logs, tracing
from voyagent.kernel.config import Settings
from voyagent.kernel.database import clock_follower, heartbeat
from voyagent.kernel.database.start_checks import require_start
from voyagent.kernel.database.timing import begin_timing, db_ms
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_connections import Purpose, is_notified, parameters_for
from voyagent.kernel.events import POLL_S
from voyagent.kernel.hold import is_held
from voyagent.kernel.housekeeping import stopping
from voyagent.kernel.metrics import timed_job
from voyagent.kernel.queues import CONNECTIONS, FIRST, MORE, PLACES
from voyagent.kernel.stalled_jobs import TASK as STALLED_TASK, StalledJobs

if TYPE_CHECKING:
    from flask import (
        Flask,
    )  # services that defer jobs must not import Flask; only workers need the application

log = structlog.get_logger(__name__)
# NOTIFY reports only new jobs. A job that waited for its lock, or was returned to the queue, is
# found by polling.
LOOK_EVERY_S = 1.0

# Retries after 1, 2, 3 … seconds: a job that failed under load runs again soon, and no job is lost
# if the database is unreachable for most of a minute.
TRIES = procrastinate.RetryStrategy(max_attempts=10, wait=1, linear_wait=1)
RESTART_AFTER_S = 1.0
_REQUEST_ID, _TRACE_PARENT = "request_id", "traceparent"
"""Arguments of a job that are for its log and its trace, and not for its task."""


@dataclass(frozen=True, slots=True)
class Task:
    """A named function that workers run.

    `own_transactions` is true if the function opens and commits its transactions itself. `every` is
    the cron expression of a periodic task. `is_outward` is true if the task has an effect outside
    the database, or makes jobs that have one. During a hold (`kernel/hold.py`) such a job waits,
    and a periodic one does nothing.
    """

    name: str
    run: Callable[..., None]
    own_transactions: bool = False
    every: str | None = None
    is_outward: bool = False


_tasks: dict[str, Task] = {}


def task(
    name: str,
    *,
    own_transactions: bool = False,
    every: str | None = None,
    is_outward: bool = False,
) -> Callable[[Callable[..., None]], Task]:
    """Decorate a function to register it as a task, such as `chat.run_turn`.

    `every` is a cron expression for a periodic task. A task with `own_transactions` opens and
    commits its transactions itself. A task with `is_outward` does not run during a hold.
    """

    def register(run: Callable[..., None]) -> Task:
        _tasks[name] = Task(name, run, own_transactions, every, is_outward)
        return _tasks[name]

    return register


def all_tasks() -> list[Task]:
    """Return all registered tasks."""
    return list(_tasks.values())


def outward_tasks() -> list[str]:
    """Return the names of the tasks whose jobs wait during a hold.

    Periodic tasks are not among them, because their jobs would accumulate. They run and do nothing.
    """
    return sorted(one.name for one in _tasks.values() if one.is_outward and one.every is None)


def defer(
    name: str,
    *,
    lock: str | None = None,
    after_s: float = 0,
    queue: str | None = None,
    **arguments: str | int | None,
) -> None:
    """Run a task at least `after_s` seconds after the current transaction commits.

    Jobs with the same `lock` run one at a time. Agencies take turns. The argument `tenant_id` of
    the task names the agency of a job. All jobs without `tenant_id` count as jobs of one agency.
    `queue` is a queue in `kernel/queues.py`. If `queue` is None, the first open job of an agency
    goes to the queue FIRST, and further jobs go to the queue MORE. Arguments must be ids and never
    secrets, because the table of jobs has no tenant isolation. The job also stores the id of the
    present request for its log, and the present span for its trace.
    """
    maker = {_REQUEST_ID: logs.request_id(), _TRACE_PARENT: tracing.trace_parent()}
    arguments |= {name: value for name, value in maker.items() if value is not None}
    db.session.execute(
        text(_DEFER),
        {
            "queue": queue,
            "first": FIRST,
            "more": MORE,
            "name": name,
            "lock": lock,
            "agency": arguments.get("tenant_id") or "",
            "arguments": json.dumps(arguments),
            "after_s": after_s,
        },
    )


def drop_jobs(tenant_id: UUID, *, only_waiting: bool) -> None:
    """Delete the jobs of an agency: all, or only those that no worker has taken."""
    db.session.execute(
        text(
            "delete from procrastinate_jobs where args->>'tenant_id' = :tenant_id and (status ="
            " 'todo' or not :only_waiting)"
        ),
        {"tenant_id": str(tenant_id), "only_waiting": only_waiting},
    )


# Start-time fair queueing: a new job comes after the last open job of its agency, and not before
# the job that runs next. Priorities are negative, and a worker takes the highest. A new job is
# below all open jobs of its agency, so that the jobs of one lock keep their order. Periodic tasks
# have priority 0 and come first. Jobs for later do not count until they are due.
_DEFER = """
with own as (
  select min(priority) as last,
         bool_or(scheduled_at is null or scheduled_at <= now()) as is_open
    from procrastinate_jobs
   where coalesce(args->>'tenant_id', '') = :agency and status in ('todo', 'doing')
), next as (
  select priority from procrastinate_jobs
   where status = 'todo' and priority < 0
     and (scheduled_at is null or scheduled_at <= now())
   order by priority desc, id limit 1
)
select procrastinate_defer_jobs_v1(array[row(
         coalesce(:queue, case when own.is_open then :more else :first end),
         :name,
         least(coalesce(own.last, 0) - 1, (select priority from next)),
         :lock,
         null,
         cast(:arguments as jsonb),
         case when :after_s > 0 then now() + make_interval(secs => :after_s) end
       )::procrastinate_job_to_defer_v1])
  from own
"""

# The library has no setting for its clock. With the clock of a computer that is a day ahead, it
# would run a day's worth of periodic tasks, and then none for a day.
vars(procrastinate.utils)["utcnow"] = clock.now
vars(procrastinate.periodic)["time"] = SimpleNamespace(time=clock.seconds)


def worker_app(app: Flask, settings: Settings, *, repeats: bool = True) -> procrastinate.App:
    """Return the procrastinate application of a worker, with all tasks.

    If `repeats` is true, the application also runs the periodic tasks and the search for stalled
    jobs.
    """
    jobs = procrastinate.App(connector=_Connector(settings))
    jobs.job_manager = _Claims(jobs.connector)
    stalled = StalledJobs(jobs, stalled_s=settings.worker_stalled_s)
    jobs.worker_defaults = {"worker_middleware": [_with_ids, stalled.watch]}
    for registered in _tasks.values():
        run = jobs.task(name=registered.name, retry=TRIES)(_in_context(app, registered))
        if repeats and registered.every is not None:
            jobs.periodic(cron=registered.every)(run)

    if not repeats:
        return jobs

    @jobs.periodic(cron="* * * * * */2")
    @jobs.task(name=STALLED_TASK, queueing_lock=STALLED_TASK, pass_context=True)
    async def recover(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
        await stalled.recover(context)

    return jobs


async def _with_ids(
    call_next: Callable[[], Awaitable[Any]], context: JobContext, _worker: object
) -> Any:
    """Run a job as a span, with its ids in each log line; middleware of all jobs."""
    job = context.job
    attempt = job.attempts + 1
    request_id, parent = (
        cast("str | None", job.task_kwargs.get(name)) for name in (_REQUEST_ID, _TRACE_PARENT)
    )
    with (
        tracing.span(
            job.task_name,
            "CONSUMER",
            {
                "voyagent.job": job.id,
                "voyagent.attempt": attempt,
                "voyagent.request_id": request_id,
            },
            parent=parent,
        ),
        logs.bound(
            job=job.id,
            task=job.task_name,
            attempt=attempt,
            request_id=request_id,
            trace_id=tracing.trace_id(),
            agency=job.task_kwargs.get("tenant_id"),
            turn=job.task_kwargs.get("turn_id"),
        ),
    ):
        return await call_next()


class _Connector(procrastinate.PsycopgConnector):
    """Connector that listens for new jobs through the database URL for LISTEN."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            kwargs=parameters_for(settings, Purpose.WORKER),
            min_size=CONNECTIONS,
            max_size=CONNECTIONS,
        )
        self._listening = parameters_for(settings, Purpose.LISTEN)

    @asynccontextmanager
    async def _get_standalone_connection(
        self,
    ) -> AsyncGenerator[psycopg.AsyncConnection[Any]]:
        connecting = psycopg.AsyncConnection.connect(**self._listening, autocommit=True)
        async with await connecting as connection:
            yield connection


class _Claims(JobManager):
    """Manager of jobs that leaves out outward jobs while the installation is on hold."""

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        row = await self.connector.execute_query_one_async(
            CLAIM, queues=queues, worker_id=worker_id, outward=outward_tasks()
        )
        return None if row["id"] is None else Job.from_row(row)


CLAIM = """
select * from app.claim_job(%(queues)s::varchar[], %(worker_id)s, %(outward)s::varchar[])
"""


def run_worker(app: Flask, settings: Settings) -> None:
    """Run jobs until SIGTERM or SIGINT, or until the parent process has ended."""
    asyncio.run(_work(app, settings))


async def _work(app: Flask, settings: Settings) -> None:
    serving = asyncio.ensure_future(_serve(app, settings))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # a second signal, for example because the parent has died too, would interrupt the orderly
        # stop
        if not serving.cancelling():
            stopping.set()
            serving.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    _end_with_parent(lambda: loop.call_soon_threadsafe(stop))
    try:
        await serving
    except asyncio.CancelledError:
        log.info("worker.stopped")


async def _serve(app: Flask, settings: Settings) -> None:
    """Run jobs until cancelled.

    If procrastinate stops because one of its own SQL statements fails, procrastinate is started
    again. Raises StartRefused before the first job, as `require_start` does.
    """
    this = asyncio.current_task()
    assert this is not None
    is_checked = False
    while True:
        jobs: procrastinate.App | None = None
        error = "SideTaskFailed"
        try:
            if not is_checked:
                await asyncio.to_thread(require_start, settings)
                with app.app_context():
                    await asyncio.to_thread(clock_follower.follow, db.engine)
                    if settings.reads_standbys:
                        heartbeat.beat(db.engine)
                is_checked = True
            is_told = await asyncio.to_thread(is_notified, settings)
            jobs = worker_app(app, settings)
            await jobs.open_async()
            async with asyncio.TaskGroup() as workers:
                for queues, places in PLACES.items():
                    workers.create_task(
                        jobs.run_worker_async(
                            queues=list(queues),
                            concurrency=places,
                            install_signal_handlers=False,
                            listen_notify=is_told,
                            fetch_job_polling_interval=LOOK_EVERY_S if is_told else POLL_S,
                            update_heartbeat_interval=settings.worker_heartbeat_s,
                            stalled_worker_timeout=settings.worker_stalled_s,
                            shutdown_graceful_timeout=5,
                            delete_jobs="successful",
                        )
                    )
        except* (ConnectorException, psycopg.Error) as failures:
            failure = failures.exceptions[0]
            error = type(failure.__cause__ or failure).__name__
        finally:
            # also if opening was interrupted: the pool would go on connecting and keep the process
            # alive
            if jobs is not None:
                await jobs.close_async()
        if this.cancelling():
            raise asyncio.CancelledError
        log.warning("worker.begins_anew", error=error)
        await asyncio.sleep(RESTART_AFTER_S)


def _in_context(app: Flask, registered: Task) -> Callable[..., None]:
    @functools.wraps(registered.run)
    def run(**arguments: Any) -> None:
        for argument in (_REQUEST_ID, _TRACE_PARENT):
            arguments.pop(argument, None)
        with app.app_context(), timed_job(registered.name), _log_end(registered.name):
            if registered.is_outward and registered.every is not None and is_held():
                return
            if registered.own_transactions:
                registered.run(**arguments)
                return
            with transaction():
                registered.run(**arguments)

    return run


@contextmanager
def _log_end(name: str) -> Iterator[None]:
    """Log the end of a job; procrastinate does not log the cause of a retry."""
    began = time.perf_counter()
    begin_timing()
    try:
        yield
    except Exception:
        log.exception("job.failed", task=name, ms=_ms_since(began), db_ms=db_ms())
        raise
    log.info("job.done", task=name, ms=_ms_since(began), db_ms=db_ms())


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _end_with_parent(stop: Callable[[], object]) -> None:
    # The process that started the worker passes its own id, because it may be killed before this
    # line runs.
    parent, never = int(os.environ.get("VOYAGENT_PARENT_PID") or os.getppid()), Event()

    def watch() -> None:
        while os.getppid() == parent:
            never.wait(0.5)
        stop()

    Thread(target=watch, name="parent-watch", daemon=True).start()
