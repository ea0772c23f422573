"""Store which invoice and which of its lines a debit note refers to.

The release before shows a debit note as an invoice of its own.

Never edit this file once it has landed.
"""

import recipes

revision = "0178"
down_revision = "0177"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("alter table invoice_lines add column if not exists debits_line_no bigint")
    recipes.change("""
        alter table invoices add column if not exists debits_id uuid;
        alter table invoices drop constraint if exists fk_invoices_debits;
        alter table invoices add constraint fk_invoices_debits
          foreign key (tenant_id, debits_id) references invoices (tenant_id, id) not valid;
        alter table invoices drop constraint if exists ck_invoices_debits;
        alter table invoices add constraint ck_invoices_debits
          check (debits_id <> id and not is_opening or debits_id is null) not valid;
    """)


def downgrade() -> None:
    recipes.change("alter table invoice_lines drop column if exists debits_line_no")
    recipes.change("alter table invoices drop column if exists debits_id")
