"""Store with which payout a gateway has paid out a payment or a refund.

The release before leaves the column null, and ignores it.

Never edit this file once it has landed.
"""

import recipes
from alembic import op
from row_security import APP

revision = "0167"
down_revision = "0166"
branch_labels = None
depends_on = None

TABLES = {"payments": "paid_on", "refunds": "refunded_on"}


def upgrade() -> None:
    for table, day in TABLES.items():
        recipes.change(f"""
            alter table {table}
              add column if not exists payout_id uuid,
              drop constraint if exists fk_{table}_payout,
              add constraint fk_{table}_payout foreign key (tenant_id, payout_id)
                references gateway_payouts (tenant_id, id) not valid,
              drop constraint if exists ck_{table}_payout,
              add constraint ck_{table}_payout
                check (payout_id is null or reversed_on is null) not valid;
            grant update (payout_id) on {table} to {APP}
        """)
        for constraint in (f"fk_{table}_payout", f"ck_{table}_payout"):
            recipes.validate(table, constraint)
        recipes.create_index(
            f"ix_{table}_bank_account",
            f"{table} (tenant_id, bank_account_id, {day}, id) where payout_id is null",
        )
        recipes.create_index(
            f"ix_{table}_payout",
            f"{table} (tenant_id, payout_id) where payout_id is not null",
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} drop column payout_id")
