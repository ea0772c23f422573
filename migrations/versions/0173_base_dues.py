"""Sum in the base currency what open documents carry, by due date.

A sum is null while it is not known. The trigger of the release before leaves the sums null.
`flask books rebuild` fills them.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0173"
down_revision = "0172"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table ageing_by_due
          add column if not exists open_base_minor bigint
    """)


def downgrade() -> None:
    op.execute("alter table ageing_by_due drop column open_base_minor")
