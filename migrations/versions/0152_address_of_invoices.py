"""Keep the customer's address with each issued invoice.

The release before ignores the column, and its invoices have no address.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0152"
down_revision = "0151"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table invoices add column party_address text;
        grant update (party_address) on invoices to voyagent_eraser;
    """)


def downgrade() -> None:
    op.execute("alter table invoices drop column party_address")
