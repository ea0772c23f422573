"""Posting in fewer steps: the month's lock and the look behind it in one call, and one look that proves an entry whole.

Never edit this file once it has landed.
"""

from alembic import op
from walls import BOUND

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

# Each statement of a volatile function looks anew, so what is read was committed before the lock was given.
CLOSED_THROUGH = f"""
create function app.closed_through() returns date language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('months of ' || current_setting('app.tenant'), 0));
  return (select max(month) from closed_months where tenant_id = {BOUND});
end $$
"""

# As it was, and as it is: the currencies of an entry are summed once, and what it has in all is told from their sums.
CHECK_EACH = """
create or replace function app.check_entry() returns trigger language plpgsql as $$
declare
  found_lines bigint;
  last_line bigint;
  same_day boolean;
  unbalanced text;
begin
  select count(*), max(line_no), bool_and(effective_date = new.entry_date) into found_lines, last_line, same_day
    from postings where tenant_id = new.tenant_id and entry_id = new.id;
  if found_lines <> new.line_count or last_line <> new.line_count then
    raise exception 'journal entry has % of its % lines', found_lines, new.line_count using errcode = 'check_violation', constraint = 'ck_entry_complete';
  end if;
  if not same_day then
    raise exception 'a posting has another day than its journal entry' using errcode = 'check_violation', constraint = 'ck_entry_day';
  end if;
  select currency into unbalanced from postings where tenant_id = new.tenant_id and entry_id = new.id
    group by currency having sum(debit_minor) <> sum(credit_minor) limit 1;
  if unbalanced is not null then
    raise exception 'journal entry does not balance in %', unbalanced using errcode = 'check_violation', constraint = 'ck_entry_balanced';
  end if;
  return null;
end $$
"""
CHECK_ONCE = """
create or replace function app.check_entry() returns trigger language plpgsql as $$
declare
  found_lines bigint;
  last_line bigint;
  same_day boolean;
  unbalanced text;
begin
  select coalesce(sum(lines), 0), coalesce(max(last), 0), bool_and(dated), min(currency) filter (where differs)
    into found_lines, last_line, same_day, unbalanced
    from (
      select currency, count(*) as lines, max(line_no) as last, bool_and(effective_date = new.entry_date) as dated,
             sum(debit_minor) <> sum(credit_minor) as differs
        from postings where tenant_id = new.tenant_id and entry_id = new.id group by currency
    ) of_currency;
  if found_lines <> new.line_count or last_line <> new.line_count then
    raise exception 'journal entry has % of its % lines', found_lines, new.line_count using errcode = 'check_violation', constraint = 'ck_entry_complete';
  end if;
  if not same_day then
    raise exception 'a posting has another day than its journal entry' using errcode = 'check_violation', constraint = 'ck_entry_day';
  end if;
  if unbalanced is not null then
    raise exception 'journal entry does not balance in %', unbalanced using errcode = 'check_violation', constraint = 'ck_entry_balanced';
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    op.execute(CLOSED_THROUGH)
    op.execute(CHECK_ONCE)


def downgrade() -> None:
    op.execute(CHECK_EACH)
    op.execute("drop function app.closed_through()")
