"""Sum revenue and cost of trips in the base currency.

The trigger of the release before leaves the sums as they are. `flask books rebuild` fills them.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0156"
down_revision = "0155"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table trip_earnings
          add column if not exists base_revenue_minor bigint not null default 0,
          add column if not exists base_cost_minor bigint not null default 0
    """)


def downgrade() -> None:
    op.execute(
        "alter table trip_earnings drop column base_cost_minor, drop column base_revenue_minor"
    )
