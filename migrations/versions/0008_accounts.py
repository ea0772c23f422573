"""Two-factor, one-time tokens, API keys.

Never edit this file once it has landed.
"""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
