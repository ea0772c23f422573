"""Run migrations as the schema's owner, in one transaction each, with timeouts that protect those
who work meanwhile.
"""

import sys
from pathlib import Path

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool, text

from voyagent.kernel.db import Base

sys.path.insert(0, str(Path(__file__).parent))

LOCK_TIMEOUT_MS = 2000
STATEMENT_TIMEOUT_MS = 120_000


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
    engine = create_engine(current_app.config["MIGRATION_URL"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(7203841)"))
        connection.execute(text(f"set lock_timeout = {LOCK_TIMEOUT_MS}"))
        connection.execute(text(f"set statement_timeout = {STATEMENT_TIMEOUT_MS}"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
