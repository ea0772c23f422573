"""Add an index of the expected bills for which cost is accrued.

The list at a month's end reads those that were cancelled, which are few among all released ones.

Never edit this file once it has landed.
"""

import recipes

revision = "0204"
down_revision = "0203"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.create_index(
        "ix_expected_bills_accrued",
        "expected_bills (tenant_id, status, id) where accrued_minor > 0",
    )


def downgrade() -> None:
    recipes.drop_index("ix_expected_bills_accrued")
