"""Steps on tables with rows that do not stop the people who work with them.

They run outside the transaction of the migration, so each is in a migration without other steps.
Each can be run again after a failure. Migrations call these functions, so the effect of a function
must never change.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op
from sqlalchemy import text

from voyagent.kernel.database.lock_tries import until_granted

_LIMITS = text(
    "select format('set lock_timeout = %L; set statement_timeout = %L',"
    " current_setting('lock_timeout'), current_setting('statement_timeout'))"
)
_IS_INVALID = text("select not indisvalid from pg_index where indexrelid = to_regclass(:name)")


def create_index(name: str, on: str, *, unique: bool = False) -> None:
    """Create an index while people write; an invalid one of an earlier run is dropped first.

    `on` is the rest of the statement, such as `invoices (tenant_id, due_date)`.
    """
    kind = "unique index" if unique else "index"
    with _without_limits():
        if op.get_bind().scalar(_IS_INVALID, {"name": name}):
            op.execute(f"drop index concurrently {name}")
        op.execute(f"create {kind} concurrently if not exists {name} on {on}")


def drop_index(name: str) -> None:
    """Drop an index while people write."""
    with _without_limits():
        op.execute(f"drop index concurrently if exists {name}")


def validate(table: str, constraint: str) -> None:
    """Check the rows for a constraint that was added `not valid`, while people write."""
    with _without_limits():
        op.execute(f"alter table {table} validate constraint {constraint}")


def change(statements: str) -> None:
    """Change one table in a transaction of its own, which waits only briefly for its lock.

    Call this function once for each of many tables. The statements are tried again until they get
    the lock. They must have the same effect if they run twice, for example
    `drop policy if exists …; create policy …`.
    """

    def attempt(wait: str) -> None:
        op.execute(f"set lock_timeout = '{wait}'")
        op.execute(statements)  # in one message, which is one transaction

    with _alone():
        until_granted(attempt)


@contextmanager
def _without_limits() -> Iterator[None]:
    """Run statements outside a transaction; nobody waits for the locks of these."""
    with _alone():
        op.execute("set lock_timeout = 0; set statement_timeout = 0")
        yield


@contextmanager
def _alone() -> Iterator[None]:
    """Run each statement as a transaction; keep the limits of the other steps."""
    with op.get_context().autocommit_block():
        limits = op.get_bind().scalar(_LIMITS)
        yield
        op.execute(limits)
