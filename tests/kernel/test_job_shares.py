"""Agencies take turns at the workers, and no agency holds all of their places."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from voyagent.kernel import jobs, queues as job_queues
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction

A, B, C = (str(uuid4()) for _ in range(3))
NAMES = {A: "A", B: "B", C: "C"}
TASK = "probe.shared"
pytestmark = pytest.mark.usefixtures("no_jobs")


class Ran:
    """The jobs that ran, in order, and the most that ran at once for each agency."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.numbers: list[int] = []
        self.most: Counter[str] = Counter()
        self.takes_s = 0.0
        self._running: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, tenant_id: str, number: int) -> None:
        name = NAMES[tenant_id]
        with self._lock:
            self.order.append(name)
            self.numbers.append(number)
            self._running[name] += 1
            self.most[name] = max(self.most[name], self._running[name])
        time.sleep(self.takes_s)
        with self._lock:
            self._running[name] -= 1


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    made = Ran()
    monkeypatch.setitem(jobs._tasks, TASK, jobs.Task(TASK, made, own_transactions=True))  # noqa: SLF001 - a task of this test alone
    return made


def deferred(app: Flask, agency: str, count: int, lock: str | None = None) -> None:
    with app.app_context(), transaction():
        for number in range(count):
            jobs.defer(TASK, lock=lock, tenant_id=agency, number=number)


def work(app: Flask, settings: Settings, *, one_at_a_time: bool = False) -> None:
    """Run all due jobs, one after the other or with the places of a worker process."""

    async def run() -> None:
        worker = jobs.worker_app(app, settings, repeats=False)
        every = (job_queues.FIRST, job_queues.MORE, job_queues.REPORTS)
        places = {every: 1} if one_at_a_time else job_queues.PLACES
        async with worker.open_async(), asyncio.TaskGroup() as group:
            for queues, number in places.items():
                group.create_task(
                    worker.run_worker_async(
                        queues=list(queues),
                        concurrency=number,
                        wait=False,
                        install_signal_handlers=False,
                        listen_notify=False,
                        delete_jobs="successful",
                    )
                )

    with ThreadPoolExecutor(1) as thread:  # the browser's driver keeps an event loop in this one
        thread.submit(asyncio.run, run()).result()


def test_200_jobs_of_an_agency_do_not_delay_those_of_others(
    app: Flask, settings: Settings, ran: Ran
) -> None:
    deferred(app, A, 200)
    deferred(app, B, 3)
    deferred(app, C, 2)
    work(app, settings, one_at_a_time=True)
    assert "".join(ran.order[:10]) == "ABCABCABAA"
    assert Counter(ran.order) == {"A": 200, "B": 3, "C": 2}


def test_a_late_agency_waits_for_no_backlog_and_a_backlog_for_no_late_agency(
    app: Flask, settings: Settings, ran: Ran, owner_engine: sa.Engine
) -> None:
    deferred(app, A, 40)
    with owner_engine.begin() as connection:  # as if thirty had run
        connection.execute(
            sa.text("delete from procrastinate_jobs where (args->>'number')::int < 30")
        )
    deferred(app, B, 10)
    work(app, settings, one_at_a_time=True)
    assert "".join(ran.order[:8]) == "ABABABAB"


def test_jobs_of_one_lock_keep_their_order(app: Flask, settings: Settings, ran: Ran) -> None:
    """A later job has no higher priority, although fewer jobs are open by then."""
    deferred(app, A, 50)
    with app.app_context(), transaction():
        jobs.defer(TASK, lock="conversation", tenant_id=A, number=100)
    work_some(app, 50)
    with app.app_context(), transaction():
        jobs.defer(TASK, lock="conversation", tenant_id=A, number=101)
    work(app, settings, one_at_a_time=True)
    assert ran.numbers[-2:] == [100, 101]


def work_some(app: Flask, count: int) -> None:
    with app.app_context(), transaction():
        db.session.execute(
            sa.text(
                "delete from procrastinate_jobs where id in (select id from procrastinate_jobs"
                " where task_name = :task order by id limit :count)"
            ),
            {"task": TASK, "count": count},
        )


def test_one_agency_never_holds_all_places(app: Flask, settings: Settings, ran: Ran) -> None:
    ran.takes_s = 0.05
    deferred(app, A, 40)
    work(app, settings)
    general = sum(
        places for queues, places in job_queues.PLACES.items() if job_queues.FIRST in queues
    )
    assert 2 <= ran.most["A"] <= general - 1


def test_a_second_agency_starts_while_the_first_holds_its_places(
    app: Flask, settings: Settings, ran: Ran
) -> None:
    ran.takes_s = 0.3
    deferred(app, A, 12)
    deferred(app, B, 1)
    work(app, settings)
    assert "B" in ran.order[:6]


def test_a_job_for_later_does_not_delay_the_next(
    app: Flask, owner_engine: sa.Engine, ran: Ran
) -> None:
    with app.app_context(), transaction():
        jobs.defer(TASK, after_s=3600, tenant_id=B, number=0)
        jobs.defer(TASK, tenant_id=B, number=1)
    with owner_engine.connect() as connection:
        rows = connection.execute(
            sa.text("select queue_name from procrastinate_jobs where task_name = :t order by id"),
            {"t": TASK},
        ).scalars()
        assert list(rows) == [job_queues.FIRST, job_queues.FIRST]
