"""Enquiries, their counters by status, the search that goes past the second wall, and the history of one thing in the audit.

Never edit this file once it has landed.
"""

from alembic import op
from walls import lookup_function, lookup_may_read, tenant_wall

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = [
    """
    create table enquiries (
      tenant_id uuid not null constraint fk_enquiries_tenant_id references tenants(id) on delete cascade,
      id uuid not null,
      created_by_user_id uuid not null,
      customer_name text not null,
      customer_email text,
      customer_phone text,
      origin text,
      destination text,
      depart_date date,
      return_date date,
      pax_count bigint not null default 1,
      budget_hundredths bigint,
      budget_currency text,
      status text not null default 'new',
      notes text,
      session_id uuid,
      search text not null generated always as (lower(
        customer_name || chr(31) || coalesce(customer_email, '') || chr(31) || coalesce(customer_phone, '')
        || chr(31) || coalesce(origin, '') || chr(31) || coalesce(destination, ''))) stored,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint pk_enquiries primary key (tenant_id, id),
      constraint fk_enquiries_creator foreign key (tenant_id, created_by_user_id) references users(tenant_id, id),
      constraint fk_enquiries_session foreign key (tenant_id, session_id) references chat_sessions(tenant_id, id) on delete set null (session_id),
      constraint ck_enquiries_status check (status in ('new', 'quoted', 'booked', 'cancelled')),
      constraint ck_enquiries_pax check (pax_count between 1 and 2147483647),
      constraint ck_enquiries_dates check (return_date >= depart_date),
      constraint ck_enquiries_budget check (budget_hundredths between 0 and 99999999999999),
      constraint ck_enquiries_budget_currency check (budget_hundredths is null or budget_currency is not null),
      constraint ck_enquiries_currency check (budget_currency ~ '^[A-Z]{3}$')
    )
    """,
    "create index ix_enquiries_created on enquiries (tenant_id, created_at desc, id desc)",
    "create index ix_enquiries_status on enquiries (tenant_id, status, created_at desc, id desc)",
    "create index ix_enquiries_depart on enquiries (tenant_id, depart_date)",
    "create index ix_enquiries_session on enquiries (tenant_id, session_id) where session_id is not null",
    "create index ix_enquiries_search on enquiries using gin (tenant_id, search gin_trgm_ops)",
    """
    create table enquiry_counts (
      tenant_id uuid not null constraint fk_enquiry_counts_tenant_id references tenants(id) on delete cascade,
      status text not null,
      n bigint not null default 0,
      constraint pk_enquiry_counts primary key (tenant_id, status)
    ) with (fillfactor = 50)
    """,
    "create index ix_audit_events_entities on audit_events using gin (tenant_id, entity_refs jsonb_path_ops)",
]

# One row for each status: whoever writes an enquiry also takes the head of the agency's audit chain, so more slots would gain nothing.
# The rows of one statement are taken in the order of their key; a counter cannot have a CHECK, because ON CONFLICT tests the row proposed.
COUNT = """
create function app.count_enquiries() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, count(*) from new_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  elsif tg_op = 'DELETE' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, -count(*) from old_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  else
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, sum(step) from (
        select tenant_id, status, -1 as step from old_rows union all select tenant_id, status, 1 from new_rows
      ) moved group by 1, 2 having sum(step) <> 0 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
  end if;
  return null;
end $$
"""
TRIGGERS = [
    "create trigger enquiries_counted_in after insert on enquiries referencing new table as new_rows for each statement execute function app.count_enquiries()",
    "create trigger enquiries_counted_out after delete on enquiries referencing old table as old_rows"
    " for each statement execute function app.count_enquiries()",
    "create trigger enquiries_counted_over after update on enquiries referencing old table as old_rows new table as new_rows"
    " for each statement execute function app.count_enquiries()",
]

