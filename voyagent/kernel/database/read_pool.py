"""Reads of a page in one network round trip, including the authentication.

The selects of one read run in one repeatable read transaction, so that figures from two selects of
a report agree. Lists, reports and `auth/me` use this module; writes and detail pages use the ORM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout
from sqlalchemy import Select
from sqlalchemy.orm import Session, scoped_session

from voyagent.kernel.actor import Actor, Credential, named_by, permissions_within
from voyagent.kernel.config import Settings
from voyagent.kernel.database.read_connections import ReadConnections
from voyagent.kernel.database.standbys import StandbyNotRead, Standbys
from voyagent.kernel.database.statement_cache import (
    Statement,
    compiled_for,
    parts_of,
    wants_generic_plan,
)
from voyagent.kernel.db import has_session, read_only_servers
from voyagent.kernel.db_connections import Purpose, is_pooled, parameters_for
from voyagent.kernel.errors import NotFound, Unauthorized
from voyagent.kernel.logs import bind_actor
from voyagent.kernel.metrics import meters
from voyagent.kernel.tenancy import TENANT, current_tenant
from voyagent.kernel.tracing import database_span

Row = dict[str, Any]
_CALLER = "select user_id, role, email, full_name, tenant_name, timezone, locale, currency, scopes"
_FROM = (
    " from app.authenticate(%(tenant_id)s, %(user_id)s, %(session_id)s, %(token_id)s, %(key_id)s)"
)
AUTHENTICATE = _CALLER + _FROM
_AUTHENTICATE_WITH_GENERIC_PLAN = (
    f"{_CALLER}, set_config('plan_cache_mode', 'force_generic_plan', true){_FROM}"
)
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

        The session's transaction is usually read committed: each read sees what was committed
        before it. Reads share one snapshot only in a transaction of `db.snapshot`.
        """
        return nullcontext()


class ReadPool:
    """Reads of a process on the primary, and on its standbys if there are any."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connections = ReadConnections(
            "lane", settings.db_lane_pool_size, lambda: parameters_for(settings, Purpose.READ)
        )
        self.standbys = Standbys(settings) if settings.reads_standbys else None
        self._read_only_met = read_only_servers.met

    def run(
        self, credential: Credential, statements: Sequence[Statement]
    ) -> tuple[Row, list[list[Row]]]:
        """Authenticate the caller and run the statements in one network round trip.

        Returns the row of `app.authenticate`, and a list with the rows of each statement. Outside a
        snapshot, the reads are tried once more after a lost connection or a serialization failure.
        Raises Unauthorized if the credential is not valid.
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

    def run_on_standby(
        self, credential: Credential, statements: Sequence[Statement], after: int
    ) -> tuple[Row, list[list[Row]], int | None]:
        """Authenticate the caller on the primary and run the statements on a standby.

        `after` is a position in the write-ahead log that the rows must include; 0 for none.
        Returns the row of `app.authenticate`, the rows of each statement, and a position: the rows
        include no commit after it. If no standby answers, the rows are from the primary, and the
        position is None. Raises Unauthorized if the credential is not valid.
        """
        assert self.standbys is not None
        caller, _ = self.run(credential, [])
        queries = [compiled_for(statement, credential.tenant_id) for statement in statements]
        plans = "force_generic_plan" if any(map(wants_generic_plan, statements)) else "auto"
        try:
            rows, position = self.standbys.read(
                credential.tenant_id, queries, after=after, plans=plans
            )
        except StandbyNotRead as unread:
            meters().read_fallbacks.labels(unread.reason).inc()
            return *self.run(credential, statements), None
        return caller, rows, position

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
        """Set the metrics of all read connections (`ReadConnections.sample`)."""
        self._connections.sample()
        if self.standbys is not None:
            self.standbys.sample()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        if self.standbys is not None:
            self.standbys.close()

    def _begin(self, closing: ExitStack, agency: UUID) -> None:
        with ExitStack() as opened:
            connection = opened.enter_context(self._connection(agency))
            opened.enter_context(connection.transaction())
            opened.callback(_held.reset, _held.set(connection))
            closing.push(opened.pop_all())

    def _recover(self, error: psycopg.OperationalError) -> None:
        """Remove dead connections if a second attempt may succeed, else raise `error`."""
        if error.sqlstate == SERIALIZATION_FAILURE:
            return
        if error.sqlstate is not None and not error.sqlstate.startswith(("08", "57P")):
            raise error
        self._connections.open().check()  # if one connection is dead, the idle ones are too

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
            with (
                database_span(authenticate, *(sql for sql, _ in queries)),
                connection.pipeline(),
            ):
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
        return not self._settings.has_read_login and is_pooled(self._settings, Purpose.READ)

    @contextmanager
    def _connection(self, agency: UUID) -> Iterator[psycopg.Connection[Any]]:
        with self._connections.place(agency):
            if self._read_only_met != (met := read_only_servers.met):
                self._read_only_met = met
                self._connections.open().drain()
            with self._connections.taken() as connection:
                yield connection


class RequestReader:
    """Reader of one request; its first read authenticates the caller and sets `actor`.

    `permission` is the permission that the caller needs. `extra` returns a select that the first
    read runs too; its first row is in `extra_row`.

    `after` is given if the request may read from a standby: the position in the write-ahead log
    that its reads must include, or 0. The reads of a request never go back in time: after one read
    from the primary, or after a use of the database session, all further reads of the request are
    from the primary.
    """

    def __init__(
        self,
        pool: ReadPool,
        credential: Credential,
        permission: str,
        extra: Callable[[], Select[Any]] | None = None,
        *,
        after: int | None = None,
    ) -> None:
        self._pool = pool
        self._credential = credential
        self._permission = permission
        self._extra = extra
        self._after = after
        self.has_read_standby = False
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
        caller, results = self._run([*statements, *extra])
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
        self.use_primary()
        return self._pool.snapshot(self._credential.tenant_id)

    def use_primary(self) -> None:
        """Read from the primary from now on."""
        self._after = None

    def _run(self, statements: Sequence[Statement]) -> tuple[Row, list[list[Row]]]:
        if self._after is not None and has_session():
            self.use_primary()
        if self._after is None or not statements:
            return self._pool.run(self._credential, statements)
        caller, results, self._after = self._pool.run_on_standby(
            self._credential, statements, self._after
        )
        self.has_read_standby = self._after is not None or self.has_read_standby
        return caller, results


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
