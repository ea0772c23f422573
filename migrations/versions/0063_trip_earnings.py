"""An entry knows the trip that its document is of, and a roll-up what each trip earned and cost on each day: a report of trips reads that and no entry.

Never edit this file once it has landed.
"""

from alembic import op
from walls import tenant_wall

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

TABLE = """
create table trip_earnings (
  tenant_id uuid not null constraint fk_trip_earnings_tenant_id references tenants(id) on delete cascade,
  day date not null,
  trip_id uuid not null,
  currency text not null,
  revenue_minor bigint not null default 0,
  cost_minor bigint not null default 0,
  constraint pk_trip_earnings primary key (tenant_id, day, trip_id, currency)
) with (fillfactor = 80)
"""
COLUMN = "alter table journal_entries add column trip_id uuid"
KEYS = (
    "alter table journal_entries add constraint fk_journal_entries_trip foreign key (tenant_id, trip_id) references trips(tenant_id, id)",
    "create index ix_journal_entries_trip on journal_entries (tenant_id, trip_id, entry_date) where trip_id is not null",
)

_EARNED = """{table} (tenant_id, day, trip_id, currency, revenue_minor, cost_minor)
    select p.tenant_id, p.effective_date, e.trip_id, p.currency,
           coalesce(sum(p.credit_minor - p.debit_minor) filter (where a.type = 'revenue'), 0),
           coalesce(sum(p.debit_minor - p.credit_minor) filter (where a.purpose = 'cost_of_services'), 0)
      from {lines} p
      join journal_entries e on e.tenant_id = p.tenant_id and e.id = p.entry_id
      join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
     where e.trip_id is not null and (a.type = 'revenue' or a.purpose = 'cost_of_services')
     group by 1, 2, 3, 4 order by 1, 2, 3, 4"""

# What was posted before: entries whose source is a document of a trip, and whatever reverses one of these, however often.
OF_TRIPS = """
with recursive documents as (
  select tenant_id, 'invoice' as kind, id, trip_id from invoices where trip_id is not null
  union all
  select tenant_id, 'bill', id, trip_id from bills where trip_id is not null
  union all
  select n.tenant_id, 'credit_note', n.id, i.trip_id
    from credit_notes n join invoices i on i.tenant_id = n.tenant_id and i.id = n.invoice_id where i.trip_id is not null
  union all
  select s.tenant_id, 'supplier_credit', s.id, b.trip_id
    from supplier_credits s join bills b on b.tenant_id = s.tenant_id and b.id = s.bill_id where b.trip_id is not null
), of_trips (tenant_id, id, trip_id) as (
  select e.tenant_id, e.id, d.trip_id
    from documents d join journal_entries e on e.tenant_id = d.tenant_id and e.source_type = d.kind and e.source_id = d.id
  union all
  select e.tenant_id, e.id, o.trip_id from of_trips o join journal_entries e on e.tenant_id = o.tenant_id and e.reverses_id = o.id
)
update journal_entries e set trip_id = o.trip_id from of_trips o where e.tenant_id = o.tenant_id and e.id = o.id
"""
BACKFILL = f"insert into {_EARNED.format(table='trip_earnings', lines='postings')}"
BEHIND_THE_WALL = (
    "journal_entries",
    "postings",
    "accounts",
    "invoices",
    "bills",
    "credit_notes",
    "supplier_credits",
)

_ROLL_UP = """
create or replace function app.roll_up_postings() returns trigger language plpgsql as $$
{begin}  insert into balances_month as b (tenant_id, account_id, currency, month, debit_minor, credit_minor)
    select tenant_id, account_id, currency, date_trunc('month', effective_date::timestamp)::date, sum(debit_minor), sum(credit_minor)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, account_id, currency, month)
      do update set debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor;
  insert into balances_day as b (tenant_id, day, account_id, currency, debit_minor, credit_minor)
    select tenant_id, effective_date, account_id, currency, sum(debit_minor), sum(credit_minor)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, account_id, currency)
      do update set debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor;
{further}  return null;
end $$
"""
_BEFORE = """begin
  if exists (select 1 from new_rows n join journal_entries e on e.tenant_id = n.tenant_id and e.id = n.entry_id where n.line_no > e.line_count) then
    raise exception 'a posted journal entry takes no further line' using errcode = 'restrict_violation';
  end if;
"""
# The one look at the entries tells of trips too, so an entry without one costs what it did.
_NOW = """declare
  takes_more boolean;
  is_of_trip boolean;
begin
  select bool_or(n.line_no > e.line_count), bool_or(e.trip_id is not null) into takes_more, is_of_trip
    from new_rows n join journal_entries e on e.tenant_id = n.tenant_id and e.id = n.entry_id;
  if takes_more then
    raise exception 'a posted journal entry takes no further line' using errcode = 'restrict_violation';
  end if;
"""
# After the balances, for which whoever posts waits anyway, and each row in the order of its key.
_TRIPS = f"""  if is_of_trip then
    insert into {_EARNED.format(table="trip_earnings as t", lines="new_rows")}
    on conflict (tenant_id, day, trip_id, currency)
      do update set revenue_minor = t.revenue_minor + excluded.revenue_minor, cost_minor = t.cost_minor + excluded.cost_minor;
  end if;
"""


def upgrade() -> None:
    op.execute(COLUMN)
    op.execute(TABLE)
    for table in BEHIND_THE_WALL:  # even the owner is behind the wall while it is forced
        op.execute(f"alter table {table} no force row level security")
    op.execute("alter table journal_entries disable trigger journal_entries_append_only")
    op.execute(OF_TRIPS)
    op.execute("alter table journal_entries enable trigger journal_entries_append_only")
    op.execute(BACKFILL)
    for table in BEHIND_THE_WALL:
        op.execute(f"alter table {table} force row level security")
    for key in KEYS:
        op.execute(key)
    tenant_wall("trip_earnings", grants="select, insert, update")
    op.execute(_ROLL_UP.format(begin=_NOW, further=_TRIPS))


def downgrade() -> None:
    op.execute(_ROLL_UP.format(begin=_BEFORE, further=""))
    op.execute("drop table trip_earnings")
    op.execute("alter table journal_entries drop column trip_id")
