"""Run migrations as the schema's owner, each in a transaction of its own, then the SQL files.

Lock and statement timeouts protect people who work meanwhile; a migration that does not get its
locks is tried again. A step that cannot run in a transaction is in `recipes.py`.
"""

import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import psycopg
from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, create_engine, pool, text

from voyagent.kernel.config import Settings
from voyagent.kernel.database import sql_files
from voyagent.kernel.database.lock_tries import LockNotGranted, until_granted
from voyagent.kernel.db import DRIVER, Base
from voyagent.kernel.db_connections import Purpose, address_of, note_pooler, parameters_for

sys.path.insert(0, str(Path(__file__).parent))

import fingerprint

STATEMENT_LIMIT = "2min"
OLDEST_CODE = "0118"
"""`installation.code_from` before the first contract step."""
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
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            compare_server_default=False,
            transaction_per_migration=True,
            on_version_apply=finish_step,
        )
        migrate(connection)
    engine.dispose()


def migrate(connection: Connection) -> None:
    """Run what is still to do, with all tries for each migration."""
    migrations = context.get_context()

    def attempt(wait: str) -> None:
        try:
            run_migrations(connection, migrations, wait)
        finally:
            connection.rollback()

    is_done = False
    while not is_done:
        before = migrations.get_current_heads()
        connection.rollback()
        try:
            until_granted(attempt)
            is_done = True
        except LockNotGranted:
            if migrations.get_current_heads() == before:
                raise


def run_migrations(connection: Connection, migrations: MigrationContext, wait: str) -> None:
    """Run what is still to do; after an error this can be called again."""
    only_reads = migrations.opts.get("dont_mutate", False)
    with connection.begin():
        connection.execute(
            text(f"set lock_timeout = '{wait}'; set statement_timeout = '{STATEMENT_LIMIT}'")
        )
        if not only_reads:
            enter_from_release_0_1(connection, migrations)
    context.run_migrations()
    is_newest = is_newest_of(migrations.get_current_heads())
    connection.commit()
    if is_newest and not only_reads:
        sql_files.apply_changed(connection)


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
    if is_newest_of(heads):
        sql_files.note_changed(ctx.connection)


def is_newest_of(heads: Collection[str]) -> bool:
    """Return True at the newest revision: no earlier one can have the SQL files."""
    return set(heads) == set(context.script.get_heads())


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
