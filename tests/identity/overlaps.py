"""Overlap the transactions of two acts: one is open until the other waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from tests.people import Person
from voyagent.kernel.db import db

WAIT_S = 10.0
POLL_S = 0.02
_WAITING = sa.text("select :holder = any(pg_blocking_pids(pid)) from pg_stat_activity")


def overlap(
    person: Person, first: Callable[[], Any], second: Callable[[], Any], owner: sa.Engine
) -> tuple[Any, Any]:
    """Run `first` in a transaction, and `second` before the transaction commits.

    The transaction is bound to the person's agency. It commits when `second` waits for one of its
    locks, or has ended without a wait. Returns both results.
    """
    began, go = threading.Event(), threading.Event()
    holder: list[int] = []

    def hold() -> Any:
        try:
            with person.acting():
                result = first()
                db.session.flush()
                holder.append(db.session.scalar(sa.text("select pg_backend_pid()")))
                began.set()
                assert go.wait(WAIT_S)
            return result
        finally:
            began.set()

    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(hold)
        try:
            assert began.wait(WAIT_S)
            other = pool.submit(second)
            end = time.monotonic() + WAIT_S
            while not other.done() and not _is_blocked_by(owner, holder[0]):
                assert time.monotonic() < end, "the second act neither waits nor ends"
                time.sleep(POLL_S)
        finally:
            go.set()
        return held.result(WAIT_S), other.result(WAIT_S)


def until_blocked(owner: sa.Engine, holder: sa.Connection) -> None:
    """Wait until another transaction waits for a lock of `holder`."""
    pid = holder.scalar(sa.text("select pg_backend_pid()"))
    end = time.monotonic() + WAIT_S
    while not _is_blocked_by(owner, pid):
        assert time.monotonic() < end, "nobody waits"
        time.sleep(POLL_S)


def _is_blocked_by(owner: sa.Engine, holder: int | None) -> bool:
    with owner.connect() as connection:
        return True in connection.scalars(_WAITING, {"holder": holder}).all()
