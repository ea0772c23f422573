"""Reads of a page in one network round trip, including the authentication.

The selects of one read run in one repeatable read transaction, so that figures from two selects of
a report agree. Lists, reports and `auth/me` use this module; writes and detail pages use the ORM.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache
from threading import Lock
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import Select
from sqlalchemy.orm import Session, scoped_session

from voyagent.kernel.actor import Actor, Credential, named_by, permissions_within
from voyagent.kernel.config import Settings
from voyagent.kernel.database.statement_cache import (
    Statement,
    compiled_for,
    parts_of,
    wants_generic_plan,
)
from voyagent.kernel.db import read_only_servers
from voyagent.kernel.db_connections import Purpose, is_pooled, parameters_for
from voyagent.kernel.errors import NotFound, Unauthorized
from voyagent.kernel.limits.callers import present_network, present_person
from voyagent.kernel.limits.places import QUEUE_MAX, Places
from voyagent.kernel.logs import bind_actor
from voyagent.kernel.metrics import meters
from voyagent.kernel.tenancy import TENANT, current_tenant

Row = dict[str, Any]
_CALLER = "select user_id, role, email, full_name, tenant_name, timezone, locale, currency, scopes"
_FROM = (
    " from app.authenticate(%(tenant_id)s, %(user_id)s, %(session_id)s, %(token_id)s, %(key_id)s)"
)
AUTHENTICATE = _CALLER + _FROM
_AUTHENTICATE_WITH_GENERIC_PLAN = (
    f"{_CALLER}, set_config('plan_cache_mode', 'force_generic_plan', true){_FROM}"
)
WAIT_S, RETRY_S = 5.0, 0.25
_BEGIN = "begin isolation level repeatable read"
SERIALIZATION_FAILURE = "40001"
_held: ContextVar[psycopg.Connection[Any] | None] = ContextVar("held", default=None)


class Reader(Protocol):
    """Protocol of objects that run SELECT statements and return their rows."""

    def read(self, *statements: Statement) -> list[list[Row]]:
        """Return the rows of each statement, in order, from one snapshot."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context manager in which all reads use one snapshot of the database.

        Use the context manager if an SQL statement needs values that an earlier statement returns.
        """
        ...


def first_row(rows: Sequence[Row], missing: type[NotFound]) -> Row:
    """Return the first row, or raise `missing` if there are no rows."""
    if not rows:
        raise missing
    return rows[0]


class SessionReader:
    """Reader inside the open transaction of a session, for services and the assistant."""

    def __init__(self, session: Session | scoped_session[Any]) -> None:
        self._session = session

    def read(self, *statements: Statement) -> list[list[Row]]:
        """Return the rows of each statement, in order, for the agency of the session."""
        tenant_id = current_tenant(self._session)
        parts = map(parts_of, statements)
        return [
            [
                dict(row)
                for row in self._session.execute(select, {TENANT: tenant_id, **filled}).mappings()
            ]
            for select, filled in parts
        ]

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context manager that does nothing.

        The open transaction already isolates the reads.
        """
        return nullcontext()


