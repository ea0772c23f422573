"""What was paid ahead before an agency came here: payments that stand against the account with which the books begin, and moved no bank or cash of now.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "alter table payments drop constraint ck_payments_account,"
        " add constraint ck_payments_account check (account in ('bank', 'cash', 'opening_balances')),"
        " add constraint ck_payments_opening check (account <> 'opening_balances' or reference is not null)"
    )
    # One brought forward is known by the number that it had: once in the agency for what came in, and once for what went out.
    op.execute(
        "create unique index uq_payments_opening on payments (tenant_id, direction, reference) where account = 'opening_balances'"
    )


def downgrade() -> None:
    op.execute("drop index uq_payments_opening")
    op.execute(
        "alter table payments drop constraint ck_payments_opening, drop constraint ck_payments_account,"
        " add constraint ck_payments_account check (account in ('bank', 'cash')) not valid"
    )
