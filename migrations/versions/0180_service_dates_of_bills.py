"""Store the first day of the service of each bill line, until which its cost is prepaid.

The release before ignores the column. A draft with such a day that it receives is a cost at once.

Never edit this file once it has landed.
"""

import recipes

revision = "0180"
down_revision = "0179"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("alter table bill_lines add column if not exists service_date date")


def downgrade() -> None:
    recipes.change("alter table bill_lines drop column if exists service_date")
