"""A process's connections for database sessions, shared between the agencies.

Each agency may use only a share of the connections. Otherwise an agency whose writes wait for each
other could hold every connection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import PoolProxiedConnection, QueuePool, event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from voyagent.kernel import tenancy
from voyagent.kernel.config import Settings
from voyagent.kernel.database.timing import TimedConnection
from voyagent.kernel.db import DRIVER, db, has_session
from voyagent.kernel.db_connections import Purpose, parameters_for, purpose_of_process
from voyagent.kernel.limits.callers import present_network, present_person
from voyagent.kernel.limits.places import QUEUE_MAX, Places
from voyagent.kernel.metrics import meters

WAIT_S = 5.0
_HELD = "held_place"


class ShareInUse(PoolTimeoutError):
    """All connections that the agency may use at the same time are in use."""


class _Held:
    """One connection that `ConnectionShares` counts as in use."""

    def __init__(self, places: Places, party: UUID | str | None, address: str | None) -> None:
        self._places, self._party, self._address = places, party, address
        self.is_open = True

    def release(self) -> None:
        if self.is_open:
            self.is_open = False
            self._places.release(self._party, self._address)


class ConnectionShares:
    """Limits how many of `total` connections each agency may use at the same time.

    About a quarter of the connections is only for transactions that begin without an agency, such
    as a sign-in. Clients of one IP address may use all of this quarter but one. An agency may use
    half of `total`, or two connections if that is more. About another quarter is only for agencies
    that use no connection at the time. `agency` returns the agency for which the thread is about to
    use a connection, or None.
    """

    def __init__(self, total: int, agency: Callable[[], UUID | None]) -> None:
        apart = max(1, total // 4)
        agencies, share = max(2, total - apart), max(2, total // 2)
        self.of_agencies = Places(
            agencies, share, queue_max=QUEUE_MAX, kept=min(apart, agencies - share)
        )
        self.of_nobody = Places(apart, max(1, apart - 1), queue_max=QUEUE_MAX)
        self._agency = agency
        self._thread = threading.local()

    def take(self, wait_s: float) -> _Held | None:
        """Count one connection as in use, after waiting until the agency may use it.

        Returns None if a connection of this thread is already counted. A second connection is not
        counted, because the thread would keep the first one while it waits for the second one.
        Raises ShareInUse if the agency may not use a connection within `wait_s` seconds.
        """
        held: _Held | None = getattr(self._thread, "held", None)
        if held is not None and held.is_open:
            return None
        agency, address = self._agency(), present_network()
        places, party = (self.of_nobody, address) if agency is None else (self.of_agencies, agency)
        if not places.take(party, wait_s, address=address, person=present_person()):
            raise ShareInUse(f"no connection within {wait_s} s: the caller's share is in use")
        held = self._thread.held = _Held(places, party, address)
        return held


class SessionPool(QueuePool):
    """SQLAlchemy connection pool that limits the connections of each agency.

    The limits are in `shares`. They apply only in web processes; other processes may use all
    connections.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.shares = ConnectionShares(options["pool_size"] + options["max_overflow"], _agency)
        event.listen(self, "checkin", _release)

    def connect(self) -> PoolProxiedConnection:
        """Return a connection. Raises ShareInUse."""
        began = time.perf_counter()
        try:
            return self._connect()
        finally:
            _wait_seconds().inc(time.perf_counter() - began)

    def waiting(self) -> int:
        """Return the number of threads that wait until their agency may use a connection."""
        return self.shares.of_agencies.waiting + self.shares.of_nobody.waiting

    def recreate(self) -> SessionPool:
        """Return an empty pool with the same `shares`, which count open connections."""
        anew = super().recreate()
        assert isinstance(anew, SessionPool)
        anew.shares = self.shares
        return anew

    def _connect(self) -> PoolProxiedConnection:
        if purpose_of_process() is not Purpose.WEB:
            return super().connect()
        held = self.shares.take(self.timeout())
        if held is None:
            return super().connect()
        try:
            connection = super().connect()
            assert connection.record_info is not None
            connection.record_info[_HELD] = held
        except BaseException:
            held.release()
            raise
        return connection


def engine_config(settings: Settings) -> dict[str, Any]:
    """Return the settings of Flask-SQLAlchemy for the database connections.

    Connections open on first use, so each forked process has its own.
    """
    return {
        "SQLALCHEMY_DATABASE_URI": DRIVER,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "poolclass": SessionPool,
            "pool_size": settings.db_pool_size,
            "max_overflow": settings.db_pool_size,
            "pool_timeout": WAIT_S,
            "pool_recycle": 1800,
            # Failed statements are logged without their values, which may be addresses or hashes.
            "hide_parameters": True,
            # libpq alone reads the address: SQLAlchemy knows only some notations of several hosts.
            "creator": lambda: TimedConnection.connect(**parameters_for(settings)),
        },
    }


@cache
def _wait_seconds() -> Any:
    return meters().connection_wait_seconds.labels("session")


def _agency() -> UUID | None:
    """Return the agency of the session that is about to use a connection."""
    return tenancy.agency_of_connection(db.session()) if has_session() else None


def _release(_connection: Any, record: ConnectionPoolEntry) -> None:
    assert record.record_info is not None
    held = record.record_info.pop(_HELD, None)
    if held is not None:
        held.release()