class ReadPool:
    """Pool of autocommit connections for reads, one per process, opened on first use.

    One connection is always left for other agencies, so that slow reads of one agency do not block
    another.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ConnectionPool | None = None
        self._lock = Lock()
        size = settings.db_lane_pool_size
        self._places = Places(size, size - 1, queue_max=QUEUE_MAX)
        self._read_only_met = read_only_servers.met

    def run(
        self, credential: Credential, statements: Sequence[Statement]
    ) -> tuple[Row, list[list[Row]]]:
        """Authenticate the caller and run the statements in one network round trip.

        Returns the row of `app.authenticate`, and a list with the rows of each statement. Outside a
        snapshot, the reads are tried once more after a lost connection. Raises Unauthorized if the
        credential is not valid.
        """
        held = _held.get()
        if held is not None:
            return self._over(held, credential, statements, begins=False)
        try:
            return self._once(credential, statements)
        except PoolTimeout:
            raise  # the caller has waited long enough
        except psycopg.OperationalError as error:
            self._recover(error)
            return self._once(credential, statements)

    @contextmanager
    def snapshot(self, agency: UUID) -> Iterator[None]:
        """Make all calls of `run` inside the block use one connection and one snapshot.

        The credential of each call must be of the given agency.
        """
        with ExitStack() as closing:
            try:
                self._begin(closing, agency)
            except PoolTimeout:
                raise
            except psycopg.OperationalError as error:
                self._recover(error)
                self._begin(closing, agency)
            yield

    def sample(self) -> None:
        """Set the metrics of the pool that are not counted at each read."""
        pool = self._pool
        meters().connections_max.labels("lane").set(self._settings.db_lane_pool_size)
        meters().connections_waiting.labels("lane").set(self._places.waiting)
        discarded = 0 if pool is None else pool.pop_stats().get("returns_bad", 0)
        meters().connections_discarded.labels("lane").inc(discarded)

    def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            atexit.unregister(self.close)
            self._pool.close()
            self._pool = None

    def _begin(self, closing: ExitStack, agency: UUID) -> None:
        with ExitStack() as opened:
            connection = opened.enter_context(self._connection(agency))
            opened.enter_context(connection.transaction())
            opened.callback(_held.reset, _held.set(connection))
            closing.push(opened.pop_all())

    def _recover(self, error: psycopg.OperationalError) -> None:
        """Return if a second attempt may succeed, else raise `error` again."""
        if error.sqlstate == SERIALIZATION_FAILURE:
            return
        if error.sqlstate is not None and not error.sqlstate.startswith(("08", "57P")):
            raise error
        self._open().check()  # if one connection is dead, the idle ones are too

    def _once(
        self, credential: Credential, statements: Sequence[Statement]
    ) -> tuple[Row, list[list[Row]]]:
        with self._connection(credential.tenant_id) as connection:
            return self._over(connection, credential, statements, begins=self._must_begin())

    def _over(
        self,
        connection: psycopg.Connection[Any],
        credential: Credential,
        statements: Sequence[Statement],
        *,
        begins: bool,
    ) -> tuple[Row, list[list[Row]]]:
        queries = [compiled_for(statement, credential.tenant_id) for statement in statements]
        authenticate = (
            _AUTHENTICATE_WITH_GENERIC_PLAN
            if any(map(wants_generic_plan, statements))
            else AUTHENTICATE
        )
        try:
            with connection.pipeline():
                if begins:
                    connection.execute(_BEGIN, prepare=False)
                caller_cursor = connection.cursor(row_factory=dict_row)
                caller_cursor.execute(authenticate, authenticate_values(credential))
                cursors = [
                    connection.cursor(row_factory=dict_row).execute(sql, values)
                    for sql, values in queries
                ]
                if begins:
                    connection.execute("commit", prepare=False)
        except BaseException:
            # psycopg already counts a statement of the pipeline as prepared that the server has
            # refused or skipped, and would use its name on every later read.
            connection.close()
            raise
        caller = caller_cursor.fetchone()
        if caller is None:
            raise Unauthorized
        return caller, [cursor.fetchall() for cursor in cursors]

    def _must_begin(self) -> bool:
        """Return True if the program must begin the repeatable read transactions itself.

        A connection pooler refuses the start option with the isolation level. With a connection
        pooler the result is True, unless there is a login for reads (`VOYAGENT_DB_READ_URL`), which
        has the isolation level as a setting.
        """
        return self._settings.db_read_url is None and is_pooled(self._settings, Purpose.READ)

    @contextmanager
    def _connection(self, agency: UUID) -> Iterator[psycopg.Connection[Any]]:
        began = time.monotonic()
        place = self._places.held(
            agency, WAIT_S, _none_free, address=present_network(), person=present_person()
        )
        with place, self._taken() as connection:
            _wait_seconds().inc(time.monotonic() - began)
            yield connection

    @contextmanager
    def _taken(self) -> Iterator[psycopg.Connection[Any]]:
        pool = self._open()
        if self._read_only_met != (met := read_only_servers.met):
            self._read_only_met = met
            pool.drain()
        connection = _take(pool)
        in_use = _in_use()
        in_use.inc()
        try:
            yield connection
        finally:
            in_use.dec()
            pool.putconn(connection)

    def _open(self) -> ConnectionPool:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    min_size=1,
                    max_size=self._settings.db_lane_pool_size,
                    max_idle=300,
                    # A failed connection attempt is not repeated in the background. The next
                    # caller tries again, however long the database was unreachable.
                    reconnect_timeout=0,
                    open=True,
                    name="lane",
                    kwargs=lambda: (
                        parameters_for(self._settings, Purpose.READ) | {"autocommit": True}
                    ),
                    configure=_configure,
                )
                # Its threads end only while Python runs. At the exit each would be waited for.
                atexit.register(self.close)
            return self._pool


class RequestReader:
    """Reader of one request; its first read authenticates the caller and sets `actor`."""

    def __init__(
        self,
        pool: ReadPool,
        credential: Credential,
        permission: str,
        extra: Callable[[], Select[Any]] | None = None,
    ) -> None:
        self._pool = pool
        self._credential = credential
        self._permission = permission
        self._extra = extra
        self.actor: Actor | None = None
        self.extra_row: Row = {}

    @property
    def person_id(self) -> UUID:
        """Return the user id that the credential claims.

        Before the first `read` the id is only a claim.
        """
        return self._credential.user_id

    def authenticate(self) -> Actor:
        """Return the authenticated actor.

        Raises Unauthorized or Forbidden, as `read` does.
        """
        if self.actor is None:
            self.read()
        assert self.actor is not None
        return self.actor

    def read(self, *statements: Statement) -> list[list[Row]]:
        """Return the rows of each statement; the first call authenticates the caller.

        Raises Unauthorized if the credential is no longer valid, Forbidden if the caller lacks the
        permission of the page or operation.
        """
        extra = [self._extra()] if self._extra is not None and self.actor is None else []
        caller, results = self._pool.run(self._credential, [*statements, *extra])
        if extra:
            rows = results.pop()
            self.extra_row = rows[0] if rows else {}
        if self.actor is None:
            # Set before the check, because the error page needs the actor for its menu.
            self.actor = actor_of(self._credential, caller)
            bind_actor(self.actor)
            self.actor.require(self._permission)
        return results

    def snapshot(self) -> AbstractContextManager[None]:
        """Make all reads inside the block use the same snapshot.

        Each read still authenticates the caller.
        """
        return self._pool.snapshot(self._credential.tenant_id)


def authenticate_values(credential: Credential) -> Row:
    """Return the parameters of the SQL function `app.authenticate` for a credential."""
    return {
        "tenant_id": credential.tenant_id,
        "user_id": credential.user_id,
        "session_id": credential.session_id,
        "token_id": credential.token_id,
        "key_id": credential.key_id,
    }


def actor_of(credential: Credential, caller: Row) -> Actor:
    """Return the actor of a credential.

    `caller` is the row that `app.authenticate` returned for the credential.
    """
    return Actor(
        tenant_id=credential.tenant_id,
        user_id=caller["user_id"],
        role=caller["role"],
        channel=credential.channel,
        session_id=credential.session_id,
        token_id=credential.token_id,
        email=caller["email"],
        full_name=caller["full_name"],
        tenant_name=caller["tenant_name"],
        timezone=caller["timezone"],
        locale=caller["locale"],
        currency=caller["currency"],
        key_id=credential.key_id,
        fresh=credential.fresh,
        permissions=(
            None
            if caller["scopes"] is None
            else permissions_within(caller["role"], caller["scopes"])
        ),
        named=named_by(caller["scopes"] or ()),
    )


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # of a snapshot


@cache
def _in_use() -> Any:
    return meters().connections.labels("lane")


@cache
def _wait_seconds() -> Any:
    return meters().connection_wait_seconds.labels("lane")


def _none_free() -> PoolTimeout:
    return PoolTimeout(f"no connection of the read pool within {WAIT_S} s")


def _take(pool: ConnectionPool) -> psycopg.Connection[Any]:
    """Take a connection. Raises PoolTimeout.

    If all are in use, the wait is about WAIT_S seconds. If the pool has no connection at all,
    because the database is not reached, the wait is RETRY_S seconds.
    """
    began = time.monotonic()
    while True:
        try:
            return pool.getconn(timeout=RETRY_S)
        except PoolTimeout:
            if pool.get_stats()["pool_size"] == 0 or time.monotonic() - began >= WAIT_S:
                raise
