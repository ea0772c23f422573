"""Invoices, bills, payments; the counter that numbers invoices without gaps; open amounts by age and party; the search of the invoice list.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function, lookup_may_read, tenant_wall

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_DOCUMENT = """
      tenant_id uuid not null constraint fk_{table}_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      status text not null default 'draft',
      issue_date date not null,
      due_date date not null,
      currency text not null,
      total_minor bigint not null,
      paid_minor bigint not null default 0,
      party_name text not null,
      party_key text not null generated always as (lower(party_name)) stored,
      party_reference text,
      notes text,
      entry_id uuid,
      created_by_user_id uuid,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint pk_{table} primary key (tenant_id, id),
      constraint fk_{table}_entry foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
      constraint fk_{table}_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint ck_{table}_currency check (currency ~ '^[A-Z]{{3}}$'),
      constraint ck_{table}_dates check (issue_date between '1900-01-01' and '2200-12-31' and due_date between issue_date and '2200-12-31'),
      constraint ck_{table}_amounts check (total_minor > 0 and paid_minor between 0 and total_minor),
"""
_LINES = """
    create table {one}_lines (
      tenant_id uuid not null constraint fk_{one}_lines_tenant_id references tenants(id) on delete cascade,
      {one}_id uuid not null,
      line_no bigint not null,
      description text not null,
      quantity bigint not null,
      unit_price_minor bigint not null,
      amount_minor bigint not null,
      constraint pk_{one}_lines primary key (tenant_id, {one}_id, line_no),
      constraint fk_{one}_lines_{one} foreign key (tenant_id, {one}_id) references {one}s(tenant_id, id) on delete cascade,
      constraint ck_{one}_lines_amount check (quantity >= 1 and unit_price_minor >= 0 and amount_minor = quantity * unit_price_minor)
    )
