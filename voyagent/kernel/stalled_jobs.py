"""Jobs that nobody works on any more are given back: those of a worker that has stopped beating,
and those that this one let go without writing it down.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import procrastinate
import structlog
from procrastinate.job_context import JobContext

log = structlog.get_logger(__name__)
TASK = "kernel.rescue"


class StalledJobs:
    """The rescue of one worker's process.

    A worker never rescues its own jobs for a late beat: whoever can look is alive, and what it runs
    would run twice. One of its own is lost where this process does not run it, twice in a row: the
    statement that should have ended it has failed.
    """

    def __init__(self, jobs: procrastinate.App, *, stalled_s: float) -> None:
        self._jobs = jobs
        self._stalled_s = stalled_s
        self._running: set[int] = set()
        self._suspects: set[int] = set()

    async def watch(
        self, call_next: Callable[[], Awaitable[Any]], context: JobContext, _worker: object
    ) -> Any:
        """Around every job of this process: it is being worked on."""
        job_id = int(context.job.id or 0)
        self._running.add(job_id)
        try:
            return await call_next()
        finally:
            self._running.discard(job_id)

    async def look(self, context: JobContext) -> None:
        """Give back what is lost, a job at a time, so that of two workers that look at once one
        does.
        """
        own = context.job.worker_id
        idle = await self._jobs.connector.execute_query_all_async(
            _IDLE, own=own, running=[*self._running]
        )
        found = {int(row["id"]) for row in idle}
        lost, self._suspects = found & self._suspects, found
        for row in await self._jobs.connector.execute_query_all_async(
            _GIVE_BACK, own=own, lost=[*lost], stalled_s=self._stalled_s, rescue=TASK
        ):
            log.warning("job.rescued", job_id=row["id"], task=row["task_name"])


_IDLE = (
    "select id from procrastinate_jobs where status = 'doing' and worker_id = %(own)s and not id ="
    " any(%(running)s::bigint[])"
)

# A rescue that died is not repeated: the next one is due in two seconds, and two of them cannot
# wait at once.
_GIVE_BACK = """
with lost as (
  select j.id, j.task_name
    from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id
   where j.status = 'doing'
     and (j.worker_id is null
          or j.id = any(%(lost)s::bigint[])
          or j.worker_id <> %(own)s and w.last_heartbeat < now() - make_interval(secs => %(stalled_s)s))
     for update of j skip locked
), ended as (
  delete from procrastinate_jobs j using lost where j.id = lost.id and lost.task_name = %(rescue)s
)
update procrastinate_jobs j set status = 'todo', attempts = j.attempts + 1, scheduled_at = now(), worker_id = null
  from lost where j.id = lost.id and lost.task_name <> %(rescue)s
returning j.id, j.task_name
"""
