"""The rows of an agency in every table, read with one statement."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

COUNT = "count(*)::text"
DIGEST = "md5(string_agg(r::text, '|' order by r::text))"
OWNED = sa.text(
    "select table_name from information_schema.columns where column_name = 'tenant_id' and"
    " table_schema = 'public' order by table_name"
)


def rows_of(engine: sa.Engine, tenant_id: UUID | None, what: str) -> dict[str, str | None]:
    """Return the `COUNT` or the `DIGEST` of an agency's rows by table."""
    one = f"select '{{0}}' as name, {what} as rows from {{0}} r where tenant_id = :t"
    with engine.connect() as connection:
        tables = connection.scalars(OWNED).all()
        found = connection.execute(
            sa.text(" union all ".join(one.format(name) for name in tables)), {"t": tenant_id}
        )
        return {row.name: row.rows for row in found}
