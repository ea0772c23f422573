"""Jobs that failed for good: read them, run them again, delete them.

Jobs that succeed are deleted at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id

ROWS_MAX = 5000
# A job with a lower id has mostly failed earlier, so no call reads more than the oldest jobs. The
# events of a job are deleted with it.
_DELETE = text("""
delete from procrastinate_jobs where id in (
  select o.id
    from (select id from procrastinate_jobs where status = 'failed' order by id limit :most) o
   where not exists (
     select from procrastinate_events e where e.job_id = o.id and e.at >= :before)
)
""")
_COLUMNS = """
select j.id, j.task_name, j.queue_name, j.attempts, j.args->>'tenant_id' as agency,
       (select max(e.at) from procrastinate_events e where e.job_id = j.id and e.type = 'failed')
         as failed_at
  from procrastinate_jobs j where j.status = 'failed'
"""
_LIST = text(
    f"{_COLUMNS} and (cast(:before as bigint) is null or j.id < :before)"
    " order by j.id desc limit :most"
)
_LOCK = text(f"{_COLUMNS} and j.id = :id for update of j")
# The library's own function, in the transaction of the caller.
_RETRY = text("select procrastinate_retry_job_v2(:id, now(), null, null, null)")
_DISCARD = text("delete from procrastinate_jobs where id = :id")


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed for good; `agency` is None if it has none."""

    id: int
    task: str
    queue: str
    attempts: int
    agency: UUID | None
    failed_at: datetime | None


def list_failed(before: int | None, most: int) -> list[FailedJob]:
    """Return at most `most` failed jobs, the newest first.

    Only jobs with an id below `before` are returned; None means no such limit.
    """
    return [_job(*row) for row in db.session.execute(_LIST, {"before": before, "most": most}).all()]


def find_failed(job_id: int) -> FailedJob | None:
    """Return a failed job and lock it, None if there is no such job."""
    row = db.session.execute(_LOCK, {"id": job_id}).one_or_none()
    return None if row is None else _job(*row)


def retry(job: FailedJob) -> None:
    """Put a failed job, which the transaction has locked, back into its queue."""
    db.session.execute(_RETRY, {"id": job.id})


def discard(job: FailedJob) -> None:
    """Delete a failed job, which the transaction has locked."""
    db.session.execute(_DISCARD, {"id": job.id})


def delete_failed(before: datetime) -> int:
    """Delete a batch of jobs that failed before a time; return their number.

    A batch has at most ROWS_MAX jobs.
    """
    result = db.session.execute(_DELETE, {"before": before, "most": ROWS_MAX})
    return int(result.rowcount)  # type: ignore[attr-defined]


def _job(
    job_id: int,
    task: str,
    queue: str,
    attempts: int,
    agency: str | None,
    failed_at: datetime | None,
) -> FailedJob:
    return FailedJob(job_id, task, queue, attempts, parse_id(agency), failed_at)
