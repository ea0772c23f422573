"""Store the first day of the service of each bill line, until which its cost is prepaid.

The release before ignores the column. A draft with such a day that it receives is a cost at once.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0180"
down_revision = "0179"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table bill_lines add column service_date date")


def downgrade() -> None:
    op.execute("alter table bill_lines drop column service_date")
