"""Store the accrued cost of each expected bill.

The release before ignores the columns, and accrues nothing.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0192"
down_revision = "0191"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table expected_bills
          add column accrued_minor bigint not null default 0,
          add column accrued_base_minor bigint not null default 0,
          add constraint ck_expected_bills_accrued
            check (accrued_minor >= 0 and accrued_base_minor >= 0) not valid
    """)


def downgrade() -> None:
    op.execute("""
        alter table expected_bills drop column accrued_minor, drop column accrued_base_minor
    """)
