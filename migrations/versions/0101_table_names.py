"""Name seven tables by what they hold; views under the old names serve the release before.

A view has the rights of whoever uses it (`security_invoker`), so row-level security and grants hold
through it, and PostgreSQL writes through it to the table. The next release drops the views.

Never edit this file once it has landed.
"""

from alembic import op
from row_security import APP

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

NAMES = {
    "balances_month": ("monthly_balances", "select, insert, update"),
    "balances_day": ("daily_balances", "select, insert, update"),
    "open_by_party": ("party_open_balances", "select, insert, update"),
    "model_days": ("model_daily_usage", "select, insert, update"),
    "open_answers": ("budget_reservations", "select, insert, update, delete"),
    "turn_admissions": ("rate_limit_hits", "select, insert, delete"),
    "supplier_answers": ("supplier_responses", "select, insert, update, delete"),
}

# Constraints, indexes and policies have the table's name in theirs. NOT NULL constraints have names
# since PostgreSQL 18. Renaming a key renames its index.
RENAME = """
alter table {old} rename to {new};
do $$
declare
  part record;
begin
  for part in
    select format('alter table {new} rename constraint %I to %I',
                  conname, replace(conname, '{old}', '{new}')) as statement
      from pg_constraint
     where conrelid = '{new}'::regclass and contype <> 't' and strpos(conname, '{old}') > 0
    union all
    select format('alter index %I rename to %I', relname, replace(relname, '{old}', '{new}'))
      from pg_index join pg_class on pg_class.oid = indexrelid
     where indrelid = '{new}'::regclass and strpos(relname, '{old}') > 0
       and not exists (select from pg_constraint where conindid = indexrelid)
    union all
    select format('alter policy %I on {new} rename to %I',
                  polname, replace(polname, '{old}', '{new}'))
      from pg_policy
     where polrelid = '{new}'::regclass and strpos(polname, '{old}') > 0
  loop
    execute part.statement;
  end loop;
end $$
"""


def upgrade() -> None:
    for old, (new, grants) in NAMES.items():
        op.execute(RENAME.format(old=old, new=new))
        op.execute(f"create view {old} with (security_invoker) as select * from {new}")
        op.execute(f"grant {grants} on {old} to {APP}")


def downgrade() -> None:
    for old, (new, _grants) in NAMES.items():
        op.execute(f"drop view {old}")
        op.execute(RENAME.format(old=new, new=old))
