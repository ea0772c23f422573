"""Jobs that failed long ago are deleted in batches, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from voyagent.kernel import clock, failed_jobs
from voyagent.kernel.config import Settings
from voyagent.kernel.db import transaction
from voyagent.privacy import tasks

TASK = "probe.failed"


@pytest.fixture
def engine(owner_engine: sa.Engine) -> Iterator[sa.Engine]:
    """Return an engine of a database in which no job of another test has failed."""
    with owner_engine.begin() as connection:
        connection.execute(sa.text("delete from procrastinate_jobs where status = 'failed'"))
    yield owner_engine
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from procrastinate_jobs where task_name = :n"), {"n": TASK}
        )


def job(engine: sa.Engine, status: str, *ages_days: int) -> int:
    """Create a job whose events happened so many days ago; return its id."""
    with engine.begin() as connection:
        job_id = connection.scalar(
            sa.text(
                "insert into procrastinate_jobs (queue_name, task_name, status) values"
                " ('elsewhere', :n, cast(:s as procrastinate_job_status)) returning id"
            ),
            {"n": TASK, "s": status},
        )
        connection.execute(
            sa.text("delete from procrastinate_events where job_id = :i"), {"i": job_id}
        )
        for days in ages_days:
            connection.execute(
                sa.text(
                    "insert into procrastinate_events (job_id, type, at) values"
                    " (:i, 'failed', now() - interval '1 day' * :d)"
                ),
                {"i": job_id, "d": days},
            )
    assert isinstance(job_id, int)
    return job_id


def left(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        found = connection.scalars(
            sa.text("select id from procrastinate_jobs where task_name = :n order by id"),
            {"n": TASK},
        )
        return list(found)


def test_jobs_that_failed_long_ago_go_with_their_events(app: Flask, engine: sa.Engine) -> None:
    old = job(engine, "failed", 33, 31)
    young = job(engine, "failed", 40, 29)
    waits = job(engine, "todo", 40)
    with app.app_context():
        tasks.delete_failed_jobs.run(0)
    assert left(engine) == [young, waits]
    with engine.connect() as connection:
        events = sa.text("select count(*) from procrastinate_events where job_id = :i")
        assert connection.scalar(events, {"i": old}) == 0


def test_the_period_is_a_setting(
    app: Flask, settings: Settings, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job(engine, "failed", 3)
    shorter = settings.model_copy(update={"failed_jobs_days": 2})
    monkeypatch.setitem(app.extensions, "voyagent.settings", shorter)
    with app.app_context():
        tasks.delete_failed_jobs.run(0)
    assert left(engine) == []


def test_a_batch_of_failed_jobs_is_limited(
    app: Flask, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        job(engine, "failed", 31)
    monkeypatch.setattr(failed_jobs, "ROWS_MAX", 2)
    before = clock.now() - timedelta(days=30)
    with app.app_context():
        deleted = []
        for _ in range(3):
            with transaction():
                deleted.append(failed_jobs.delete_failed(before))
    assert deleted == [2, 1, 0]


def test_the_task_deletes_all_batches(
    app: Flask, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        job(engine, "failed", 31)
    monkeypatch.setattr(failed_jobs, "ROWS_MAX", 2)
    with app.app_context():
        tasks.delete_failed_jobs.run(0)
    assert left(engine) == []
