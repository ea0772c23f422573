"""Time limit for all statements of a block together."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from voyagent.kernel.db import db


class TimeIsUp(Exception):
    """The statements of a block took longer than allowed."""


class TimeLimit:
    """The time at which the statements of a block must have ended."""

    def __init__(self, seconds: float) -> None:
        self.restart(seconds)

    def restart(self, seconds: float) -> None:
        """Allow `seconds` seconds from now."""
        self._ends_at = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Return the seconds that are left; 0 or less if the time is up."""
        return self._ends_at - time.monotonic()


@contextmanager
def time_limit(seconds: float, *, allows_long: bool = False) -> Iterator[TimeLimit]:
    """Let all statements in the block take at most `seconds` seconds together.

    PostgreSQL limits the time of each statement only, and a block may have thousands. No statement
    begins after the time is up. A statement that is running at that moment may run until the
    connection's own time limit for a statement. With `allows_long`, the time that is left replaces
    the connection's limit, so that one statement may take all of it.

    Raises TimeIsUp, after which the transaction must be rolled back.
    """
    session, limit, is_open = db.session(), TimeLimit(seconds), True

    def check(_connection: Connection, cursor: Any, *_: object) -> None:
        if not is_open:
            return
        left_s = limit.left_s
        if left_s <= 0:
            raise TimeIsUp
        if allows_long:
            cursor.execute(_LIMIT_ONE, (f"{math.ceil(left_s * 1000)}ms",))

    def watch(_session: Session, _transaction: object, connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", check)

    usual = session.scalar(text("show statement_timeout")) if allows_long else None
    if session.in_transaction():
        event.listen(session.connection(), "before_cursor_execute", check)
    event.listen(session, "after_begin", watch)
    try:
        yield limit
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled) and (allows_long or limit.left_s <= 0):
            raise TimeIsUp from error
        raise
    finally:
        is_open = False
        event.remove(session, "after_begin", watch)
    if usual is not None:
        session.execute(
            text("select set_config('statement_timeout', :usual, true)"), {"usual": usual}
        )


_LIMIT_ONE = "select set_config('statement_timeout', %s, true)"
