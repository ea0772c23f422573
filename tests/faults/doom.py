"""Transactions that fail, because one writer in ten is refused.

It may also lose its connection after writing. The random choice uses sequences, which no rollback
turns back, so a retry usually succeeds. They belong to the schema `faults`, which is no part of the
program.
"""

from __future__ import annotations

import sqlalchemy as sa

EVERY = 40
"""One writer in so many meets each of the four faults below: one in ten altogether."""
ENDS = {
    "cancelled": "a statement cancelled: the program answers 503, and the caller asks again",
    "conflict": "a serialisation failure: the program tries again by itself",
    "killed": "the connection ended before the commit: the program tries again by itself",
    "killed at the commit": (
        "the connection ended in the commit: the program cannot know, answers 503, and the caller"
        " asks again under the same key"
    ),
}
_SETUP = f"""
create schema faults;
create sequence faults.written;
create sequence faults.committing;
create function faults.end_some() returns trigger language plpgsql security definer as $$
begin
    case nextval('faults.written') %% {EVERY}
        when 10 then raise exception 'a fault' using errcode = 'query_canceled';
        when 20 then raise exception 'a fault' using errcode = 'serialization_failure';
        when 30 then perform pg_terminate_backend(pg_backend_pid());
        else null;
    end case;
    return null;
end $$;
create function faults.end_some_commits() returns trigger language plpgsql security definer as $$
begin
    if nextval('faults.committing') %% {EVERY} = 0 then
        perform pg_terminate_backend(pg_backend_pid());
    end if;
    return null;
end $$;
"""


def doom(owner: sa.Engine, *moments: tuple[str, str, str]) -> None:
    """Let one in ten transactions fail.

    A fault is a table, an operation on it, and a condition or none.
    """
    with owner.begin() as connection:
        connection.exec_driver_sql(_SETUP)
        for table, act, condition in moments:
            connection.exec_driver_sql(
                f"create trigger a_fault after {act} on {table} for each row {condition} execute"
                " function faults.end_some()"
            )
            connection.exec_driver_sql(
                f"create constraint trigger a_late_fault after {act} on {table} deferrable"
                f" initially deferred for each row {condition} execute function"
                " faults.end_some_commits()"
            )


def met(owner: sa.Engine) -> dict[str, int]:
    """Return how many transactions met each fault."""
    with owner.connect() as connection:
        row = connection.execute(
            sa.text(
                "select w.last_value as written, c.last_value as committing from faults.written w,"
                " faults.committing c"
            )
        ).one()
    early = {
        name: (row.written + EVERY - first) // EVERY
        for name, first in zip(ENDS, (10, 20, 30), strict=False)
    }
    return early | {"killed at the commit": row.committing // EVERY}
