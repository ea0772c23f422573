"""Add an index that tells which tax treatments an agency has used.

Never edit this file once it has landed.
"""

import recipes

revision = "0177"
down_revision = "0176"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.create_index(
        "ix_invoice_lines_tax", "invoice_lines (tenant_id, tax) where tax is not null"
    )


def downgrade() -> None:
    recipes.drop_index("ix_invoice_lines_tax")
