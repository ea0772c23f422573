"""Check the constraints on document lines, which 0171 changed.

The release before works with the constraints.

Never edit this file once it has landed.
"""

import recipes

revision = "0172"
down_revision = "0171"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("invoice_lines", "bill_lines"):
        recipes.validate(table, f"ck_{table}_amount")


def downgrade() -> None:
    """Do nothing: the constraints stay until 0171 is undone."""
