"""Store the time of the last heartbeat, by which reads know the age of a standby.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0124"
down_revision = "0123"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table heartbeat (
          is_only boolean default true not null,
          at timestamp with time zone not null,
          constraint pk_heartbeat primary key (is_only),
          constraint ck_heartbeat_is_only check (is_only)
        );
        insert into heartbeat (at) values (now());
        grant select, update on heartbeat to voyagent_app;
    """)


def downgrade() -> None:
    op.execute("drop table heartbeat")