"""

TABLES = [
    "create table invoices ("
    + _DOCUMENT.format(table="invoices")
    + """
      number text,
      issued_at timestamptz,
      issued_by_user_id uuid,
      enquiry_id uuid,
      session_id uuid,
      search text not null generated always as (lower(
        coalesce(number, '') || chr(31) || party_name || chr(31) || coalesce(party_reference, ''))) stored,
      constraint uq_invoices_number unique (tenant_id, number),
      constraint fk_invoices_issuer foreign key (tenant_id, issued_by_user_id) references users(tenant_id, id),
      constraint fk_invoices_enquiry foreign key (tenant_id, enquiry_id) references enquiries(tenant_id, id) on delete set null (enquiry_id),
      constraint fk_invoices_session foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id) on delete set null (session_id),
      constraint ck_invoices_status check (status in ('draft', 'issued', 'partially_paid', 'paid', 'void')),
      constraint ck_invoices_number check (length(number) <= 16),
      constraint ck_invoices_issued check (case when status = 'draft' then number is null and entry_id is null
        when status = 'void' then true else number is not null and entry_id is not null end),
      constraint ck_invoices_paid check (case status when 'partially_paid' then paid_minor > 0 and paid_minor < total_minor
        when 'paid' then paid_minor = total_minor when 'void' then true else paid_minor = 0 end)
    )
    """,
    _LINES.format(one="invoice"),
    "create index ix_invoices_issued on invoices (tenant_id, issue_date desc, id desc)",
    "create index ix_invoices_status on invoices (tenant_id, status, issue_date desc, id desc)",
    "create index ix_invoices_due on invoices (tenant_id, due_date, id)",
    "create index ix_invoices_open_due on invoices (tenant_id, due_date, id) where status in ('issued', 'partially_paid')",
    "create index ix_invoices_currency on invoices (tenant_id, currency, issue_date desc, id desc)",
    "create index ix_invoices_party on invoices (tenant_id, party_key, issue_date desc, id desc)",
    "create index ix_invoices_enquiry on invoices (tenant_id, enquiry_id) where enquiry_id is not null",
    "create index ix_invoices_session on invoices (tenant_id, session_id) where session_id is not null",
    "create index ix_invoices_search on invoices using gin (tenant_id, search gin_trgm_ops)",
    "create table bills ("
    + _DOCUMENT.format(table="bills")
    + """
      vendor_reference text not null,
      constraint uq_bills_vendor_reference unique (tenant_id, vendor_reference),
      constraint ck_bills_status check (status in ('draft', 'received', 'scheduled', 'paid', 'void')),
      constraint ck_bills_posted check (case when status = 'draft' then entry_id is null when status = 'void' then true else entry_id is not null end),
      constraint ck_bills_paid check (case status when 'draft' then paid_minor = 0 when 'paid' then paid_minor = total_minor
        when 'void' then true else paid_minor < total_minor end)
    )
    """,
    _LINES.format(one="bill"),
    "create index ix_bills_issued on bills (tenant_id, issue_date desc, id desc)",
    "create index ix_bills_status on bills (tenant_id, status, issue_date desc, id desc)",
    "create index ix_bills_open_due on bills (tenant_id, due_date, id) where status in ('received', 'scheduled')",
    "create index ix_bills_party on bills (tenant_id, party_key, issue_date desc, id desc)",
    """
    create table payments (
      tenant_id uuid not null constraint fk_payments_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      direction text not null,
      party_name text not null,
      party_key text not null generated always as (lower(party_name)) stored,
      currency text not null,
      amount_minor bigint not null,
      paid_on date not null,
      reference text,
      entry_id uuid not null,
      created_by_user_id uuid,
      created_at timestamptz not null default now(),
      constraint pk_payments primary key (tenant_id, id),
      constraint fk_payments_entry foreign key (tenant_id, entry_id) references journal_entries(tenant_id, id),
      constraint fk_payments_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint ck_payments_direction check (direction in ('in', 'out')),
      constraint ck_payments_currency check (currency ~ '^[A-Z]{3}$'),
      constraint ck_payments_amount check (amount_minor > 0),
      constraint ck_payments_date check (paid_on between '1900-01-01' and '2200-12-31')
    )
    """,
    "create index ix_payments_paid on payments (tenant_id, paid_on desc, id desc)",
    """
    create table allocations (
      tenant_id uuid not null constraint fk_allocations_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      payment_id uuid not null,
      invoice_id uuid,
      bill_id uuid,
      amount_minor bigint not null,
      effective_on date not null,
      created_at timestamptz not null default now(),
      constraint pk_allocations primary key (tenant_id, id),
      constraint fk_allocations_payment foreign key (tenant_id, payment_id) references payments(tenant_id, id),
      constraint fk_allocations_invoice foreign key (tenant_id, invoice_id) references invoices(tenant_id, id),
      constraint fk_allocations_bill foreign key (tenant_id, bill_id) references bills(tenant_id, id),
      constraint ck_allocations_document check (num_nonnulls(invoice_id, bill_id) = 1),
      constraint ck_allocations_amount check (amount_minor > 0)
    )
    """,
    "create index ix_allocations_payment on allocations (tenant_id, payment_id)",
    "create index ix_allocations_invoice on allocations (tenant_id, invoice_id, effective_on) where invoice_id is not null",
    "create index ix_allocations_bill on allocations (tenant_id, bill_id, effective_on) where bill_id is not null",
    "create index ix_allocations_effective on allocations (tenant_id, effective_on)",
    """
    create table number_series (
      tenant_id uuid not null constraint fk_number_series_tenant_id references tenants(id) on delete cascade,
      series text not null,
      financial_year text not null,
      last_number bigint not null,
      constraint pk_number_series primary key (tenant_id, series, financial_year),
      constraint ck_number_series_last check (last_number between 1 and 99999999)
    ) with (fillfactor = 50)
    """,
    """
    create table invoice_counts (
      tenant_id uuid not null constraint fk_invoice_counts_tenant_id references tenants(id) on delete cascade,
      status text not null,
      n bigint not null default 0,
      constraint pk_invoice_counts primary key (tenant_id, status)
    ) with (fillfactor = 50)
    """,
    """
    create table ageing_by_due (
      tenant_id uuid not null constraint fk_ageing_by_due_tenant_id references tenants(id) on delete cascade,
      kind text not null,
      currency text not null,
      issue_month date not null,
      due_date date not null,
      n bigint not null default 0,
      open_minor bigint not null default 0,
      constraint pk_ageing_by_due primary key (tenant_id, kind, currency, issue_month, due_date)
    ) with (fillfactor = 50)
    """,
    "create index ix_ageing_by_due_open on ageing_by_due (tenant_id, kind, issue_month) where n > 0",
    """
    create table ageing_by_party (
      tenant_id uuid not null constraint fk_ageing_by_party_tenant_id references tenants(id) on delete cascade,
      kind text not null,
      currency text not null,
      issue_month date not null,
      party_key text not null,
      party_name text not null,
      n bigint not null default 0,
      open_minor bigint not null default 0,
      constraint pk_ageing_by_party primary key (tenant_id, kind, currency, issue_month, party_key)
    ) with (fillfactor = 50)
    """,
    "create index ix_ageing_by_party_open on ageing_by_party (tenant_id, kind, issue_month) where n > 0",
]

# What has been posted stays as it was posted: only what was paid, and hence the status, moves on. A document that has a number is never deleted, and none is
# posted whose lines do not add up to its total. (Generated columns are not filled yet before a row is written, so they are left out of the comparison.)
GUARD_DOCUMENT = """
create function app.guard_document() returns trigger language plpgsql as $$
declare
  free constant text[] := array['status', 'paid_minor', 'notes', 'updated_at', 'enquiry_id', 'session_id', 'party_key', 'search'];
  lines_minor numeric;
