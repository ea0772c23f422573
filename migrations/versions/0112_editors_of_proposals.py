"""Keep all editors of a proposal, because none of them approves it alone.

The release before ignores the column. The editor that it stores is the last one, so nobody is lost
if both releases edit the same proposal.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0112"
down_revision = "0111"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table approvals add column earlier_editor_ids uuid[] not null default '{}'")


def downgrade() -> None:
    op.execute("alter table approvals drop column earlier_editor_ids")
