"""chat: to be filled by the room that owns it.

Never edit this file once it has landed.
"""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
