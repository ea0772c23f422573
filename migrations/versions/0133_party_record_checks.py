"""Index the other ids of customers and suppliers, and check for 0132.

The release before works with the index and the constraints.

Never edit this file once it has landed.
"""

import recipes

revision = "0133"
down_revision = "0132"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.create_index(
        "uq_parties_external_id",
        "parties (tenant_id, external_id) where external_id is not null",
        unique=True,
    )
    for name in ("external_id", "pan", "credit_limit"):
        recipes.validate("parties", f"ck_parties_{name}")


def downgrade() -> None:
    recipes.drop_index("uq_parties_external_id")
