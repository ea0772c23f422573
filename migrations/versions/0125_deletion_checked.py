"""Check the agencies for the constraint on deletions.

The release before works with the constraint.

Never edit this file once it has landed.
"""

import recipes

revision = "0125"
down_revision = "0124"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("tenants", "ck_tenants_deletion")


def downgrade() -> None:
    pass  # the constraint stays valid
