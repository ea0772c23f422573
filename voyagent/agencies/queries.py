"""Reads of all rows of one agency, in the transaction that is bound to it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Table, text

from voyagent.audit.queries.chain import HEADS_OF_EVERY_AGENCY
from voyagent.backup.rules.manifest import Balances, Census
from voyagent.kernel.db import Base, db
from voyagent.kernel.tenancy import TENANT
from voyagent.ledger.queries.trial_balance import OF_EVERY_AGENCY

ROWS_AT_A_TIME = 200
"""Rows that an export has in memory; one with a kept PDF has some 50 kB as JSON."""
OF_INSTALLATION = "it belongs to this installation: sign-ins and links that it has issued"
LEFT_OUT = {
    "auth_sessions": OF_INSTALLATION,
    "refresh_tokens": OF_INSTALLATION,
    "revoked_tokens": OF_INSTALLATION,
    "one_time_tokens": OF_INSTALLATION,
    "recovery_codes": "a hash with the secret of the installation, which no other can compare",
    "idempotency_keys": "stored responses to requests, which are repeated here within a day",
    "mails": "mails that wait are sent by the installation that has promised them",
    "report_files": "copies of reports, which are kept for a day",
    "rate_limit_hits": "counts of the last hour",
    "budget_reservations": "tokens that running turns have reserved",
    "missing_models": "models that the vendor of this installation no longer has",
}
"""Reason for each table with rows of agencies that a file of an agency does not have."""
AGENCIES = "tenants"
_BOUND = "(select nullif(current_setting('app.tenant', true), '')::uuid)"


def name_of_agency() -> str | None:
    """Return the name of the bound agency, or None if there is no such agency."""
    name: str | None = db.session.scalar(text("select display_name from tenants"))
    return name


def tables() -> list[Table]:
    """Return the tables with rows of agencies, in the order of their foreign keys.

    The first one is the table of the agencies themselves.
    """
    return [one for one in Base.metadata.sorted_tables if one.name == AGENCIES or TENANT in one.c]


def exported_tables() -> list[Table]:
    """Return the tables whose rows are in the file of an agency, ordered as `tables`."""
    return [one for one in tables() if one.name not in LEFT_OUT]


def stored_columns(table: Table) -> list[str]:
    """Return the names of the columns that the database does not compute."""
    return [column.name for column in table.c if column.computed is None]


def is_of_agency(table: Table) -> str:
    """Return the SQL condition for the rows of the bound agency."""
    return f"{'id' if table.name == AGENCIES else TENANT} = {_BOUND}"


def rows(
    connection: Connection, table: Table, apart: frozenset[str]
) -> Iterator[tuple[str, str | None]]:
    """Yield each row of the bound agency as JSON, in the order of the primary key.

    The second text has the columns in `apart` with the id of the row, and is None if `apart` is
    empty. The first text has all other columns.
    """
    names = stored_columns(table)
    plain = _json_of([name for name in names if name not in apart])
    secret = _json_of(["id" if "id" in names else TENANT, *sorted(apart)]) if apart else "null"
    order = ", ".join(f'r."{column.name}"' for column in table.primary_key)
    statement = text(
        f"select {plain} as plain, {secret} as secret from {table.name} r"  # noqa: S608 - names of the models
        f" where r.{is_of_agency(table)} order by {order}"
    )
    options = {"stream_results": True, "yield_per": ROWS_AT_A_TIME}
    for row in connection.execute(statement, execution_options=options):
        yield row.plain, row.secret


def census(connection: Connection, counts: dict[str, int]) -> Census:
    """Return row counts, head and trial balance of the bound agency.

    `counts` has the number of rows by table.
    """
    balances: Balances = {}
    for tenant_id, currency, code, debit, credit in connection.execute(text(OF_EVERY_AGENCY)):
        of_currency = balances.setdefault(tenant_id, {}).setdefault(currency, {})
        of_currency[code] = [int(debit), int(credit)]
    heads = {str(row[0]): str(row[1]) for row in connection.execute(text(HEADS_OF_EVERY_AGENCY))}
    return Census(counts, heads, balances)


def _json_of(names: list[str]) -> str:
    listed = ", ".join(f'r."{name}"' for name in names)
    return f"(select row_to_json(p) from (select {listed}) p)::text"  # noqa: S608 - as above
