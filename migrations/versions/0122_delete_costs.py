"""Let the program delete old costs of language models.

The release before does not use the right.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0122"
down_revision = "0121"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant delete on turn_costs to voyagent_app")


def downgrade() -> None:
    op.execute("revoke delete on turn_costs from voyagent_app")
