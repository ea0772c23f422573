"""Store the time since which sessions of operators are valid.

The release before ignores the column.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0127"
down_revision = "0126"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table installation
          add column operator_sessions_from timestamptz not null default 'epoch';
        grant update (operator_sessions_from) on installation to voyagent_app;
    """)


def downgrade() -> None:
    op.execute("alter table installation drop column operator_sessions_from")
