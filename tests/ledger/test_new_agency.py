"""Cost of the journal for an agency that the statistics of PostgreSQL do not know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests.people import Person
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import JournalEntry
from voyagent.ledger.queries import entries, sources

ENTRIES, LINES, LIMIT = 200, 18, 50
AGENCIES = 10
_ROWS = (
    (
        "insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id,"
        " purpose, line_count) select t, md5(t::text || n)::uuid, date '2026-01-01' + n, 'Many',"
        " 'test', md5(n::text)::uuid, 'many', :lines from unnest(cast(:tenants as uuid[])) t,"
        " generate_series(1, :entries) n"
    ),
    (
        "insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor,"
        " credit_minor, effective_date) select t, md5(t::text || n)::uuid, line,"
        " md5(t::text || line % 2)::uuid, 'INR', line % 2, 1 - line % 2, date '2026-01-01' + n"
        " from unnest(cast(:tenants as uuid[])) t, generate_series(1, :entries) n,"
        " generate_series(1, :lines) line"
    ),
)


@pytest.fixture
def unknown(alice: Person, owner_engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which Alice's entries came after the statistics.

    It is rolled back, so that no other connection has the statistics.
    """
    with owner_engine.connect() as connection, connection.begin() as never_kept:
        connection.execute(sa.text("set local session_replication_role = replica"))
        # The rows of earlier tests belong to many small agencies, which the statistics would show.
        # Deleted rows would stay in the indexes, whose size decides between two plans.
        connection.execute(sa.text("truncate postings, journal_entries cascade"))
        others = connection.scalars(
            sa.text("select gen_random_uuid()::text from generate_series(1, :n)"), {"n": AGENCIES}
        ).all()
        _load(connection, others)
        connection.execute(sa.text("analyze journal_entries, postings"))
        _load(connection, [str(alice.actor.tenant_id)])
        connection.execute(sa.text("set local session_replication_role = origin"))
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"), {"t": str(alice.actor.tenant_id)}
        )
        connection.execute(sa.text("set local role voyagent_app"))
        yield connection
        never_kept.rollback()


def test_a_page_of_the_journal_reads_only_the_lines_of_its_entries(
    unknown: sa.Connection, alice: Person
) -> None:
    read = _read(
        unknown, alice, entries.entries_page_statement(None, date(2200, 1, 1), LIMIT, None)
    )
    assert read["postings"] == LIMIT * LINES
    assert read["journal_entries"] <= 2 * LIMIT, "the entries, and those that reverse them"


def test_an_entry_reads_only_its_own_lines(unknown: sa.Connection, alice: Person) -> None:
    """A document finds its entry by a subquery."""
    table = JournalEntry.__table__.c
    entry_id = unknown.scalar(sa.text("select id from journal_entries limit 1"))
    of_document = sa.select(table.id).where(owned(JournalEntry), table.id == entry_id)
    read = _read(unknown, alice, entries.entry_lines_statement(of_document.scalar_subquery()))
    assert (read["journal_entries"], read["postings"]) == (1, LINES)


def test_the_entries_of_a_source_are_found_by_its_id(unknown: sa.Connection, alice: Person) -> None:
    source_id = unknown.scalar(sa.text("select source_id from journal_entries limit 1"))
    read = _read(unknown, alice, sources.further_lines_statement("test", source_id, "many"))
    assert (read["journal_entries"], read["postings"]) == (1, LINES)


def _read(connection: sa.Connection, person: Person, statement: sa.Select[Any]) -> dict[str, int]:
    """Run a statement and return the rows that it fetched from each table."""
    sql, values = compiled_for(statement, person.actor.tenant_id)
    cursor = connection.connection.cursor()
    cursor.execute("explain (analyze, format json) " + sql, values)
    found = cursor.fetchone()
    assert found is not None
    return _rows_read(found[0][0]["Plan"])


def _load(connection: sa.Connection, tenants: Sequence[str]) -> None:
    for statement in _ROWS:
        connection.execute(
            sa.text(statement), {"tenants": tenants, "entries": ENTRIES, "lines": LINES}
        )


def _rows_read(plan: dict[str, Any]) -> dict[str, int]:
    """Return the rows that an executed plan fetched from each table.

    Rows that a filter removed are counted too.
    """
    read: dict[str, int] = {}
    left = [plan]
    while left:
        node = left.pop()
        left += node.get("Plans", [])
        if name := node.get("Relation Name"):
            rows = sum(
                node.get(key, 0)
                for key in (
                    "Actual Rows",
                    "Rows Removed by Filter",
                    "Rows Removed by Index Recheck",
                )
            )
            read[name] = read.get(name, 0) + round(rows * node["Actual Loops"])
    return read
