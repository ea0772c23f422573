"""Store the service code (SAC) of each invoice line, and how many digits it has.

The release before ignores both. A line that it drafts gets its code when it is issued.

Never edit this file once it has landed.
"""

import recipes

revision = "0150"
down_revision = "0149"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table invoice_lines add column if not exists sac text;
        alter table invoice_lines drop constraint if exists ck_invoice_lines_sac;
        alter table invoice_lines add constraint ck_invoice_lines_sac
          check (sac ~ '^99[0-9]{2}([0-9]{2})?$') not valid;
    """)
    recipes.change("""
        alter table tenant_settings
          add column if not exists sac_digits smallint not null default 6;
        alter table tenant_settings drop constraint if exists ck_tenant_settings_sac_digits;
        alter table tenant_settings add constraint ck_tenant_settings_sac_digits
          check (sac_digits in (4, 6)) not valid;
    """)


def downgrade() -> None:
    recipes.change("alter table invoice_lines drop column if exists sac")
    recipes.change("alter table tenant_settings drop column if exists sac_digits")
