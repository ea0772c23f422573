"""Note on each person that the e-mail address was changed and the new one is not proven.

Nobody is marked at the upgrade, so no agency becomes provisional by it. The release before ignores
the column.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0113"
down_revision = "0112"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table users add column email_moved boolean not null default false")


def downgrade() -> None:
    op.execute("alter table users drop column email_moved")
