"""Let the owner of the schema import and delete whole agencies.

A deletion is asked for first, and leaves a record. The role `voyagent_mover` has no rights but
these, and nobody can sign in with it; 0125 gives it those on the tables of an agency. The release
before ignores all of this.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import APP, LOOKUP, MOVER, mover_policy
from sqlalchemy import text

revision = "0119"
down_revision = "0118"
branch_labels = None
depends_on = None

HAS_ROLE = text("select exists (select from pg_roles where rolname = :name)")
# A member without ADMIN OPTION may not grant the role, not even to itself.
IS_MEMBER = text("""
select exists (
  select from pg_auth_members
    join pg_roles granted on granted.oid = roleid
    join pg_roles owner on owner.oid = member
   where granted.rolname = :name and owner.rolname = current_user and not admin_option
)
""")


def upgrade() -> None:
    if not op.get_bind().scalar(HAS_ROLE, {"name": MOVER}):
        op.execute(f"create role {MOVER} nologin noinherit")
    if not op.get_bind().scalar(IS_MEMBER, {"name": MOVER}):
        op.execute(f"grant {MOVER} to current_user")
    op.execute(f"grant usage on schema app, public to {MOVER}")
    op.execute(f"""
        create table agency_deletions (
          id uuid not null,
          facts jsonb not null,
          begun_at timestamptz default now() not null,
          finished_at timestamptz,
          document text,
          constraint pk_agency_deletions primary key (id),
          constraint ck_agency_deletions_facts check (jsonb_typeof(facts) = 'object'),
          constraint ck_agency_deletions_finished
            check ((finished_at is null) = (document is null))
        );
        grant select on agency_deletions to {APP};
        grant select (id) on agency_deletions to {LOOKUP};
        grant select, insert, update (finished_at, document) on agency_deletions to {MOVER};

        alter table tenants add column deletion_asked_at timestamptz;
        alter table tenants add constraint ck_tenants_deletion
          check (deletion_asked_at is null or not is_active) not valid;
        grant select (deletion_asked_at) on tenants to {LOOKUP};
        {mover_policy("tenants", column="id")};
    """)


def downgrade() -> None:
    op.execute(f"""
        drop policy tenants_mover on tenants;
        revoke all on tenants from {MOVER};
        revoke all on schema app, public from {MOVER};
        revoke select (deletion_asked_at) on tenants from {LOOKUP};
        drop table agency_deletions;
        alter table tenants drop constraint ck_tenants_deletion;
        alter table tenants drop column deletion_asked_at;
    """)
