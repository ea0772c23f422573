"""Check the constraints of 0142 and 0143, and index the lines without a base amount.

The release before works with the constraints and the index.

Never edit this file once it has landed.
"""

import recipes

revision = "0144"
down_revision = "0143"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.create_index(
        "ix_postings_without_base",
        "postings (tenant_id, effective_date) where base_basis is null",
    )
    for name in ("sides", "base", "rate"):
        recipes.validate("postings", f"ck_postings_{name}")
    for name in ("base_currency", "base_state"):
        recipes.validate("tenant_settings", f"ck_tenant_settings_{name}")


def downgrade() -> None:
    recipes.drop_index("ix_postings_without_base")
