"""Check the constraints on debit notes, which 0178 added, and index their invoices.

The release before works with the constraints.

Never edit this file once it has landed.
"""

import recipes

revision = "0179"
down_revision = "0178"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.validate("invoices", "fk_invoices_debits")
    recipes.validate("invoices", "ck_invoices_debits")
    recipes.create_index(
        "ix_invoices_debits", "invoices (tenant_id, debits_id) where debits_id is not null"
    )


def downgrade() -> None:
    recipes.drop_index("ix_invoices_debits")
