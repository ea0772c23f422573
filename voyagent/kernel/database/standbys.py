"""Reads on streaming standbys, with a bound on the age of the data.

A read begins with the time that a worker stores each second (`heartbeat.py`). The time is read in
the snapshot of the data, so it shows their age. A read that must include an earlier commit first
compares positions in the write-ahead log, in a transaction of its own: only a snapshot that is
taken after the comparison is known to include the commit.

The session of a caller is never checked here, because a standby learns late that it has ended.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout

from voyagent.kernel import clock
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_connections import ReadConnections
from voyagent.kernel.db_connections import parameters_of_standbys

Query = tuple[str, dict[str, Any]]
"""An SQL statement and its parameters."""
Rows = list[dict[str, Any]]
STALENESS_MAX = timedelta(seconds=3)
LEFT_OUT_S = 5.0
_REPLAYED = "select pg_last_wal_replay_lsn()::text"
_BEGIN = (
    "select set_config('app.tenant', %s, true), set_config('plan_cache_mode', %s, true),"
    " pg_last_wal_replay_lsn()::text, (select at from heartbeat)"
)
_CONFLICTS = frozenset({"40001", "40P01"})
_TIME_LIMIT = "57014"


class StandbyNotRead(Exception):
    """No standby can answer a read, so it must be sent to the primary.

    `reason` is the label of the metric `voyagent_read_fallbacks_total`. If `is_fault` is true, the
    standby is not asked for LEFT_OUT_S seconds.
    """

    def __init__(self, reason: str, *, is_fault: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.is_fault = reason, is_fault


class _IsPrimary(Exception):
    """The server is a primary, so it is not read as a standby."""


class Standbys:
    """The standbys of `VOYAGENT_DB_READ_URL`, each with a pool of connections."""

    def __init__(self, settings: Settings) -> None:
        self._all = [
            _Standby(name, parameters, settings.db_lane_pool_size)
            for name, parameters in parameters_of_standbys(settings).items()
        ]

    def read(
        self, agency: UUID, queries: Sequence[Query], *, after: int, plans: str
    ) -> tuple[list[Rows], int]:
        """Run the queries on one standby, in one snapshot.

        `after` is a position in the write-ahead log, as `position_of` returns it, that the snapshot
        must include; 0 for none. `plans` is a value of `plan_cache_mode`. Returns the rows of each
        query, and a position: the snapshot includes no commit after it.

        Raises:
            StandbyNotRead: the caller must ask the primary.
            PoolTimeout: the agency uses its share of the connections.
            psycopg.errors.QueryCanceled: a query has exceeded its time limit.
        """
        for standby in random.sample(self._all, len(self._all)):
            if standby.is_left_out:
                continue
            try:
                return standby.read(agency, queries, after=after, plans=plans)
            except _IsPrimary:
                standby.leave_out()
            except StandbyNotRead as unread:
                if unread.is_fault:
                    standby.leave_out()
                raise
        raise StandbyNotRead("none")

    def lags(self) -> Iterator[tuple[str, float]]:
        """Yield the name and the age of the data in seconds of each standby.

        The name is `host:port`. The age is infinite for a server that does not answer or has no
        heartbeat. A server that is no standby is left out.
        """
        for standby in self._all:
            age = standby.age_s()
            if age is not None:
                yield standby.name, age

    def sample(self) -> None:
        """Set the metrics of each standby's connections (`ReadConnections.sample`)."""
        for standby in self._all:
            standby.connections.sample()

    def close(self) -> None:
        """Close all connections."""
        for standby in self._all:
            standby.connections.close()


def position_of(lsn: str) -> int:
    """Return a position in the write-ahead log in bytes.

    `lsn` is PostgreSQL's notation, such as `16/B374D848`.
    """
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


class _Standby:
    def __init__(self, name: str, parameters: dict[str, str], size: int) -> None:
        self.name = name
        self.connections = ReadConnections(f"standby {name}", size, lambda: dict(parameters))
        self._left_out_until_s = 0.0

    @property
    def is_left_out(self) -> bool:
        return time.monotonic() < self._left_out_until_s

    def leave_out(self) -> None:
        self._left_out_until_s = time.monotonic() + LEFT_OUT_S

    def read(
        self, agency: UUID, queries: Sequence[Query], *, after: int, plans: str
    ) -> tuple[list[Rows], int]:
        with self.connections.place(agency):
            try:
                with self.connections.taken() as connection:
                    return _read(connection, agency, queries, after, plans)
            except PoolTimeout:
                raise StandbyNotRead("down") from None
            except psycopg.Error as error:
                if error.sqlstate == _TIME_LIMIT:
                    raise
                reason = _reason_of(error)
                if reason == "down":
                    self.connections.open().drain()  # if one is dead, the idle ones are too
                raise StandbyNotRead(reason, is_fault=reason != "error") from error

    def age_s(self) -> float | None:
        """Return the age of the data in seconds, or None if the server is no standby.

        The age is infinite if the server does not answer or has no heartbeat.
        """
        try:
            with self.connections.taken() as connection:
                if not _is_standby(connection):
                    return None
                row = connection.execute("select at from heartbeat").fetchone()
        except (PoolTimeout, psycopg.Error):
            return math.inf
        return math.inf if row is None else max(0.0, (clock.now() - row[0]).total_seconds())


def _read(
    connection: psycopg.Connection[Any],
    agency: UUID,
    queries: Sequence[Query],
    after: int,
    plans: str,
) -> tuple[list[Rows], int]:
    if not _is_standby(connection):
        raise _IsPrimary
    asked_at = clock.now()
    if after and _position(connection.execute(_REPLAYED)) < after:
        raise StandbyNotRead("not_replayed", is_fault=False)
    try:
        with connection.pipeline():
            begun = connection.execute(_BEGIN, (str(agency), plans))
            cursors = [
                connection.cursor(row_factory=dict_row).execute(sql, values)
                for sql, values in queries
            ]
    except BaseException:
        # psycopg already counts a statement of the pipeline as prepared that the server has
        # refused or skipped, and would use its name on every later read.
        connection.close()
        raise
    row = begun.fetchone()
    assert row is not None
    _, _, replayed, beaten_at = row
    if beaten_at is None or asked_at - beaten_at > STALENESS_MAX:
        raise StandbyNotRead("stale")
    return [cursor.fetchall() for cursor in cursors], position_of(replayed)


def _position(cursor: psycopg.Cursor[Any]) -> int:
    row = cursor.fetchone()
    assert row is not None
    return position_of(row[0])


def _is_standby(connection: psycopg.Connection[Any]) -> bool:
    """Return True if the server was a standby at its last answer; no query is sent."""
    return connection.info.parameter_status("in_hot_standby") == "on"


def _reason_of(error: psycopg.Error) -> str:
    if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
        return "down"
    return "conflict" if error.sqlstate in _CONFLICTS else "error"
