"""Add an index of trip lines by the last day of their service.

The list of services that are not invoiced at a month's end reads those of one year.

Never edit this file once it has landed.
"""

import recipes

revision = "0200"
down_revision = "0199"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.create_index(
        "ix_trip_lines_days", "trip_lines (tenant_id, greatest(ends_on, starts_on))"
    )


def downgrade() -> None:
    recipes.drop_index("ix_trip_lines_days")
