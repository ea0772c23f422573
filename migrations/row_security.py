"""Row-level security of a table: policies and grants, as SQL.

Migrations use these functions, so they never change what they do.
"""

from alembic import op

APP = "voyagent_app"
LOOKUP = "voyagent_lookup"
BOUND = "(select nullif(current_setting('app.tenant', true), '')::uuid)"


def protect(
    table: str, *, grants: str = "select, insert, update, delete", column: str = "tenant_id"
) -> None:
    """Let the application's role see and write the rows of the bound agency only.

    Row-level security is forced, so it binds the owner too. `grants` is what the role may do.
    """
    op.execute(
        f"alter table {table} enable row level security;"
        f" alter table {table} force row level security;"
        f" create policy {table}_tenant on {table} to {APP}"
        f" using ({column} = {BOUND}) with check ({column} = {BOUND});"
        f" grant {grants} on {table} to {APP}"
    )


def lookup_may_read(table: str, columns: str) -> None:
    """Let the look-up role read the named columns of every agency.

    The role cannot sign in. It owns the few security-definer functions that search before an
    agency is known.
    """
    op.execute(
        f"create policy {table}_lookup on {table} for select to {LOOKUP} using (true);"
        f" grant select ({columns}) on {table} to {LOOKUP}"
    )
