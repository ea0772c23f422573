"""Sum the base amounts of postings in the balances by month and by day.

The trigger of the release before leaves the sums as they are, and its lines have no base amounts.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0145"
down_revision = "0144"
branch_labels = None
depends_on = None

TABLES = ("monthly_balances", "daily_balances")


def upgrade() -> None:
    for table in TABLES:
        recipes.change(f"""
            alter table {table}
              add column if not exists base_debit_minor bigint not null default 0,
              add column if not exists base_credit_minor bigint not null default 0
        """)


def downgrade() -> None:
    op.execute("drop function app.fill_base(text, int)")
    op.execute("delete from app.sql_files where path like '%/fill_base.sql'")
    for table in TABLES:
        op.execute(
            f"alter table {table} drop column base_credit_minor, drop column base_debit_minor"
        )
