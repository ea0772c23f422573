"""Indexes for what single parties have open, so that reading it costs what is open and not all that they were ever sent.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

OPEN = {
    "invoices": "status in ('issued', 'partially_paid')",
    "bills": "status in ('received', 'scheduled')",
}


def upgrade() -> None:
    for table, is_open in OPEN.items():
        op.execute(
            f"create index ix_{table}_open_party on {table} (tenant_id, party_key, due_date, id) where {is_open}"
        )


def downgrade() -> None:
    for table in OPEN:
        op.execute(f"drop index ix_{table}_open_party")
