"""Check the sources of the status of all enquiries.

The release before works with this constraint.

Never edit this file once it has landed.
"""

import recipes

revision = "0137"
down_revision = "0136"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("enquiries", "ck_enquiries_status_source")


def downgrade() -> None:
    pass
