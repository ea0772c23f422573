"""Check the constraints on service periods, which 0181 added.

Never edit this file once it has landed.
"""

import recipes

revision = "0182"
down_revision = "0181"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("invoice_lines", "ck_invoice_lines_service")
    recipes.validate("bill_lines", "ck_bill_lines_service")


def downgrade() -> None:
    pass
