"""Run migrations as the schema's owner, each in a transaction of its own.

The SQL files are applied in the transaction of the newest migration. Lock and statement timeouts
protect people who work meanwhile; a migration that does not get its locks is tried again. A step
that cannot run in a transaction is in `recipes.py`.
"""

import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import psycopg
import structlog
from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from voyagent.kernel.config import Settings
from voyagent.kernel.database import sql_files
from voyagent.kernel.db import DRIVER, Base
from voyagent.kernel.db_connections import Purpose, address_of, note_pooler, parameters_for

sys.path.insert(0, str(Path(__file__).parent))

import fingerprint
from recipes import TIME_LIMITS

PAUSES_S = (1, 2, 4, 8, 16, 32)
"""Pauses before a migration that did not get its locks is tried again.

Together they are longer than the longest request.
"""
BUSY = frozenset({"40P01", "55P03"})
"""SQLSTATE of a deadlock, and of a lock that was not granted in time."""
OLDEST_CODE = "0118"
"""`installation.code_from` before the first contract step."""
LAST_OF_RELEASE_0_1 = "0064"
BASELINE = "0100"

log = structlog.get_logger(__name__)


def include_object(
    thing: object,  # noqa: ARG001
    name: str | None,
    kind: str,  # noqa: ARG001
    reflected: bool,  # noqa: ARG001, FBT001
    compare_to: object,  # noqa: ARG001
) -> bool:
    """Leave the job library's own tables out of comparisons."""
    return not (name or "").startswith("procrastinate_")


def run() -> None:
    """Upgrade or downgrade on one connection; two starts at the same moment take turns."""
    settings: Settings = current_app.extensions["voyagent.settings"]
    parameters = parameters_for(settings, Purpose.MIGRATE)
    engine = create_engine(
        DRIVER, creator=lambda: psycopg.connect(**parameters), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        if note_pooler(address_of(settings, Purpose.MIGRATE), driver_of(connection)):
            raise CommandError(
                "VOYAGENT_DB_ADMIN_URL is the address of a connection pooler: migrations need the"
                " address of the server itself."
            )
        wait_for_turn(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            compare_server_default=False,
            transaction_per_migration=True,
            on_version_apply=finish_step,
        )
        for pause_s in (*PAUSES_S, None):
            try:
                migrate(connection)
                break
            except (DBAPIError, psycopg.Error) as error:
                sqlstate = getattr(getattr(error, "orig", error), "sqlstate", None)
                if sqlstate not in BUSY or pause_s is None:
                    raise
                connection.rollback()
                log.warning("migration.waits", seconds=pause_s, sqlstate=sqlstate)
                time.sleep(pause_s)
    engine.dispose()


def migrate(connection: Connection) -> None:
    """Run what is still to do; after an error this can be called again."""
    migrations = context.get_context()
    only_reads = migrations.opts.get("dont_mutate", False)
    with connection.begin():
        connection.execute(text(TIME_LIMITS))
        if not only_reads:
            enter_from_release_0_1(connection, migrations)
    context.run_migrations()
    if not only_reads:
        apply_files(connection, migrations.get_current_heads())
    connection.commit()


def finish_step(
    *,
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[str],
    run_args: object,  # noqa: ARG001
) -> None:
    """Complete a migration in its transaction."""
    assert ctx.connection is not None
    revision = context.script.get_revision(step.up_revision_id or "")
    if hasattr(revision.module, "contracts"):
        code_from = max(
            (
                getattr(one.module, "contracts", OLDEST_CODE)
                for one in context.script.iterate_revisions(tuple(heads), "base")
            ),
            default=OLDEST_CODE,
        )
        ctx.connection.execute(
            text("update installation set code_from = :code_from"), {"code_from": code_from}
        )
    apply_files(ctx.connection, heads)


def apply_files(connection: Connection, heads: Collection[str]) -> None:
    """Apply the SQL files at the newest revision: no earlier one can have them."""
    if set(heads) == set(context.script.get_heads()):
        sql_files.apply_changed(connection)


def wait_for_turn(connection: Connection) -> None:
    """Take the lock of migrations, and ask for it once a second without an open transaction.

    `create index concurrently` waits for every open transaction, also for one that waits for this
    lock. The lock ends with the connection.
    """
    while not connection.scalar(text("select pg_try_advisory_lock(7203841)")):
        connection.commit()
        time.sleep(1)
    connection.commit()


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Return the connection of the driver."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def enter_from_release_0_1(connection: Connection, migrations: MigrationContext) -> None:
    """Mark a database of release 0.1 as being at the baseline, which has the same schema.

    Raises:
        CommandError: the database is older, or its schema is not that of release 0.1.

    """
    revision = next(iter(migrations.get_current_heads()), BASELINE)
    if revision >= BASELINE:
        return
    if revision != LAST_OF_RELEASE_0_1:
        raise CommandError(
            f"The database is at revision {revision}, which this release does not know:"
            " upgrade to release 0.1 first."
        )
    if differing := fingerprint.differences(connection):
        raise CommandError(
            "The schema is not that of release 0.1, so it cannot be upgraded. These differ: "
            + ", ".join(differing)
        )
    connection.execute(text("update alembic_version set version_num = :new"), {"new": BASELINE})


run()
