"""End the hold of a restored installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from sqlalchemy import text

from voyagent.audit.queries import chain
from voyagent.backup.errors import NotOnHold
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.kernel.hold import is_held
from voyagent.kernel.jobs import outward_tasks
from voyagent.mail.service import DELIVER_TASK, drop_waiting

_JOBS = text(
    "select task_name, count(*) from procrastinate_jobs where status = 'todo' and task_name ="
    " any(:tasks) group by 1 order by 1"
)


@dataclass(frozen=True, slots=True)
class Released:
    """The numbers of dropped and of kept mails, and of other jobs that may now run.

    `jobs` has the number of jobs by the name of their task.
    """

    dropped: int
    kept: int
    jobs: dict[str, int]


def require_hold() -> None:
    """Check that the installation is on hold. Raises NotOnHold."""
    if not is_held():
        raise NotOnHold


def release(settings: Settings, before: datetime | None) -> Released:
    """Drop the mails that were created before a time, then end the hold.

    Without a time all mails are kept. The hold ends last, so an interrupted release can be
    repeated.

    Raises NotOnHold, psycopg.Error.
    """
    require_hold()
    dropped = kept = 0
    for tenant_id in chain.every_agency():
        db.session.remove()
        with transaction(tenant_id):
            gone, left = drop_waiting(before)
        dropped, kept = dropped + gone, kept + left
    db.session.remove()
    others = [name for name in outward_tasks() if name != DELIVER_TASK]
    with transaction():
        rows = db.session.execute(_JOBS, {"tasks": others}).all()
    db.session.remove()
    with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)) as owner:
        owner.execute("update installation set hold = null, held_since = null")
    return Released(dropped, kept, {name: int(number) for name, number in rows})
