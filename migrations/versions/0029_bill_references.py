"""A void bill no longer holds its supplier's reference: the same paper, entered rightly, may follow it.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table bills drop constraint uq_bills_vendor_reference")
    op.execute(
        "create unique index uq_bills_vendor_reference on bills (tenant_id, vendor_reference) where status <> 'void'"
    )


def downgrade() -> None:
    """Fails where a reference stands on a void bill and on another: which of them is to keep it, nobody can know."""
    op.execute("drop index uq_bills_vendor_reference")
    op.execute(
        "alter table bills add constraint uq_bills_vendor_reference unique (tenant_id, vendor_reference)"
    )
