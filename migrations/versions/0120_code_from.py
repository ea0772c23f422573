"""Store the lowest revision whose release runs on the schema.

A release then starts on a newer schema too, until a contract step removes something that it uses.
The release before ignores the column.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0120"
down_revision = "0119"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table installation add code_from text not null default '0118'")


def downgrade() -> None:
    op.execute("alter table installation drop code_from")
