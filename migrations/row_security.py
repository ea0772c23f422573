"""Row-level security of a table: policies and grants, as SQL.

Migrations call these functions, so the effect of a function must never change.
"""

from alembic import op

APP = "voyagent_app"
LOOKUP = "voyagent_lookup"
MOVER = "voyagent_mover"
BOUND = "(select nullif(current_setting('app.tenant', true), '')::uuid)"


def protect(
    table: str, *, grants: str = "select, insert, update, delete", column: str = "tenant_id"
) -> None:
    """Limit the application's role to the rows of the current agency in a table.

    The current agency is that of the transaction. Row-level security is forced, so it also applies
    to the table's owner. `grants` are the privileges of the role, and `column` has the agency's id.
    """
    op.execute(
        f"alter table {table} enable row level security;"
        f" alter table {table} force row level security;"
        f" create policy {table}_tenant on {table} to {APP}"
        f" using ({column} = {BOUND}) with check ({column} = {BOUND});"
        f" grant {grants} on {table} to {APP}"
    )


def mover_policy(table: str, *, column: str = "tenant_id") -> str:
    """Return the SQL of the policy for the role that imports and deletes agencies.

    It may insert, read and delete rows of the agency of the transaction, and change none.
    """
    return (
        f"drop policy if exists {table}_mover on {table};"
        f" create policy {table}_mover on {table} to {MOVER}"
        f" using ({column} = {BOUND}) with check ({column} = {BOUND});"
        f" grant select, insert, delete on {table} to {MOVER}"
    )


def lookup_may_read(table: str, columns: str) -> None:
    """Let the look-up role read the given columns of all agencies.

    Nobody can sign in with this role. It owns the few security-definer functions that search before
    an agency is known.
    """
    op.execute(
        f"create policy {table}_lookup on {table} for select to {LOOKUP} using (true);"
        f" grant select ({columns}) on {table} to {LOOKUP}"
    )
