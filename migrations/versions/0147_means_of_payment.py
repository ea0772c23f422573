"""Store the bank account, mode and instrument of payments and refunds.

The release before leaves the columns null, and ignores them.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0147"
down_revision = "0146"
branch_labels = None
depends_on = None

TABLES = ("payments", "refunds")
MODES = "'cash', 'cheque', 'upi', 'neft', 'rtgs', 'imps', 'card', 'gateway', 'wire', 'other'"


def upgrade() -> None:
    for table in TABLES:
        recipes.change(f"""
            alter table {table}
              add column if not exists bank_account_id uuid,
              add column if not exists mode text,
              add column if not exists instrument_no text,
              add column if not exists instrument_on date,
              add column if not exists instrument_bank text,
              drop constraint if exists fk_{table}_bank_account,
              add constraint fk_{table}_bank_account foreign key (tenant_id, bank_account_id)
                references bank_accounts (tenant_id, id) not valid,
              drop constraint if exists ck_{table}_mode,
              add constraint ck_{table}_mode check (mode in ({MODES})) not valid
        """)
        for constraint in (f"fk_{table}_bank_account", f"ck_{table}_mode"):
            recipes.validate(table, constraint)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"""
            alter table {table}
              drop column instrument_bank,
              drop column instrument_on,
              drop column instrument_no,
              drop column mode,
              drop column bank_account_id
        """)
