"""Check the constraints on service codes, which 0150 added.

The release before works with the constraints.

Never edit this file once it has landed.
"""

import recipes

revision = "0151"
down_revision = "0150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("invoice_lines", "ck_invoice_lines_sac")
    recipes.validate("tenant_settings", "ck_tenant_settings_sac_digits")


def downgrade() -> None:
    """Do nothing: the constraints stay until 0150 is undone."""
