"""Store the unit and the discount of each document line, and a part of a unit.

The quantity of a line is `quantity` and `quantity_part` together. The release before shows and
writes whole quantities without discount, which the constraints accept.

Never edit this file once it has landed.
"""

import recipes

revision = "0169"
down_revision = "0168"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("invoice_lines", "bill_lines"):
        recipes.change(f"""
            alter table {table}
              add column if not exists quantity_part numeric(3, 3) not null default 0,
              add column if not exists unit text,
              add column if not exists discount_minor bigint not null default 0;
            alter table {table} drop constraint if exists ck_{table}_amount;
            alter table {table} drop constraint if exists ck_{table}_unit;
            alter table {table}
              add constraint ck_{table}_amount
                check (quantity >= 0 and quantity_part >= 0 and quantity + quantity_part > 0
                  and unit_price_minor >= 0 and discount_minor >= 0 and amount_minor >= 0
                  and amount_minor
                    = round((quantity + quantity_part) * unit_price_minor) - discount_minor)
                not valid,
              add constraint ck_{table}_unit check (length(unit) between 1 and 20) not valid;
        """)


def downgrade() -> None:
    for table in ("invoice_lines", "bill_lines"):
        recipes.change(f"""
            alter table {table} drop constraint if exists ck_{table}_amount;
            alter table {table} drop column if exists quantity_part,
              drop column if exists unit,
              drop column if exists discount_minor;
            alter table {table} add constraint ck_{table}_amount
              check (quantity >= 1 and unit_price_minor >= 0
                and amount_minor = quantity * unit_price_minor) not valid;
        """)
