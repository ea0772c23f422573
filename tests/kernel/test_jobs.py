"""Stalled jobs return to the queue, and a worker survives failed statements.

The statements are those of its queue.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import procrastinate
import psycopg
import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from procrastinate.manager import JobManager
from psycopg.rows import dict_row

from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.chat.queries import sessions
from voyagent.chat.service import conversations as chat, turns
from voyagent.kernel import jobs
from voyagent.kernel.config import Settings
from voyagent.kernel.stalled_jobs import TASK as STALLED_TASK, StalledJobs

LATE, ALIVE = "10 s", "0 s"
PATIENCE_S = 30


class Queue:
    """The tables of the queue as their owner; the rows are deleted after the test."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._workers: list[int] = []

    def worker(self, silent_for: str) -> int:
        made = self._scalar(
            "insert into procrastinate_workers (last_heartbeat) values (now() - cast(:v as"
            " interval)) returning id",
            v=silent_for,
        )
        self._workers.append(made)
        return made

    def job(
        self,
        worker_id: int | None,
        *,
        status: str = "doing",
        task: str = "probe",
        queueing_lock: str | None = None,
    ) -> int:
        statement = (
            "insert into procrastinate_jobs (queue_name, task_name, status, worker_id,"
            " queueing_lock) values ('elsewhere', :task, cast(:status as procrastinate_job_status),"
            " :worker, :lock) returning id"
        )
        return self._scalar(
            statement, task=task, status=status, worker=worker_id, lock=queueing_lock
        )

    def state(self, job_id: int) -> tuple[str, int] | None:
        """Return status and attempts of a job, or None if it is deleted."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.text("select status, attempts from procrastinate_jobs where id = :i"),
                {"i": job_id},
            ).first()
            return None if row is None else (row.status, row.attempts)

    def taken_over(self, job_id: int, worker_id: int) -> None:
        """Return a job to the queue and have another worker begin it."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.text(
                    "update procrastinate_jobs set attempts = attempts + 1, worker_id = :worker"
                    " where id = :job"
                ),
                {"job": job_id, "worker": worker_id},
            )

    def clear(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                sa.text("delete from procrastinate_jobs where queue_name = 'elsewhere'")
            )
            connection.execute(
                sa.text("delete from procrastinate_workers where id = any(:made)"),
                {"made": self._workers},
            )

    def _scalar(self, statement: str, **values: Any) -> int:
        with self._engine.begin() as connection:
            return int(connection.scalar(sa.text(statement), values) or 0)


@pytest.fixture
def queue(owner_engine: sa.Engine) -> Any:
    made = Queue(owner_engine)
    yield made
    made.clear()


def looks(
    app: Flask,
    settings: Settings,
    own: int,
    *,
    times: int = 1,
    running: tuple[int, ...] = (),
    of: int | None = None,
) -> None:
    """Look for stalled jobs in a process that runs some jobs as the worker `of`."""

    async def look() -> None:
        queue = jobs.worker_app(app, settings)
        async with queue.open_async():
            await _look(
                StalledJobs(queue, stalled_s=settings.worker_stalled_s),
                own,
                times,
                list(running),
                of or own,
            )

    with ThreadPoolExecutor(1) as thread:  # the browser's driver keeps an event loop in this one
        thread.submit(asyncio.run, look()).result()


async def _look(stalled: StalledJobs, own: int, times: int, running: list[int], of: int) -> None:
    if running:
        job = SimpleNamespace(job=SimpleNamespace(id=running.pop(), worker_id=of))
        await stalled.watch(lambda: _look(stalled, own, times, running, of), job, None)  # type: ignore[arg-type]
        return
    for _ in range(times):
        await stalled.recover(SimpleNamespace(job=SimpleNamespace(worker_id=own)))  # type: ignore[arg-type]


def test_jobs_of_a_stalled_worker_are_released(
    app: Flask, settings: Settings, queue: Queue
) -> None:
    own, dead, alive = queue.worker(ALIVE), queue.worker(LATE), queue.worker(ALIVE)
    lost, forgotten, running = queue.job(dead), queue.job(None), queue.job(alive)
    looks(app, settings, own)
    assert [queue.state(job) for job in (lost, forgotten, running)] == [
        ("todo", 1),
        ("todo", 1),
        ("doing", 0),
    ]


def test_a_worker_with_a_late_heartbeat_keeps_its_running_jobs(
    app: Flask, settings: Settings, queue: Queue
) -> None:
    own = queue.worker(LATE)
    runs = queue.job(own)
    looks(app, settings, own, times=3, running=(runs,))
    assert queue.state(runs) == ("doing", 0)


def test_a_process_keeps_the_running_jobs_of_all_its_workers(
    app: Flask, settings: Settings, queue: Queue
) -> None:
    own, sibling = queue.worker(ALIVE), queue.worker(LATE)
    runs, lost = queue.job(sibling), queue.job(sibling)
    looks(app, settings, own, times=3, running=(runs,), of=sibling)
    assert [queue.state(job) for job in (runs, lost)] == [("doing", 0), ("todo", 1)]


