"""Store the tax in the unit price of each document line.

The release before writes unit prices before tax, which the constraints accept.

Never edit this file once it has landed.
"""

import recipes

revision = "0171"
down_revision = "0170"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("invoice_lines", "bill_lines"):
        recipes.change(f"""
            alter table {table} add column if not exists included_tax_minor bigint;
            alter table {table} drop constraint if exists ck_{table}_amount;
            alter table {table} add constraint ck_{table}_amount
              check (quantity >= 0 and quantity_part >= 0 and quantity + quantity_part > 0
                and unit_price_minor >= 0 and discount_minor >= 0 and included_tax_minor >= 0
                and amount_minor >= 0 and amount_minor
                  = round((quantity + quantity_part) * unit_price_minor) - discount_minor
                    - coalesce(included_tax_minor, 0))
              not valid;
        """)


def downgrade() -> None:
    for table in ("invoice_lines", "bill_lines"):
        recipes.change(f"""
            alter table {table} drop constraint if exists ck_{table}_amount;
            alter table {table} drop column if exists included_tax_minor;
            alter table {table} add constraint ck_{table}_amount
              check (quantity >= 0 and quantity_part >= 0 and quantity + quantity_part > 0
                and unit_price_minor >= 0 and discount_minor >= 0 and amount_minor >= 0
                and amount_minor
                  = round((quantity + quantity_part) * unit_price_minor) - discount_minor)
              not valid;
        """)
