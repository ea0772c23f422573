"""Rebuild of stored sums from the rows that they summarise."""

from __future__ import annotations

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.database.roll_ups import Difference, RollUp, differences_of
from voyagent.kernel.db import db

# Two rebuilds that find the same difference would both add it. Postings do not take this lock.
_LOCK = text(
    "select pg_try_advisory_xact_lock(hashtextextended('rebuild of ' ||"
    " current_setting('app.tenant'), 0))"
)


class RebuildRunning(Exception):
    """Another rebuild of the agency's stored sums is running."""


def rebuild(actor: Actor, roll_up: RollUp) -> list[Difference]:
    """Correct the stored sums of a roll-up, and return the differences that it had.

    Postings may happen at the same time. They wait only for the rows that are corrected, until the
    transaction ends.

    Raises RebuildRunning if another rebuild of the agency is running.
    """
    db.session.execute(text("set local statement_timeout = 0"))
    if not db.session.scalar(_LOCK):
        raise RebuildRunning
    (rows,) = SessionReader(db.session).read(roll_up.rebuild_statement())
    found = differences_of(roll_up, rows)
    if found:
        audit.record(
            actor,
            "books.rebuilt",
            inputs={"table": roll_up.table.name},
            outputs={"differences": len(found)},
        )
    return found
