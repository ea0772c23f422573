"""The reading lane: who asks and what a page shows, in one trip to the database.

`app.enter()` and the page's Core selects travel in one pipeline, hence in one implicit transaction
that the tenant is set for; all of them see the database of one moment (repeatable read), so that
what a report proves by two statements is true while others work. Lists, reports and `auth/me` read
here; the ORM is for writes and detail pages. `SessionReader` answers the same selects inside a
running transaction.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import Any, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import Select, Uuid, bindparam, literal
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, scoped_session

from voyagent.kernel.actor import Actor, Credential, permissions_within
from voyagent.kernel.config import Settings, psycopg_url
from voyagent.kernel.db import server_options
from voyagent.kernel.errors import Unauthorized
from voyagent.kernel.metrics import meters
from voyagent.kernel.tenancy import TENANT, TenantNotBound, agency_tables, current_tenant

Row = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")
_CALLER = "select user_id, role, email, full_name, tenant_name, timezone, locale, currency, scopes"
_ENTERED = " from app.enter(%(tenant_id)s, %(user_id)s, %(session_id)s, %(token_id)s, %(key_id)s)"
ENTER = _CALLER + _ENTERED
_ENTER_WITH_GENERIC_PLAN = (
    f"{_CALLER}, set_config('plan_cache_mode', 'force_generic_plan', true){_ENTERED}"
)
_SHAPES_MAX = 512
_KEY = "key_of_one"
_GENERIC_PLAN = "planned_once"
STATEMENT_CACHE_SIZE = 32
WAIT_S, RETRY_S = 5.0, 0.25
REPEATABLE_READ = r"-c default_transaction_isolation=repeatable\ read"
SERIALIZATION_FAILURE = "40001"
_held: ContextVar[psycopg.Connection[Any] | None] = ContextVar("held", default=None)


def cached_statement(build: Callable[P, T]) -> Callable[P, T]:
    """Keep the statements of the last questions that a function has built them for, which takes
    many times as long as sending them.

    For functions whose statement follows from their arguments alone. It holds no row, and no
    agency: that is a parameter which is filled in when it is sent.
    """
    return cast("Callable[P, T]", lru_cache(maxsize=STATEMENT_CACHE_SIZE)(build))


def inlined(value: int | str) -> Any:
    """A value that a statement has for all questions, as an expression: it is written into the text
    instead of being sent with it.

    The planner then knows it in the plan that it keeps, where it finds no index of some rows
    (`where n > 0`) by a value that is only sent, and would otherwise plan a statement anew each
    time. For our own words and numbers, never for what somebody has said.
    """
    return literal(value, literal_execute=True)


def generic_plan(statement: Select[Any]) -> Select[Any]:
    """A select that is always read by the plan that a connection keeps for it, and so is all that
    is read in the same trip.

    For one whose planning costs more than its answer, and whose plan does not depend on what is
    asked: the planner itself would plan it anew each time where it takes the days that are asked
    for to be many.
    """
    return statement.execution_options(**{_GENERIC_PLAN: True})


@dataclass(frozen=True, slots=True)
class KeyedSelect:
    """A select that has a place for the key of one thing, and the key."""

    select: Select[Any]
    key: UUID


Statement = Select[Any] | KeyedSelect
"""What a reader is asked."""


def parts_of(question: Statement) -> tuple[Select[Any], Row]:
    """The select of a question, and what is to be filled in beside the agency."""
    return (
        (question.select, {_KEY: question.key})
        if isinstance(question, KeyedSelect)
        else (question, {})
    )


def keyed_select(
    build: Callable[[Any], tuple[Select[Any], ...]],
) -> Callable[[UUID], tuple[KeyedSelect, ...]]:
    """Build the selects that read one thing once for all: `build` is given the place of its key,
    and must do no more with it than compare columns with it.
    """
    built = cache(lambda: build(bindparam(_KEY, type_=Uuid())))
    return lambda key: tuple(KeyedSelect(statement, key) for statement in built())


class Reader(Protocol):
    """What a query needs: run selects, get their rows."""

    def read(self, *statements: Statement) -> list[list[Row]]:
        """The rows of each select, in order, all of one moment."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """For as long as it is entered, reads one after another are of one moment too: for what is
        known only when something else was read.
        """
        ...


class SessionReader:
    """Reads inside the running transaction, for services and the assistant's tools."""

    def __init__(self, session: Session | scoped_session[Any]) -> None:
        self._session = session

    def read(self, *statements: Statement) -> list[list[Row]]:
        """The rows of each select, in order, with the bound tenant filled in."""
        tenant_id = current_tenant(self._session)
        asked = map(parts_of, statements)
        return [
            [
                dict(row)
                for row in self._session.execute(
                    statement, {TENANT: tenant_id, **filled}
                ).mappings()
            ]
            for statement, filled in asked
        ]

    def snapshot(self) -> AbstractContextManager[None]:
        """Nothing more: what it reads is what the running transaction sees, each statement for
        itself.
        """
        return nullcontext()