# Behind a policy LIKE cannot use the trigram index, so every list narrower than a status is found by the look-up role. The function takes no agency: that is
# what the transaction is bound to, and without one it fails. It gives keys and a total only; the rows are read behind the wall. EXECUTE, so that each pattern
# gets a plan of its own; and no walk over the whole table in the hope of meeting enough rows soon, for the rows of other agencies lie in it too.
#   q, email, origin, destination: patterns with % _ and \ escaped; every one of them is also part of `search`, which finds the candidates.
#   looked_max: a pattern without three letters in a row has no trigram; then only so many of the newest rows are looked at (null: all).
#   count_max: where counting may stop (null: never).
FIND_SIGNATURE = (
    "find_enquiries(q text, email text, origin text, destination text, state text, leaves_from date, leaves_to date,"
    " made_from timestamptz, made_before timestamptz, beside_at timestamptz, beside_id uuid, backward boolean,"
    " n int, skip int, looked_max int, count_max int) returns table(id uuid, total bigint) rows 50 set enable_seqscan = off"
)
FIND_BODY = r"""
declare
  source text := 'enquiries';
  wanted text := 'tenant_id = $1';
  place text := '';
  amount bigint;
begin
  if looked_max is not null then
    source := '(select tenant_id, id, search, customer_email, origin, destination, status, depart_date, created_at from enquiries
                where tenant_id = $1 order by created_at desc, id desc limit $15) newest';
  end if;
  if q is not null then wanted := wanted || ' and search like lower($2)'; end if;
  if email is not null then wanted := wanted || ' and search like lower($3) and lower(customer_email) like lower($3)'; end if;
  if origin is not null then wanted := wanted || ' and search like lower($4) and lower(origin) like lower($4)'; end if;
  if destination is not null then wanted := wanted || ' and search like lower($5) and lower(destination) like lower($5)'; end if;
  if state is not null then wanted := wanted || ' and status = $6'; end if;
  if leaves_from is not null then wanted := wanted || ' and depart_date >= $7'; end if;
  if leaves_to is not null then wanted := wanted || ' and depart_date <= $8'; end if;
  if made_from is not null then wanted := wanted || ' and created_at >= $9'; end if;
  if made_before is not null then wanted := wanted || ' and created_at < $10'; end if;
  if beside_at is not null then
    place := format(' and (created_at, id) %s ($11, $12)', case when backward then '>' else '<' end);
  end if;
  execute 'select count(*) from (select 1 from ' || source || ' where ' || wanted || ' limit $16) counted' into amount
    using current_setting('app.tenant')::uuid, q, email, origin, destination, state, leaves_from, leaves_to, made_from, made_before,
          beside_at, beside_id, n, skip, looked_max, count_max;
  if beside_at is not null or skip < amount or amount >= count_max then
    return query execute 'select id, $17::bigint from ' || source || ' where ' || wanted || place ||
        case when backward then ' order by created_at, id' else ' order by created_at desc, id desc' end || ' limit $13 offset $14'
      using current_setting('app.tenant')::uuid, q, email, origin, destination, state, leaves_from, leaves_to, made_from, made_before,
            beside_at, beside_id, n, skip, looked_max, count_max, amount;
    if found then return; end if;
  end if;
  return query select null::uuid, amount;
end
"""


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    tenant_wall("enquiries")
    tenant_wall("enquiry_counts", grants="select, insert, update")
    op.execute(COUNT)
    for statement in TRIGGERS:
        op.execute(statement)
    lookup_may_read(
        "enquiries",
        "tenant_id, id, search, customer_email, origin, destination, status, depart_date, created_at",
    )
    lookup_function(FIND_SIGNATURE, FIND_BODY)
    lookup_may_read("audit_events", "tenant_id, seq, entity_refs")
    lookup_function(
        "events_of(refs jsonb, n int) returns setof bigint",
        "begin return query execute 'select seq from audit_events where tenant_id = $1 and entity_refs @> $2 order by seq desc limit $3'"
        " using current_setting('app.tenant')::uuid, refs, n; end",
    )


def downgrade() -> None:
    op.execute("drop function app.events_of(jsonb, int)")
    op.execute("revoke select (tenant_id, seq, entity_refs) on audit_events from voyagent_lookup")
    op.execute("drop policy audit_events_lookup on audit_events")
    op.execute(
        "drop function app.find_enquiries(text, text, text, text, text, date, date, timestamptz, timestamptz, timestamptz, uuid, boolean, int, int, int, int)"
    )
    op.execute("drop table enquiries")
    op.execute("drop function app.count_enquiries()")
    op.execute("drop table enquiry_counts")
    op.execute("drop index ix_audit_events_entities")
