"""Invoices and bills that were open before an agency came here: they stand against the account that the books begin with, and are no sale or cost of now.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("invoices", "bills"):
        op.execute(f"alter table {table} add column is_opening boolean not null default false")
    op.execute(
        "alter table invoices add constraint ck_invoices_opening check (not is_opening or party_reference is not null)"
    )
    # An invoice brought forward is known by its former number, as a bill is by its supplier's: once in the agency.
    op.execute(
        "create unique index uq_invoices_opening on invoices (tenant_id, party_reference) where is_opening"
    )


def downgrade() -> None:
    op.execute("drop index uq_invoices_opening")
    op.execute("alter table invoices drop constraint ck_invoices_opening, drop column is_opening")
    op.execute("alter table bills drop column is_opening")
