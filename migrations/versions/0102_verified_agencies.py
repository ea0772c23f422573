"""Record when an agency was confirmed; the agencies that exist count as confirmed.

A new agency stays provisional until its first administrator confirms the e-mail address. The
release before ignores the column. An agency that it creates is confirmed through the user
(`people.is_provisional`).

Never edit this file once it has landed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("verified_at", sa.DateTime(timezone=True)))
    # Row security is forced, so it binds the owner of the table too.
    op.execute("alter table tenants no force row level security")
    op.execute("update tenants set verified_at = created_at")
    op.execute("alter table tenants force row level security")


def downgrade() -> None:
    op.drop_column("tenants", "verified_at")
