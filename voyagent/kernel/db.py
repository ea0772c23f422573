"""The database: one declarative base, one session, one transaction for each act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Connection, DateTime, Engine, MetaData, Text, Uuid, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import DeclarativeBase, registry, scoped_session

from voyagent.kernel import tenancy
from voyagent.kernel.config import Settings, sqlalchemy_url
from voyagent.kernel.errors import VoyagentError

if TYPE_CHECKING:
    from flask_sqlalchemy.session import Session

APP_ROLE = "voyagent_app"
_GOODBYE = frozenset({"57P01", "57P02", "57P03"})


class Base(DeclarativeBase):
    """Every table: instants are timestamptz, texts are text, constraints have predictable names."""

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


@event.listens_for(Engine, "handle_error")
def _see_the_end(context: ExceptionContext) -> None:
    """A server that says goodbye has ended every connection of the pool, though the driver may not
    have seen this one close yet.
    """
    if getattr(context.original_exception, "sqlstate", None) in _GOODBYE:
        context.is_disconnect = True


def session() -> scoped_session[Session]:
    """The session of the present request, job or command."""
    return db.session


def server_options(settings: Settings) -> str:
    """Start-up options of every connection: the role that owns nothing, UTC, and an end to runaway
    statements.
    """
    return (
        f"-c role={APP_ROLE} -c timezone=UTC -c"
        f" statement_timeout={settings.db_statement_timeout_ms} -c"
        f" lock_timeout={settings.db_statement_timeout_ms}"
    )


def engine_config(settings: Settings) -> dict[str, Any]:
    """Flask-SQLAlchemy's settings for one process; connections are made on first use, so after any
    fork.
    """
    return {
        "SQLALCHEMY_DATABASE_URI": sqlalchemy_url(
            settings.db_url or "postgresql://unset.invalid/unset"
        ),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": settings.db_pool_size,
            "max_overflow": settings.db_pool_size,
            "pool_timeout": 5,
            "pool_recycle": 1800,
            "hide_parameters": (
                True
                # a failed statement is written to the log, what it was given is not: addresses, hashes,
                # sealed contents
            ),
            "connect_args": {"options": server_options(settings), "connect_timeout": 5},
        },
    }


@contextmanager
def transaction(tenant_id: UUID | None = None) -> Iterator[None]:
    """One act of a job or a command: leaving commits, raising rolls back (unless the error keeps
    its work).
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
    """An agency's rows as of one instant.

    Takes the session for itself: what it held before is rolled back, and afterwards it is bound to
    nobody.
    """
    db.session.remove()
    tenancy.bind(db.session(), tenant_id)
    try:
        yield db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    finally:
        db.session.remove()


def finish(error: VoyagentError | None = None) -> None:
    """Commit, or roll back when an error says that its work must not stay.

    What cannot be committed is rolled back, so that the session can go on.

    An act that has never asked for the session, as one that reads in the lane, has nothing to end.
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


def when_undone(act: Callable[[], object]) -> None:
    """Do something once where the running transaction is rolled back, such as giving back what only
    its commit would have handed out.
    """
    event.listen(db.session(), "after_rollback", lambda _session: act(), once=True)


def select_1() -> int:
    """The smallest question to the database: whoever gets 1 back has reached it."""
    return int(db.session.scalar(text("select 1")) or 0)


def pause() -> None:
    """Give the connection back while something slow is done, such as hashing a password; allowed
    only before the act has written anything.
    """
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("an act that has begun to write cannot pause")
    db.session.rollback()


def next_act() -> None:
    """Commit, and begin again with no agency bound: for the rare request that concerns two
    agencies, one after the other.
    """
    db.session.commit()
    db.session.remove()


def rows_changed(statement: str, **values: Any) -> int:
    """Run one writing SQL statement behind the tenant wall and tell how many rows it changed;
    `:tenant_id` in it is the bound agency.
    """
    if ":tenant_id" in statement:
        values.setdefault("tenant_id", tenancy.current_tenant(db.session))
    result = db.session.execute(text(statement), values)
    return int(result.rowcount)  # type: ignore[attr-defined]
