"""Rebuild of stored sums from the rows that they summarise."""

from __future__ import annotations

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.database.roll_ups import Difference, RollUp, differences_of
from voyagent.kernel.db import db
from voyagent.reports.queries.roll_ups import DUES, TRIPS

# Two rebuilds that find the same difference would both add it. Postings do not take this lock.
_LOCK = text(
    "select pg_try_advisory_xact_lock(hashtextextended('rebuild of ' ||"
    " current_setting('app.tenant'), 0))"
)


_BASE = "base_"


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


def fill_base_sums() -> int:
    """Fill the base sums of trips and of amounts due, and return the number of rows.

    Earlier releases did not have these sums. Nothing of a table is filled if another sum of it
    differs, so that the check of the books reports it. The audit log has no event of it, because
    nobody has acted and no fact changes.
    """
    db.session.execute(text("set local statement_timeout = 0"))
    reader = SessionReader(db.session)
    filled = 0
    for roll_up in (TRIPS, DUES):
        found = differences_of(roll_up, reader.read(roll_up.differences_statement)[0])
        if all(_BASE in name for one in found for name in one.sums):
            reader.read(roll_up.rebuild_statement())
            filled += len(found)
    return filled
