"""Check the constraint on the age of exchange rates, which 0139 added.

The release before works with the constraint.

Never edit this file once it has landed.
"""

import recipes

revision = "0140"
down_revision = "0139"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("tenant_settings", "ck_tenant_settings_rate_max_age")


def downgrade() -> None:
    """Do nothing: the constraint stays until 0139 is undone."""
