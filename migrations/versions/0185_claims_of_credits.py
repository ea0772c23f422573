"""Store what a supplier credit credits above the open amount of its bill.

The release before leaves the column at its default.

Never edit this file once it has landed.
"""

import recipes

revision = "0185"
down_revision = "0184"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table supplier_credits
          add column if not exists excess_minor bigint not null default 0,
          drop constraint if exists ck_supplier_credits_excess,
          add constraint ck_supplier_credits_excess
            check (excess_minor between 0 and total_minor) not valid
    """)
    recipes.validate("supplier_credits", "ck_supplier_credits_excess")


def downgrade() -> None:
    recipes.change("alter table supplier_credits drop column if exists excess_minor")
