"""The second wall as SQL: what every table of an agency gets.

Used by migrations, so it never changes what it does.
"""

from alembic import op

APP = "voyagent_app"
LOOKUP = "voyagent_lookup"
BOUND = "(select nullif(current_setting('app.tenant', true), '')::uuid)"


def tenant_wall(
    table: str, *, grants: str = "select, insert, update, delete", column: str = "tenant_id"
) -> None:
    """Row-level security, forced, for reading and writing; and what the application's role may do."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(
        f"create policy {table}_tenant on {table} to {APP} using ({column} = {BOUND}) with check"
        f" ({column} = {BOUND})"
    )
    op.execute(f"grant {grants} on {table} to {APP}")


def lookup_may_read(table: str, columns: str) -> None:
    """Let the look-up role, which owns the few definer functions and cannot sign in, read named
    columns of every agency.
    """
    op.execute(f"create policy {table}_lookup on {table} for select to {LOOKUP} using (true)")
    op.execute(f"grant select ({columns}) on {table} to {LOOKUP}")


def lookup_function(signature: str, body: str) -> None:
    """Create a definer function of the look-up role: a way past the second wall, listed and counted
    by a test.
    """
    name = signature.partition(" returns ")[0]
    op.execute(
        f"create function app.{signature} language plpgsql stable security definer set search_path"
        f" = public, pg_temp as $$ {body} $$"
    )
    bare = "app." + _without_names(name)
    op.execute(f"alter function {bare} owner to {LOOKUP}")
    op.execute(f"revoke all on function {bare} from public")
    op.execute(f"grant execute on function {bare} to {APP}")


def append_only(table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE by trigger, whoever asks."""
    op.execute(
        f"create trigger {table}_append_only before update or delete on {table} for each row"
        " execute function app.refuse_change()"
    )
    op.execute(
        f"create trigger {table}_no_truncate before truncate on {table} for each statement execute"
        " function app.refuse_change()"
    )


def _without_names(signature: str) -> str:
    """`find(email text, n int)` as `find(text, int)`, which is how an existing function is named."""
    name, _, arguments = signature.partition("(")
    kinds = [
        part.strip().split(" ", 1)[1] for part in arguments.rstrip(")").split(",") if part.strip()
    ]
    return f"{name}({', '.join(kinds)})"
