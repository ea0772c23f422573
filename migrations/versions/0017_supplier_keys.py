"""What a supplier needs to find a booking again, beside the number that people know it by.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table trip_lines add column supplier_key text")
    op.execute(
        "create index ix_trip_lines_reference on trip_lines (tenant_id, our_reference) where our_reference is not null"
    )


def downgrade() -> None:
    op.execute("drop index ix_trip_lines_reference")
    op.execute("alter table trip_lines drop column supplier_key")
