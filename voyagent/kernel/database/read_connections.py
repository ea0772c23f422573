"""Connections for reads to one address, shared fairly between the agencies."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from voyagent.kernel.database.timing import TimedConnection
from voyagent.kernel.limits.callers import present_network, present_person
from voyagent.kernel.limits.places import QUEUE_MAX, Places
from voyagent.kernel.metrics import meters

WAIT_S, RETRY_S = 5.0, 0.25
COUNTED_WAIT_S = 0.001
"""Shorter waits are not added to the metric, because this takes as long as the wait."""


class ReadConnections:
    """Pool of autocommit connections for reads, one per process, opened on first use.

    One connection is always left for other agencies, so that slow reads of one agency do not block
    another. `name` is the label of the metrics, and `parameters` returns the parameters of a
    connection.
    """

    def __init__(self, name: str, size: int, parameters: Callable[[], dict[str, Any]]) -> None:
        self._name, self._size, self._parameters = name, size, parameters
        self._places = Places(size, size - 1, queue_max=QUEUE_MAX)
        self._lock = Lock()
        self._pool: ConnectionPool | None = None

    @contextmanager
    def place(self, agency: UUID) -> Iterator[None]:
        """Reserve one connection of an agency's share while the block runs.

        This is only the right to use a connection: the code in the block gets the connection by
        calling `taken`. Raises PoolTimeout if the whole share stays in use for WAIT_S seconds.
        """
        began, address = time.monotonic(), present_network()
        if not self._places.take(agency, WAIT_S, address=address, person=present_person()):
            raise PoolTimeout(f"no connection of the read pool within {WAIT_S} s")
        try:
            self._count_wait(began)
            yield
        finally:
            self._places.release(agency, address)

    @contextmanager
    def taken(self) -> Iterator[psycopg.Connection[Any]]:
        """Yield a connection of the pool, and return it after the block.

        Raises PoolTimeout.
        """
        began, pool = time.monotonic(), self.open()
        connection = _take(pool)
        self._count_wait(began)
        try:
            yield connection
        finally:
            pool.putconn(connection)

    def open(self) -> ConnectionPool:
        """Return the pool, which the first call opens."""
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    connection_class=TimedConnection,
                    min_size=1,
                    max_size=self._size,
                    max_idle=300,
                    # A failed connection attempt is not repeated in the background. The next
                    # caller tries again, however long the database was unreachable.
                    reconnect_timeout=0,
                    open=True,
                    name=self._name,
                    kwargs=lambda: self._parameters() | {"autocommit": True},
                    configure=_configure,
                )
                # The threads of the pool end only while Python runs. The exit would wait for each.
                atexit.register(self.close)
            return self._pool

    def sample(self) -> None:
        """Set the metrics of the pool's connections: in use, maximum, waiting, discarded."""
        pool = self._pool
        stats = {} if pool is None else pool.pop_stats()
        in_use = stats.get("pool_size", 0) - stats.get("pool_available", 0)
        meters().connections.labels(self._name).set(in_use)
        meters().connections_max.labels(self._name).set(self._size)
        meters().connections_waiting.labels(self._name).set(self._places.waiting)
        meters().connections_discarded.labels(self._name).inc(stats.get("returns_bad", 0))
        meters().connection_wait_seconds.labels(self._name)  # exposed before the first wait

    def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            atexit.unregister(self.close)
            self._pool.close()
            self._pool = None

    def _count_wait(self, began: float) -> None:
        if (waited_s := time.monotonic() - began) > COUNTED_WAIT_S:
            meters().connection_wait_seconds.labels(self._name).inc(waited_s)


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # for `ReadPool.snapshot`


def _take(pool: ConnectionPool) -> psycopg.Connection[Any]:
    """Return a connection of the pool. Raises PoolTimeout.

    If all connections are in use, the wait is about WAIT_S seconds. If the pool has no connection
    at all, because the database is not reached, the wait is RETRY_S seconds.
    """
    began = time.monotonic()
    while True:
        try:
            return pool.getconn(timeout=RETRY_S)
        except PoolTimeout:
            if pool.get_stats()["pool_size"] == 0 or time.monotonic() - began >= WAIT_S:
                raise
