"""The database: one declarative base, one session, one transaction for each act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

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
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry, scoped_session

from voyagent.kernel import tenancy
from voyagent.kernel.config import Settings, sqlalchemy_url
from voyagent.kernel.errors import NotFound, VoyagentError

if TYPE_CHECKING:
    from flask_sqlalchemy.session import Session

APP_ROLE = "voyagent_app"
Entity = TypeVar("Entity")
_GOODBYE = frozenset({"57P01", "57P02", "57P03"})


DefaultNow = Annotated[datetime, mapped_column(server_default=text("now()"))]
"""Type of a column whose default is the start of the transaction."""


class Base(DeclarativeBase):
    """Base of all tables: instants are timestamptz, constraints have predictable names."""

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
    """Drop all pooled connections when the server has announced its shutdown.

    The driver may not have noticed each closed connection yet.
    """
    if getattr(context.original_exception, "sqlstate", None) in _GOODBYE:
        context.is_disconnect = True


def session() -> scoped_session[Session]:
    """Return the session of the present request, job or command."""
    return db.session


def server_options(settings: Settings) -> str:
    """Return the start options of every connection: unprivileged role, UTC, time limits."""
    return (
        f"-c role={APP_ROLE} -c timezone=UTC -c"
        f" statement_timeout={settings.db_statement_timeout_ms} -c"
        f" lock_timeout={settings.db_statement_timeout_ms}"
    )


def engine_config(settings: Settings) -> dict[str, Any]:
    """Return Flask-SQLAlchemy's settings; connections open on first use, after any fork."""
    return {
        "SQLALCHEMY_DATABASE_URI": sqlalchemy_url(
            settings.db_url or "postgresql://unset.invalid/unset"
        ),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": settings.db_pool_size,
            "max_overflow": settings.db_pool_size,
            "pool_timeout": 5,
            "pool_recycle": 1800,
            # Failed statements are logged without their values, which may be addresses or hashes.
            "hide_parameters": True,
            "connect_args": {"options": server_options(settings), "connect_timeout": 5},
        },
    }


@contextmanager
def transaction(tenant_id: UUID | None = None) -> Iterator[None]:
    """Run one act of a job or a command: commit at the end, roll back on an error.

    An error that keeps its work (`keeps_work`) is committed.
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
    """Yield an agency's rows as of one instant.

    The session's earlier work is rolled back, and afterwards no agency is bound.
    """
    db.session.remove()
    tenancy.bind(db.session(), tenant_id)
    try:
        yield db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    finally:
        db.session.remove()


def finish(error: VoyagentError | None = None) -> None:
    """Commit, or roll back if the error does not keep its work.

    If the commit fails, the session is rolled back and usable again. Without a session nothing
    happens.
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
    """Call a function once if the running transaction is rolled back.

    For example to release what only its commit would have handed out.
    """
    event.listen(db.session(), "after_rollback", lambda _session: act(), once=True)


def load_one(statement: Select[Entity], missing: type[NotFound], *, lock: bool = False) -> Entity:
    """Return the first column of the first row that a statement selects. Raises `missing`.

    `lock` reads the row anew and holds it until the transaction ends.
    """
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    found = db.session.scalar(statement)
    if found is None:
        raise missing
    return found


def select_1() -> int:
    """Return 1 from the database, to see that it answers."""
    return int(db.session.scalar(text("select 1")) or 0)


def pause() -> None:
    """Release the connection during slow work, such as hashing a password.

    Allowed only before the act has written anything.
    """
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("an act that has begun to write cannot pause")
    db.session.rollback()


def next_act() -> None:
    """Commit and continue with no agency bound.

    For a request that concerns two agencies, one after the other.
    """
    db.session.commit()
    db.session.remove()


def rows_changed(statement: str, **values: Any) -> int:
    """Run one writing statement for the bound agency and return the number of rows.

    `:tenant_id` in the statement is that agency.
    """
    if ":tenant_id" in statement:
        values.setdefault("tenant_id", tenancy.current_tenant(db.session))
    result = db.session.execute(text(statement), values)
    return int(result.rowcount)  # type: ignore[attr-defined]
