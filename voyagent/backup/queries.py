"""Reads of a whole database, on a connection that sees the rows of all agencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from voyagent.audit.queries.chain import HEADS_OF_EVERY_AGENCY
from voyagent.audit.queries.statements import NUMBER_BY_AGENCY
from voyagent.backup.errors import SeesNotAll
from voyagent.backup.rules.manifest import Balances, Census
from voyagent.ledger.queries.trial_balance import OF_EVERY_AGENCY

_UNSEEN = """
select c.oid::regclass::text from pg_class c
 where c.relnamespace in ('public'::regnamespace, to_regnamespace('app'))
   and c.relkind in ('r', 'p')
   and (row_security_active(c.oid) or not has_table_privilege(c.oid, 'select'))
 order by 1
"""
_TABLES = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname in ('public', 'app') and c.relkind = 'r' order by 1, 2
"""
_ORIGIN = """
select current_setting('server_version') as server_version,
       to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as made_at,
       (case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
             else pg_current_wal_lsn() end)::text as lsn,
       (select max(version_num) from alembic_version) as revision
"""
NAMES_MAX = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a snapshot: PostgreSQL version, time, WAL position, schema revision.

    `made_at` and `lsn` are as in `Manifest`.
    """

    server_version: str
    made_at: str
    lsn: str
    revision: str


def require_full_sight(connection: psycopg.Connection[TupleRow]) -> None:
    """Check that the role of the connection sees all rows. Raises SeesNotAll."""
    hidden = [name for (name,) in connection.execute(_UNSEEN)]
    if hidden:
        shown = hidden[:NAMES_MAX] + ([f"{len(hidden) - NAMES_MAX} others"] if hidden[3:] else [])
        row = connection.execute("select current_user").fetchone()
        raise SeesNotAll(row[0] if row else "", shown)


def begin_snapshot(connection: psycopg.Connection[TupleRow]) -> None:
    """Begin a transaction whose reads share one snapshot, without time limits."""
    connection.execute("begin isolation level repeatable read read only")
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(sql.SQL("set local {} = 0").format(sql.Identifier(name)))


def export_snapshot(connection: psycopg.Connection[TupleRow]) -> str:
    """Return the id with which `pg_dump` sees the snapshot of the open transaction."""
    row = connection.execute("select pg_export_snapshot()").fetchone()
    return str(row[0]) if row else ""


def origin(connection: psycopg.Connection[TupleRow]) -> Origin:
    """Return PostgreSQL version, time, WAL position and schema revision.

    The last three are those of the snapshot of the open transaction. On a standby the position is
    the last one that it has replayed.
    """
    row = connection.execute(_ORIGIN).fetchone()
    assert row is not None
    return Origin(*map(str, row))


def installation_id(connection: psycopg.Connection[TupleRow]) -> str:
    """Return the id of the installation, or an empty text if the schema has none."""
    if not _exists(connection, "installation"):
        return ""
    row = connection.execute("select id::text from installation").fetchone()
    return str(row[0]) if row else ""


def statements_by_agency(connection: psycopg.Connection[TupleRow]) -> dict[UUID, int]:
    """Return the number of signed statements of each agency."""
    if not _exists(connection, "audit_statements"):
        return {}
    return {tenant_id: int(number) for tenant_id, number in connection.execute(NUMBER_BY_AGENCY)}


def census(connection: psycopg.Connection[TupleRow]) -> Census:
    """Count the rows of every table, and read all heads and trial balances."""
    tables = {
        f"{schema}.{name}": _count(connection, schema, name)
        for schema, name in connection.execute(_TABLES).fetchall()
    }
    balances: Balances = {}
    for tenant_id, currency, code, debit, credit in connection.execute(OF_EVERY_AGENCY):
        of_currency = balances.setdefault(tenant_id, {}).setdefault(currency, {})
        of_currency[code] = [int(debit), int(credit)]
    return Census(tables, dict(connection.execute(HEADS_OF_EVERY_AGENCY).fetchall()), balances)


def _count(connection: psycopg.Connection[TupleRow], schema: str, name: str) -> int:
    statement = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def _exists(connection: psycopg.Connection[TupleRow], table: LiteralString) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    return bool(row and row[0])
