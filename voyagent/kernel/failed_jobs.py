"""Deletion of jobs that failed for good; finished jobs are deleted at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from voyagent.kernel.db import db

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


def delete_failed(before: datetime) -> int:
    """Delete a batch of jobs that failed before a time; return their number.

    A batch has at most ROWS_MAX jobs.
    """
    result = db.session.execute(_DELETE, {"before": before, "most": ROWS_MAX})
    return int(result.rowcount)  # type: ignore[attr-defined]
