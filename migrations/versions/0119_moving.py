"""Let the owner of the schema import and delete whole agencies.

The role `voyagent_mover` has no rights but these, and nobody can sign in with it. The release
before ignores it.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import MOVER, let_mover
from sqlalchemy import text

revision = "0119"
down_revision = "0118"
branch_labels = None
depends_on = None

OWNED = text("""
select table_name from information_schema.columns
  join information_schema.tables using (table_schema, table_name)
 where table_schema = 'public' and column_name = 'tenant_id' and table_type = 'BASE TABLE'
 order by 1
""")


def upgrade() -> None:
    op.execute(f"""
        do $$
        begin
          if not exists (select from pg_roles where rolname = '{MOVER}') then
            begin
              create role {MOVER} nologin noinherit;
            exception when duplicate_object or unique_violation then null;
            end;
          end if;
          execute format('grant {MOVER} to %I', current_user);
        end $$;
        grant usage on schema app, public to {MOVER};
    """)
    let_mover("tenants", column="id")
    for table in op.get_bind().scalars(OWNED).all():
        let_mover(table)


def downgrade() -> None:
    for table in ("tenants", *op.get_bind().scalars(OWNED).all()):
        op.execute(
            f"drop policy if exists {table}_mover on {table}; revoke all on {table} from {MOVER}"
        )
    op.execute(f"revoke all on schema app, public from {MOVER}")
