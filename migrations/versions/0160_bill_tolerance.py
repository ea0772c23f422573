"""Store how far a bill may differ from what was expected, and the trip line of an invoice line.

The release before ignores the columns.

Never edit this file once it has landed.
"""

import recipes

revision = "0160"
down_revision = "0159"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("alter table invoice_lines add column if not exists trip_line_id uuid")
    recipes.change("""
        alter table tenant_settings
          add column if not exists bill_tolerance_percent text not null default '2.00',
          add column if not exists bill_tolerance_minor bigint not null default 50000;
        alter table tenant_settings drop constraint if exists ck_tenant_settings_bill_tolerance;
        alter table tenant_settings add constraint ck_tenant_settings_bill_tolerance
          check (bill_tolerance_percent ~ '^(100\\.00|[0-9]{1,2}\\.[0-9]{2})$'
            and bill_tolerance_minor >= 0) not valid;
    """)
    recipes.validate("tenant_settings", "ck_tenant_settings_bill_tolerance")


def downgrade() -> None:
    recipes.change("alter table invoice_lines drop column if exists trip_line_id")
    recipes.change("""
        alter table tenant_settings
          drop column if exists bill_tolerance_percent,
          drop column if exists bill_tolerance_minor;
    """)
