"""A sum of minor units that stays one: the balance behind each line of a long file is reckoned in whole numbers, where `sum` makes a decimal of every one.

Never edit this file once it has landed.
"""

from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "create aggregate app.running_total(bigint) (sfunc = int8pl, stype = bigint, initcond = '0', parallel = safe)"
    )


def downgrade() -> None:
    op.execute("drop aggregate app.running_total(bigint)")
