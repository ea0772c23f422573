"""Store the id of the installation, and whether it is on hold after a restore.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0118"
down_revision = "0117"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table installation (
          id uuid not null,
          hold text,
          held_since timestamp with time zone,
          is_only boolean default true not null,
          constraint pk_installation primary key (id),
          constraint uq_installation_is_only unique (is_only),
          constraint ck_installation_is_only check (is_only),
          constraint ck_installation_hold check (hold in ('restored')),
          constraint ck_installation_held_since check ((hold is null) = (held_since is null))
        );
        insert into installation (id) values (gen_random_uuid());
        grant select on installation to voyagent_app;
    """)


def downgrade() -> None:
    op.execute("drop table installation")