def test_a_job_that_its_worker_does_not_run_is_released_at_the_second_check(
    app: Flask, settings: Settings, queue: Queue
) -> None:
    own = queue.worker(ALIVE)
    held = queue.job(own)
    looks(app, settings, own)
    assert queue.state(held) == ("doing", 0), "it may be about to run"
    looks(app, settings, own, times=2)
    assert queue.state(held) == ("todo", 1)


def test_a_killed_rescue_does_not_block_the_next(
    app: Flask, settings: Settings, queue: Queue
) -> None:
    own, dead = queue.worker(ALIVE), queue.worker(LATE)
    died, lost = queue.job(dead, task=STALLED_TASK, queueing_lock="probe"), queue.job(dead)
    queue.job(None, status="todo", task=STALLED_TASK, queueing_lock="probe")
    looks(app, settings, own)
    assert [queue.state(job) for job in (died, lost)] == [None, ("todo", 1)]


def test_a_job_of_another_worker_is_not_released(
    app: Flask, settings: Settings, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, dead, alive = queue.worker(ALIVE), queue.worker(LATE), queue.worker(ALIVE)
    lost = queue.job(dead)
    find = JobManager.get_stalled_jobs

    async def overtaken(*args: Any, **options: Any) -> Any:
        found = await find(*args, **options)
        queue.taken_over(lost, alive)
        return found

    monkeypatch.setattr(JobManager, "get_stalled_jobs", overtaken)
    looks(app, settings, own)
    assert queue.state(lost) == ("doing", 1), "it runs once"


def test_a_job_that_is_committed_during_the_claim_has_its_arguments(
    queue: Queue, owner_engine: sa.Engine
) -> None:
    """The claim waits for a lock inside its function while the job is committed."""
    values = {"queues": ["elsewhere"], "worker_id": queue.worker(ALIVE), "outward": []}

    def claim() -> dict[str, Any]:
        with owner_engine.begin() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            found = raw.cursor(row_factory=dict_row).execute(jobs.CLAIM, values).fetchone()
            assert found is not None
            return found

    with owner_engine.connect() as holder, ThreadPoolExecutor(1) as pool:
        holder.execute(sa.text("lock table installation in access exclusive mode"))
        claimed = pool.submit(claim)
        with owner_engine.connect() as other:
            waits = sa.text("select exists (select from pg_locks where not granted)")
            while not other.scalar(waits):
                time.sleep(0.01)
        job_id = queue.job(None, status="todo")
        holder.rollback()
        assert (claimed.result()["id"], claimed.result()["args"]) == (job_id, {})


def test_the_log_has_the_reason_of_a_failed_job(app: Flask) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    run = jobs._in_context(app, jobs.Task("probe.fails", fail))  # noqa: SLF001 - as the worker has it
    with structlog.testing.capture_logs() as lines, pytest.raises(ZeroDivisionError):
        run()
    assert [(line["event"], line["task"], line["exc_info"]) for line in lines] == [
        ("job.failed", "probe.fails", True)
    ]


def test_a_job_refused_by_a_busy_database_is_retried_for_most_of_a_minute() -> None:
    waits = []
    for attempts in range(20):
        job = procrastinate.jobs.Job(
            id=1, queue="q", lock=None, queueing_lock=None, task_name="t", attempts=attempts
        )
        decision = jobs.TRIES.get_retry_decision(exception=Exception(), job=job)
        if decision is None:
            break
        assert decision.retry_at is not None
        waits.append(round(decision.retry_at.timestamp() - time.time()))
    assert waits[:3] == [1, 2, 3]
    assert 40 <= sum(waits) <= 60


@pytest.mark.usefixtures("no_jobs")
def test_a_worker_continues_after_a_failed_statement_of_its_queue(
    settings: Settings, alice: Person, owner_engine: sa.Engine, tmp_path: Path
) -> None:
    environment = worker_environment(settings) | {
        "VOYAGENT_DB_STATEMENT_TIMEOUT_MS": "1000",
        "VOYAGENT_METRICS_DIR": str(tmp_path / "numbers"),
    }
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi:app", "worker"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
        )
    try:
        wait(lambda: answers(alice), log)
        with owner_engine.begin() as connection:
            connection.execute(sa.text("lock table procrastinate_workers in exclusive mode"))
            wait(lambda: "worker.begins_anew" in log.read_text(), log)
        wait(lambda: answers(alice), log)
        assert worker.poll() is None
    finally:
        end(worker, within_s=10)
    assert worker.returncode == 0, log.read_text()


def answers(person: Person) -> bool:
    """Return True if a turn that begins now ends."""
    with person.acting() as actor:
        session_id = chat.create_session(actor).id
        turns.start_turn(actor, session_id, message="help")
    for _ in range(100):
        time.sleep(0.1)
        with person.acting():
            if sessions.find_running_turn(session_id) is None:
                return True
    return False


def wait(ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-3000:])
