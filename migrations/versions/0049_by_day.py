"""What was posted by day and what came in by hour, as roll-ups, and the largest parties by index: reports and the home page cost the same whatever is behind.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0049"
down_revision = "0047"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table balances_day (
      tenant_id uuid not null constraint fk_balances_day_tenant_id references tenants(id) on delete cascade,
      day date not null,
      account_id uuid not null,
      currency text not null,
      debit_minor bigint not null default 0,
      credit_minor bigint not null default 0,
      constraint pk_balances_day primary key (tenant_id, day, account_id, currency),
      constraint fk_balances_day_account foreign key (tenant_id, account_id) references accounts(tenant_id, id)
    ) with (fillfactor = 50)
    """,
    """
    create table enquiries_by_hour (
      tenant_id uuid not null constraint fk_enquiries_by_hour_tenant_id references tenants(id) on delete cascade,
      hour timestamptz not null,
      received bigint not null default 0,
      booked bigint not null default 0,
      constraint pk_enquiries_by_hour primary key (tenant_id, hour)
    ) with (fillfactor = 50)
    """,
]

_MONTHS = """
create or replace function app.roll_up_postings() returns trigger language plpgsql as $$
begin
  if exists (select 1 from new_rows n join journal_entries e on e.tenant_id = n.tenant_id and e.id = n.entry_id where n.line_no > e.line_count) then
    raise exception 'a posted journal entry takes no further line' using errcode = 'restrict_violation';
  end if;
  insert into balances_month as b (tenant_id, account_id, currency, month, debit_minor, credit_minor)
    select tenant_id, account_id, currency, date_trunc('month', effective_date::timestamp)::date, sum(debit_minor), sum(credit_minor)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, account_id, currency, month)
      do update set debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor;
{further}  return null;
end $$
"""
# Whoever writes a day holds the rows of its month already, so the days bring no further queue.
_DAYS = """  insert into balances_day as b (tenant_id, day, account_id, currency, debit_minor, credit_minor)
    select tenant_id, effective_date, account_id, currency, sum(debit_minor), sum(credit_minor)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, account_id, currency)
      do update set debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor;
"""

_COUNT = """
create or replace function app.count_enquiries() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, count(*) from new_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
{came}  elsif tg_op = 'DELETE' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, -count(*) from old_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
{went}  else
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, sum(step) from (
        select tenant_id, status, -1 as step from old_rows union all select tenant_id, status, 1 from new_rows
      ) moved group by 1, 2 having sum(step) <> 0 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
{moved}  end if;
  return null;
end $$
"""
# By the hour, because weeks begin where the agency is, at an hour of UTC or in the midst of one; statuses before hours, each in the order of its key.
_HOUR = "date_trunc('hour', created_at, 'UTC')"
_HOURS = f"""    insert into enquiries_by_hour as h (tenant_id, hour, received, booked)
      select tenant_id, {_HOUR}, sum(step), coalesce(sum(step) filter (where status = 'booked'), 0) from ({{rows}}) moved
       group by 1, 2 having sum(step) <> 0 or coalesce(sum(step) filter (where status = 'booked'), 0) <> 0 order by 1, 2
      on conflict (tenant_id, hour) do update set received = h.received + excluded.received, booked = h.booked + excluded.booked;
"""
_CAME, _WENT = (
    "select tenant_id, created_at, status, 1 as step from new_rows",
    "select tenant_id, created_at, status, -1 as step from old_rows",
)
_BY_HOUR = {
    name: _HOURS.format(rows=rows)
    for name, rows in (("came", _CAME), ("went", _WENT), ("moved", f"{_WENT} union all {_CAME}"))
}

# What was booked before.
BACKFILL = {
    "postings": """
    insert into balances_day (tenant_id, day, account_id, currency, debit_minor, credit_minor)
      select tenant_id, effective_date, account_id, currency, sum(debit_minor), sum(credit_minor) from postings group by 1, 2, 3, 4
    """,
    "enquiries": f"""
    insert into enquiries_by_hour (tenant_id, hour, received, booked)
      select tenant_id, {_HOUR}, count(*), count(*) filter (where status = 'booked') from enquiries group by 1, 2
    """,
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, statement in BACKFILL.items():
        op.execute(
            f"alter table {table} no force row level security"
        )  # even the owner is behind the wall while it is forced
        op.execute(statement)
        op.execute(f"alter table {table} force row level security")
    for table in ("balances_day", "enquiries_by_hour"):
        tenant_wall(table, grants="select, insert, update")
    op.execute(_MONTHS.format(further=_DAYS))
    op.execute(_COUNT.format(**_BY_HOUR))
    op.execute(
        "create index ix_open_by_party_largest on open_by_party (tenant_id, kind, currency, open_minor desc, party_key) where n > 0"
    )
    op.execute("drop index ix_open_by_party_open")


def downgrade() -> None:
    op.execute("create index ix_open_by_party_open on open_by_party (tenant_id, kind) where n > 0")
    op.execute("drop index ix_open_by_party_largest")
    op.execute(_COUNT.format(came="", went="", moved=""))
    op.execute(_MONTHS.format(further=""))
    op.execute("drop table enquiries_by_hour")
    op.execute("drop table balances_day")
