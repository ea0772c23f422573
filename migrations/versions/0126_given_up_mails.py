"""Index the mails that were given up.

The release before works with this index.

Never edit this file once it has landed.
"""

import recipes

revision = "0126"
down_revision = "0125"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.create_index(
        "ix_mails_given_up", "mails (tenant_id, failed_at) where failed_at is not null"
    )


def downgrade() -> None:
    recipes.drop_index("ix_mails_given_up")
