"""The database session, the base class of tables, and transactions of jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

import psycopg
import psycopg_pool
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Engine,
    MetaData,
    Select,
    Text,
    Uuid,
    event,
    text,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import (
    InterfaceError,
    OperationalError,
    TimeoutError as PoolTimeoutError,
)
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from voyagent.kernel import tenancy
from voyagent.kernel.errors import NotFound, VoyagentError
from voyagent.kernel.tracing import database_span

DRIVER = "postgresql+psycopg://"
Columns: TypeAlias = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
"""Columns of a table, an alias or a subquery: its attribute `c`."""
Entity = TypeVar("Entity")
AND_COMMIT = " /* and commit */"
"""End of a statement that is sent together with COMMIT."""
READ_ONLY = "25006"
"""SQLSTATE of a write on a read-only server, such as the former primary after a switchover."""
AWAY = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    psycopg.OperationalError,
    psycopg_pool.PoolTimeout,
)
"""Errors of a database that is unreachable or does not answer in time."""
_LOST = frozenset({"57P01", "57P02", "57P03", READ_ONLY})


DefaultNow = Annotated[datetime, mapped_column(server_default=text("now()"))]
"""Type of a column that defaults to the time at which the transaction began."""


def is_away(error: BaseException) -> bool:
    """Return True if the database is unreachable or refuses to write.

    The HTTP status for such an error is 503.
    """
    original = getattr(error, "orig", error)
    return isinstance(error, AWAY) or getattr(original, "sqlstate", None) == READ_ONLY


class Base(DeclarativeBase):
    """Base class of all tables; sets the column types and the names of constraints."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: DateTime(timezone=True),
            str: Text,
            UUID: Uuid,
            int: BigInteger,
        },
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
tenancy.guard(db.session)


class ReadOnlyServers:
    """Number of times that a session of this process met a read-only server.

    When the number has grown, connection pools close their idle connections, because idle
    connections may lead to the read-only server.
    """

    def __init__(self) -> None:
        self.met = 0


read_only_servers = ReadOnlyServers()


@event.listens_for(Engine, "handle_error", retval=True)
def _discard_connections(context: ExceptionContext) -> OperationalError | None:
    """Discard all pooled connections if the server shuts down or has become read-only.

    The error of a read-only server is converted to an OperationalError, so that all callers handle
    the error as a lost connection.
    """
    state = getattr(context.original_exception, "sqlstate", None)
    if state in _LOST:
        context.is_disconnect = True
    if state != READ_ONLY:
        return None
    read_only_servers.met += 1
    return OperationalError(
        context.statement,
        None,
        context.original_exception,
        hide_parameters=True,
        connection_invalidated=True,
    )


@contextmanager
def transaction(tenant_id: UUID | None = None) -> Iterator[None]:
    """Run the block in one transaction: commit at its end, roll back on an error.

    If a VoyagentError has `keeps_work` set, such as a wrong password whose audit event must stay,
    the transaction is committed, and the error is raised again. If `tenant_id` is given, the
    transaction is bound to that agency.
    """
    if tenant_id is not None:
        tenancy.bind(db.session(), tenant_id)
    try:
        yield
    except VoyagentError as error:
        finish(error)
        raise
    except BaseException:
        db.session.rollback()
        raise
    else:
        finish()


@contextmanager
def snapshot(tenant_id: UUID) -> Iterator[Connection]:
    """Yield a connection whose reads share one snapshot of the rows of an agency.

    The open transaction of the session is rolled back first. After the block no agency is bound.
    """
    db.session.remove()
    tenancy.bind(db.session(), tenant_id)
    try:
        yield db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    finally:
        db.session.remove()


def flush() -> None:
    """Send the changes of the session to the database, if there is a session."""
    if db.session.registry.has():
        db.session.flush()


def finish(error: VoyagentError | None = None) -> None:
    """Commit the transaction, or roll it back after an error.

    An error with `keeps_work` set does not roll back: the transaction is committed. If the commit
    fails, the session is rolled back and can be used again.
    """
    if not db.session.registry.has():
        return
    if error is not None and not error.keeps_work:
        db.session.rollback()
        return
    try:
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def execute_and_commit(session: Session, statement: str, values: dict[str, Any]) -> None:
    """Run the last statement of a transaction and COMMIT, in one network round trip.

    Call this function just before `session.commit()`, which then has nothing left to send. The
    server releases the locks of the transaction as soon as it has committed. They are not held
    while the result waits for this process, which may be busy with other threads.

    `statement` is in the format of psycopg.
    """
    session.connection().exec_driver_sql(statement + AND_COMMIT, values)


def is_of_commit(statement: str | None) -> bool:
    """Return True if an error of this statement may be an error of COMMIT.

    `statement` is the attribute `statement` of SQLAlchemy's error. It is None for COMMIT alone. A
    statement of `execute_and_commit` contains COMMIT too.
    """
    return statement is None or statement.endswith(AND_COMMIT)


@event.listens_for(Engine, "do_execute")
def _execute_with_commit(cursor: Any, statement: str, values: Any, _context: object) -> bool:
    if not statement.endswith(AND_COMMIT):
        return False
    with database_span(statement), cursor.connection.pipeline():
        # If a statement of a pipeline fails, psycopg may take it for prepared although it is not.
        cursor.execute(statement, values, prepare=False)
        cursor.connection.execute("commit", prepare=False)
    return True  # SQLAlchemy does not execute the statement itself


def has_session() -> bool:
    """Return True if there is an application context, and it has a database session."""
    try:
        return bool(db.session.registry.has())
    except RuntimeError:  # outside of an application context there is no session
        return False


def when_undone(act: Callable[[], object]) -> None:
    """Register a function to be called once if the transaction is rolled back."""
    event.listen(db.session(), "after_rollback", lambda _session: act(), once=True)


def load_one(statement: Select[Entity], missing: type[NotFound], *, lock: bool = False) -> Entity:
    """Return the entity that a statement selects, or raise `missing` if there is none.

    With `lock`, the row is read again from the database and locked until the transaction ends.
    """
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    found = db.session.scalar(statement)
    if found is None:
        raise missing
    return found


def accepts_writes() -> bool:
    """Return True if the database accepts writes.

    If the server is read-only, the pooled connections of this process are closed.
    """
    is_read_only = db.session.scalar(
        text("select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean")
    )
    if is_read_only:
        read_only_servers.met += 1
        db.session.remove()
        db.engine.dispose()
    return not is_read_only


def pause() -> None:
    """End the transaction to release the connection during slow work.

    The transaction is rolled back, so the request must not have written anything before. Raises
    RuntimeError if the session has changes that are not yet flushed.
    """
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("the request has already written, so its transaction cannot be paused")
    db.session.rollback()


def next_act() -> None:
    """Commit the transaction, and unbind the agency.

    A request that changes two agencies calls this function after the changes of the first agency.
    """
    db.session.commit()
    db.session.remove()


def rows_changed(statement: str, **values: Any) -> int:
    """Run a writing SQL statement for the bound agency and return its row count.

    The parameter `:tenant_id` in the statement is filled in with the id of that agency.
    """
    if ":tenant_id" in statement:
        values.setdefault("tenant_id", tenancy.current_tenant(db.session))
    result = db.session.execute(text(statement), values)
    return int(result.rowcount)  # type: ignore[attr-defined]
