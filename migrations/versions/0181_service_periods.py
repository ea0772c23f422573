"""Store the last day of the service of each invoice line and bill line.

The release before ignores the columns.

Never edit this file once it has landed.
"""

import recipes

revision = "0181"
down_revision = "0180"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("invoice_lines", "bill_lines"):
        recipes.change(f"""
            alter table {table} add column if not exists service_to date;
            alter table {table} drop constraint if exists ck_{table}_service;
            alter table {table} add constraint ck_{table}_service
              check (service_to is null or coalesce(service_to >= service_date, false)) not valid;
        """)


def downgrade() -> None:
    for table in ("invoice_lines", "bill_lines"):
        recipes.change(f"alter table {table} drop column if exists service_to")