class ReadPool:
    """The lane's own small pool of autocommit connections; one for each process, opened on first
    use.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ConnectionPool | None = None
        self._lock = Lock()

    def run(
        self, credential: Credential, statements: Sequence[Statement]
    ) -> tuple[Row, list[list[Row]]]:
        """Enter and read in one trip; a read that met a dead connection is tried once more.

        Raises Unauthorized.
        """
        held = _held.get()
        if held is not None:
            return self._over(held, credential, statements)
        try:
            return self._once(credential, statements)
        except psycopg.OperationalError as error:
            self._mend(error)
            return self._once(credential, statements)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Every `run` within goes over one connection and sees the database of one moment; the
        connection is nobody else's meanwhile.
        """
        with ExitStack() as closing:
            try:
                self._begin(closing)
            except psycopg.OperationalError as error:
                self._mend(error)
                self._begin(closing)
            yield

    def _begin(self, closing: ExitStack) -> None:
        with ExitStack() as opened:
            connection = opened.enter_context(self._connection())
            opened.enter_context(connection.transaction())
            opened.callback(_held.reset, _held.set(connection))
            closing.push(opened.pop_all())

    def _mend(self, error: psycopg.OperationalError) -> None:
        """What a second attempt may set right; anything else is raised again.

        A moment that somebody else's write has overtaken is simply looked at anew.
        """
        if error.sqlstate == SERIALIZATION_FAILURE:
            return
        if error.sqlstate is not None and not error.sqlstate.startswith(("08", "57P")):
            raise error
        self._open().check()  # where one connection has died its idle neighbours have as well

    def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _once(
        self, credential: Credential, statements: Sequence[Statement]
    ) -> tuple[Row, list[list[Row]]]:
        with self._connection() as connection:
            return self._over(connection, credential, statements)

    def _over(
        self,
        connection: psycopg.Connection[Any],
        credential: Credential,
        statements: Sequence[Statement],
    ) -> tuple[Row, list[list[Row]]]:
        queries = [compiled(statement, credential) for statement in statements]
        is_planned_once = any(
            _GENERIC_PLAN in parts_of(statement)[0].get_execution_options()
            for statement in statements
        )
        with connection.pipeline():
            entered = connection.cursor(row_factory=dict_row)
            entered.execute(
                _ENTER_WITH_GENERIC_PLAN if is_planned_once else ENTER,
                authenticate_values(credential),
            )
            cursors = [
                connection.cursor(row_factory=dict_row).execute(sql, values)
                for sql, values in queries
            ]
        caller = entered.fetchone()
        if caller is None:
            raise Unauthorized
        return caller, [cursor.fetchall() for cursor in cursors]

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        pool = self._open()
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
                meters().connections_max.labels("lane").set(self._settings.db_lane_pool_size)
                self._pool = ConnectionPool(
                    psycopg_url(self._settings.db_url or ""),
                    min_size=1,
                    max_size=self._settings.db_lane_pool_size,
                    max_idle=300,
                    # an attempt that fails is over: the next caller makes the next one, however
                    # long the database was away
                    reconnect_timeout=0,
                    open=True,
                    name="lane",
                    kwargs={
                        "autocommit": True,
                        "options": f"{server_options(self._settings)} {REPEATABLE_READ}",
                        "connect_timeout": 5,
                    },
                )
            return self._pool


