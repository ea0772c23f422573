"""Check the constraint on the section of the cash flow statement, which 0183 added.

The release before works with the constraint.

Never edit this file once it has landed.
"""

import recipes

revision = "0184"
down_revision = "0183"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("accounts", "ck_accounts_cash_flow")


def downgrade() -> None:
    """Leave the constraint checked; the downgrade of 0183 drops it."""
