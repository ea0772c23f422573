"""Check the constraint on the places of supply of invoice lines, which 0191 added.

The release before works with the constraint.

Never edit this file once it has landed.
"""

import recipes

revision = "0199"
down_revision = "0198"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("invoice_lines", "ck_invoice_lines_place")


def downgrade() -> None:
    pass
