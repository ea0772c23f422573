"""Let the role that imports and deletes whole agencies do so, and check for 0119.

The release before works with the policies and with the constraint.

Never edit this file once it has landed.
"""

import recipes
from alembic import op
from row_security import MOVER, mover_policy
from sqlalchemy import text

revision = "0125"
down_revision = "0124"
branch_labels = None
depends_on = None

OWNED = text("""
select table_name from information_schema.columns
  join information_schema.tables using (table_schema, table_name)
 where table_schema = 'public' and column_name = 'tenant_id' and table_type = 'BASE TABLE'
 order by 1
""")


def upgrade() -> None:
    for table in op.get_bind().scalars(OWNED).all():
        recipes.change(mover_policy(table))
    recipes.validate("tenants", "ck_tenants_deletion")


def downgrade() -> None:
    for table in op.get_bind().scalars(OWNED).all():
        recipes.change(
            f"drop policy if exists {table}_mover on {table}; revoke all on {table} from {MOVER}"
        )
