"""Run migrations as the schema's owner and apply the SQL files in one transaction.

Lock and statement timeouts protect people who work during the migration. A step that cannot run in
a transaction, such as `create index concurrently`, uses Alembic's `autocommit_block()`. The steps
before it are committed first.
"""

import sys
import time
from pathlib import Path
from typing import Any

import psycopg
from alembic import context
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, create_engine, pool, text

from voyagent.kernel.config import Settings
from voyagent.kernel.database import sql_files
from voyagent.kernel.db import DRIVER, Base
from voyagent.kernel.db_connections import Purpose, address_of, note_pooler, parameters_for

sys.path.insert(0, str(Path(__file__).parent))

import fingerprint

LOCK_TIMEOUT_MS = 2000
STATEMENT_TIMEOUT_MS = 120_000
LAST_OF_RELEASE_0_1 = "0064"
BASELINE = "0100"


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
        connection.execute(text(f"set lock_timeout = {LOCK_TIMEOUT_MS}"))
        connection.execute(text(f"set statement_timeout = {STATEMENT_TIMEOUT_MS}"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            compare_server_default=False,
        )
        migrations = context.get_context()
        only_reads = migrations.opts.get("dont_mutate", False)
        with context.begin_transaction():
            if not only_reads:
                enter_from_release_0_1(connection, migrations)
            context.run_migrations()
            # The files are of the newest revision, so no earlier one can have them.
            if not only_reads and migrations.get_current_heads() == heads():
                sql_files.apply_changed(connection)
    engine.dispose()


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


def heads() -> tuple[str, ...]:
    """Return the newest revision that this program knows."""
    return tuple(context.script.get_heads())


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
