"""Put jobs back into the queue if they are marked as running but do not run.

procrastinate finds the jobs of workers whose heartbeat has stopped. This module adds three rules:

- A process never puts back a job that it is running, even if its heartbeats are late. Otherwise the
  job would run twice.
- A worker puts back a job that is marked as running in this worker but that the worker does not
  run. This happens if the SQL statement that marks a job as ended has failed.
- A job is put back only if its state has not changed since it was found. Another worker may have
  put the job back already, and a third worker may run it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import procrastinate
import structlog
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status

log = structlog.get_logger(__name__)
TASK = "kernel.rescue"


class StalledJobs:
    """The search for stalled jobs in one worker process."""

    def __init__(self, jobs: procrastinate.App, *, stalled_s: float) -> None:
        self._jobs = jobs
        self._stalled_s = stalled_s
        self._workers: set[int] = set()
        self._running: set[int | None] = set()
        self._suspects: set[int | None] = set()

    async def watch(
        self, call_next: Callable[[], Awaitable[Any]], context: JobContext, _worker: object
    ) -> Any:
        """Run a job and record that it is running; middleware for all jobs of the process."""
        self._note_worker(context)
        self._running.add(context.job.id)
        try:
            return await call_next()
        finally:
            self._running.discard(context.job.id)

    async def recover(self, context: JobContext) -> None:
        """Put stalled jobs back into the queue.

        A job that is marked as running in this process is put back if two successive calls find
        that the process does not run it.
        """
        self._note_worker(context)
        manager = self._jobs.job_manager
        held = [
            job
            for worker_id in list(self._workers)
            for job in await manager.list_jobs_async(status=Status.DOING.value, worker_id=worker_id)
        ]
        idle = {job.id for job in held} - self._running
        lost, self._suspects = idle & self._suspects, idle
        stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=self._stalled_s)
        for job in [
            *(job for job in held if job.id in lost),
            *(job for job in stalled if job.worker_id not in self._workers),
        ]:
            # Only one job of this task may be queued, and the next one is due in two seconds.
            statement = _DELETE if job.task_name == TASK else _RETURN
            if await self._jobs.connector.execute_query_all_async(
                statement, id=job.id, attempts=job.attempts
            ):
                log.warning("job.rescued", job=job.id, task=job.task_name)

    def _note_worker(self, context: JobContext) -> None:
        if context.job.worker_id is not None:
            self._workers.add(context.job.worker_id)


_DELETE = """
delete from procrastinate_jobs
 where id = %(id)s and status = 'doing' and attempts = %(attempts)s returning id
"""
_RETURN = """
update procrastinate_jobs
   set status = 'todo', attempts = attempts + 1, scheduled_at = now(), worker_id = null
 where id = %(id)s and status = 'doing' and attempts = %(attempts)s returning id
"""
