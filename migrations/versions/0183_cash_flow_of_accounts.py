"""Store the section of the cash flow statement that somebody chose for an account.

Null means that the rule decides. The release before ignores the column, and leaves it null.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0183"
down_revision = "0182"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "alter table accounts add column cash_flow text,"
        " add constraint ck_accounts_cash_flow"
        " check (cash_flow in ('operating', 'investing', 'financing')) not valid"
    )


def downgrade() -> None:
    op.execute("alter table accounts drop column cash_flow")
