"""Store the entry with what a bank charged for a cheque that bounced.

The release before leaves the column null, and ignores it.

Never edit this file once it has landed.
"""

import recipes
from alembic import op

revision = "0168"
down_revision = "0167"
branch_labels = None
depends_on = None


def upgrade() -> None:
    recipes.change("""
        alter table payments
          add column if not exists bounce_entry_id uuid,
          drop constraint if exists fk_payments_bounce,
          add constraint fk_payments_bounce foreign key (tenant_id, bounce_entry_id)
            references journal_entries (tenant_id, id) not valid,
          drop constraint if exists ck_payments_bounce,
          add constraint ck_payments_bounce
            check (bounce_entry_id is null or reversed_on is not null) not valid;
        grant update (bounce_entry_id) on payments to voyagent_app
    """)
    for constraint in ("fk_payments_bounce", "ck_payments_bounce"):
        recipes.validate("payments", constraint)


def downgrade() -> None:
    op.execute("alter table payments drop column bounce_entry_id")
