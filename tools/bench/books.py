"""Write an agency with years of business by SQL.

The agency has parties, enquiries, documents in every state, payments and their journal entries. The
rows that `books.sql` writes are those that the services would write, and `flask books check` is run
on them. While they are written, foreign keys and row triggers are off. Statement triggers are on,
so counts, balances and ageing are computed as in the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from tools.bench import cast
from tools.bench.cast import Person
from tools.bench.figures import Figure
from tools.bench.ground import Installation
from voyagent.kernel.ids import new_id
from voyagent.reports.queries import checks

PARTIES, DAYS = 2_000, 730
COMMON, RARE = "lisbon", "reykjavik"
EVENTS_SHARE = 4
_STATEMENTS = (Path(__file__).parent / "books.sql").read_text().rstrip(";\n").split(";\n\n")
_KEEPERS = b"""
select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
 where not t.tgisinternal and t.tgtype & 4 > 0
   and (t.tgtype & 1 = 0 or t.tgfoid in ('app.key_party'::regproc, 'app.key_row'::regproc))
 order by 1, 2
"""
_COUNTED = {
    "enquiries": b"select count(*) from enquiries",
    "invoices": b"select count(*) from invoices",
    "… of which open": (
        b"select count(*) from invoices where status in ('issued', 'partially_paid')"
    ),
    "bills": b"select count(*) from bills",
    "… of which open ": b"select count(*) from bills where status in ('received', 'scheduled')",
    "payments": b"select count(*) from payments",
    "lines of the journal": b"select count(*) from postings",
    "audit events": b"select count(*) from audit_events",
}


@dataclass(frozen=True, slots=True)
class Books:
    """An agency with years of business, and its administrator `person`.

    `size` is the number of its enquiries, and also of its invoices, of its bills and of its
    proposals.
    """

    person: Person
    size: int


def load(here: Installation, size: int, *, today: date) -> Books:
    """Load an agency with `size` enquiries, invoices, bills and proposals.

    `size` is a multiple of 2,000. The agency also gets six times `size` journal lines, and one
    audit event for every four enquiries.
    """
    (person,) = cast.agencies(here, 1)
    actor = person.actor
    values: dict[str, Any] = {
        "tenant": actor.tenant_id,
        "user": actor.user_id,
        "session": new_id(),
        "size": size,
        "half": PARTIES // 2,
    }
    values |= {"days": DAYS, "today": today, "first": today - timedelta(days=DAYS)}
    with here.as_owner() as connection, _rows_unguarded(connection), connection.transaction():
        cursor = psycopg.ClientCursor(connection)  # `create table` takes no parameters
        for statement in _STATEMENTS:
            cursor.execute(statement.encode(), values)
    cast.write_events(here, person, size // EVENTS_SHARE)
    with here.as_owner() as connection:
        connection.execute("vacuum analyze")  # the server does it by itself, later
    return Books(person, size)


def book_figures(here: Installation, books: Books) -> Iterator[Figure]:
    """Yield the row counts and the result of the check of the books."""
    with here.as_owner() as connection:
        for name, query in _COUNTED.items():
            yield Figure(
                f"{name.strip()}{'' if name.startswith('…') else f' at {books.size:,}'}",
                float(str(connection.execute(query).fetchall()[0][0])),
            )
    with here.app.app_context():
        findings = checks.run(books.person.actor.tenant_id)
    cast.db_remove(here)
    yield Figure(f"what the check of the books finds at {books.size:,}", len(findings), at_most=0)


@contextmanager
def _rows_unguarded(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Switch off foreign keys and row triggers.

    Triggers of statements and those of party keys still run.
    """
    keepers = [
        (str(table), str(trigger)) for table, trigger in connection.execute(_KEEPERS).fetchall()
    ]
    for table, trigger in keepers:
        connection.execute(f"alter table {table} enable always trigger {trigger}".encode())
    connection.execute("set session_replication_role = replica")
    yield
    connection.execute("reset session_replication_role")
    for table, trigger in keepers:
        connection.execute(f"alter table {table} enable trigger {trigger}".encode())