begin
  if tg_op = 'DELETE' then
    if old.status <> 'draft' then
      raise exception '% that were posted are not deleted', tg_table_name using errcode = 'restrict_violation';
    end if;
    return old;
  end if;
  if old.status <> 'draft' and (new.status = 'draft' or to_jsonb(new) - free <> to_jsonb(old) - free) then
    raise exception '% that were posted keep what was posted', tg_table_name using errcode = 'restrict_violation';
  end if;
  if old.status = 'draft' and new.status not in ('draft', 'void') then
    execute format('select coalesce(sum(amount_minor), 0) from %I where tenant_id = $1 and %I = $2', tg_argv[0] || '_lines', tg_argv[0] || '_id')
      into lines_minor using new.tenant_id, new.id;
    if lines_minor <> new.total_minor then
      raise exception '% whose lines do not add up are not posted', tg_table_name using errcode = 'check_violation', constraint = 'ck_document_total';
    end if;
  end if;
  return new;
end $$
"""

# A line goes with its draft, which is gone already when the line is looked at.
GUARD_LINE = """
create function app.guard_document_line() returns trigger language plpgsql as $$
declare
  line jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  state text;
begin
  execute format('select status from %I where tenant_id = $1 and id = $2', tg_argv[0] || 's') into state
    using (line->>'tenant_id')::uuid, (line->>(tg_argv[0] || '_id'))::uuid;
  if state <> 'draft' then
    raise exception '%s that were posted keep their lines', tg_argv[0] using errcode = 'restrict_violation';
  end if;
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$
"""

COUNT = """
create function app.count_invoices() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into invoice_counts as c (tenant_id, status, n)
      select tenant_id, status, count(*) from new_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  elsif tg_op = 'DELETE' then
    insert into invoice_counts as c (tenant_id, status, n)
      select tenant_id, status, -count(*) from old_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  else
    insert into invoice_counts as c (tenant_id, status, n)
      select tenant_id, status, sum(step) from (
        select tenant_id, status, -1 as step from old_rows union all select tenant_id, status, 1 from new_rows
      ) moved group by 1, 2 having sum(step) <> 0 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  end if;
  return null;
