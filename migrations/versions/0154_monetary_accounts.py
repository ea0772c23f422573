"""Store whether somebody chose that an account is monetary; null means the rule decides.

The release before ignores the column, and leaves it null.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0154"
down_revision = "0153"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table accounts add column is_monetary boolean")


def downgrade() -> None:
    op.execute("alter table accounts drop column is_monetary")
