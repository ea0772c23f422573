"""The trip that an invoice or a bill is of: what is posted by the documents of a trip is what it earned and what it cost.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

# Once a document is posted it is as fixed as all that app.guard_document() does not leave free.
COLUMN = """
alter table {table}
  add column trip_id uuid,
  add constraint fk_{table}_trip foreign key (tenant_id, trip_id) references trips(tenant_id, id)
"""


def upgrade() -> None:
    for table in ("invoices", "bills"):
        op.execute(COLUMN.format(table=table))
        op.execute(
            f"create index ix_{table}_trip on {table} (tenant_id, trip_id) where trip_id is not null"
        )


def downgrade() -> None:
    for table in ("bills", "invoices"):
        op.execute(f"alter table {table} drop column trip_id")
