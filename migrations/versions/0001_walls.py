"""Roles, the schema of our functions, the job library's tables.

Never edit this file once it has landed.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLES = """
do $$
begin
  -- Roles belong to the whole server, so several databases and several starts at once may ask for them.
  begin
    create role voyagent_app nologin noinherit;
  exception when duplicate_object or unique_violation then null;
  end;
  begin
    create role voyagent_lookup nologin noinherit;
  exception when duplicate_object or unique_violation then null;
  end;
  -- Behind a policy the planner hides statistics; a server of our own can spare the look-up role that. Elsewhere its policies do.
  if (select rolsuper from pg_roles where rolname = current_user) and (select not rolbypassrls from pg_roles where rolname = 'voyagent_lookup') then
    alter role voyagent_lookup bypassrls;
  end if;
  execute format('grant voyagent_app, voyagent_lookup to %I', current_user);
end $$
"""

REFUSE = """
create function app.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$
"""


def upgrade() -> None:
    op.execute(ROLES)
    op.execute("create extension if not exists pg_trgm")
    op.execute("create extension if not exists btree_gin")
    op.execute("create schema app")
    op.execute("grant usage on schema app to voyagent_app, voyagent_lookup")
    op.execute("grant create on schema app to voyagent_lookup")
    op.execute("grant usage on schema public to voyagent_app, voyagent_lookup")
    op.execute(REFUSE)
    connection = op.get_bind()
    connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(
        "grant select, insert, update, delete on all tables in schema public to voyagent_app"
    )
    op.execute("revoke all on alembic_version from voyagent_app")
    op.execute("grant select on alembic_version to voyagent_app")
    op.execute("grant usage, select on all sequences in schema public to voyagent_app")


def downgrade() -> None:
    op.execute(
        """
        do $$
        declare thing record;
        begin
          for thing in select relname from pg_class where relname like 'procrastinate\\_%' and relkind = 'r' and relnamespace = 'public'::regnamespace loop
            execute format('drop table if exists %I cascade', thing.relname);
          end loop;
          for thing in select oid::regprocedure as name from pg_proc where proname like 'procrastinate\\_%' loop
            execute format('drop function if exists %s cascade', thing.name);
          end loop;
          for thing in select typname from pg_type
                        where typname like 'procrastinate\\_%' and typtype in ('e', 'c') and typrelid = 0 or typname = 'procrastinate_job_to_defer_v1' loop
            execute format('drop type if exists %I cascade', thing.typname);
          end loop;
        end $$
        """
    )
    op.execute("drop schema app cascade")
    op.execute("revoke usage on schema public from voyagent_app, voyagent_lookup")
