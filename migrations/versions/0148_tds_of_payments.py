"""Store the tax that a payer deducted from a payment (TDS).

The release before leaves the columns at their defaults, and ignores them.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0148"
down_revision = "0147"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table payments
          add column if not exists tds_minor bigint not null default 0,
          add column if not exists tds_section text,
          add column if not exists tds_certificate text,
          drop constraint if exists ck_payments_tds,
          add constraint ck_payments_tds check (
            tds_minor between 0 and amount_minor - 1
            and (tds_minor > 0) = (tds_section is not null)
            and (tds_certificate is null or tds_section is not null)
          ) not valid
    """)
    recipes.validate("payments", "ck_payments_tds")


def downgrade() -> None:
    op.execute("""
        alter table payments
          drop column tds_certificate,
          drop column tds_section,
          drop column tds_minor
    """)
