"""The further address of the customer that was chosen for an invoice.

The release before ignores it: it prints the usual address of the customer.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0203"
down_revision = "0202"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table invoices add column party_address_id uuid")


def downgrade() -> None:
    op.execute("alter table invoices drop column party_address_id")
