"""How a line of a bill is bought: at the agency's own cost, or as agent for a customer, against what is held for the supplier.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table bill_lines add column bought_as text not null default 'cost'")
    op.execute(
        "alter table bill_lines add constraint ck_bill_lines_bought_as check (bought_as in ('cost', 'agent'))"
    )


def downgrade() -> None:
    op.execute("alter table bill_lines drop column bought_as")