end $$
"""

_OPEN = "status in ('issued', 'partially_paid', 'received', 'scheduled')"
_SHOWN = "tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name, total_minor - paid_minor as open_minor"
# Open is what is posted, not void, and not paid whole. Rows are taken in the order of their key, by due date before by party, so that writers queue and
# never deadlock.
_MOVED_IN = f"select 1 as step, {_SHOWN} from new_rows where {_OPEN}"
_MOVED_OVER = f"select -1 as step, {_SHOWN} from old_rows where {_OPEN} union all {_MOVED_IN}"
_BOOK = """
    insert into ageing_by_due as a (tenant_id, kind, currency, issue_month, due_date, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, due_date, sum(step), sum(step * open_minor) from ({moved}) m
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * open_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, due_date)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor;
    insert into ageing_by_party as a (tenant_id, kind, currency, issue_month, party_key, party_name, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, party_key, max(party_name), sum(step), sum(step * open_minor) from ({moved}) m
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * open_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;
"""
ROLL_UP = f"""
create function app.roll_up_documents() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then {_BOOK.format(moved=_MOVED_IN)}
  else {_BOOK.format(moved=_MOVED_OVER)}
  end if;
  return null;
end $$
"""

TRIGGERS = [
    "create trigger invoices_guarded before update or delete on invoices for each row execute function app.guard_document('invoice')",
    "create trigger bills_guarded before update or delete on bills for each row execute function app.guard_document('bill')",
    "create trigger invoice_lines_guarded before insert or update or delete on invoice_lines for each row execute function app.guard_document_line('invoice')",
    "create trigger bill_lines_guarded before insert or update or delete on bill_lines for each row execute function app.guard_document_line('bill')",
    "create trigger invoices_counted_in after insert on invoices referencing new table as new_rows for each statement execute function app.count_invoices()",
    "create trigger invoices_counted_out after delete on invoices referencing old table as old_rows for each statement execute function app.count_invoices()",
    "create trigger invoices_counted_over after update on invoices referencing old table as old_rows new table as new_rows"
    " for each statement execute function app.count_invoices()",
    *(
        f"create trigger {table}_rolled_up_{suffix} after {act} on {table} referencing {rows}"
        f" for each statement execute function app.roll_up_documents('{kind}')"
        for table, kind in (("invoices", "receivable"), ("bills", "payable"))
        for suffix, act, rows in (
            ("in", "insert", "new table as new_rows"),
            ("over", "update", "old table as old_rows new table as new_rows"),
        )
    ),
]

# Behind a policy LIKE cannot use the trigram index, so the search runs as the look-up role. It takes no agency: that is what the transaction is bound to, and
# without one it fails. It gives keys and a total; the rows are read behind the wall. `q` is a pattern with % _ and \ escaped; the other arguments narrow where
# they are not null. A pattern without three letters in a row has no trigram: then only the `looked_max` newest are looked at. Counting stops at `count_max`.
FIND_SIGNATURE = (
    "find_invoices(q text, states text[], money text, party text, due_from date, due_to date, n int, skip int, looked_max int, count_max int)"
    " returns table(id uuid, total bigint) rows 50"
)
FIND_BODY = r"""
declare
  source text := 'invoices';
  wanted text := 'tenant_id = $1 and search like lower($2)';
  amount bigint;
begin
  if looked_max is not null then
    source := '(select tenant_id, id, search, status, currency, party_key, issue_date, due_date from invoices
                where tenant_id = $1 order by issue_date desc, id desc limit $8) newest';
  end if;
  if states is not null then wanted := wanted || ' and status = any($3)'; end if;
  if money is not null then wanted := wanted || ' and currency = $4'; end if;
  if party is not null then wanted := wanted || ' and party_key = lower($5)'; end if;
  if due_from is not null then wanted := wanted || ' and due_date >= $6'; end if;
  if due_to is not null then wanted := wanted || ' and due_date <= $7'; end if;
  execute 'select count(*) from (select 1 from ' || source || ' where ' || wanted || ' limit $9) counted' into amount
    using current_setting('app.tenant')::uuid, q, states, money, party, due_from, due_to, looked_max, count_max;
  if skip < amount or amount >= count_max then
    return query execute 'select id, $9::bigint from ' || source || ' where ' || wanted || ' order by issue_date desc, id desc limit $10 offset $11'
      using current_setting('app.tenant')::uuid, q, states, money, party, due_from, due_to, looked_max, amount, n, skip;
    if found then return; end if;
  end if;
  return query select null::uuid, amount;
end
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table in ("invoices", "invoice_lines", "bills", "bill_lines"):
        tenant_wall(table)
    tenant_wall("payments", grants="select, insert")
    tenant_wall("allocations", grants="select, insert")
    for table in ("number_series", "invoice_counts", "ageing_by_due", "ageing_by_party"):
        tenant_wall(table, grants="select, insert, update")
    for function in (GUARD_DOCUMENT, GUARD_LINE, COUNT, ROLL_UP, *TRIGGERS):
        op.execute(function)
    lookup_may_read(
        "invoices", "tenant_id, id, search, status, currency, party_key, issue_date, due_date"
    )
    lookup_function(FIND_SIGNATURE, FIND_BODY)


def downgrade() -> None:
    op.execute(
        "drop function app.find_invoices(text, text[], text, text, date, date, int, int, int, int)"
    )
    for table in (
        "ageing_by_party",
        "ageing_by_due",
        "invoice_counts",
        "number_series",
        "allocations",
        "payments",
        "bill_lines",
        "bills",
        "invoice_lines",
        "invoices",
    ):
        op.execute(f"drop table {table}")
    for function in (
        "roll_up_documents()",
        "count_invoices()",
        "guard_document_line()",
        "guard_document()",
    ):
        op.execute(f"drop function app.{function}")
