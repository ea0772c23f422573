"""A large agency, with rows of another one, to measure lists and searches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from tests.people import People, Person
from voyagent.kernel.config import Settings

LOAD_S_MAX = 120
NEIGHBOURS_SHARE = 20


@contextmanager
def crowded(
    app: Flask, settings: Settings, load: Callable[[sa.Connection, Person, int], None], *tables: str
) -> Iterator[Person]:
    """The agency's administrator.

    `load` inserts the rows of one agency with row security; its argument divides the size. `tables`
    are vacuumed, and the rows of both agencies are deleted after the test.
    """
    people = People(app)
    big, neighbour = (
        people.sign_up("Alice Owner", agency="Big Travels"),
        people.sign_up("Charlie Stranger", agency="Next Door"),
    )
    application = sa.create_engine(
        sa.make_url(settings.db_url or ""),
        connect_args={"options": "-c role=voyagent_app -c statement_timeout=0"},
    )
    owner = sa.create_engine(sa.make_url(settings.db_admin_url or ""), isolation_level="AUTOCOMMIT")
    began = time.monotonic()
    # Triggers read the rows of the agency. After many small agencies the planner would expect few.
    for person, share in ((neighbour, NEIGHBOURS_SHARE), (big, 1)):
        with application.begin() as connection:
            connection.execute(
                sa.text("select set_config('app.tenant', :t, true)"),
                {"t": str(person.actor.tenant_id)},
            )
            load(connection, person, share)
        with owner.connect() as connection:
            for table in tables:
                connection.execute(sa.text(f"analyze {table}"))
    assert time.monotonic() - began < LOAD_S_MAX
    application.dispose()
    with owner.connect() as connection:
        for table in tables:
            connection.execute(sa.text(f"vacuum analyze {table}"))
    yield big
    with owner.connect() as connection:
        connection.execute(
            sa.text(f"delete from {tables[0]} where tenant_id = any(:ids)"),
            {"ids": [big.actor.tenant_id, neighbour.actor.tenant_id]},
        )
    owner.dispose()


def scanned(
    lane: psycopg.Connection[Any],
    person: Person,
    sql: str,
    values: dict[str, Any],
    scans: Callable[[psycopg.Cursor[Any]], dict[str, int]],
) -> tuple[dict[str, int], list[Any]]:
    """Read as a user's agency and return the increased counts of `scans`.

    The second value has the rows. Reads inside functions count too.
    """
    with lane.transaction(), lane.cursor() as cursor:
        cursor.execute("select set_config('app.tenant', %s, true)", [str(person.actor.tenant_id)])
        before = scans(cursor)
        cursor.execute(sql, values)
        rows = cursor.fetchall()
        after = scans(cursor)
    return {name: after[name] - before[name] for name in after if after[name] > before[name]}, rows
