"""Repeated attempts to change the schema; each waits only briefly for its locks.

While a statement waits for the lock of a table, all later statements on the table wait too.
Therefore an attempt gives up soon. After a pause, in which other sessions can use the table, the
next attempt waits longer. If it waits longer than a second, PostgreSQL ends an autovacuum of the
table.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

TRIES = (
    ("50ms", 0.1),
    ("50ms", 0.1),
    ("100ms", 0.2),
    ("200ms", 0.4),
    ("400ms", 0.8),
    ("800ms", 1.6),
    ("1600ms", 3),
    ("2s", 8),
    ("2s", 16),
    ("2s", 32),
    ("2s", 0),
)
"""Longest wait for a lock in each try, and the seconds before the next one.

The seconds together are longer than the longest request.
"""
BUSY = frozenset({"40P01", "55P03"})
"""SQLSTATE of a deadlock, and of a lock that was not granted in time."""

log = structlog.get_logger(__name__)


class LockNotGranted(psycopg.OperationalError):
    """Other sessions held the lock during all attempts."""


def until_granted(attempt: Callable[[str], None]) -> None:
    """Call `attempt` repeatedly until it gets its locks.

    The argument of `attempt` is the value of `lock_timeout` to set, such as `50ms`; it grows with
    the attempts (TRIES). A lock that is not granted in time and a deadlock lead to the next
    attempt. `attempt` must leave no open transaction, even if it raises an error. Raises
    LockNotGranted after the last attempt, and every other error of `attempt`.
    """
    for wait, pause_s in TRIES:
        try:
            attempt(wait)
        except (DBAPIError, psycopg.Error) as error:
            original = error.orig if isinstance(error, DBAPIError) else error
            sqlstate = getattr(original, "sqlstate", None)
            if sqlstate not in BUSY:
                raise
            if not pause_s:
                raise LockNotGranted(f"{original} (in {len(TRIES)} tries)") from error
            log.warning("migration.waits", seconds=pause_s, sqlstate=sqlstate)
            time.sleep(pause_s)
        else:
            return