class RequestReader:
    """Reads for one request; the caller is proved by the first read, and `actor` is known from then
    on.
    """

    def __init__(
        self,
        lane: ReadPool,
        credential: Credential,
        permission: str,
        extra: Callable[[], Select[Any]] | None = None,
    ) -> None:
        self._lane = lane
        self._credential = credential
        self._permission = permission
        self._extra = extra
        self.actor: Actor | None = None
        self.extra_row: Row = {}

    @property
    def person_id(self) -> UUID:
        """Who the caller says to be; proved by the read that uses it."""
        return self._credential.user_id

    def authenticate(self) -> Actor:
        """Who this is; asked only where nothing has been read yet, so that no answer leaves without
        it. Raises as `read`.
        """
        if self.actor is None:
            self.read()
        assert self.actor is not None
        return self.actor

    def read(self, *statements: Statement) -> list[list[Row]]:
        """The rows of each select.

        Raises Unauthorized for a caller who is gone, Forbidden where the present role may not.
        """
        extra = [self._extra()] if self._extra is not None and self.actor is None else []
        caller, results = self._lane.run(self._credential, [*statements, *extra])
        if extra:
            rows = results.pop()
            self.extra_row = rows[0] if rows else {}
        if self.actor is None:
            self.actor = actor_of(
                self._credential, caller
            )  # the page that tells her that she may not has a menu as well
            self.actor.require(self._permission)
        return results

    def snapshot(self) -> AbstractContextManager[None]:
        """As of a Reader; the caller is proved in each trip."""
        return self._lane.snapshot()


@cache
def _in_use() -> Any:
    """The gauge of the lane's connections, found once."""
    return meters().connections.labels("lane")


def _take(pool: ConnectionPool) -> psycopg.Connection[Any]:
    """A connection, waited for while others use them all; where the database is away the wait ends
    at once. Raises PoolTimeout.
    """
    began = time.monotonic()
    while True:
        try:
            return pool.getconn(timeout=RETRY_S)
        except PoolTimeout:
            if pool.get_stats()["pool_size"] == 0 or time.monotonic() - began >= WAIT_S:
                raise


def authenticate_values(credential: Credential) -> Row:
    """The parameters of `app.enter`."""
    return {
        "tenant_id": credential.tenant_id,
        "user_id": credential.user_id,
        "session_id": credential.session_id,
        "token_id": credential.token_id,
        "key_id": credential.key_id,
    }


def actor_of(credential: Credential, caller: Row) -> Actor:
    """The actor whom the database has confirmed."""
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
    )


_dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
_shapes: OrderedDict[Any, Any] = OrderedDict()
_shapes_lock = Lock()


_texts: WeakKeyDictionary[Select[Any], tuple[str, Row]] = WeakKeyDictionary()


def compiled(question: Statement, credential: Credential) -> tuple[str, Row]:
    """A select as text and parameters, of the caller's agency. Raises as `compiled_for`."""
    return compiled_for(question, credential.tenant_id)


def compiled_for(question: Statement, tenant_id: UUID) -> tuple[str, Row]:
    """A select as text and parameters; compiled once for each shape.

    Raises TenantNotBound where it does not name the tenant.

    A select never changes, so the text of one that is `cached_statement` is known as long as it is; agency and
    key are filled in each time.
    """
    statement, filled = parts_of(question)
    found = _texts.get(statement)
    if found is None:
        found = _texts[statement] = _text(statement)
    sql, values = found
    return sql, values | filled | {TENANT: tenant_id}


def _text(statement: Select[Any]) -> tuple[str, Row]:
    """The text of a select and its values, with nobody's agency and no key among them."""
    key = statement._generate_cache_key()  # noqa: SLF001 - SQLAlchemy's own key; its public form keeps the cache inside an engine
    form = _shape(statement, key)
    values = form.construct_params(
        {TENANT: None, _KEY: None}, extracted_parameters=key.bindparams if key else None
    )
    if not form.post_compile_params and not form.literal_execute_params:
        return str(form), values
    expanded = form.construct_expanded_state(
        values
    )  # the lists of IN, whose length is known only with their values, and what is `inlined`
    return expanded.statement, expanded.parameters


def _shape(statement: Select[Any], key: Any) -> Any:
    if key is None:
        return _compile(statement, None)
    with _shapes_lock:
        form = _shapes.get(key.key)
        if form is not None:
            _shapes.move_to_end(key.key)
            return form
    form = _compile(statement, key)
    with _shapes_lock:
        _shapes[key.key] = form
        if len(_shapes) > _SHAPES_MAX:
            _shapes.popitem(last=False)
    return form


def _compile(statement: Select[Any], key: Any) -> Any:
    if unbound := agency_tables(statement):
        raise TenantNotBound(f"a select of {', '.join(sorted(unbound))} does not name the agency")
    return _dialect.statement_compiler(_dialect, statement, cache_key=key)
