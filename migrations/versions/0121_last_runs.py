"""Store when the backup and the checks of the installation last ran.

The release before ignores the table.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0121"
down_revision = "0120"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table last_runs (
          name text not null,
          at timestamp with time zone default now() not null,
          findings bigint not null,
          constraint pk_last_runs primary key (name),
          constraint ck_last_runs_name check (name in ('backup', 'books', 'audit')),
          constraint ck_last_runs_findings check (findings >= 0)
        );
        grant select, insert, update on last_runs to voyagent_app;
    """)


def downgrade() -> None:
    op.execute("drop table last_runs")
