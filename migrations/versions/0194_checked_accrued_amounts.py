"""Check the constraint on the accrued cost of expected bills, which 0192 added.

The release before works with the constraint.

Never edit this file once it has landed.
"""

import recipes

revision = "0194"
down_revision = "0193"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("expected_bills", "ck_expected_bills_accrued")


def downgrade() -> None:
    pass
