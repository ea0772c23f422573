-- The schema of release 0.1 at revision 0064, as the 63 migrations of that release made it.
--
-- Written by `pg_dump --schema-only` (PostgreSQL 18), without comments and owners other than
-- voyagent_lookup. Tests load it to prove the upgrade of such a database. It never changes.
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
CREATE SCHEMA app;
CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE TYPE public.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);
CREATE TYPE public.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);
CREATE TYPE public.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);
CREATE FUNCTION app.agencies_after(last uuid, n integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select t.id from tenants t where t.id > last order by t.id limit n; end $$;
ALTER FUNCTION app.agencies_after(last uuid, n integer) OWNER TO voyagent_lookup;
CREATE FUNCTION app.audit(events jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
  head audit_heads;
  item jsonb;
  e audit_events;
begin
  select * into strict head from audit_heads
   where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid) for update;
  for item in select value from jsonb_array_elements(events) loop
    e := null;
    e.tenant_id := head.tenant_id;
    e.seq := head.seq + 1;
    e.id := (item->>'id')::uuid;
    e.actor_kind := item->>'actor_kind';
    e.actor_id := (item->>'actor_id')::uuid;
    e.actor_email := coalesce(item->>'actor_email', '');
    e.channel := coalesce(item->>'channel', '');
    e.kind := item->>'kind';
    e.driver := item->>'driver';
    e.status := item->>'status';
    e.error := item->>'error';
    e.entity_refs := coalesce(item->'entity_refs', '{}');
    e.inputs := coalesce(item->'inputs', '{}');
    e.outputs := coalesce(item->'outputs', '{}');
    e.approval_required := coalesce((item->>'approval_required')::boolean, false);
    e.approved_by := (item->>'approved_by')::uuid;
    e.approved_at := (item->>'approved_at')::timestamptz;
    e.started_at := coalesce((item->>'started_at')::timestamptz, clock_timestamp());
    e.completed_at := coalesce((item->>'completed_at')::timestamptz, e.started_at);
    e.recorded_at := clock_timestamp();
    e.prev_hash := head.hash;
    e.hash := sha256(head.hash || convert_to(app.audit_canonical(e), 'UTF8'));
    insert into audit_events select e.*;
    head.seq := e.seq;
    head.hash := e.hash;
  end loop;
  update audit_heads set seq = head.seq, hash = head.hash where tenant_id = head.tenant_id;
  return head.seq;
end $$;
CREATE TABLE public.audit_events (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    actor_email text DEFAULT ''::text NOT NULL,
    channel text DEFAULT ''::text NOT NULL,
    kind text NOT NULL,
    driver text,
    status text NOT NULL,
    error text,
    entity_refs jsonb DEFAULT '{}'::jsonb NOT NULL,
    inputs jsonb DEFAULT '{}'::jsonb NOT NULL,
    outputs jsonb DEFAULT '{}'::jsonb NOT NULL,
    approval_required boolean DEFAULT false NOT NULL,
    approved_by uuid,
    approved_at timestamp with time zone,
    started_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT ck_audit_events_actor CHECK ((actor_kind = ANY (ARRAY['human'::text, 'agent'::text, 'system'::text]))),
    CONSTRAINT ck_audit_events_status CHECK ((status = ANY (ARRAY['started'::text, 'succeeded'::text, 'failed'::text, 'rejected'::text, 'cancelled'::text])))
);
ALTER TABLE ONLY public.audit_events FORCE ROW LEVEL SECURITY;
CREATE FUNCTION app.audit_canonical(e public.audit_events) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
  select app.part(e.tenant_id::text) || app.part(e.seq::text) || app.part(e.id::text) || app.part(e.actor_kind) || app.part(e.actor_id::text)
      || app.part(e.actor_email) || app.part(e.channel) || app.part(e.kind) || app.part(e.driver) || app.part(e.status) || app.part(e.error)
      || app.part(e.entity_refs::text) || app.part(e.inputs::text) || app.part(e.outputs::text) || app.part(e.approval_required::text)
      || app.part(e.approved_by::text) || app.part(app.instant(e.approved_at)) || app.part(app.instant(e.started_at))
      || app.part(app.instant(e.completed_at)) || app.part(app.instant(e.recorded_at))
$$;
CREATE FUNCTION app.audit_line(e public.audit_events) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  select json_build_object(
    'tenant_id', e.tenant_id::text, 'seq', e.seq::text, 'id', e.id::text, 'actor_kind', e.actor_kind, 'actor_id', e.actor_id::text,
    'actor_email', e.actor_email, 'channel', e.channel, 'kind', e.kind, 'driver', e.driver, 'status', e.status, 'error', e.error,
    'entity_refs', e.entity_refs::text, 'inputs', e.inputs::text, 'outputs', e.outputs::text, 'approval_required', e.approval_required::text,
    'approved_by', e.approved_by::text, 'approved_at', app.instant(e.approved_at), 'started_at', app.instant(e.started_at),
    'completed_at', app.instant(e.completed_at), 'recorded_at', app.instant(e.recorded_at),
    'prev_hash', encode(e.prev_hash, 'hex'), 'hash', encode(e.hash, 'hex'))::text
$$;
CREATE FUNCTION app.check_allocation() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  payment payments%rowtype;
  original allocations%rowtype;
  settled bigint;
  paid bigint;
  is_fit boolean;
begin
  select * into payment from payments where tenant_id = new.tenant_id and id = new.payment_id;
  if new.invoice_id is not null then
    select d.paid_minor, payment.direction = 'in' and (case when d.currency = payment.currency then new.settled_minor is null
        else new.settled_minor is not null and (d.rate is null) = (new.booked_minor is null)
          and (d.rate is null or payment.currency in (d.rate_base, d.rate_quote))
          and (new.rate is null or new.rate_base in (d.currency, payment.currency) and new.rate_quote in (d.currency, payment.currency)) end) and d.party_key = payment.party_key and new.effective_on >= d.issue_date
      into paid, is_fit from invoices d where d.tenant_id = new.tenant_id and d.id = new.invoice_id;
    select sum(coalesce(settled_minor, amount_minor)) into settled from allocations where tenant_id = new.tenant_id and invoice_id = new.invoice_id;
  else
    select d.paid_minor, payment.direction = 'out' and (case when d.currency = payment.currency then new.settled_minor is null
        else new.settled_minor is not null and (d.rate is null) = (new.booked_minor is null)
          and (d.rate is null or payment.currency in (d.rate_base, d.rate_quote))
          and (new.rate is null or new.rate_base in (d.currency, payment.currency) and new.rate_quote in (d.currency, payment.currency)) end) and d.party_key = payment.party_key and new.effective_on >= d.issue_date
      into paid, is_fit from bills d where d.tenant_id = new.tenant_id and d.id = new.bill_id;
    select sum(coalesce(settled_minor, amount_minor)) into settled from allocations where tenant_id = new.tenant_id and bill_id = new.bill_id;
  end if;
  if not is_fit or new.effective_on < payment.paid_on then
    raise exception 'an allocation is of the party and currency of its payment and not before it'
      using errcode = 'check_violation', constraint = 'ck_allocation_fits';
  end if;
  if new.reverses_id is not null then
    select * into original from allocations where tenant_id = new.tenant_id and id = new.reverses_id;
    if (original.payment_id, original.amount_minor) <> (new.payment_id, -new.amount_minor) or original.effective_on > new.effective_on
      or (original.invoice_id, original.bill_id) is distinct from (new.invoice_id, new.bill_id)
      or (original.settled_minor, original.booked_minor) is distinct from (-new.settled_minor, -new.booked_minor) then
      raise exception 'an allocation is taken back whole' using errcode = 'check_violation', constraint = 'ck_allocation_taken_back';
    end if;
  end if;
  if settled <> paid then
    raise exception 'a document has % paid and % allocated', paid, settled using errcode = 'check_violation', constraint = 'ck_document_allocated';
  end if;
  return null;
end $$;
CREATE FUNCTION app.check_credited() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  said bigint;
  noted bigint;
begin
  if tg_table_name = 'credit_notes' then
    select d.credited_minor - d.written_off_minor into said from invoices d where d.tenant_id = new.tenant_id and d.id = (to_jsonb(new)->>'invoice_id')::uuid;
    select coalesce(sum(n.total_minor), 0) into noted from credit_notes n
     where n.tenant_id = new.tenant_id and n.invoice_id = (to_jsonb(new)->>'invoice_id')::uuid and n.reversed_on is null;
  else
    select d.credited_minor into said from bills d where d.tenant_id = new.tenant_id and d.id = (to_jsonb(new)->>'bill_id')::uuid;
    select coalesce(sum(n.total_minor), 0) into noted from supplier_credits n
     where n.tenant_id = new.tenant_id and n.bill_id = (to_jsonb(new)->>'bill_id')::uuid and n.reversed_on is null;
  end if;
  if said <> noted then
    raise exception 'a document has % credited and says %', noted, said using errcode = 'check_violation', constraint = 'ck_document_credited';
  end if;
  return null;
end $$;
CREATE FUNCTION app.check_entry() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
end $$;
CREATE FUNCTION app.check_payment_used() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  key uuid := case tg_table_name when 'payments' then (to_jsonb(new)->>'id')::uuid else (to_jsonb(new)->>'payment_id')::uuid end;
  payment payments%rowtype;
  allocated bigint;
  refunded bigint;
begin
  select * into payment from payments where tenant_id = new.tenant_id and id = key;
  select coalesce(sum(amount_minor), 0) into allocated from allocations where tenant_id = new.tenant_id and payment_id = key;
  select coalesce(sum(amount_minor), 0) into refunded from refunds where tenant_id = new.tenant_id and payment_id = key and reversed_on is null;
  if payment.reversed_on is not null then
    if refunded > 0 or not exists (select from journal_entries e where e.tenant_id = payment.tenant_id and e.id = payment.reversal_entry_id
                                      and e.reverses_id = payment.entry_id and e.entry_date = payment.reversed_on) then
      raise exception 'a payment of which nothing was given back is reversed by the entry against its own, on that day'
        using errcode = 'check_violation', constraint = 'ck_payment_reversal';
    end if;
    if exists (select from allocations a where a.tenant_id = payment.tenant_id and a.payment_id = payment.id and a.effective_on > payment.reversed_on) then
      raise exception 'nothing is settled by a payment after it is reversed' using errcode = 'check_violation', constraint = 'ck_payment_reversal';
    end if;
    refunded := payment.amount_minor;
  end if;
  if (payment.allocated_minor, payment.refunded_minor) <> (allocated, refunded) then
    raise exception 'a payment has % allocated and % given back, and says otherwise', allocated, refunded
      using errcode = 'check_violation', constraint = 'ck_payment_used';
  end if;
  return null;
end $$;
CREATE FUNCTION app.check_write_off() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  original write_offs%rowtype;
  said bigint;
  issued date;
  written bigint;
begin
  select written_off_minor, issue_date into said, issued from invoices where tenant_id = new.tenant_id and id = new.invoice_id;
  select sum(amount_minor) into written from write_offs where tenant_id = new.tenant_id and invoice_id = new.invoice_id;
  if new.effective_on < issued then
    raise exception 'nothing is written off before it is issued' using errcode = 'check_violation', constraint = 'ck_write_off_fits';
  end if;
  if new.reverses_id is not null then
    select * into original from write_offs where tenant_id = new.tenant_id and id = new.reverses_id;
    if (original.invoice_id, original.amount_minor) <> (new.invoice_id, -new.amount_minor) or original.effective_on > new.effective_on then
      raise exception 'a write-off is taken back whole' using errcode = 'check_violation', constraint = 'ck_write_off_taken_back';
    end if;
  end if;
  if said <> written then
    raise exception 'an invoice has % written off and says %', written, said using errcode = 'check_violation', constraint = 'ck_invoice_written_off';
  end if;
  return null;
end $$;
CREATE TABLE public.idempotency_keys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    caller_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    kept text DEFAULT 'nothing'::text NOT NULL,
    status bigint,
    headers jsonb,
    body bytea,
    place jsonb,
    CONSTRAINT ck_idempotency_keys_answer CHECK (((kept = 'answer'::text) = ((status IS NOT NULL) AND (headers IS NOT NULL) AND (body IS NOT NULL)))),
    CONSTRAINT ck_idempotency_keys_hash CHECK ((length(request_hash) = 32)),
    CONSTRAINT ck_idempotency_keys_kept CHECK ((kept = ANY (ARRAY['nothing'::text, 'answer'::text, 'place'::text, 'secret'::text, 'too_large'::text]))),
    CONSTRAINT ck_idempotency_keys_key CHECK (((length(key) >= 1) AND (length(key) <= 255))),
    CONSTRAINT ck_idempotency_keys_place CHECK (((kept = 'place'::text) = (place IS NOT NULL)))
);
ALTER TABLE ONLY public.idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE FUNCTION app.claim_idempotency_key(given_id uuid, caller uuid, given_key text, request bytea, wait_ms bigint) RETURNS SETOF public.idempotency_keys
    LANGUAGE plpgsql
    SET lock_timeout TO '0'
    AS $$
declare
  agency uuid := (select nullif(current_setting('app.tenant', true), '')::uuid);
  found_row idempotency_keys;
begin
  select k.* into found_row from idempotency_keys k
   where k.tenant_id = agency and k.caller_id = caller and k.key = given_key and k.created_at > now() - interval '24 hours';
  if not found then
    perform set_config('lock_timeout', wait_ms::text, true);
    insert into idempotency_keys as k (tenant_id, id, caller_id, key, request_hash) values (agency, given_id, caller, given_key, request)
    on conflict (tenant_id, caller_id, key) do update
       set id = excluded.id, request_hash = excluded.request_hash, created_at = now(), kept = 'nothing',
           status = null, headers = null, body = null, place = null
     where k.created_at <= now() - interval '24 hours'
    returning k.* into found_row;
  end if;
  if not found then
    select k.* into found_row from idempotency_keys k where k.tenant_id = agency and k.caller_id = caller and k.key = given_key;
  end if;
  if found then
    return next found_row;
  end if;
exception when lock_not_available then
  return;
end $$;
CREATE FUNCTION app.close_month_alone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_advisory_xact_lock(hashtextextended('months of ' || new.tenant_id, 0));
  return new;
end $$;
CREATE FUNCTION app.closed_through() RETURNS date
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('months of ' || current_setting('app.tenant'), 0));
  return (select max(month) from closed_months where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
end $$;
CREATE FUNCTION app.count_approvals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into approval_counts (tenant_id, status, n)
    select tenant_id, status, count(*) from new_rows where hidden_at is null group by 1, 2 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  elsif tg_op = 'DELETE' then
    insert into approval_counts (tenant_id, status, n)
    select o.tenant_id, o.status, -count(*) from old_rows o join tenants t on t.id = o.tenant_id where o.hidden_at is null group by 1, 2 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  else
    insert into approval_counts (tenant_id, status, n)
    select tenant_id, status, sum(change) from (
      select tenant_id, status, 1 as change from new_rows where hidden_at is null
      union all
      select tenant_id, status, -1 from old_rows where hidden_at is null
    ) moved group by 1, 2 having sum(change) <> 0 order by 1, 2
    on conflict (tenant_id, status) do update set n = approval_counts.n + excluded.n;
  end if;
  return null;
end $$;
CREATE FUNCTION app.count_enquiries() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, count(*) from new_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
    insert into enquiries_by_hour as h (tenant_id, hour, received, booked)
      select tenant_id, date_trunc('hour', created_at, 'UTC'), sum(step), coalesce(sum(step) filter (where status = 'booked'), 0) from (select tenant_id, created_at, status, 1 as step from new_rows) moved
       group by 1, 2 having sum(step) <> 0 or coalesce(sum(step) filter (where status = 'booked'), 0) <> 0 order by 1, 2
      on conflict (tenant_id, hour) do update set received = h.received + excluded.received, booked = h.booked + excluded.booked;
  elsif tg_op = 'DELETE' then
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, -count(*) from old_rows group by 1, 2 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
    insert into enquiries_by_hour as h (tenant_id, hour, received, booked)
      select tenant_id, date_trunc('hour', created_at, 'UTC'), sum(step), coalesce(sum(step) filter (where status = 'booked'), 0) from (select tenant_id, created_at, status, -1 as step from old_rows) moved
       group by 1, 2 having sum(step) <> 0 or coalesce(sum(step) filter (where status = 'booked'), 0) <> 0 order by 1, 2
      on conflict (tenant_id, hour) do update set received = h.received + excluded.received, booked = h.booked + excluded.booked;
  else
    insert into enquiry_counts as c (tenant_id, status, n)
      select tenant_id, status, sum(step) from (
        select tenant_id, status, -1 as step from old_rows union all select tenant_id, status, 1 from new_rows
      ) moved group by 1, 2 having sum(step) <> 0 order by 1, 2
      on conflict (tenant_id, status) do update set n = c.n + excluded.n;
    insert into enquiries_by_hour as h (tenant_id, hour, received, booked)
      select tenant_id, date_trunc('hour', created_at, 'UTC'), sum(step), coalesce(sum(step) filter (where status = 'booked'), 0) from (select tenant_id, created_at, status, -1 as step from old_rows union all select tenant_id, created_at, status, 1 as step from new_rows) moved
       group by 1, 2 having sum(step) <> 0 or coalesce(sum(step) filter (where status = 'booked'), 0) <> 0 order by 1, 2
      on conflict (tenant_id, hour) do update set received = h.received + excluded.received, booked = h.booked + excluded.booked;
  end if;
  return null;
end $$;
CREATE FUNCTION app.count_invoices() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
end $$;
CREATE FUNCTION app.csv_cell(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select case when left(ltrim(value, U&' \00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\200B\200C\200D\2028\2029\202F\205F\2060\3000\FEFF'
                                     || E'\t\r\n\v\f'), 1) in ('=', '+', '-', '@', U&'\FF1D', U&'\FF0B', U&'\FF0D', U&'\FF20')
                or left(value, 1) in (E'\t', E'\r', E'\n')
              then '''' || value else value end
$$;
CREATE FUNCTION app.email_taken(address text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return exists (select 1 from users u where u.email = address and u.is_active); end $$;
ALTER FUNCTION app.email_taken(address text) OWNER TO voyagent_lookup;
CREATE FUNCTION app.enter(t uuid, u uuid, s uuid, j text) RETURNS TABLE(user_id uuid, role text, email text, full_name text, tenant_name text, timezone text, locale text, currency text)
    LANGUAGE plpgsql
    AS $$
begin
  perform set_config('app.tenant', t::text, true);
  return query
    select x.id, x.role, x.email, x.display_name, a.display_name,
           coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'), coalesce(c.default_currency, 'INR')
      from users x
      join tenants a on a.id = x.tenant_id
      join auth_sessions z on z.tenant_id = x.tenant_id and z.id = s and z.user_id = x.id
      left join tenant_settings c on c.tenant_id = x.tenant_id
     where x.tenant_id = t and x.id = u and x.is_active and a.is_active
       and z.ended_at is null and z.expires_at > now()
       and not exists (select 1 from revoked_tokens r where r.tenant_id = t and r.token_id = j);
end $$;
CREATE FUNCTION app.enter(t uuid, u uuid, s uuid, j text, k uuid) RETURNS TABLE(user_id uuid, role text, email text, full_name text, tenant_name text, timezone text, locale text, currency text, scopes text[])
    LANGUAGE plpgsql
    AS $$
begin
  perform set_config('app.tenant', t::text, true);
  if k is null then
    return query
      select x.id, x.role, x.email, x.display_name, a.display_name,
             coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'), coalesce(c.default_currency, 'INR'), null::text[]
        from users x
        join tenants a on a.id = x.tenant_id
        join auth_sessions z on z.tenant_id = x.tenant_id and z.id = s and z.user_id = x.id
        left join tenant_settings c on c.tenant_id = x.tenant_id
       where x.tenant_id = t and x.id = u and x.is_active and a.is_active
         and z.ended_at is null and z.expires_at > now()
         and not exists (select 1 from revoked_tokens r where r.tenant_id = t and r.token_id = j);
    return;
  end if;
  return query
    select x.id, x.role, x.email, x.display_name, a.display_name,
           coalesce(c.timezone, 'UTC'), coalesce(c.locale, 'en'), coalesce(c.default_currency, 'INR'), z.scopes
      from users x
      join tenants a on a.id = x.tenant_id
      join api_keys z on z.tenant_id = x.tenant_id and z.id = k and z.created_by_user_id = x.id
      left join tenant_settings c on c.tenant_id = x.tenant_id
     where x.tenant_id = t and x.id = u and x.is_active and a.is_active
       and z.revoked_at is null and (z.expires_at is null or z.expires_at > now());
  if found then
    update api_keys set last_used_at = now()
     where tenant_id = t and id = (
       select y.id from api_keys y
        where y.tenant_id = t and y.id = k and (y.last_used_at is null or y.last_used_at < now() - interval '1 minute')
          for update skip locked);
  end if;
end $$;
CREATE FUNCTION app.events_of(refs jsonb, n integer) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$ begin return query execute 'select seq from audit_events where tenant_id = $1 and entity_refs @> $2 order by seq desc limit $3' using current_setting('app.tenant')::uuid, refs, n; end $_$;
ALTER FUNCTION app.events_of(refs jsonb, n integer) OWNER TO voyagent_lookup;
CREATE FUNCTION app.figures() RETURNS TABLE(figure text, number bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  return query
    select 'active_sessions', count(*) from chat_sessions s where s.deleted_at is null and s.last_message_at > now() - interval '1 hour'
    union all select 'turns_waiting', count(*) from chat_turns t where t.status = 'queued'
    union all select 'turns_running', count(*) from chat_turns t where t.status = 'running'
    union all select 'approvals_pending', count(*) from approvals a where a.status = 'pending' and a.hidden_at is null and a.expires_at > now()
    union all select 'mails_waiting', count(*) from mails m where m.sent_at is null and m.failed_at is null
    union all
    select 'jobs_' || j.state, count(*) from (
      select case when p.status = 'doing' then 'running' when p.scheduled_at > now() then 'scheduled' else 'waiting' end as state
        from procrastinate_jobs p where p.status in ('todo', 'doing')
    ) j group by j.state
    union all select 'jobs_failed', count(*) from (select 1 from procrastinate_jobs p where p.status = 'failed' limit 10000) f;
end
 $$;
ALTER FUNCTION app.figures() OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_account(address text) RETURNS TABLE(tenant_id uuid, user_id uuid, role text, password_hash text, email_verified boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select u.tenant_id, u.id, u.role, u.password_hash, u.email_verified from users u join tenants t on t.id = u.tenant_id where u.email = address and u.is_active and t.is_active; end $$;
ALTER FUNCTION app.find_account(address text) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_api_key(start text) RETURNS TABLE(tenant_id uuid, user_id uuid, id uuid, key_hash bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select k.tenant_id, k.created_by_user_id, k.id, k.key_hash from api_keys k where k.prefix = start; end $$;
ALTER FUNCTION app.find_api_key(start text) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_enquiries(q text, email text, origin text, destination text, state text, leaves_from date, leaves_to date, made_from timestamp with time zone, made_before timestamp with time zone, beside_at timestamp with time zone, beside_id uuid, backward boolean, n integer, skip integer, looked_max integer, count_max integer) RETURNS TABLE(id uuid, total bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET enable_seqscan TO 'off'
    SET search_path TO 'public', 'pg_temp'
    AS $_$
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
 $_$;
ALTER FUNCTION app.find_enquiries(q text, email text, origin text, destination text, state text, leaves_from date, leaves_to date, made_from timestamp with time zone, made_before timestamp with time zone, beside_at timestamp with time zone, beside_id uuid, backward boolean, n integer, skip integer, looked_max integer, count_max integer) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_invite(digest bytea) RETURNS TABLE(tenant_id uuid, id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select i.tenant_id, i.id from invites i where i.token_hash = digest; end $$;
ALTER FUNCTION app.find_invite(digest bytea) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_invoices(q text, states text[], money text, party text, due_from date, due_to date, n integer, skip integer, looked_max integer, count_max integer) RETURNS TABLE(id uuid, total bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET search_path TO 'public', 'pg_temp'
    AS $_$
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
 $_$;
ALTER FUNCTION app.find_invoices(q text, states text[], money text, party text, due_from date, due_to date, n integer, skip integer, looked_max integer, count_max integer) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_invoices_behind(q text, states text[], party text, issued_from date, issued_to date, behind date, behind_id uuid, n integer, looked_max integer) RETURNS TABLE(id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET search_path TO 'public', 'pg_temp'
    AS $_$
declare
  source text := 'invoices';
  wanted text := 'tenant_id = $1 and search like lower($2)';
  further text := '';
begin
  if behind is not null then further := ' and (issue_date, id) < ($7, $8)'; end if;
  if issued_to is not null then further := further || ' and issue_date <= $6'; end if;
  if looked_max is not null then
    source := '(select tenant_id, id, search, status, party_key, issue_date from invoices
                where tenant_id = $1' || further || ' order by issue_date desc, id desc limit $10) newest';
  end if;
  wanted := wanted || further;
  if states is not null then wanted := wanted || ' and status = any($3)'; end if;
  if party is not null then wanted := wanted || ' and party_key = lower($4)'; end if;
  if issued_from is not null then wanted := wanted || ' and issue_date >= $5'; end if;
  return query execute 'select id from ' || source || ' where ' || wanted || ' order by issue_date desc, id desc limit $9'
    using current_setting('app.tenant')::uuid, q, states, party, issued_from, issued_to, behind, behind_id, n, looked_max;
end
 $_$;
ALTER FUNCTION app.find_invoices_behind(q text, states text[], party text, issued_from date, issued_to date, behind date, behind_id uuid, n integer, looked_max integer) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_one_time_token(digest bytea) RETURNS TABLE(tenant_id uuid, id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select o.tenant_id, o.id from one_time_tokens o where o.token_hash = digest; end $$;
ALTER FUNCTION app.find_one_time_token(digest bytea) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_refresh_token(digest bytea) RETURNS TABLE(tenant_id uuid, id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select r.tenant_id, r.id from refresh_tokens r where r.token_hash = digest; end $$;
ALTER FUNCTION app.find_refresh_token(digest bytea) OWNER TO voyagent_lookup;
CREATE FUNCTION app.find_sessions(q text, beside_at timestamp with time zone, beside_id uuid, n integer, met_max integer, looked_max integer, is_blunt boolean) RETURNS TABLE(id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET enable_seqscan TO 'off'
    SET search_path TO 'public', 'pg_temp'
    AS $_$
declare
  met bigint := met_max + 1;
  sessions uuid[];
  wanted text := 'tenant_id = $1 and deleted_at is null';
  given int := 0;
  looked bigint;
begin
  if beside_at is not null then wanted := wanted || ' and (created_at, id) < ($4, $5)'; end if;
  if not is_blunt then
    execute 'select count(*), array_agg(distinct session_id) from (
               select session_id from chat_messages where tenant_id = $1 and search like lower($2) limit $3 + 1) said'
      into met, sessions using current_setting('app.tenant')::uuid, q, met_max;
  end if;
  if met <= met_max then
    return query execute 'select id from chat_sessions where ' || wanted || ' and (id = any($3) or search like lower($2))
        order by created_at desc, id desc limit $6'
      using current_setting('app.tenant')::uuid, q, sessions, beside_at, beside_id, n;
    return;
  end if;
  return query execute 'select id from (select tenant_id, id, search, created_at from chat_sessions
      where ' || wanted || ' order by created_at desc, id desc limit $3) newest
      where search like lower($2) or exists (select 1 from chat_messages m
        where m.tenant_id = newest.tenant_id and m.session_id = newest.id and m.search like lower($2) offset 0)
      order by created_at desc, id desc limit $6'
    using current_setting('app.tenant')::uuid, q, looked_max, beside_at, beside_id, n;
  get diagnostics given = row_count;
  if given < n then
    execute 'select count(*) from (select 1 from chat_sessions where ' || wanted || ' limit $3 + 1) newest'
      into looked using current_setting('app.tenant')::uuid, q, looked_max, beside_at, beside_id;
    if looked > looked_max then return query select null::uuid; end if;
  end if;
end
 $_$;
ALTER FUNCTION app.find_sessions(q text, beside_at timestamp with time zone, beside_id uuid, n integer, met_max integer, looked_max integer, is_blunt boolean) OWNER TO voyagent_lookup;
CREATE FUNCTION app.guard_approval() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if (new.session_id, new.tool_call_id, new.tool_name, new.requested_at)
     is distinct from (old.session_id, old.tool_call_id, old.tool_name, old.requested_at)
     or new.requested_by_user_id is distinct from old.requested_by_user_id then
    raise exception 'a proposal does not change' using errcode = 'restrict_violation';
  end if;

  if (new.payload, new.arguments_hash) is distinct from (old.payload, old.arguments_hash)
     and (old.status <> 'pending' or new.status <> 'pending' or new.original_payload is null or new.edited_at is not distinct from old.edited_at) then
    raise exception 'a proposal does not change' using errcode = 'restrict_violation';
  end if;
  if old.original_payload is not null and new.original_payload is distinct from old.original_payload then
    raise exception 'what was first proposed does not change' using errcode = 'restrict_violation';
  end if;
  if old.status <> 'pending' and (new.preview, new.preview_hash) is distinct from (old.preview, old.preview_hash) then
    raise exception 'what was shown does not change' using errcode = 'restrict_violation';
  end if;

  if old.status <> 'pending' and (new.status is distinct from old.status or new.resolved_by_user_id is distinct from old.resolved_by_user_id) then
    raise exception 'a decision is final' using errcode = 'restrict_violation';
  end if;
  if old.effect_status in ('done', 'failed') and new.effect_status is distinct from old.effect_status then
    raise exception 'an effect happens once' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
CREATE FUNCTION app.guard_bill_tax() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    declare
      charged numeric;
    begin
      select coalesce(sum(amount_minor), 0) into charged from bill_taxes where tenant_id = new.tenant_id and bill_id = new.id;
      if charged <> new.tax_minor then
        raise exception 'a bill whose taxes do not add up is not received' using errcode = 'check_violation', constraint = 'ck_bills_taxes';
      end if;
      return new;
    end $$;
CREATE FUNCTION app.guard_credit_commission() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  recalled numeric;
  borne bigint;
begin
  select coalesce(sum(l.commission_minor), 0), max(i.commission_minor) into recalled, borne
    from credit_notes n
    join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id and s.reversed_on is null
    join credit_note_lines l on l.tenant_id = s.tenant_id and l.credit_note_id = s.id and l.line_no = new.line_no
    join invoice_lines i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
  if borne is null or recalled > borne then
    raise exception 'more commission is taken back than the line bore' using errcode = 'check_violation', constraint = 'ck_credit_note_lines_recalled';
  end if;
  return null;
end $$;
CREATE FUNCTION app.guard_credit_line() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  credited numeric;
  billed bigint;
begin
  select coalesce(sum(l.amount_minor), 0), max(i.amount_minor) into credited, billed
    from credit_notes n
    join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id and s.reversed_on is null
    join credit_note_lines l on l.tenant_id = s.tenant_id and l.credit_note_id = s.id and l.line_no = new.line_no
    join invoice_lines i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
  if billed is null or credited > billed then
    raise exception 'more is credited than the line is over' using errcode = 'check_violation', constraint = 'ck_credit_note_lines_billed';
  end if;
  return null;
end $$;
CREATE FUNCTION app.guard_credit_tax() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    declare
      credited numeric;
      charged bigint;
    begin
      select coalesce(sum(t.amount_minor), 0), max(i.amount_minor) into credited, charged
        from credit_notes n
        join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id and s.reversed_on is null
        join credit_note_taxes t on t.tenant_id = s.tenant_id and t.credit_note_id = s.id and t.line_no = new.line_no and t.component = new.component
        join invoice_taxes i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id and i.line_no = new.line_no and i.component = new.component
       where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
      if charged is null or credited > charged then
        raise exception 'more tax is credited than was charged' using errcode = 'check_violation', constraint = 'ck_credit_note_taxes_charged';
      end if;
      return null;
    end $$;
CREATE FUNCTION app.guard_document() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
declare
  free constant text[] := array['status', 'sent_at', 'sent_to', 'pay_on', 'paid_minor', 'credited_minor', 'written_off_minor', 'voided_on', 'void_reason', 'void_entry_id', 'voided_by_user_id', 'notes', 'updated_at', 'enquiry_id', 'session_id', 'party_key', 'search'];
  lines_minor numeric;
  moving text := case when new.instalment_dues is null then '' else 'due_date' end;
begin
  if tg_op = 'DELETE' then
    if old.status <> 'draft' then
      raise exception '% that were posted are not deleted', tg_table_name using errcode = 'restrict_violation';
    end if;
    return old;
  end if;
  if new.instalment_dues is not null and new.status <> 'draft' then
    if (select sum(minor) from unnest(new.instalment_minors) minor) <> new.total_minor then
      raise exception '% whose instalments do not add up are not posted', tg_table_name
        using errcode = 'check_violation', constraint = 'ck_document_instalments';
    end if;
    new.due_date := app.next_due(new.instalment_dues, new.instalment_minors, new.paid_minor + new.credited_minor);
  end if;
  if old.status <> 'draft' and (new.status = 'draft' or old.status = 'void' and (new.status, new.voided_on, new.void_reason, new.void_entry_id) is distinct from (old.status, old.voided_on, old.void_reason, old.void_entry_id) or to_jsonb(new) - free - moving <> to_jsonb(old) - free - moving) then
    raise exception '% that were posted keep what was posted', tg_table_name using errcode = 'restrict_violation';
  end if;
  if old.status = 'draft' and new.status not in ('draft', 'void') then
    execute format('select coalesce(sum(amount_minor), 0) from %I where tenant_id = $1 and %I = $2', tg_argv[0] || '_lines', tg_argv[0] || '_id')
      into lines_minor using new.tenant_id, new.id;
    if lines_minor + coalesce((to_jsonb(new)->>'tax_minor')::numeric, 0) + coalesce((to_jsonb(new)->>'round_off_minor')::numeric, 0) <> new.total_minor then
      raise exception '% whose lines do not add up are not posted', tg_table_name using errcode = 'check_violation', constraint = 'ck_document_total';
    end if;
  end if;
  return new;
end $_$;
CREATE FUNCTION app.guard_document_line() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
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
end $_$;
CREATE FUNCTION app.guard_invoice_tax() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    declare
      charged numeric;
    begin
      select coalesce(sum(amount_minor), 0) into charged from invoice_taxes where tenant_id = new.tenant_id and invoice_id = new.id;
      if charged <> new.tax_minor then
        raise exception 'an invoice whose taxes do not add up is not issued' using errcode = 'check_violation', constraint = 'ck_invoices_taxes';
      end if;
      return new;
    end $$;
CREATE FUNCTION app.guard_payment() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  free constant text[] := array['allocated_minor', 'refunded_minor', 'party_key', 'reversed_on', 'reversal_reason', 'reversal_entry_id', 'reversed_by_user_id'];
begin
  if tg_op = 'DELETE' or to_jsonb(new) - free <> to_jsonb(old) - free or old.reversed_on is not null and to_jsonb(new) <> to_jsonb(old) then
    raise exception 'payments that were noted keep what was noted' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
CREATE FUNCTION app.guard_reversal() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  free constant text[] := array['reversed_on', 'reversal_reason', 'reversal_entry_id', 'reversed_by_user_id', 'party_key'];
begin
  if tg_op = 'DELETE' or old.reversed_on is not null or to_jsonb(new) - free <> to_jsonb(old) - free then
    raise exception 'what was noted stays as it was noted, but for its reversal' using errcode = 'restrict_violation';
  end if;
  if new.reversed_on is not null and not exists (select from journal_entries e where e.tenant_id = new.tenant_id and e.id = new.reversal_entry_id
                                                    and e.reverses_id = new.entry_id and e.entry_date = new.reversed_on) then
    raise exception 'it is reversed by the entry against its own, on that day' using errcode = 'check_violation', constraint = 'ck_reversal';
  end if;
  return new;
end $$;
CREATE FUNCTION app.guard_supplier_credit_line() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  credited numeric;
  billed bigint;
begin
  select coalesce(sum(l.amount_minor), 0), max(i.amount_minor) into credited, billed
    from supplier_credits n
    join supplier_credits s on s.tenant_id = n.tenant_id and s.bill_id = n.bill_id and s.reversed_on is null
    join supplier_credit_lines l on l.tenant_id = s.tenant_id and l.supplier_credit_id = s.id and l.line_no = new.line_no
    join bill_lines i on i.tenant_id = n.tenant_id and i.bill_id = n.bill_id and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.supplier_credit_id;
  if billed is null or credited > billed then
    raise exception 'more is credited than the line is over' using errcode = 'check_violation', constraint = 'ck_supplier_credit_lines_billed';
  end if;
  return null;
end $$;
CREATE FUNCTION app.guard_supplier_credit_tax() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    declare
      credited numeric;
      charged bigint;
    begin
      select coalesce(sum(t.amount_minor), 0), max(i.amount_minor) into credited, charged
        from supplier_credits n
        join supplier_credits s on s.tenant_id = n.tenant_id and s.bill_id = n.bill_id and s.reversed_on is null
        join supplier_credit_taxes t on t.tenant_id = s.tenant_id and t.supplier_credit_id = s.id and t.line_no = new.line_no and t.component = new.component
        join bill_taxes i on i.tenant_id = n.tenant_id and i.bill_id = n.bill_id and i.line_no = new.line_no and i.component = new.component
       where n.tenant_id = new.tenant_id and n.id = new.supplier_credit_id;
      if charged is null or credited > charged then
        raise exception 'more tax is credited than was charged' using errcode = 'check_violation', constraint = 'ck_supplier_credit_taxes_charged';
      end if;
      return null;
    end $$;
CREATE FUNCTION app.instalments(dues date[], minors bigint[], settled bigint) RETURNS TABLE(place bigint, due_date date, amount_minor bigint, open_minor bigint, is_next boolean)
    LANGUAGE sql IMMUTABLE ROWS 3
    AS $$
      select p.place, p.due, p.minor, p.minor - least(greatest(settled - p.before, 0), p.minor), settled >= p.before and settled < p.before + p.minor
        from (select u.place, u.due, u.minor, (sum(u.minor) over (order by u.place))::bigint - u.minor as before
                from unnest(dues, minors) with ordinality u(due, minor, place)) p
    $$;
CREATE FUNCTION app.instant(value timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
CREATE FUNCTION app.is_plan(dues date[], minors bigint[], issued date) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
      select coalesce(
        cardinality(dues) between 2 and 36 and cardinality(minors) = cardinality(dues) and array_position(dues, null) is null
        and issued <= dues[1] and dues[cardinality(dues)] <= '2200-12-31' and 0 < all(minors)
        and not exists (select 1 from generate_series(2, cardinality(dues)) place where dues[place] <= dues[place - 1]), false)
    $$;
CREATE FUNCTION app.next_due(dues date[], minors bigint[], settled bigint) RETURNS date
    LANGUAGE sql IMMUTABLE
    AS $$
      select coalesce(min(due_date) filter (where is_next), max(due_date)) from app.instalments(dues, minors, settled)
    $$;
CREATE FUNCTION app.part(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select case when value is null then '-' else octet_length(value)::text || ':' || value end $$;
CREATE FUNCTION app.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
CREATE FUNCTION app.refuse_closed_month() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('months of ' || new.tenant_id, 0));
  if exists (select 1 from closed_months where tenant_id = new.tenant_id and month >= date_trunc('month', new.entry_date::timestamp)::date) then
    raise exception 'the month of % is closed', new.entry_date using errcode = 'check_violation', constraint = 'ck_entry_month_open';
  end if;
  return new;
end $$;
CREATE FUNCTION app.roll_up_documents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into ageing_by_due as a (tenant_id, kind, currency, issue_month, due_date, n, documents, open_minor)
      select tenant_id, tg_argv[0], currency, month, due, sum(step), sum(step * documents), sum(step * due_minor)
        from (select m.*, coalesce(i.due_date, m.due_date) as due, coalesce(i.open_minor, m.open_minor) as due_minor,
                     coalesce(i.is_next, true)::int as documents
                from (select 1 as step, tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name, total_minor - paid_minor - credited_minor as open_minor, instalment_dues, instalment_minors, paid_minor + credited_minor as settled_minor from new_rows where status in ('issued', 'partially_paid', 'received', 'scheduled')) m left join lateral app.instalments(m.instalment_dues, m.instalment_minors, m.settled_minor) i on true) m
       where due_minor > 0
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * documents) <> 0 or sum(step * due_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, due_date)
        do update set n = a.n + excluded.n, documents = a.documents + excluded.documents, open_minor = a.open_minor + excluded.open_minor;
    insert into ageing_by_party as a (tenant_id, kind, currency, issue_month, party_key, party_name, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, party_key, max(party_name), sum(step), sum(step * open_minor) from (select 1 as step, tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name, total_minor - paid_minor - credited_minor as open_minor, instalment_dues, instalment_minors, paid_minor + credited_minor as settled_minor from new_rows where status in ('issued', 'partially_paid', 'received', 'scheduled')) m
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * open_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;

  else
    insert into ageing_by_due as a (tenant_id, kind, currency, issue_month, due_date, n, documents, open_minor)
      select tenant_id, tg_argv[0], currency, month, due, sum(step), sum(step * documents), sum(step * due_minor)
        from (select m.*, coalesce(i.due_date, m.due_date) as due, coalesce(i.open_minor, m.open_minor) as due_minor,
                     coalesce(i.is_next, true)::int as documents
                from (select -1 as step, tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name, total_minor - paid_minor - credited_minor as open_minor, instalment_dues, instalment_minors, paid_minor + credited_minor as settled_minor from old_rows where status in ('issued', 'partially_paid', 'received', 'scheduled') union all select 1 as step, tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name, total_minor - paid_minor - credited_minor as open_minor, instalment_dues, instalment_minors, paid_minor + credited_minor as settled_minor from new_rows where status in ('issued', 'partially_paid', 'received', 'scheduled')) m left join lateral app.instalments(m.instalment_dues, m.instalment_minors, m.settled_minor) i on true) m
       where due_minor > 0
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * documents) <> 0 or sum(step * due_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, due_date)
        do update set n = a.n + excluded.n, documents = a.documents + excluded.documents, open_minor = a.open_minor + excluded.open_minor;
    insert into ageing_by_party as a (tenant_id, kind, currency, issue_month, party_key, party_name, n, open_minor)
      select tenant_id, tg_argv[0], currency, month, party_key, max(party_name), sum(step), sum(step * open_minor) from (select -1 as step, tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name, total_minor - paid_minor - credited_minor as open_minor, instalment_dues, instalment_minors, paid_minor + credited_minor as settled_minor from old_rows where status in ('issued', 'partially_paid', 'received', 'scheduled') union all select 1 as step, tenant_id, currency, date_trunc('month', issue_date::timestamp)::date as month, due_date, party_key, party_name, total_minor - paid_minor - credited_minor as open_minor, instalment_dues, instalment_minors, paid_minor + credited_minor as settled_minor from new_rows where status in ('issued', 'partially_paid', 'received', 'scheduled')) m
       group by 1, 2, 3, 4, 5 having sum(step) <> 0 or sum(step * open_minor) <> 0 order by 1, 2, 3, 4, 5
      on conflict (tenant_id, kind, currency, issue_month, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;

  end if;
  return null;
end $$;
CREATE FUNCTION app.roll_up_payments() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into advances_by_day as a (tenant_id, direction, currency, paid_on, n, unapplied_minor)
      select tenant_id, direction, currency, paid_on, sum(step), sum(minor) from (select tenant_id, direction, currency, paid_on, party_key, party_name, 1 as step, amount_minor - allocated_minor - refunded_minor as minor from new_rows where amount_minor - allocated_minor - refunded_minor > 0) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, paid_on)
        do update set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor;
    insert into advances_by_party as a (tenant_id, direction, currency, party_key, party_name, n, unapplied_minor)
      select tenant_id, direction, currency, party_key, max(party_name), sum(step), sum(minor) from (select tenant_id, direction, currency, paid_on, party_key, party_name, 1 as step, amount_minor - allocated_minor - refunded_minor as minor from new_rows where amount_minor - allocated_minor - refunded_minor > 0) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, party_key)
        do update set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor, party_name = excluded.party_name;

  else
    insert into advances_by_day as a (tenant_id, direction, currency, paid_on, n, unapplied_minor)
      select tenant_id, direction, currency, paid_on, sum(step), sum(minor) from (select tenant_id, direction, currency, paid_on, party_key, party_name, 1 as step, amount_minor - allocated_minor - refunded_minor as minor from new_rows where amount_minor - allocated_minor - refunded_minor > 0 union all select tenant_id, direction, currency, paid_on, party_key, party_name, -1, -(amount_minor - allocated_minor - refunded_minor) from old_rows where amount_minor - allocated_minor - refunded_minor > 0) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, paid_on)
        do update set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor;
    insert into advances_by_party as a (tenant_id, direction, currency, party_key, party_name, n, unapplied_minor)
      select tenant_id, direction, currency, party_key, max(party_name), sum(step), sum(minor) from (select tenant_id, direction, currency, paid_on, party_key, party_name, 1 as step, amount_minor - allocated_minor - refunded_minor as minor from new_rows where amount_minor - allocated_minor - refunded_minor > 0 union all select tenant_id, direction, currency, paid_on, party_key, party_name, -1, -(amount_minor - allocated_minor - refunded_minor) from old_rows where amount_minor - allocated_minor - refunded_minor > 0) m
       group by 1, 2, 3, 4 having sum(step) <> 0 or sum(minor) <> 0 order by 1, 2, 3, 4
      on conflict (tenant_id, direction, currency, party_key)
        do update set n = a.n + excluded.n, unapplied_minor = a.unapplied_minor + excluded.unapplied_minor, party_name = excluded.party_name;

  end if;
  return null;
end $$;
CREATE FUNCTION app.roll_up_postings() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  takes_more boolean;
  is_of_trip boolean;
begin
  select bool_or(n.line_no > e.line_count), bool_or(e.trip_id is not null) into takes_more, is_of_trip
    from new_rows n join journal_entries e on e.tenant_id = n.tenant_id and e.id = n.entry_id;
  if takes_more then
    raise exception 'a posted journal entry takes no further line' using errcode = 'restrict_violation';
  end if;
  insert into balances_month as b (tenant_id, account_id, currency, month, debit_minor, credit_minor)
    select tenant_id, account_id, currency, date_trunc('month', effective_date::timestamp)::date, sum(debit_minor), sum(credit_minor)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, account_id, currency, month)
      do update set debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor;
  insert into balances_day as b (tenant_id, day, account_id, currency, debit_minor, credit_minor)
    select tenant_id, effective_date, account_id, currency, sum(debit_minor), sum(credit_minor)
      from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, account_id, currency)
      do update set debit_minor = b.debit_minor + excluded.debit_minor, credit_minor = b.credit_minor + excluded.credit_minor;
  if is_of_trip then
    insert into trip_earnings as t (tenant_id, day, trip_id, currency, revenue_minor, cost_minor)
    select p.tenant_id, p.effective_date, e.trip_id, p.currency,
           coalesce(sum(p.credit_minor - p.debit_minor) filter (where a.type = 'revenue'), 0),
           coalesce(sum(p.debit_minor - p.credit_minor) filter (where a.purpose = 'cost_of_services'), 0)
      from new_rows p
      join journal_entries e on e.tenant_id = p.tenant_id and e.id = p.entry_id
      join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
     where e.trip_id is not null and (a.type = 'revenue' or a.purpose = 'cost_of_services')
     group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, trip_id, currency)
      do update set revenue_minor = t.revenue_minor + excluded.revenue_minor, cost_minor = t.cost_minor + excluded.cost_minor;
  end if;
  return null;
end $$;
CREATE FUNCTION app.sum_up_parties() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into open_by_party as a (tenant_id, kind, currency, party_key, party_name, n, open_minor)
      select tenant_id, kind, currency, party_key, max(party_name), sum(n), sum(open_minor) from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
      on conflict (tenant_id, kind, currency, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;
  else
    insert into open_by_party as a (tenant_id, kind, currency, party_key, party_name, n, open_minor)
      select tenant_id, kind, currency, party_key, max(party_name), sum(n), sum(open_minor) from (
        select tenant_id, kind, currency, party_key, party_name, n, open_minor from new_rows
        union all select tenant_id, kind, currency, party_key, null, -n, -open_minor from old_rows) m
       group by 1, 2, 3, 4 order by 1, 2, 3, 4
      on conflict (tenant_id, kind, currency, party_key)
        do update set n = a.n + excluded.n, open_minor = a.open_minor + excluded.open_minor, party_name = excluded.party_name;
  end if;
  return null;
end $$;
CREATE FUNCTION app.tenant_ids() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select t.id from tenants t where t.is_active order by t.id; end $$;
ALTER FUNCTION app.tenant_ids() OWNER TO voyagent_lookup;
CREATE FUNCTION app.tenants_with_mail(at timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  return query
    select distinct m.tenant_id from mails m
     where m.sent_at is null and m.failed_at is null
       and (m.useless_at <= at or (m.due_at <= at and (m.queued_at is null or m.queued_at <= at - interval '10 minutes')))
    union
    select distinct m.tenant_id from mails m where m.created_at <= at - interval '90 days';
end
 $$;
ALTER FUNCTION app.tenants_with_mail(at timestamp with time zone) OWNER TO voyagent_lookup;
CREATE FUNCTION app.tenants_with_offers(at timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select t.id from tenants t where t.is_active and t.id in (
      select o.tenant_id from supplier_offers o where o.expires_at <= at - interval '1 hour'
      union
      select o.tenant_id from supplier_answers o where o.expires_at <= at
    ); end $$;
ALTER FUNCTION app.tenants_with_offers(at timestamp with time zone) OWNER TO voyagent_lookup;
CREATE FUNCTION app.tenants_with_old_keys() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select distinct k.tenant_id from idempotency_keys k where k.created_at <= now() - interval '24 hours'; end $$;
ALTER FUNCTION app.tenants_with_old_keys() OWNER TO voyagent_lookup;
CREATE FUNCTION app.tenants_with_proposals(at timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select t.id from tenants t where t.is_active and t.id in (
      select a.tenant_id from approvals a where a.status = 'pending' and a.expires_at <= at
      union
      select a.tenant_id from approvals a where a.effect_status = 'waiting' and a.resolved_at <= at - interval '1 minute'
    ); end $$;
ALTER FUNCTION app.tenants_with_proposals(at timestamp with time zone) OWNER TO voyagent_lookup;
CREATE FUNCTION app.tenants_with_turns(at timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ begin return query select t.id from tenants t where t.is_active and t.id in (
      select c.tenant_id from chat_turns c where c.status in ('queued', 'running') and c.created_at <= at - interval '1 minute'
    ); end $$;
ALTER FUNCTION app.tenants_with_turns(at timestamp with time zone) OWNER TO voyagent_lookup;
CREATE FUNCTION app.words_of(role text, blocks jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select case when role in ('user', 'assistant') then lower(coalesce(string_agg(told.block->>'text', chr(31) order by told.place), '')) else '' end
    from jsonb_array_elements(blocks) with ordinality as told(block, place)
   where told.block->>'type' = 'text'
$$;
CREATE FUNCTION public.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_jobs_v1(jobs public.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;

    RETURN job_ids;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;

    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;

    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;

    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;

    RETURN _job_id;
END;
$$;
CREATE TABLE public.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status public.procrastinate_job_status DEFAULT 'todo'::public.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::public.procrastinate_job_status) AND (abort_requested = true))))
);
CREATE FUNCTION public.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS public.procrastinate_jobs
    LANGUAGE plpgsql
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;

 RETURN found_jobs;
END;
$$;
CREATE FUNCTION public.procrastinate_finish_job_v1(job_id bigint, end_status public.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;

    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;

END;
$$;
CREATE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);

	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;
CREATE FUNCTION public.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;
CREATE AGGREGATE app.running_total(bigint) (
    SFUNC = int8pl,
    STYPE = bigint,
    INITCOND = '0',
    PARALLEL = safe
);
CREATE TABLE public.accounts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    normal_side text NOT NULL,
    purpose text,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_accounts_code CHECK ((code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$'::text)),
    CONSTRAINT ck_accounts_normal_side CHECK ((normal_side = ANY (ARRAY['debit'::text, 'credit'::text]))),
    CONSTRAINT ck_accounts_type CHECK ((type = ANY (ARRAY['asset'::text, 'liability'::text, 'equity'::text, 'revenue'::text, 'expense'::text])))
);
ALTER TABLE ONLY public.accounts FORCE ROW LEVEL SECURITY;
CREATE TABLE public.advances_by_day (
    tenant_id uuid NOT NULL,
    direction text NOT NULL,
    currency text NOT NULL,
    paid_on date NOT NULL,
    n bigint DEFAULT 0 NOT NULL,
    unapplied_minor bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.advances_by_day FORCE ROW LEVEL SECURITY;
CREATE TABLE public.advances_by_party (
    tenant_id uuid NOT NULL,
    direction text NOT NULL,
    currency text NOT NULL,
    party_key text NOT NULL,
    party_name text NOT NULL,
    n bigint DEFAULT 0 NOT NULL,
    unapplied_minor bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.advances_by_party FORCE ROW LEVEL SECURITY;
CREATE TABLE public.ageing_by_due (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    issue_month date NOT NULL,
    due_date date NOT NULL,
    n bigint DEFAULT 0 NOT NULL,
    open_minor bigint DEFAULT 0 NOT NULL,
    documents bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.ageing_by_due FORCE ROW LEVEL SECURITY;
CREATE TABLE public.ageing_by_party (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    issue_month date NOT NULL,
    party_key text NOT NULL,
    party_name text NOT NULL,
    n bigint DEFAULT 0 NOT NULL,
    open_minor bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.ageing_by_party FORCE ROW LEVEL SECURITY;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.allocations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    invoice_id uuid,
    bill_id uuid,
    amount_minor bigint NOT NULL,
    effective_on date NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    entry_id uuid NOT NULL,
    reverses_id uuid,
    settled_minor bigint,
    booked_minor bigint,
    rate_base text,
    rate_quote text,
    rate numeric(17,8),
    rate_on date,
    rate_source text,
    CONSTRAINT ck_allocations_amount CHECK (
CASE
    WHEN (reverses_id IS NULL) THEN (amount_minor > 0)
    ELSE (amount_minor < 0)
END),
    CONSTRAINT ck_allocations_document CHECK ((num_nonnulls(invoice_id, bill_id) = 1)),
    CONSTRAINT ck_allocations_exchanged CHECK (
CASE
    WHEN (settled_minor IS NULL) THEN (num_nonnulls(booked_minor, rate_base, rate_quote, rate, rate_on, rate_source) = 0)
    ELSE ((sign((settled_minor)::double precision) = sign((amount_minor)::double precision)) AND (num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = ANY (ARRAY[0, 5])) AND ((rate IS NULL) OR ((rate > (0)::numeric) AND (rate_base <> rate_quote))))
END)
);
ALTER TABLE ONLY public.allocations FORCE ROW LEVEL SECURITY;
CREATE TABLE public.api_keys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    created_by_user_id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    revoked_by_user_id uuid,
    last_used_at timestamp with time zone,
    CONSTRAINT ck_api_keys_hash CHECK ((length(key_hash) = 32)),
    CONSTRAINT ck_api_keys_scopes CHECK ((cardinality(scopes) > 0))
);
ALTER TABLE ONLY public.api_keys FORCE ROW LEVEL SECURITY;
CREATE TABLE public.approval_counts (
    tenant_id uuid NOT NULL,
    status text NOT NULL,
    n bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.approval_counts FORCE ROW LEVEL SECURITY;
CREATE TABLE public.approvals (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    session_id uuid NOT NULL,
    turn_id text,
    tool_call_id text NOT NULL,
    tool_name text NOT NULL,
    summary text NOT NULL,
    payload jsonb NOT NULL,
    arguments_hash text NOT NULL,
    requested_by_user_id uuid,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone DEFAULT (now() + '00:15:00'::interval) NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by_user_id uuid,
    reason text,
    effect_status text DEFAULT 'none'::text NOT NULL,
    effect_result jsonb,
    effect_error text,
    effect_finished_at timestamp with time zone,
    hidden_at timestamp with time zone,
    preview jsonb,
    preview_hash text,
    original_payload jsonb,
    edited_by_user_id uuid,
    edited_at timestamp with time zone,
    superseded_by text,
    amount_minor bigint,
    currency text,
    CONSTRAINT ck_approvals_amount CHECK ((((amount_minor IS NULL) = (currency IS NULL)) AND (amount_minor >= 0) AND (currency ~ '^[A-Z]{3}$'::text))),
    CONSTRAINT ck_approvals_edited CHECK ((((original_payload IS NULL) = (edited_at IS NULL)) AND ((original_payload IS NULL) = (edited_by_user_id IS NULL)))),
    CONSTRAINT ck_approvals_effect_finished CHECK (((effect_status = ANY (ARRAY['done'::text, 'failed'::text])) = (effect_finished_at IS NOT NULL))),
    CONSTRAINT ck_approvals_effect_of_grant CHECK (((effect_status = 'none'::text) = (status <> 'granted'::text))),
    CONSTRAINT ck_approvals_effect_status CHECK ((effect_status = ANY (ARRAY['none'::text, 'waiting'::text, 'running'::text, 'done'::text, 'failed'::text]))),
    CONSTRAINT ck_approvals_hash CHECK ((arguments_hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT ck_approvals_id CHECK (((id ~ '^ap-'::text) AND (length(id) <= 128))),
    CONSTRAINT ck_approvals_preview CHECK (((preview IS NULL) = (preview_hash IS NULL))),
    CONSTRAINT ck_approvals_preview_hash CHECK ((preview_hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT ck_approvals_reason CHECK ((length(reason) <= 1024)),
    CONSTRAINT ck_approvals_resolved CHECK (((status = ANY (ARRAY['granted'::text, 'rejected'::text])) = (resolved_at IS NOT NULL))),
    CONSTRAINT ck_approvals_status CHECK ((status = ANY (ARRAY['pending'::text, 'granted'::text, 'rejected'::text, 'expired'::text]))),
    CONSTRAINT ck_approvals_summary CHECK (((length(summary) >= 1) AND (length(summary) <= 1024))),
    CONSTRAINT ck_approvals_superseded CHECK (((superseded_by IS NULL) OR ((status = 'expired'::text) AND (superseded_by <> id))))
)
WITH (fillfactor='80');
ALTER TABLE ONLY public.approvals FORCE ROW LEVEL SECURITY;
CREATE TABLE public.audit_checks (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    checked_at timestamp with time zone,
    ok boolean,
    through_seq bigint,
    head_hash bytea,
    first_bad_seq bigint,
    reason text,
    CONSTRAINT ck_audit_checks_ended CHECK ((((checked_at IS NULL) = (ok IS NULL)) AND ((ok IS NULL) = (through_seq IS NULL)))),
    CONSTRAINT ck_audit_checks_reason CHECK (((ok IS NOT FALSE) OR (reason IS NOT NULL)))
);
ALTER TABLE ONLY public.audit_checks FORCE ROW LEVEL SECURITY;
CREATE TABLE public.audit_heads (
    tenant_id uuid NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    hash bytea DEFAULT sha256('\x'::bytea) NOT NULL
);
ALTER TABLE ONLY public.audit_heads FORCE ROW LEVEL SECURITY;
CREATE TABLE public.auth_sessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    channel text NOT NULL,
    user_agent text DEFAULT ''::text NOT NULL,
    ip text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_reason text,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_auth_sessions_channel CHECK ((channel = ANY (ARRAY['browser'::text, 'api'::text])))
);
ALTER TABLE ONLY public.auth_sessions FORCE ROW LEVEL SECURITY;
CREATE TABLE public.balances_day (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    account_id uuid NOT NULL,
    currency text NOT NULL,
    debit_minor bigint DEFAULT 0 NOT NULL,
    credit_minor bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.balances_day FORCE ROW LEVEL SECURITY;
CREATE TABLE public.balances_month (
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    currency text NOT NULL,
    month date NOT NULL,
    debit_minor bigint DEFAULT 0 NOT NULL,
    credit_minor bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.balances_month FORCE ROW LEVEL SECURITY;
CREATE TABLE public.bill_lines (
    tenant_id uuid NOT NULL,
    bill_id uuid NOT NULL,
    line_no bigint NOT NULL,
    description text NOT NULL,
    quantity bigint NOT NULL,
    unit_price_minor bigint NOT NULL,
    amount_minor bigint NOT NULL,
    bought_as text DEFAULT 'cost'::text NOT NULL,
    input_credit boolean DEFAULT false NOT NULL,
    CONSTRAINT ck_bill_lines_amount CHECK (((quantity >= 1) AND (unit_price_minor >= 0) AND (amount_minor = (quantity * unit_price_minor)))),
    CONSTRAINT ck_bill_lines_bought_as CHECK ((bought_as = ANY (ARRAY['cost'::text, 'agent'::text])))
);
ALTER TABLE ONLY public.bill_lines FORCE ROW LEVEL SECURITY;
CREATE TABLE public.bill_taxes (
    tenant_id uuid NOT NULL,
    bill_id uuid NOT NULL,
    line_no bigint NOT NULL,
    component text NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT ck_bill_taxes_amount CHECK ((amount_minor > 0))
);
ALTER TABLE ONLY public.bill_taxes FORCE ROW LEVEL SECURITY;
CREATE TABLE public.bills (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    status text DEFAULT 'draft'::text NOT NULL,
    issue_date date NOT NULL,
    due_date date NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    paid_minor bigint DEFAULT 0 NOT NULL,
    party_name text NOT NULL,
    party_key text GENERATED ALWAYS AS (lower(party_name)) STORED NOT NULL,
    party_reference text,
    notes text,
    entry_id uuid,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    vendor_reference text NOT NULL,
    credited_minor bigint DEFAULT 0 NOT NULL,
    voided_on date,
    void_reason text,
    void_entry_id uuid,
    voided_by_user_id uuid,
    pay_on date,
    is_opening boolean DEFAULT false NOT NULL,
    instalment_dues date[],
    instalment_minors bigint[],
    tax_minor bigint DEFAULT 0 NOT NULL,
    rate_base text,
    rate_quote text,
    rate numeric(17,8),
    rate_on date,
    rate_source text,
    trip_id uuid,
    CONSTRAINT ck_bills_amounts CHECK (((total_minor > 0) AND (paid_minor >= 0) AND (credited_minor >= 0) AND ((paid_minor + credited_minor) <= total_minor))),
    CONSTRAINT ck_bills_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_bills_dates CHECK ((((issue_date >= '1900-01-01'::date) AND (issue_date <= '2200-12-31'::date)) AND ((due_date >= issue_date) AND (due_date <= '2200-12-31'::date)))),
    CONSTRAINT ck_bills_instalments CHECK (((num_nonnulls(instalment_dues, instalment_minors) = 0) OR app.is_plan(instalment_dues, instalment_minors, issue_date))),
    CONSTRAINT ck_bills_paid CHECK (
CASE status
    WHEN 'draft'::text THEN ((paid_minor = 0) AND (credited_minor = 0))
    WHEN 'paid'::text THEN ((paid_minor + credited_minor) = total_minor)
    WHEN 'void'::text THEN true
    ELSE ((paid_minor + credited_minor) < total_minor)
END),
    CONSTRAINT ck_bills_pay_on CHECK ((
CASE
    WHEN (status = 'scheduled'::text) THEN (pay_on IS NOT NULL)
    WHEN (status = ANY (ARRAY['draft'::text, 'received'::text])) THEN (pay_on IS NULL)
    ELSE true
END AND ((pay_on >= issue_date) AND (pay_on <= '2200-12-31'::date)))),
    CONSTRAINT ck_bills_posted CHECK (
CASE
    WHEN (status = 'draft'::text) THEN (entry_id IS NULL)
    WHEN (status = 'void'::text) THEN true
    ELSE (entry_id IS NOT NULL)
END),
    CONSTRAINT ck_bills_rate CHECK (((num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 0) OR ((num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 5) AND (rate > (0)::numeric) AND (rate_base <> rate_quote) AND ((currency = rate_base) OR (currency = rate_quote)) AND (rate_base ~ '^[A-Z]{3}$'::text) AND (rate_quote ~ '^[A-Z]{3}$'::text) AND ((rate_on >= '1900-01-01'::date) AND (rate_on <= '2200-12-31'::date)) AND ((length(rate_source) >= 1) AND (length(rate_source) <= 64))))),
    CONSTRAINT ck_bills_status CHECK ((status = ANY (ARRAY['draft'::text, 'received'::text, 'scheduled'::text, 'paid'::text, 'void'::text]))),
    CONSTRAINT ck_bills_tax CHECK (((tax_minor >= 0) AND (tax_minor <= total_minor))),
    CONSTRAINT ck_bills_voided CHECK (
CASE
    WHEN (status = 'void'::text) THEN ((num_nonnulls(voided_on, void_reason, void_entry_id) = 3) AND (entry_id IS NOT NULL) AND (voided_on >= issue_date) AND (paid_minor = 0) AND (credited_minor = 0))
    ELSE (num_nonnulls(voided_on, void_reason, void_entry_id, voided_by_user_id) = 0)
END)
);
ALTER TABLE ONLY public.bills FORCE ROW LEVEL SECURITY;
CREATE TABLE public.chat_events (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    seq bigint NOT NULL,
    turn_id text NOT NULL,
    kind text NOT NULL,
    data text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_chat_events_kind CHECK ((kind = ANY (ARRAY['text_delta'::text, 'tool_use'::text, 'tool_result'::text, 'approval_request'::text, 'approval_granted'::text, 'approval_denied'::text, 'error'::text, 'final'::text])))
);
ALTER TABLE ONLY public.chat_events FORCE ROW LEVEL SECURITY;
CREATE TABLE public.chat_messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    sequence bigint NOT NULL,
    role text NOT NULL,
    blocks jsonb NOT NULL,
    turn_id text,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    search text GENERATED ALWAYS AS (app.words_of(role, blocks)) STORED NOT NULL,
    CONSTRAINT ck_chat_messages_blocks CHECK ((jsonb_typeof(blocks) = 'array'::text)),
    CONSTRAINT ck_chat_messages_role CHECK ((role = ANY (ARRAY['user'::text, 'assistant'::text, 'tool'::text, 'system'::text])))
);
ALTER TABLE ONLY public.chat_messages FORCE ROW LEVEL SECURITY;
CREATE TABLE public.chat_sessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    title text,
    created_by_user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    last_message_at timestamp with time zone,
    message_count bigint DEFAULT 0 NOT NULL,
    turn_count bigint DEFAULT 0 NOT NULL,
    event_seq bigint DEFAULT 0 NOT NULL,
    search text GENERATED ALWAYS AS (lower(title)) STORED,
    CONSTRAINT ck_chat_sessions_title CHECK (((length(title) >= 1) AND (length(title) <= 200)))
)
WITH (fillfactor='70');
ALTER TABLE ONLY public.chat_sessions FORCE ROW LEVEL SECURITY;
CREATE TABLE public.chat_turn_steps (
    tenant_id uuid NOT NULL,
    turn_id text NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    outcome jsonb NOT NULL,
    finished_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.chat_turn_steps FORCE ROW LEVEL SECURITY;
CREATE TABLE public.chat_turns (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    session_id uuid NOT NULL,
    number bigint NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    approval_id text,
    message text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    attempt bigint DEFAULT 0 NOT NULL,
    first_event_seq bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    stop_requested_at timestamp with time zone,
    replaces text,
    superseded_at timestamp with time zone,
    CONSTRAINT ck_chat_turns_approval CHECK (((kind = 'continuation'::text) = (approval_id IS NOT NULL))),
    CONSTRAINT ck_chat_turns_finished CHECK (((status = ANY (ARRAY['queued'::text, 'running'::text])) = (finished_at IS NULL))),
    CONSTRAINT ck_chat_turns_kind CHECK ((kind = ANY (ARRAY['message'::text, 'continuation'::text]))),
    CONSTRAINT ck_chat_turns_replaces CHECK (((replaces IS NULL) OR ((kind = 'message'::text) AND (replaces <> id)))),
    CONSTRAINT ck_chat_turns_status CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'stopped'::text, 'waiting'::text]))),
    CONSTRAINT ck_chat_turns_superseded CHECK (((superseded_at IS NULL) OR (finished_at IS NOT NULL)))
);
ALTER TABLE ONLY public.chat_turns FORCE ROW LEVEL SECURITY;
CREATE TABLE public.closed_months (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    closed_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_by_user_id uuid,
    CONSTRAINT ck_closed_months_month CHECK (((EXTRACT(day FROM month) = (1)::numeric) AND ((month >= '1900-01-01'::date) AND (month <= '2200-12-01'::date))))
);
ALTER TABLE ONLY public.closed_months FORCE ROW LEVEL SECURITY;
CREATE TABLE public.credit_note_lines (
    tenant_id uuid NOT NULL,
    credit_note_id uuid NOT NULL,
    line_no bigint NOT NULL,
    description text NOT NULL,
    amount_minor bigint NOT NULL,
    commission_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_credit_note_lines_amount CHECK ((amount_minor > 0)),
    CONSTRAINT ck_credit_note_lines_commission CHECK (((commission_minor >= 0) AND (commission_minor <= amount_minor)))
);
ALTER TABLE ONLY public.credit_note_lines FORCE ROW LEVEL SECURITY;
CREATE TABLE public.credit_note_taxes (
    tenant_id uuid NOT NULL,
    credit_note_id uuid NOT NULL,
    line_no bigint NOT NULL,
    component text NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT ck_credit_note_taxes_amount CHECK ((amount_minor > 0))
);
ALTER TABLE ONLY public.credit_note_taxes FORCE ROW LEVEL SECURITY;
CREATE TABLE public.credit_notes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    number text NOT NULL,
    issue_date date NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    party_name text NOT NULL,
    party_key text GENERATED ALWAYS AS (lower(party_name)) STORED NOT NULL,
    reason text NOT NULL,
    entry_id uuid NOT NULL,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    tax_minor bigint DEFAULT 0 NOT NULL,
    reversed_on date,
    reversal_reason text,
    reversal_entry_id uuid,
    reversed_by_user_id uuid,
    round_off_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_credit_notes_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_credit_notes_date CHECK (((issue_date >= '1900-01-01'::date) AND (issue_date <= '2200-12-31'::date))),
    CONSTRAINT ck_credit_notes_number CHECK ((length(number) <= 16)),
    CONSTRAINT ck_credit_notes_reversed CHECK (
CASE
    WHEN (reversed_on IS NULL) THEN (num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0)
    ELSE ((num_nonnulls(reversal_reason, reversal_entry_id) = 2) AND (reversed_on >= issue_date))
END),
    CONSTRAINT ck_credit_notes_round_off CHECK ((abs(round_off_minor) <= 5000)),
    CONSTRAINT ck_credit_notes_tax CHECK (((tax_minor >= 0) AND (tax_minor < (total_minor - round_off_minor)))),
    CONSTRAINT ck_credit_notes_total CHECK ((total_minor > 0))
);
ALTER TABLE ONLY public.credit_notes FORCE ROW LEVEL SECURITY;
CREATE TABLE public.enquiries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    created_by_user_id uuid NOT NULL,
    customer_name text NOT NULL,
    customer_email text,
    customer_phone text,
    origin text,
    destination text,
    depart_date date,
    return_date date,
    pax_count bigint DEFAULT 1 NOT NULL,
    budget_hundredths bigint,
    budget_currency text,
    status text DEFAULT 'new'::text NOT NULL,
    notes text,
    session_id uuid,
    search text GENERATED ALWAYS AS (lower(((((((((customer_name || chr(31)) || COALESCE(customer_email, ''::text)) || chr(31)) || COALESCE(customer_phone, ''::text)) || chr(31)) || COALESCE(origin, ''::text)) || chr(31)) || COALESCE(destination, ''::text)))) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_enquiries_budget CHECK (((budget_hundredths >= 0) AND (budget_hundredths <= '99999999999999'::bigint))),
    CONSTRAINT ck_enquiries_budget_currency CHECK (((budget_hundredths IS NULL) OR (budget_currency IS NOT NULL))),
    CONSTRAINT ck_enquiries_currency CHECK ((budget_currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_enquiries_dates CHECK ((return_date >= depart_date)),
    CONSTRAINT ck_enquiries_pax CHECK (((pax_count >= 1) AND (pax_count <= 2147483647))),
    CONSTRAINT ck_enquiries_status CHECK ((status = ANY (ARRAY['new'::text, 'quoted'::text, 'booked'::text, 'cancelled'::text])))
);
ALTER TABLE ONLY public.enquiries FORCE ROW LEVEL SECURITY;
CREATE TABLE public.enquiries_by_hour (
    tenant_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    received bigint DEFAULT 0 NOT NULL,
    booked bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.enquiries_by_hour FORCE ROW LEVEL SECURITY;
CREATE TABLE public.enquiry_counts (
    tenant_id uuid NOT NULL,
    status text NOT NULL,
    n bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.enquiry_counts FORCE ROW LEVEL SECURITY;
CREATE TABLE public.imports (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    digest text NOT NULL,
    row_count bigint NOT NULL,
    effective_on date,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_imports_digest CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT ck_imports_rows CHECK ((row_count > 0))
);
ALTER TABLE ONLY public.imports FORCE ROW LEVEL SECURITY;
CREATE TABLE public.invites (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    invited_by_user_id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    token_hash bytea NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT ck_invites_role CHECK ((role = ANY (ARRAY['agency_admin'::text, 'ticketing_lead'::text, 'accounting_lead'::text, 'agent'::text, 'viewer'::text]))),
    CONSTRAINT ck_invites_status CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'revoked'::text, 'expired'::text])))
);
ALTER TABLE ONLY public.invites FORCE ROW LEVEL SECURITY;
CREATE TABLE public.invoice_counts (
    tenant_id uuid NOT NULL,
    status text NOT NULL,
    n bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.invoice_counts FORCE ROW LEVEL SECURITY;
CREATE TABLE public.invoice_lines (
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    line_no bigint NOT NULL,
    description text NOT NULL,
    quantity bigint NOT NULL,
    unit_price_minor bigint NOT NULL,
    amount_minor bigint NOT NULL,
    tax text,
    collection text,
    basic_fare_minor bigint,
    service_date date,
    sold_as text DEFAULT 'principal'::text NOT NULL,
    commission_minor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_invoice_lines_amount CHECK (((quantity >= 1) AND (unit_price_minor >= 0) AND (amount_minor = (quantity * unit_price_minor)))),
    CONSTRAINT ck_invoice_lines_commission CHECK ((((commission_minor >= 0) AND (commission_minor <= amount_minor)) AND ((commission_minor = 0) OR (sold_as = 'agent'::text)))),
    CONSTRAINT ck_invoice_lines_fare CHECK (((basic_fare_minor >= 0) AND (basic_fare_minor <= amount_minor))),
    CONSTRAINT ck_invoice_lines_sold_as CHECK ((sold_as = ANY (ARRAY['principal'::text, 'agent'::text, 'fee'::text])))
);
ALTER TABLE ONLY public.invoice_lines FORCE ROW LEVEL SECURITY;
CREATE TABLE public.invoice_taxes (
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    line_no bigint NOT NULL,
    component text NOT NULL,
    percent numeric(6,3) NOT NULL,
    taxable_minor bigint NOT NULL,
    amount_minor bigint NOT NULL,
    source text NOT NULL,
    confirmed boolean NOT NULL,
    CONSTRAINT ck_invoice_taxes_amount CHECK (((percent > (0)::numeric) AND (taxable_minor >= 0) AND ((amount_minor >= 0) AND (amount_minor <= taxable_minor))))
);
ALTER TABLE ONLY public.invoice_taxes FORCE ROW LEVEL SECURITY;
CREATE TABLE public.invoices (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    status text DEFAULT 'draft'::text NOT NULL,
    issue_date date NOT NULL,
    due_date date NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    paid_minor bigint DEFAULT 0 NOT NULL,
    party_name text NOT NULL,
    party_key text GENERATED ALWAYS AS (lower(party_name)) STORED NOT NULL,
    party_reference text,
    notes text,
    entry_id uuid,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    number text,
    issued_at timestamp with time zone,
    issued_by_user_id uuid,
    enquiry_id uuid,
    session_id uuid,
    search text GENERATED ALWAYS AS (lower(((((COALESCE(number, ''::text) || chr(31)) || party_name) || chr(31)) || COALESCE(party_reference, ''::text)))) STORED NOT NULL,
    credited_minor bigint DEFAULT 0 NOT NULL,
    voided_on date,
    void_reason text,
    void_entry_id uuid,
    voided_by_user_id uuid,
    sent_at timestamp with time zone,
    sent_to text,
    tax_minor bigint DEFAULT 0 NOT NULL,
    place_of_supply text,
    customer_tax_number text,
    customer_pan text,
    is_opening boolean DEFAULT false NOT NULL,
    instalment_dues date[],
    instalment_minors bigint[],
    written_off_minor bigint DEFAULT 0 NOT NULL,
    rate_base text,
    rate_quote text,
    rate numeric(17,8),
    rate_on date,
    rate_source text,
    round_off_minor bigint DEFAULT 0 NOT NULL,
    trip_id uuid,
    CONSTRAINT ck_invoices_amounts CHECK (((total_minor > 0) AND (paid_minor >= 0) AND (credited_minor >= 0) AND ((paid_minor + credited_minor) <= total_minor))),
    CONSTRAINT ck_invoices_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_invoices_dates CHECK ((((issue_date >= '1900-01-01'::date) AND (issue_date <= '2200-12-31'::date)) AND ((due_date >= issue_date) AND (due_date <= '2200-12-31'::date)))),
    CONSTRAINT ck_invoices_instalments CHECK (((num_nonnulls(instalment_dues, instalment_minors) = 0) OR app.is_plan(instalment_dues, instalment_minors, issue_date))),
    CONSTRAINT ck_invoices_issued CHECK (
CASE
    WHEN (status = 'draft'::text) THEN ((number IS NULL) AND (entry_id IS NULL))
    WHEN (status = 'void'::text) THEN true
    ELSE ((number IS NOT NULL) AND (entry_id IS NOT NULL))
END),
    CONSTRAINT ck_invoices_number CHECK ((length(number) <= 16)),
    CONSTRAINT ck_invoices_opening CHECK (((NOT is_opening) OR (party_reference IS NOT NULL))),
    CONSTRAINT ck_invoices_paid CHECK (
CASE status
    WHEN 'draft'::text THEN ((paid_minor = 0) AND (credited_minor = 0))
    WHEN 'issued'::text THEN ((paid_minor = 0) AND ((paid_minor + credited_minor) < total_minor))
    WHEN 'partially_paid'::text THEN ((paid_minor > 0) AND ((paid_minor + credited_minor) < total_minor))
    WHEN 'paid'::text THEN ((paid_minor + credited_minor) = total_minor)
    ELSE true
END),
    CONSTRAINT ck_invoices_place CHECK ((place_of_supply ~ '^[A-Z0-9]{1,3}$'::text)),
    CONSTRAINT ck_invoices_rate CHECK (((num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 0) OR ((num_nonnulls(rate_base, rate_quote, rate, rate_on, rate_source) = 5) AND (rate > (0)::numeric) AND (rate_base <> rate_quote) AND ((currency = rate_base) OR (currency = rate_quote)) AND (rate_base ~ '^[A-Z]{3}$'::text) AND (rate_quote ~ '^[A-Z]{3}$'::text) AND ((rate_on >= '1900-01-01'::date) AND (rate_on <= '2200-12-31'::date)) AND ((length(rate_source) >= 1) AND (length(rate_source) <= 64))))),
    CONSTRAINT ck_invoices_round_off CHECK ((abs(round_off_minor) <= 5000)),
    CONSTRAINT ck_invoices_sent CHECK (((sent_at IS NULL) = (sent_to IS NULL))),
    CONSTRAINT ck_invoices_status CHECK ((status = ANY (ARRAY['draft'::text, 'issued'::text, 'partially_paid'::text, 'paid'::text, 'void'::text]))),
    CONSTRAINT ck_invoices_tax CHECK (((tax_minor >= 0) AND (tax_minor <= (total_minor - round_off_minor)))),
    CONSTRAINT ck_invoices_voided CHECK (
CASE
    WHEN (status = 'void'::text) THEN ((num_nonnulls(voided_on, void_reason, void_entry_id) = 3) AND (num_nonnulls(number, entry_id) = 2) AND (voided_on >= issue_date) AND (paid_minor = 0) AND (credited_minor = 0))
    ELSE (num_nonnulls(voided_on, void_reason, void_entry_id, voided_by_user_id) = 0)
END),
    CONSTRAINT ck_invoices_written_off CHECK (((written_off_minor >= 0) AND (written_off_minor <= credited_minor)))
);
ALTER TABLE ONLY public.invoices FORCE ROW LEVEL SECURITY;
CREATE TABLE public.journal_entries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    entry_date date NOT NULL,
    narration text NOT NULL,
    source_type text NOT NULL,
    source_id uuid NOT NULL,
    purpose text NOT NULL,
    line_count bigint NOT NULL,
    reverses_id uuid,
    created_by_user_id uuid,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    trip_id uuid,
    CONSTRAINT ck_journal_entries_date CHECK (((entry_date >= '1900-01-01'::date) AND (entry_date <= '2200-12-31'::date))),
    CONSTRAINT ck_journal_entries_lines CHECK ((line_count >= 2)),
    CONSTRAINT ck_journal_entries_reverses CHECK ((reverses_id <> id))
);
ALTER TABLE ONLY public.journal_entries FORCE ROW LEVEL SECURITY;
CREATE TABLE public.mails (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    locale text NOT NULL,
    sealed bytea,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    queued_at timestamp with time zone,
    useless_at timestamp with time zone NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    sent_at timestamp with time zone,
    failed_at timestamp with time zone,
    last_error text,
    CONSTRAINT ck_mails_attempts CHECK ((attempts >= 0)),
    CONSTRAINT ck_mails_error CHECK ((last_error ~ '^[A-Za-z0-9_]{1,64}$'::text)),
    CONSTRAINT ck_mails_one_end CHECK (((sent_at IS NULL) OR (failed_at IS NULL))),
    CONSTRAINT ck_mails_wiped CHECK (((sealed IS NULL) = ((sent_at IS NOT NULL) OR (failed_at IS NOT NULL))))
)
WITH (fillfactor='80');
ALTER TABLE ONLY public.mails FORCE ROW LEVEL SECURITY;
CREATE TABLE public.missing_models (
    tenant_id uuid NOT NULL,
    model text NOT NULL,
    missed_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.missing_models FORCE ROW LEVEL SECURITY;
CREATE TABLE public.model_days (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    answers bigint NOT NULL,
    tokens bigint NOT NULL,
    cost_usd numeric(14,8) NOT NULL,
    unpriced bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_model_days_unpriced CHECK ((unpriced >= 0))
);
ALTER TABLE ONLY public.model_days FORCE ROW LEVEL SECURITY;
CREATE TABLE public.number_series (
    tenant_id uuid NOT NULL,
    series text NOT NULL,
    financial_year text NOT NULL,
    last_number bigint NOT NULL,
    CONSTRAINT ck_number_series_last CHECK (((last_number >= 1) AND (last_number <= 99999999)))
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.number_series FORCE ROW LEVEL SECURITY;
CREATE TABLE public.one_time_tokens (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    email text NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    spent_at timestamp with time zone,
    CONSTRAINT ck_one_time_tokens_hash CHECK ((length(token_hash) = 32)),
    CONSTRAINT ck_one_time_tokens_purpose CHECK ((purpose = ANY (ARRAY['verify_email'::text, 'reset_password'::text])))
);
ALTER TABLE ONLY public.one_time_tokens FORCE ROW LEVEL SECURITY;
CREATE TABLE public.open_answers (
    tenant_id uuid NOT NULL,
    turn_id text NOT NULL,
    tokens bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_open_answers_tokens CHECK ((tokens > 0))
);
ALTER TABLE ONLY public.open_answers FORCE ROW LEVEL SECURITY;
CREATE TABLE public.open_by_party (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    party_key text NOT NULL,
    party_name text NOT NULL,
    n bigint DEFAULT 0 NOT NULL,
    open_minor bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.open_by_party FORCE ROW LEVEL SECURITY;
CREATE TABLE public.parties (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    party_key text GENERATED ALWAYS AS (lower(name)) STORED NOT NULL,
    is_customer boolean DEFAULT false NOT NULL,
    is_supplier boolean DEFAULT false NOT NULL,
    email text,
    phone text,
    address text,
    country text,
    state text,
    tax_number text,
    terms_days bigint,
    notes text,
    is_archived boolean DEFAULT false NOT NULL,
    search text GENERATED ALWAYS AS (lower(((((((name || chr(31)) || COALESCE(email, ''::text)) || chr(31)) || COALESCE(phone, ''::text)) || chr(31)) || COALESCE(tax_number, ''::text)))) STORED NOT NULL,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_parties_country CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT ck_parties_kind CHECK ((is_customer OR is_supplier)),
    CONSTRAINT ck_parties_state CHECK (((state IS NULL) OR (country IS NOT NULL))),
    CONSTRAINT ck_parties_terms CHECK (((terms_days >= 0) AND (terms_days <= 365)))
);
ALTER TABLE ONLY public.parties FORCE ROW LEVEL SECURITY;
CREATE TABLE public.payments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    direction text NOT NULL,
    party_name text NOT NULL,
    party_key text GENERATED ALWAYS AS (lower(party_name)) STORED NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    paid_on date NOT NULL,
    reference text,
    entry_id uuid NOT NULL,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    number text NOT NULL,
    account text DEFAULT 'bank'::text NOT NULL,
    allocated_minor bigint DEFAULT 0 NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    reversed_on date,
    reversal_reason text,
    reversal_entry_id uuid,
    reversed_by_user_id uuid,
    CONSTRAINT ck_payments_account CHECK ((account = ANY (ARRAY['bank'::text, 'cash'::text, 'opening_balances'::text]))),
    CONSTRAINT ck_payments_amount CHECK ((amount_minor > 0)),
    CONSTRAINT ck_payments_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_payments_date CHECK (((paid_on >= '1900-01-01'::date) AND (paid_on <= '2200-12-31'::date))),
    CONSTRAINT ck_payments_direction CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text]))),
    CONSTRAINT ck_payments_number CHECK ((length(number) <= 16)),
    CONSTRAINT ck_payments_opening CHECK (((account <> 'opening_balances'::text) OR (reference IS NOT NULL))),
    CONSTRAINT ck_payments_reversed CHECK (
CASE
    WHEN (reversed_on IS NULL) THEN (num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0)
    ELSE ((num_nonnulls(reversal_reason, reversal_entry_id) = 2) AND (reversed_on >= paid_on) AND (allocated_minor = 0) AND (refunded_minor = amount_minor))
END),
    CONSTRAINT ck_payments_used CHECK (((allocated_minor >= 0) AND (refunded_minor >= 0) AND ((allocated_minor + refunded_minor) <= amount_minor)))
);
ALTER TABLE ONLY public.payments FORCE ROW LEVEL SECURITY;
CREATE TABLE public.postings (
    tenant_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    line_no bigint NOT NULL,
    account_id uuid NOT NULL,
    currency text NOT NULL,
    debit_minor bigint DEFAULT 0 NOT NULL,
    credit_minor bigint DEFAULT 0 NOT NULL,
    effective_date date NOT NULL,
    party_name text,
    memo text,
    party_key text GENERATED ALWAYS AS (lower(party_name)) STORED,
    CONSTRAINT ck_postings_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_postings_line_no CHECK ((line_no >= 1)),
    CONSTRAINT ck_postings_sides CHECK (((debit_minor >= 0) AND (credit_minor >= 0) AND ((debit_minor > 0) <> (credit_minor > 0))))
);
ALTER TABLE ONLY public.postings FORCE ROW LEVEL SECURITY;
CREATE TABLE public.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type public.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);
CREATE SEQUENCE public.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_events_id_seq OWNED BY public.procrastinate_events.id;
CREATE SEQUENCE public.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_jobs_id_seq OWNED BY public.procrastinate_jobs.id;
CREATE TABLE public.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE public.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_periodic_defers_id_seq OWNED BY public.procrastinate_periodic_defers.id;
CREATE TABLE public.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.recovery_codes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    spent_at timestamp with time zone,
    CONSTRAINT ck_recovery_codes_hash CHECK ((length(code_hash) = 32))
);
ALTER TABLE ONLY public.recovery_codes FORCE ROW LEVEL SECURITY;
CREATE TABLE public.refresh_tokens (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    spent_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT ck_refresh_tokens_hash CHECK ((length(token_hash) = 32))
);
ALTER TABLE ONLY public.refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE TABLE public.refunds (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    number text NOT NULL,
    amount_minor bigint NOT NULL,
    refunded_on date NOT NULL,
    account text NOT NULL,
    reference text,
    entry_id uuid NOT NULL,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    reversed_on date,
    reversal_reason text,
    reversal_entry_id uuid,
    reversed_by_user_id uuid,
    CONSTRAINT ck_refunds_account CHECK ((account = ANY (ARRAY['bank'::text, 'cash'::text]))),
    CONSTRAINT ck_refunds_amount CHECK ((amount_minor > 0)),
    CONSTRAINT ck_refunds_date CHECK (((refunded_on >= '1900-01-01'::date) AND (refunded_on <= '2200-12-31'::date))),
    CONSTRAINT ck_refunds_number CHECK ((length(number) <= 16)),
    CONSTRAINT ck_refunds_reversed CHECK (
CASE
    WHEN (reversed_on IS NULL) THEN (num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0)
    ELSE ((num_nonnulls(reversal_reason, reversal_entry_id) = 2) AND (reversed_on >= refunded_on))
END)
);
ALTER TABLE ONLY public.refunds FORCE ROW LEVEL SECURITY;
CREATE TABLE public.revoked_tokens (
    tenant_id uuid NOT NULL,
    token_id text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.revoked_tokens FORCE ROW LEVEL SECURITY;
CREATE TABLE public.supplier_answers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    what text NOT NULL,
    question text NOT NULL,
    offer_ids uuid[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_supplier_answers_what CHECK ((what = ANY (ARRAY['flights'::text, 'hotels'::text, 'rate'::text])))
);
ALTER TABLE ONLY public.supplier_answers FORCE ROW LEVEL SECURITY;
CREATE TABLE public.supplier_credit_lines (
    tenant_id uuid NOT NULL,
    supplier_credit_id uuid NOT NULL,
    line_no bigint NOT NULL,
    description text NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT ck_supplier_credit_lines_amount CHECK ((amount_minor > 0))
);
ALTER TABLE ONLY public.supplier_credit_lines FORCE ROW LEVEL SECURITY;
CREATE TABLE public.supplier_credit_taxes (
    tenant_id uuid NOT NULL,
    supplier_credit_id uuid NOT NULL,
    line_no bigint NOT NULL,
    component text NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT ck_supplier_credit_taxes_amount CHECK ((amount_minor > 0))
);
ALTER TABLE ONLY public.supplier_credit_taxes FORCE ROW LEVEL SECURITY;
CREATE TABLE public.supplier_credits (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    bill_id uuid NOT NULL,
    vendor_reference text NOT NULL,
    issue_date date NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    party_name text NOT NULL,
    party_key text GENERATED ALWAYS AS (lower(party_name)) STORED NOT NULL,
    reason text NOT NULL,
    entry_id uuid NOT NULL,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    tax_minor bigint DEFAULT 0 NOT NULL,
    reversed_on date,
    reversal_reason text,
    reversal_entry_id uuid,
    reversed_by_user_id uuid,
    CONSTRAINT ck_supplier_credits_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_supplier_credits_date CHECK (((issue_date >= '1900-01-01'::date) AND (issue_date <= '2200-12-31'::date))),
    CONSTRAINT ck_supplier_credits_reversed CHECK (
CASE
    WHEN (reversed_on IS NULL) THEN (num_nonnulls(reversal_reason, reversal_entry_id, reversed_by_user_id) = 0)
    ELSE ((num_nonnulls(reversal_reason, reversal_entry_id) = 2) AND (reversed_on >= issue_date))
END),
    CONSTRAINT ck_supplier_credits_tax CHECK (((tax_minor >= 0) AND (tax_minor < total_minor))),
    CONSTRAINT ck_supplier_credits_total CHECK ((total_minor > 0))
);
ALTER TABLE ONLY public.supplier_credits FORCE ROW LEVEL SECURITY;
CREATE TABLE public.supplier_offers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    supplier text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_supplier_offers_kind CHECK ((kind = ANY (ARRAY['flight'::text, 'hotel'::text])))
);
ALTER TABLE ONLY public.supplier_offers FORCE ROW LEVEL SECURITY;
CREATE TABLE public.tenant_logos (
    tenant_id uuid NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    digest text NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL,
    CONSTRAINT ck_tenant_logos_content CHECK (((octet_length(content) >= 1) AND (octet_length(content) <= 2000000))),
    CONSTRAINT ck_tenant_logos_digest CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT ck_tenant_logos_media_type CHECK ((media_type = ANY (ARRAY['image/png'::text, 'image/jpeg'::text]))),
    CONSTRAINT ck_tenant_logos_size CHECK ((((width >= 1) AND (width <= 800)) AND ((height >= 1) AND (height <= 400))))
);
ALTER TABLE ONLY public.tenant_logos FORCE ROW LEVEL SECURITY;
CREATE TABLE public.tenant_settings (
    tenant_id uuid NOT NULL,
    model text,
    system_prompt_suffix text,
    rate_limit_per_minute bigint DEFAULT 60 NOT NULL,
    rate_limit_per_hour bigint DEFAULT 1000 NOT NULL,
    daily_token_budget bigint,
    locale text DEFAULT 'en'::text NOT NULL,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    default_currency text DEFAULT 'INR'::text NOT NULL,
    four_eyes boolean DEFAULT true NOT NULL,
    financial_year_start_month bigint DEFAULT 4 NOT NULL,
    approval_limits jsonb DEFAULT '{}'::jsonb NOT NULL,
    model_override text,
    address text,
    tax_number text,
    bank_details text,
    round_invoices boolean DEFAULT false NOT NULL,
    CONSTRAINT ck_tenant_settings_approval_limits CHECK ((jsonb_typeof(approval_limits) = 'object'::text)),
    CONSTRAINT ck_tenant_settings_budget CHECK ((daily_token_budget >= 1)),
    CONSTRAINT ck_tenant_settings_currency CHECK ((default_currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_tenant_settings_locale CHECK ((locale = ANY (ARRAY['en'::text, 'hi'::text]))),
    CONSTRAINT ck_tenant_settings_month CHECK (((financial_year_start_month >= 1) AND (financial_year_start_month <= 12))),
    CONSTRAINT ck_tenant_settings_per_hour CHECK (((rate_limit_per_hour >= 1) AND (rate_limit_per_hour <= 1000000))),
    CONSTRAINT ck_tenant_settings_per_minute CHECK (((rate_limit_per_minute >= 1) AND (rate_limit_per_minute <= 10000)))
);
ALTER TABLE ONLY public.tenant_settings FORCE ROW LEVEL SECURITY;
CREATE TABLE public.tenants (
    id uuid NOT NULL,
    display_name text NOT NULL,
    default_currency text DEFAULT 'USD'::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_demo boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_tenants_currency CHECK ((default_currency ~ '^[A-Z]{3}$'::text))
);
ALTER TABLE ONLY public.tenants FORCE ROW LEVEL SECURITY;
CREATE TABLE public.trip_earnings (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    trip_id uuid NOT NULL,
    currency text NOT NULL,
    revenue_minor bigint DEFAULT 0 NOT NULL,
    cost_minor bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');
ALTER TABLE ONLY public.trip_earnings FORCE ROW LEVEL SECURITY;
CREATE TABLE public.trip_lines (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    trip_id uuid NOT NULL,
    kind text NOT NULL,
    status text DEFAULT 'planned'::text NOT NULL,
    starts_on date,
    ends_on date,
    details jsonb NOT NULL,
    cost_minor bigint DEFAULT 0 NOT NULL,
    price_minor bigint DEFAULT 0 NOT NULL,
    currency text NOT NULL,
    supplier text,
    supplier_ref text,
    our_reference text,
    offer_id uuid,
    hold_expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    supplier_key text,
    CONSTRAINT ck_trip_lines_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_trip_lines_days CHECK ((ends_on >= starts_on)),
    CONSTRAINT ck_trip_lines_details CHECK ((jsonb_typeof(details) = 'object'::text)),
    CONSTRAINT ck_trip_lines_kind CHECK ((kind = ANY (ARRAY['flight'::text, 'hotel'::text, 'transfer'::text, 'visa'::text, 'other'::text]))),
    CONSTRAINT ck_trip_lines_status CHECK ((status = ANY (ARRAY['planned'::text, 'held'::text, 'booked'::text, 'ticketed'::text, 'filed'::text, 'cancelled'::text, 'failed'::text])))
);
ALTER TABLE ONLY public.trip_lines FORCE ROW LEVEL SECURITY;
CREATE TABLE public.trip_passengers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    trip_id uuid NOT NULL,
    full_name text NOT NULL,
    kind text DEFAULT 'adult'::text NOT NULL,
    date_of_birth date,
    nationality text,
    passport_sealed bytea,
    passport_last4 text,
    passport_expiry date,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_trip_passengers_kind CHECK ((kind = ANY (ARRAY['adult'::text, 'child'::text, 'infant'::text, 'senior'::text]))),
    CONSTRAINT ck_trip_passengers_last4 CHECK ((passport_last4 ~ '^[A-Z0-9]{4}$'::text)),
    CONSTRAINT ck_trip_passengers_nationality CHECK ((nationality ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT ck_trip_passengers_passport CHECK (((passport_sealed IS NULL) = (passport_last4 IS NULL)))
);
ALTER TABLE ONLY public.trip_passengers FORCE ROW LEVEL SECURITY;
CREATE TABLE public.trips (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    currency text NOT NULL,
    notes text,
    session_id uuid,
    enquiry_id uuid,
    created_by_user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    sent_to text,
    CONSTRAINT ck_trips_currency CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_trips_sent CHECK (((sent_at IS NULL) = (sent_to IS NULL))),
    CONSTRAINT ck_trips_title CHECK (((length(title) >= 1) AND (length(title) <= 200)))
);
ALTER TABLE ONLY public.trips FORCE ROW LEVEL SECURITY;
CREATE TABLE public.turn_admissions (
    tenant_id uuid NOT NULL,
    turn_id text NOT NULL,
    admitted_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.turn_admissions FORCE ROW LEVEL SECURITY;
CREATE TABLE public.turn_costs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    turn_id text NOT NULL,
    number bigint NOT NULL,
    model text NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    estimated boolean NOT NULL,
    cost_usd numeric(14,8) NOT NULL,
    day date NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_turn_costs_cost CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT ck_turn_costs_tokens CHECK ((LEAST(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) >= 0))
);
ALTER TABLE ONLY public.turn_costs FORCE ROW LEVEL SECURITY;
CREATE TABLE public.users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    display_name text NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    password_hash text NOT NULL,
    email_verified boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    last_login_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    totp_enabled boolean DEFAULT false NOT NULL,
    totp_secret bytea,
    totp_pending_secret bytea,
    totp_last_step bigint DEFAULT 0 NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT ck_users_email CHECK ((email = lower(email))),
    CONSTRAINT ck_users_role CHECK ((role = ANY (ARRAY['agency_admin'::text, 'ticketing_lead'::text, 'accounting_lead'::text, 'agent'::text, 'viewer'::text]))),
    CONSTRAINT ck_users_totp CHECK (((NOT totp_enabled) OR (totp_secret IS NOT NULL)))
);
ALTER TABLE ONLY public.users FORCE ROW LEVEL SECURITY;
CREATE TABLE public.write_offs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    effective_on date NOT NULL,
    reason text NOT NULL,
    entry_id uuid NOT NULL,
    reverses_id uuid,
    created_by_user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_write_offs_amount CHECK (
CASE
    WHEN (reverses_id IS NULL) THEN (amount_minor > 0)
    ELSE (amount_minor < 0)
END),
    CONSTRAINT ck_write_offs_date CHECK (((effective_on >= '1900-01-01'::date) AND (effective_on <= '2200-12-31'::date)))
);
ALTER TABLE ONLY public.write_offs FORCE ROW LEVEL SECURITY;
ALTER TABLE ONLY public.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_events_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_jobs_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_periodic_defers_id_seq'::regclass);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT pk_accounts PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.advances_by_day
    ADD CONSTRAINT pk_advances_by_day PRIMARY KEY (tenant_id, direction, currency, paid_on);
ALTER TABLE ONLY public.advances_by_party
    ADD CONSTRAINT pk_advances_by_party PRIMARY KEY (tenant_id, direction, currency, party_key);
ALTER TABLE ONLY public.ageing_by_due
    ADD CONSTRAINT pk_ageing_by_due PRIMARY KEY (tenant_id, kind, currency, issue_month, due_date);
ALTER TABLE ONLY public.ageing_by_party
    ADD CONSTRAINT pk_ageing_by_party PRIMARY KEY (tenant_id, kind, currency, issue_month, party_key);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT pk_allocations PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.approval_counts
    ADD CONSTRAINT pk_approval_counts PRIMARY KEY (tenant_id, status);
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT pk_approvals PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.audit_checks
    ADD CONSTRAINT pk_audit_checks PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT pk_audit_events PRIMARY KEY (tenant_id, seq);
ALTER TABLE ONLY public.audit_heads
    ADD CONSTRAINT pk_audit_heads PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.auth_sessions
    ADD CONSTRAINT pk_auth_sessions PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.balances_day
    ADD CONSTRAINT pk_balances_day PRIMARY KEY (tenant_id, day, account_id, currency);
ALTER TABLE ONLY public.balances_month
    ADD CONSTRAINT pk_balances_month PRIMARY KEY (tenant_id, account_id, currency, month);
ALTER TABLE ONLY public.bill_lines
    ADD CONSTRAINT pk_bill_lines PRIMARY KEY (tenant_id, bill_id, line_no);
ALTER TABLE ONLY public.bill_taxes
    ADD CONSTRAINT pk_bill_taxes PRIMARY KEY (tenant_id, bill_id, line_no, component);
ALTER TABLE ONLY public.bills
    ADD CONSTRAINT pk_bills PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.chat_events
    ADD CONSTRAINT pk_chat_events PRIMARY KEY (tenant_id, session_id, seq);
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT pk_chat_messages PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.chat_sessions
    ADD CONSTRAINT pk_chat_sessions PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.chat_turn_steps
    ADD CONSTRAINT pk_chat_turn_steps PRIMARY KEY (tenant_id, turn_id, number);
ALTER TABLE ONLY public.chat_turns
    ADD CONSTRAINT pk_chat_turns PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.closed_months
    ADD CONSTRAINT pk_closed_months PRIMARY KEY (tenant_id, month);
ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT pk_credit_note_lines PRIMARY KEY (tenant_id, credit_note_id, line_no);
ALTER TABLE ONLY public.credit_note_taxes
    ADD CONSTRAINT pk_credit_note_taxes PRIMARY KEY (tenant_id, credit_note_id, line_no, component);
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT pk_credit_notes PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.enquiries
    ADD CONSTRAINT pk_enquiries PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.enquiries_by_hour
    ADD CONSTRAINT pk_enquiries_by_hour PRIMARY KEY (tenant_id, hour);
ALTER TABLE ONLY public.enquiry_counts
    ADD CONSTRAINT pk_enquiry_counts PRIMARY KEY (tenant_id, status);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT pk_imports PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT pk_invites PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.invoice_counts
    ADD CONSTRAINT pk_invoice_counts PRIMARY KEY (tenant_id, status);
ALTER TABLE ONLY public.invoice_lines
    ADD CONSTRAINT pk_invoice_lines PRIMARY KEY (tenant_id, invoice_id, line_no);
ALTER TABLE ONLY public.invoice_taxes
    ADD CONSTRAINT pk_invoice_taxes PRIMARY KEY (tenant_id, invoice_id, line_no, component);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT pk_invoices PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT pk_journal_entries PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.mails
    ADD CONSTRAINT pk_mails PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.missing_models
    ADD CONSTRAINT pk_missing_models PRIMARY KEY (tenant_id, model);
ALTER TABLE ONLY public.model_days
    ADD CONSTRAINT pk_model_days PRIMARY KEY (tenant_id, day);
ALTER TABLE ONLY public.number_series
    ADD CONSTRAINT pk_number_series PRIMARY KEY (tenant_id, series, financial_year);
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT pk_one_time_tokens PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.open_answers
    ADD CONSTRAINT pk_open_answers PRIMARY KEY (tenant_id, turn_id);
ALTER TABLE ONLY public.open_by_party
    ADD CONSTRAINT pk_open_by_party PRIMARY KEY (tenant_id, kind, currency, party_key);
ALTER TABLE ONLY public.parties
    ADD CONSTRAINT pk_parties PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT pk_payments PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.postings
    ADD CONSTRAINT pk_postings PRIMARY KEY (tenant_id, entry_id, line_no);
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT pk_recovery_codes PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT pk_refresh_tokens PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT pk_refunds PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.revoked_tokens
    ADD CONSTRAINT pk_revoked_tokens PRIMARY KEY (tenant_id, token_id);
ALTER TABLE ONLY public.supplier_answers
    ADD CONSTRAINT pk_supplier_answers PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.supplier_credit_lines
    ADD CONSTRAINT pk_supplier_credit_lines PRIMARY KEY (tenant_id, supplier_credit_id, line_no);
ALTER TABLE ONLY public.supplier_credit_taxes
    ADD CONSTRAINT pk_supplier_credit_taxes PRIMARY KEY (tenant_id, supplier_credit_id, line_no, component);
ALTER TABLE ONLY public.supplier_credits
    ADD CONSTRAINT pk_supplier_credits PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.supplier_offers
    ADD CONSTRAINT pk_supplier_offers PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.tenant_logos
    ADD CONSTRAINT pk_tenant_logos PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.tenant_settings
    ADD CONSTRAINT pk_tenant_settings PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT pk_tenants PRIMARY KEY (id);
ALTER TABLE ONLY public.trip_earnings
    ADD CONSTRAINT pk_trip_earnings PRIMARY KEY (tenant_id, day, trip_id, currency);
ALTER TABLE ONLY public.trip_lines
    ADD CONSTRAINT pk_trip_lines PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.trip_passengers
    ADD CONSTRAINT pk_trip_passengers PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.trips
    ADD CONSTRAINT pk_trips PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.turn_admissions
    ADD CONSTRAINT pk_turn_admissions PRIMARY KEY (tenant_id, turn_id);
ALTER TABLE ONLY public.turn_costs
    ADD CONSTRAINT pk_turn_costs PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT pk_write_offs PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);
ALTER TABLE ONLY public.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT uq_accounts_code UNIQUE (tenant_id, code);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT uq_accounts_purpose UNIQUE (tenant_id, purpose);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT uq_allocations_reverses_id UNIQUE (tenant_id, reverses_id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_prefix UNIQUE (prefix);
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT uq_audit_events_id UNIQUE (tenant_id, id);
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT uq_chat_messages_sequence UNIQUE (tenant_id, session_id, sequence);
ALTER TABLE ONLY public.chat_turns
    ADD CONSTRAINT uq_chat_turns_number UNIQUE (tenant_id, session_id, number);
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT uq_credit_notes_number UNIQUE (tenant_id, number);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT uq_idempotency_keys_caller UNIQUE (tenant_id, caller_id, key);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT uq_imports_digest UNIQUE (tenant_id, kind, digest);
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT uq_invites_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT uq_invoices_number UNIQUE (tenant_id, number);
ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT uq_journal_entries_reverses_id UNIQUE (tenant_id, reverses_id);
ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT uq_journal_entries_source UNIQUE (tenant_id, source_type, source_id, purpose);
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT uq_one_time_tokens_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.parties
    ADD CONSTRAINT uq_parties_party_key UNIQUE (tenant_id, party_key);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT uq_payments_number UNIQUE (tenant_id, number);
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT uq_recovery_codes_code UNIQUE (tenant_id, user_id, code_hash);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT uq_refresh_tokens_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT uq_refunds_number UNIQUE (tenant_id, number);
ALTER TABLE ONLY public.turn_costs
    ADD CONSTRAINT uq_turn_costs_number UNIQUE (tenant_id, turn_id, number);
ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT uq_write_offs_reverses_id UNIQUE (tenant_id, reverses_id);
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON public.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::public.procrastinate_job_status));
CREATE INDEX idx_procrastinate_workers_last_heartbeat ON public.procrastinate_workers USING btree (last_heartbeat);
CREATE INDEX ix_advances_by_day_left ON public.advances_by_day USING btree (tenant_id, direction, currency, paid_on) INCLUDE (n, unapplied_minor) WHERE (n > 0);
CREATE INDEX ix_advances_by_party_left ON public.advances_by_party USING btree (tenant_id, direction) WHERE (n > 0);
CREATE INDEX ix_ageing_by_due_open ON public.ageing_by_due USING btree (tenant_id, kind, currency, due_date) INCLUDE (issue_month, n, documents, open_minor) WHERE (n > 0);
CREATE INDEX ix_ageing_by_party_open ON public.ageing_by_party USING btree (tenant_id, kind, issue_month) WHERE (n > 0);
CREATE INDEX ix_allocations_bill ON public.allocations USING btree (tenant_id, bill_id, effective_on) WHERE (bill_id IS NOT NULL);
CREATE INDEX ix_allocations_effective ON public.allocations USING btree (tenant_id, effective_on);
CREATE INDEX ix_allocations_invoice ON public.allocations USING btree (tenant_id, invoice_id, effective_on) WHERE (invoice_id IS NOT NULL);
CREATE INDEX ix_allocations_payment ON public.allocations USING btree (tenant_id, payment_id);
CREATE INDEX ix_api_keys_created ON public.api_keys USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ix_approvals_overdue ON public.approvals USING btree (tenant_id, expires_at) WHERE (status = 'pending'::text);
CREATE INDEX ix_approvals_requested ON public.approvals USING btree (tenant_id, requested_at DESC, id DESC) WHERE (hidden_at IS NULL);
CREATE INDEX ix_approvals_resolved ON public.approvals USING btree (resolved_at) WHERE (effect_status = 'waiting'::text);
CREATE INDEX ix_approvals_session ON public.approvals USING btree (tenant_id, session_id, requested_at DESC, id DESC);
CREATE INDEX ix_approvals_status ON public.approvals USING btree (tenant_id, status, requested_at DESC, id DESC) WHERE (hidden_at IS NULL);
CREATE INDEX ix_approvals_successor ON public.approvals USING btree (tenant_id, superseded_by) WHERE (superseded_by IS NOT NULL);
CREATE INDEX ix_approvals_undecided ON public.approvals USING btree (expires_at) WHERE ((status = 'pending'::text) AND (hidden_at IS NULL));
CREATE INDEX ix_approvals_waiting ON public.approvals USING btree (tenant_id, resolved_at) WHERE (effect_status = 'waiting'::text);
CREATE INDEX ix_audit_checks_asked ON public.audit_checks USING btree (tenant_id, asked_at DESC, id DESC);
CREATE INDEX ix_audit_events_actor ON public.audit_events USING btree (tenant_id, actor_id, started_at DESC);
CREATE INDEX ix_audit_events_entities ON public.audit_events USING gin (tenant_id, entity_refs jsonb_path_ops);
CREATE INDEX ix_audit_events_failed ON public.audit_events USING btree (tenant_id, started_at DESC, seq DESC) WHERE (status = ANY (ARRAY['failed'::text, 'rejected'::text]));
CREATE INDEX ix_audit_events_kind ON public.audit_events USING btree (tenant_id, kind, started_at DESC);
CREATE INDEX ix_audit_events_started ON public.audit_events USING btree (tenant_id, started_at DESC, seq DESC);
CREATE INDEX ix_auth_sessions_user ON public.auth_sessions USING btree (tenant_id, user_id, created_at);
CREATE INDEX ix_bills_issued ON public.bills USING btree (tenant_id, issue_date DESC, id DESC);
CREATE INDEX ix_bills_open_due ON public.bills USING btree (tenant_id, due_date, id) WHERE (status = ANY (ARRAY['received'::text, 'scheduled'::text]));
CREATE INDEX ix_bills_open_party ON public.bills USING btree (tenant_id, party_key, due_date, id) WHERE (status = ANY (ARRAY['received'::text, 'scheduled'::text]));
CREATE INDEX ix_bills_party ON public.bills USING btree (tenant_id, party_key, issue_date DESC, id DESC);
CREATE INDEX ix_bills_status ON public.bills USING btree (tenant_id, status, issue_date DESC, id DESC);
CREATE INDEX ix_bills_trip ON public.bills USING btree (tenant_id, trip_id) WHERE (trip_id IS NOT NULL);
CREATE INDEX ix_bills_voided ON public.bills USING btree (tenant_id, voided_on) WHERE (status = 'void'::text);
CREATE INDEX ix_chat_messages_search ON public.chat_messages USING gin (tenant_id, search public.gin_trgm_ops);
CREATE INDEX ix_chat_messages_turn ON public.chat_messages USING btree (tenant_id, turn_id);
CREATE INDEX ix_chat_sessions_created ON public.chat_sessions USING btree (tenant_id, created_at DESC, id DESC) WHERE (deleted_at IS NULL);
CREATE INDEX ix_chat_sessions_last_message ON public.chat_sessions USING btree (last_message_at) WHERE (deleted_at IS NULL);
CREATE INDEX ix_chat_sessions_search ON public.chat_sessions USING gin (tenant_id, search public.gin_trgm_ops);
CREATE INDEX ix_chat_turns_unfinished ON public.chat_turns USING btree (status) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX ix_credit_notes_invoice ON public.credit_notes USING btree (tenant_id, invoice_id, issue_date);
CREATE INDEX ix_credit_notes_issued ON public.credit_notes USING btree (tenant_id, issue_date DESC, id DESC);
CREATE INDEX ix_credit_notes_party ON public.credit_notes USING btree (tenant_id, party_key, issue_date DESC, id DESC);
CREATE INDEX ix_credit_notes_reversed ON public.credit_notes USING btree (tenant_id, reversed_on) WHERE (reversed_on IS NOT NULL);
CREATE INDEX ix_enquiries_created ON public.enquiries USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ix_enquiries_depart ON public.enquiries USING btree (tenant_id, depart_date);
CREATE INDEX ix_enquiries_search ON public.enquiries USING gin (tenant_id, search public.gin_trgm_ops);
CREATE INDEX ix_enquiries_session ON public.enquiries USING btree (tenant_id, session_id) WHERE (session_id IS NOT NULL);
CREATE INDEX ix_enquiries_status ON public.enquiries USING btree (tenant_id, status, created_at DESC, id DESC);
CREATE INDEX ix_idempotency_keys_created ON public.idempotency_keys USING btree (created_at);
CREATE INDEX ix_invites_created ON public.invites USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ix_invoices_currency ON public.invoices USING btree (tenant_id, currency, issue_date DESC, id DESC);
CREATE INDEX ix_invoices_due ON public.invoices USING btree (tenant_id, due_date, id);
CREATE INDEX ix_invoices_enquiry ON public.invoices USING btree (tenant_id, enquiry_id) WHERE (enquiry_id IS NOT NULL);
CREATE INDEX ix_invoices_issued ON public.invoices USING btree (tenant_id, issue_date DESC, id DESC);
CREATE INDEX ix_invoices_open_due ON public.invoices USING btree (tenant_id, due_date, id) WHERE (status = ANY (ARRAY['issued'::text, 'partially_paid'::text]));
CREATE INDEX ix_invoices_open_party ON public.invoices USING btree (tenant_id, party_key, due_date, id) WHERE (status = ANY (ARRAY['issued'::text, 'partially_paid'::text]));
CREATE INDEX ix_invoices_pan ON public.invoices USING btree (tenant_id, customer_pan, issue_date) WHERE (customer_pan IS NOT NULL);
CREATE INDEX ix_invoices_party ON public.invoices USING btree (tenant_id, party_key, issue_date DESC, id DESC);
CREATE INDEX ix_invoices_search ON public.invoices USING gin (tenant_id, search public.gin_trgm_ops);
CREATE INDEX ix_invoices_session ON public.invoices USING btree (tenant_id, session_id) WHERE (session_id IS NOT NULL);
CREATE INDEX ix_invoices_status ON public.invoices USING btree (tenant_id, status, issue_date DESC, id DESC);
CREATE INDEX ix_invoices_trip ON public.invoices USING btree (tenant_id, trip_id) WHERE (trip_id IS NOT NULL);
CREATE INDEX ix_invoices_voided ON public.invoices USING btree (tenant_id, voided_on) WHERE (status = 'void'::text);
CREATE INDEX ix_journal_entries_date ON public.journal_entries USING btree (tenant_id, entry_date DESC, id DESC);
CREATE INDEX ix_journal_entries_trip ON public.journal_entries USING btree (tenant_id, trip_id, entry_date) WHERE (trip_id IS NOT NULL);
CREATE INDEX ix_mails_created ON public.mails USING btree (created_at);
CREATE INDEX ix_mails_waiting ON public.mails USING btree (due_at) WHERE ((sent_at IS NULL) AND (failed_at IS NULL));
CREATE INDEX ix_one_time_tokens_user ON public.one_time_tokens USING btree (tenant_id, user_id, purpose);
CREATE INDEX ix_open_by_party_largest ON public.open_by_party USING btree (tenant_id, kind, currency, open_minor DESC, party_key) WHERE (n > 0);
CREATE INDEX ix_payments_direction ON public.payments USING btree (tenant_id, direction, paid_on DESC, id DESC);
CREATE INDEX ix_payments_paid ON public.payments USING btree (tenant_id, paid_on DESC, id DESC);
CREATE INDEX ix_payments_party ON public.payments USING btree (tenant_id, party_key, paid_on DESC, id DESC);
CREATE INDEX ix_payments_reversed ON public.payments USING btree (tenant_id, reversed_on) WHERE (reversed_on IS NOT NULL);
CREATE INDEX ix_payments_unapplied ON public.payments USING btree (tenant_id, direction, paid_on DESC, id DESC) WHERE ((allocated_minor + refunded_minor) < amount_minor);
CREATE INDEX ix_postings_account ON public.postings USING btree (tenant_id, account_id, effective_date);
CREATE INDEX ix_postings_date ON public.postings USING btree (tenant_id, effective_date, account_id);
CREATE INDEX ix_postings_party ON public.postings USING btree (tenant_id, party_key, account_id, effective_date, entry_id) INCLUDE (currency, debit_minor, credit_minor) WHERE (party_key IS NOT NULL);
CREATE INDEX ix_procrastinate_jobs_failed ON public.procrastinate_jobs USING btree (id) WHERE (status = 'failed'::public.procrastinate_job_status);
CREATE INDEX ix_refresh_tokens_session ON public.refresh_tokens USING btree (tenant_id, session_id);
CREATE INDEX ix_refunds_payment ON public.refunds USING btree (tenant_id, payment_id);
CREATE INDEX ix_refunds_refunded ON public.refunds USING btree (tenant_id, refunded_on);
CREATE INDEX ix_refunds_reversed ON public.refunds USING btree (tenant_id, reversed_on) WHERE (reversed_on IS NOT NULL);
CREATE INDEX ix_supplier_answers_expires ON public.supplier_answers USING btree (tenant_id, expires_at);
CREATE INDEX ix_supplier_answers_over ON public.supplier_answers USING btree (expires_at);
CREATE INDEX ix_supplier_answers_question ON public.supplier_answers USING btree (tenant_id, question, created_at DESC);
CREATE INDEX ix_supplier_credits_bill ON public.supplier_credits USING btree (tenant_id, bill_id, issue_date);
CREATE INDEX ix_supplier_credits_issued ON public.supplier_credits USING btree (tenant_id, issue_date DESC, id DESC);
CREATE INDEX ix_supplier_credits_party ON public.supplier_credits USING btree (tenant_id, party_key, issue_date DESC, id DESC);
CREATE INDEX ix_supplier_credits_reversed ON public.supplier_credits USING btree (tenant_id, reversed_on) WHERE (reversed_on IS NOT NULL);
CREATE INDEX ix_supplier_offers_expires ON public.supplier_offers USING btree (tenant_id, expires_at);
CREATE INDEX ix_supplier_offers_over ON public.supplier_offers USING btree (expires_at);
CREATE INDEX ix_trip_lines_offer ON public.trip_lines USING btree (tenant_id, offer_id) WHERE (offer_id IS NOT NULL);
CREATE INDEX ix_trip_lines_reference ON public.trip_lines USING btree (tenant_id, our_reference) WHERE (our_reference IS NOT NULL);
CREATE INDEX ix_trip_lines_trip ON public.trip_lines USING btree (tenant_id, trip_id);
CREATE INDEX ix_trip_passengers_trip ON public.trip_passengers USING btree (tenant_id, trip_id, created_at, id);
CREATE INDEX ix_trips_created ON public.trips USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX ix_trips_enquiry ON public.trips USING btree (tenant_id, enquiry_id) WHERE (enquiry_id IS NOT NULL);
CREATE INDEX ix_turn_admissions_admitted ON public.turn_admissions USING btree (tenant_id, admitted_at);
CREATE INDEX ix_turn_costs_session ON public.turn_costs USING btree (tenant_id, session_id);
CREATE INDEX ix_write_offs_effective ON public.write_offs USING btree (tenant_id, effective_on);
CREATE INDEX ix_write_offs_invoice ON public.write_offs USING btree (tenant_id, invoice_id, effective_on);
CREATE INDEX procrastinate_events_job_id_fkey_v1 ON public.procrastinate_events USING btree (job_id);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON public.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]));
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON public.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_priority_idx_v1 ON public.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON public.procrastinate_jobs USING btree (queue_name);
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON public.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON public.procrastinate_periodic_defers USING btree (job_id);
CREATE UNIQUE INDEX uq_approvals_proposal ON public.approvals USING btree (tenant_id, session_id, turn_id, tool_call_id, arguments_hash) WHERE (superseded_by IS NULL);
CREATE UNIQUE INDEX uq_bills_vendor_reference ON public.bills USING btree (tenant_id, vendor_reference) WHERE (status <> 'void'::text);
CREATE UNIQUE INDEX uq_chat_events_final ON public.chat_events USING btree (tenant_id, turn_id) WHERE (kind = 'final'::text);
CREATE UNIQUE INDEX uq_chat_turns_active_message ON public.chat_turns USING btree (tenant_id, session_id) WHERE ((kind = 'message'::text) AND (status = ANY (ARRAY['queued'::text, 'running'::text])));
CREATE UNIQUE INDEX uq_chat_turns_continuation ON public.chat_turns USING btree (tenant_id, approval_id) WHERE (kind = 'continuation'::text);
CREATE UNIQUE INDEX uq_chat_turns_replaces ON public.chat_turns USING btree (tenant_id, replaces) WHERE (replaces IS NOT NULL);
CREATE UNIQUE INDEX uq_credit_notes_round_off ON public.credit_notes USING btree (tenant_id, invoice_id) WHERE ((round_off_minor <> 0) AND (reversed_on IS NULL));
CREATE UNIQUE INDEX uq_invites_pending ON public.invites USING btree (tenant_id, email) WHERE (status = 'pending'::text);
CREATE UNIQUE INDEX uq_invoices_opening ON public.invoices USING btree (tenant_id, party_reference) WHERE is_opening;
CREATE UNIQUE INDEX uq_payments_opening ON public.payments USING btree (tenant_id, direction, reference) WHERE ((account = 'opening_balances'::text) AND (reversed_on IS NULL));
CREATE UNIQUE INDEX uq_supplier_credits_reference ON public.supplier_credits USING btree (tenant_id, party_key, vendor_reference) WHERE (reversed_on IS NULL);
CREATE UNIQUE INDEX uq_trips_session ON public.trips USING btree (tenant_id, session_id) WHERE (session_id IS NOT NULL);
CREATE UNIQUE INDEX uq_users_email ON public.users USING btree (email) WHERE is_active;
CREATE TRIGGER ageing_by_party_summed_up_in AFTER INSERT ON public.ageing_by_party REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.sum_up_parties();
CREATE TRIGGER ageing_by_party_summed_up_over AFTER UPDATE ON public.ageing_by_party REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.sum_up_parties();
CREATE TRIGGER allocations_append_only BEFORE DELETE OR UPDATE ON public.allocations FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE CONSTRAINT TRIGGER allocations_checked AFTER INSERT ON public.allocations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_allocation();
CREATE TRIGGER allocations_no_truncate BEFORE TRUNCATE ON public.allocations FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE CONSTRAINT TRIGGER allocations_used AFTER INSERT ON public.allocations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_payment_used();
CREATE TRIGGER approvals_counted_delete AFTER DELETE ON public.approvals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_approvals();
CREATE TRIGGER approvals_counted_insert AFTER INSERT ON public.approvals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_approvals();
CREATE TRIGGER approvals_counted_update AFTER UPDATE ON public.approvals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_approvals();
CREATE TRIGGER approvals_guarded BEFORE UPDATE ON public.approvals FOR EACH ROW EXECUTE FUNCTION app.guard_approval();
CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER bill_lines_guarded BEFORE INSERT OR DELETE OR UPDATE ON public.bill_lines FOR EACH ROW EXECUTE FUNCTION app.guard_document_line('bill');
CREATE TRIGGER bill_taxes_guarded BEFORE INSERT OR DELETE OR UPDATE ON public.bill_taxes FOR EACH ROW EXECUTE FUNCTION app.guard_document_line('bill');
CREATE TRIGGER bills_guarded BEFORE DELETE OR UPDATE ON public.bills FOR EACH ROW EXECUTE FUNCTION app.guard_document('bill');
CREATE TRIGGER bills_rolled_up_in AFTER INSERT ON public.bills REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.roll_up_documents('payable');
CREATE TRIGGER bills_rolled_up_over AFTER UPDATE ON public.bills REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.roll_up_documents('payable');
CREATE TRIGGER bills_taxed BEFORE UPDATE ON public.bills FOR EACH ROW WHEN (((old.status = 'draft'::text) AND (new.status <> ALL (ARRAY['draft'::text, 'void'::text])))) EXECUTE FUNCTION app.guard_bill_tax();
CREATE TRIGGER closed_months_alone BEFORE INSERT ON public.closed_months FOR EACH ROW EXECUTE FUNCTION app.close_month_alone();
CREATE TRIGGER credit_note_lines_guarded AFTER INSERT ON public.credit_note_lines FOR EACH ROW EXECUTE FUNCTION app.guard_credit_line();
CREATE TRIGGER credit_note_lines_recalled AFTER INSERT ON public.credit_note_lines FOR EACH ROW WHEN ((new.commission_minor > 0)) EXECUTE FUNCTION app.guard_credit_commission();
CREATE TRIGGER credit_note_taxes_guarded AFTER INSERT ON public.credit_note_taxes FOR EACH ROW EXECUTE FUNCTION app.guard_credit_tax();
CREATE CONSTRAINT TRIGGER credit_notes_credited AFTER UPDATE ON public.credit_notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_credited();
CREATE TRIGGER credit_notes_guarded BEFORE DELETE OR UPDATE ON public.credit_notes FOR EACH ROW EXECUTE FUNCTION app.guard_reversal();
CREATE TRIGGER enquiries_counted_in AFTER INSERT ON public.enquiries REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_enquiries();
CREATE TRIGGER enquiries_counted_out AFTER DELETE ON public.enquiries REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_enquiries();
CREATE TRIGGER enquiries_counted_over AFTER UPDATE ON public.enquiries REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_enquiries();
CREATE TRIGGER imports_append_only BEFORE DELETE OR UPDATE ON public.imports FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER imports_no_truncate BEFORE TRUNCATE ON public.imports FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER invoice_lines_guarded BEFORE INSERT OR DELETE OR UPDATE ON public.invoice_lines FOR EACH ROW EXECUTE FUNCTION app.guard_document_line('invoice');
CREATE TRIGGER invoice_taxes_guarded BEFORE INSERT OR DELETE OR UPDATE ON public.invoice_taxes FOR EACH ROW EXECUTE FUNCTION app.guard_document_line('invoice');
CREATE TRIGGER invoices_counted_in AFTER INSERT ON public.invoices REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_invoices();
CREATE TRIGGER invoices_counted_out AFTER DELETE ON public.invoices REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_invoices();
CREATE TRIGGER invoices_counted_over AFTER UPDATE ON public.invoices REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.count_invoices();
CREATE TRIGGER invoices_guarded BEFORE DELETE OR UPDATE ON public.invoices FOR EACH ROW EXECUTE FUNCTION app.guard_document('invoice');
CREATE TRIGGER invoices_rolled_up_in AFTER INSERT ON public.invoices REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.roll_up_documents('receivable');
CREATE TRIGGER invoices_rolled_up_over AFTER UPDATE ON public.invoices REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.roll_up_documents('receivable');
CREATE TRIGGER invoices_taxed BEFORE UPDATE ON public.invoices FOR EACH ROW WHEN (((old.status = 'draft'::text) AND (new.status <> ALL (ARRAY['draft'::text, 'void'::text])))) EXECUTE FUNCTION app.guard_invoice_tax();
CREATE TRIGGER journal_entries_append_only BEFORE DELETE OR UPDATE ON public.journal_entries FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE CONSTRAINT TRIGGER journal_entries_checked AFTER INSERT ON public.journal_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_entry();
CREATE TRIGGER journal_entries_month_open BEFORE INSERT ON public.journal_entries FOR EACH ROW EXECUTE FUNCTION app.refuse_closed_month();
CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON public.journal_entries FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER payments_guarded BEFORE DELETE OR UPDATE ON public.payments FOR EACH ROW EXECUTE FUNCTION app.guard_payment();
CREATE TRIGGER payments_rolled_up_in AFTER INSERT ON public.payments REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.roll_up_payments();
CREATE TRIGGER payments_rolled_up_over AFTER UPDATE ON public.payments REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.roll_up_payments();
CREATE CONSTRAINT TRIGGER payments_used AFTER INSERT OR UPDATE ON public.payments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_payment_used();
CREATE TRIGGER postings_append_only BEFORE DELETE OR UPDATE ON public.postings FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER postings_no_truncate BEFORE TRUNCATE ON public.postings FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER postings_rolled_up AFTER INSERT ON public.postings REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.roll_up_postings();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_notify_queue_abort_job_v1();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_notify_queue_job_inserted_v1();
CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1();
CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_unlink_periodic_defers_v1();
CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON public.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1();
CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1();
CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_update_v1();
CREATE TRIGGER refunds_guarded BEFORE DELETE OR UPDATE ON public.refunds FOR EACH ROW EXECUTE FUNCTION app.guard_reversal();
CREATE TRIGGER refunds_no_truncate BEFORE TRUNCATE ON public.refunds FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
CREATE CONSTRAINT TRIGGER refunds_used AFTER INSERT OR UPDATE ON public.refunds DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_payment_used();
CREATE TRIGGER supplier_credit_lines_guarded AFTER INSERT ON public.supplier_credit_lines FOR EACH ROW EXECUTE FUNCTION app.guard_supplier_credit_line();
CREATE TRIGGER supplier_credit_taxes_guarded AFTER INSERT ON public.supplier_credit_taxes FOR EACH ROW EXECUTE FUNCTION app.guard_supplier_credit_tax();
CREATE CONSTRAINT TRIGGER supplier_credits_credited AFTER UPDATE ON public.supplier_credits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_credited();
CREATE TRIGGER supplier_credits_guarded BEFORE DELETE OR UPDATE ON public.supplier_credits FOR EACH ROW EXECUTE FUNCTION app.guard_reversal();
CREATE TRIGGER write_offs_append_only BEFORE DELETE OR UPDATE ON public.write_offs FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE CONSTRAINT TRIGGER write_offs_checked AFTER INSERT ON public.write_offs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.check_write_off();
CREATE TRIGGER write_offs_no_truncate BEFORE TRUNCATE ON public.write_offs FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT fk_accounts_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.advances_by_day
    ADD CONSTRAINT fk_advances_by_day_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.advances_by_party
    ADD CONSTRAINT fk_advances_by_party_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ageing_by_due
    ADD CONSTRAINT fk_ageing_by_due_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.ageing_by_party
    ADD CONSTRAINT fk_ageing_by_party_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES public.bills(tenant_id, id);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.invoices(tenant_id, id);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_payment FOREIGN KEY (tenant_id, payment_id) REFERENCES public.payments(tenant_id, id);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_reverses FOREIGN KEY (tenant_id, reverses_id) REFERENCES public.allocations(tenant_id, id);
ALTER TABLE ONLY public.allocations
    ADD CONSTRAINT fk_allocations_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_maker FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_revoker FOREIGN KEY (tenant_id, revoked_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.approval_counts
    ADD CONSTRAINT fk_approval_counts_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_editor FOREIGN KEY (tenant_id, edited_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_requester FOREIGN KEY (tenant_id, requested_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_resolver FOREIGN KEY (tenant_id, resolved_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_successor FOREIGN KEY (tenant_id, superseded_by) REFERENCES public.approvals(tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.audit_checks
    ADD CONSTRAINT fk_audit_checks_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT fk_audit_events_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.audit_heads
    ADD CONSTRAINT fk_audit_heads_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_sessions
    ADD CONSTRAINT fk_auth_sessions_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_sessions
    ADD CONSTRAINT fk_auth_sessions_user FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.balances_day
    ADD CONSTRAINT fk_balances_day_account FOREIGN KEY (tenant_id, account_id) REFERENCES public.accounts(tenant_id, id);
ALTER TABLE ONLY public.balances_day
    ADD CONSTRAINT fk_balances_day_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.balances_month
    ADD CONSTRAINT fk_balances_month_account FOREIGN KEY (tenant_id, account_id) REFERENCES public.accounts(tenant_id, id);
ALTER TABLE ONLY public.balances_month
    ADD CONSTRAINT fk_balances_month_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bill_lines
    ADD CONSTRAINT fk_bill_lines_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES public.bills(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bill_lines
    ADD CONSTRAINT fk_bill_lines_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bill_taxes
    ADD CONSTRAINT fk_bill_taxes_line FOREIGN KEY (tenant_id, bill_id, line_no) REFERENCES public.bill_lines(tenant_id, bill_id, line_no) ON DELETE CASCADE;
ALTER TABLE ONLY public.bill_taxes
    ADD CONSTRAINT fk_bill_taxes_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bills
    ADD CONSTRAINT fk_bills_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.bills
    ADD CONSTRAINT fk_bills_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.bills
    ADD CONSTRAINT fk_bills_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.bills
    ADD CONSTRAINT fk_bills_trip FOREIGN KEY (tenant_id, trip_id) REFERENCES public.trips(tenant_id, id);
ALTER TABLE ONLY public.bills
    ADD CONSTRAINT fk_bills_void_entry FOREIGN KEY (tenant_id, void_entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.bills
    ADD CONSTRAINT fk_bills_voider FOREIGN KEY (tenant_id, voided_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.chat_events
    ADD CONSTRAINT fk_chat_events_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_events
    ADD CONSTRAINT fk_chat_events_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT fk_chat_messages_author FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT fk_chat_messages_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT fk_chat_messages_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT fk_chat_messages_turn FOREIGN KEY (tenant_id, turn_id) REFERENCES public.chat_turns(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_sessions
    ADD CONSTRAINT fk_chat_sessions_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.chat_sessions
    ADD CONSTRAINT fk_chat_sessions_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_turn_steps
    ADD CONSTRAINT fk_chat_turn_steps_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_turn_steps
    ADD CONSTRAINT fk_chat_turn_steps_turn FOREIGN KEY (tenant_id, turn_id) REFERENCES public.chat_turns(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_turns
    ADD CONSTRAINT fk_chat_turns_replaces FOREIGN KEY (tenant_id, replaces) REFERENCES public.chat_turns(tenant_id, id);
ALTER TABLE ONLY public.chat_turns
    ADD CONSTRAINT fk_chat_turns_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_turns
    ADD CONSTRAINT fk_chat_turns_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chat_turns
    ADD CONSTRAINT fk_chat_turns_user FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.closed_months
    ADD CONSTRAINT fk_closed_months_closer FOREIGN KEY (tenant_id, closed_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.closed_months
    ADD CONSTRAINT fk_closed_months_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT fk_credit_note_lines_note FOREIGN KEY (tenant_id, credit_note_id) REFERENCES public.credit_notes(tenant_id, id);
ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT fk_credit_note_lines_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.credit_note_taxes
    ADD CONSTRAINT fk_credit_note_taxes_line FOREIGN KEY (tenant_id, credit_note_id, line_no) REFERENCES public.credit_note_lines(tenant_id, credit_note_id, line_no);
ALTER TABLE ONLY public.credit_note_taxes
    ADD CONSTRAINT fk_credit_note_taxes_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT fk_credit_notes_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT fk_credit_notes_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT fk_credit_notes_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.invoices(tenant_id, id);
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT fk_credit_notes_reversal FOREIGN KEY (tenant_id, reversal_entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT fk_credit_notes_reverser FOREIGN KEY (tenant_id, reversed_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT fk_credit_notes_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.enquiries_by_hour
    ADD CONSTRAINT fk_enquiries_by_hour_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.enquiries
    ADD CONSTRAINT fk_enquiries_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.enquiries
    ADD CONSTRAINT fk_enquiries_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE SET NULL (session_id);
ALTER TABLE ONLY public.enquiries
    ADD CONSTRAINT fk_enquiries_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.enquiry_counts
    ADD CONSTRAINT fk_enquiry_counts_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT fk_idempotency_keys_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT fk_imports_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT fk_imports_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT fk_invites_inviter FOREIGN KEY (tenant_id, invited_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT fk_invites_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invoice_counts
    ADD CONSTRAINT fk_invoice_counts_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invoice_lines
    ADD CONSTRAINT fk_invoice_lines_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.invoices(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invoice_lines
    ADD CONSTRAINT fk_invoice_lines_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invoice_taxes
    ADD CONSTRAINT fk_invoice_taxes_line FOREIGN KEY (tenant_id, invoice_id, line_no) REFERENCES public.invoice_lines(tenant_id, invoice_id, line_no) ON DELETE CASCADE;
ALTER TABLE ONLY public.invoice_taxes
    ADD CONSTRAINT fk_invoice_taxes_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_enquiry FOREIGN KEY (tenant_id, enquiry_id) REFERENCES public.enquiries(tenant_id, id) ON DELETE SET NULL (enquiry_id);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_issuer FOREIGN KEY (tenant_id, issued_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE SET NULL (session_id);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_trip FOREIGN KEY (tenant_id, trip_id) REFERENCES public.trips(tenant_id, id);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_void_entry FOREIGN KEY (tenant_id, void_entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.invoices
    ADD CONSTRAINT fk_invoices_voider FOREIGN KEY (tenant_id, voided_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT fk_journal_entries_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT fk_journal_entries_reverses FOREIGN KEY (tenant_id, reverses_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT fk_journal_entries_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT fk_journal_entries_trip FOREIGN KEY (tenant_id, trip_id) REFERENCES public.trips(tenant_id, id);
ALTER TABLE ONLY public.mails
    ADD CONSTRAINT fk_mails_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.missing_models
    ADD CONSTRAINT fk_missing_models_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.model_days
    ADD CONSTRAINT fk_model_days_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.number_series
    ADD CONSTRAINT fk_number_series_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT fk_one_time_tokens_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.one_time_tokens
    ADD CONSTRAINT fk_one_time_tokens_user FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.open_answers
    ADD CONSTRAINT fk_open_answers_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.open_answers
    ADD CONSTRAINT fk_open_answers_turn FOREIGN KEY (tenant_id, turn_id) REFERENCES public.chat_turns(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.open_by_party
    ADD CONSTRAINT fk_open_by_party_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.parties
    ADD CONSTRAINT fk_parties_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.parties
    ADD CONSTRAINT fk_parties_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT fk_payments_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT fk_payments_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT fk_payments_reversal FOREIGN KEY (tenant_id, reversal_entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT fk_payments_reverser FOREIGN KEY (tenant_id, reversed_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.payments
    ADD CONSTRAINT fk_payments_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.postings
    ADD CONSTRAINT fk_postings_account FOREIGN KEY (tenant_id, account_id) REFERENCES public.accounts(tenant_id, id);
ALTER TABLE ONLY public.postings
    ADD CONSTRAINT fk_postings_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.postings
    ADD CONSTRAINT fk_postings_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT fk_recovery_codes_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT fk_recovery_codes_user FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT fk_refresh_tokens_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.auth_sessions(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT fk_refresh_tokens_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT fk_refunds_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT fk_refunds_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT fk_refunds_payment FOREIGN KEY (tenant_id, payment_id) REFERENCES public.payments(tenant_id, id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT fk_refunds_reversal FOREIGN KEY (tenant_id, reversal_entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT fk_refunds_reverser FOREIGN KEY (tenant_id, reversed_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT fk_refunds_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.revoked_tokens
    ADD CONSTRAINT fk_revoked_tokens_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.supplier_answers
    ADD CONSTRAINT fk_supplier_answers_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.supplier_credit_lines
    ADD CONSTRAINT fk_supplier_credit_lines_credit FOREIGN KEY (tenant_id, supplier_credit_id) REFERENCES public.supplier_credits(tenant_id, id);
ALTER TABLE ONLY public.supplier_credit_lines
    ADD CONSTRAINT fk_supplier_credit_lines_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.supplier_credit_taxes
    ADD CONSTRAINT fk_supplier_credit_taxes_line FOREIGN KEY (tenant_id, supplier_credit_id, line_no) REFERENCES public.supplier_credit_lines(tenant_id, supplier_credit_id, line_no);
ALTER TABLE ONLY public.supplier_credit_taxes
    ADD CONSTRAINT fk_supplier_credit_taxes_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.supplier_credits
    ADD CONSTRAINT fk_supplier_credits_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES public.bills(tenant_id, id);
ALTER TABLE ONLY public.supplier_credits
    ADD CONSTRAINT fk_supplier_credits_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.supplier_credits
    ADD CONSTRAINT fk_supplier_credits_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.supplier_credits
    ADD CONSTRAINT fk_supplier_credits_reversal FOREIGN KEY (tenant_id, reversal_entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.supplier_credits
    ADD CONSTRAINT fk_supplier_credits_reverser FOREIGN KEY (tenant_id, reversed_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.supplier_credits
    ADD CONSTRAINT fk_supplier_credits_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.supplier_offers
    ADD CONSTRAINT fk_supplier_offers_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tenant_logos
    ADD CONSTRAINT fk_tenant_logos_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tenant_settings
    ADD CONSTRAINT fk_tenant_settings_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.trip_earnings
    ADD CONSTRAINT fk_trip_earnings_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.trip_lines
    ADD CONSTRAINT fk_trip_lines_offer FOREIGN KEY (tenant_id, offer_id) REFERENCES public.supplier_offers(tenant_id, id) ON DELETE SET NULL (offer_id);
ALTER TABLE ONLY public.trip_lines
    ADD CONSTRAINT fk_trip_lines_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.trip_lines
    ADD CONSTRAINT fk_trip_lines_trip FOREIGN KEY (tenant_id, trip_id) REFERENCES public.trips(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.trip_passengers
    ADD CONSTRAINT fk_trip_passengers_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.trip_passengers
    ADD CONSTRAINT fk_trip_passengers_trip FOREIGN KEY (tenant_id, trip_id) REFERENCES public.trips(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE ONLY public.trips
    ADD CONSTRAINT fk_trips_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.trips
    ADD CONSTRAINT fk_trips_enquiry FOREIGN KEY (tenant_id, enquiry_id) REFERENCES public.enquiries(tenant_id, id) ON DELETE SET NULL (enquiry_id);
ALTER TABLE ONLY public.trips
    ADD CONSTRAINT fk_trips_session FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE SET NULL (session_id);
ALTER TABLE ONLY public.trips
    ADD CONSTRAINT fk_trips_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.turn_admissions
    ADD CONSTRAINT fk_turn_admissions_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.turn_costs
    ADD CONSTRAINT fk_turn_costs_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.users
    ADD CONSTRAINT fk_users_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT fk_write_offs_creator FOREIGN KEY (tenant_id, created_by_user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT fk_write_offs_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id);
ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT fk_write_offs_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.invoices(tenant_id, id);
ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT fk_write_offs_reverses FOREIGN KEY (tenant_id, reverses_id) REFERENCES public.write_offs(tenant_id, id);
ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT fk_write_offs_tenant_id FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.procrastinate_workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id);
ALTER TABLE public.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY accounts_tenant ON public.accounts TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.advances_by_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY advances_by_day_tenant ON public.advances_by_day TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.advances_by_party ENABLE ROW LEVEL SECURITY;
CREATE POLICY advances_by_party_tenant ON public.advances_by_party TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.ageing_by_due ENABLE ROW LEVEL SECURITY;
CREATE POLICY ageing_by_due_tenant ON public.ageing_by_due TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.ageing_by_party ENABLE ROW LEVEL SECURITY;
CREATE POLICY ageing_by_party_tenant ON public.ageing_by_party TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.allocations ENABLE ROW LEVEL SECURITY;
CREATE POLICY allocations_tenant ON public.allocations TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY api_keys_lookup ON public.api_keys FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY api_keys_tenant ON public.api_keys TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.approval_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY approval_counts_tenant ON public.approval_counts TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.approvals ENABLE ROW LEVEL SECURITY;
CREATE POLICY approvals_lookup ON public.approvals FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY approvals_tenant ON public.approvals TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.audit_checks ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_checks_tenant ON public.audit_checks TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.audit_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_events_lookup ON public.audit_events FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY audit_events_tenant ON public.audit_events TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.audit_heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_heads_tenant ON public.audit_heads TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.auth_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY auth_sessions_tenant ON public.auth_sessions TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.balances_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY balances_day_tenant ON public.balances_day TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.balances_month ENABLE ROW LEVEL SECURITY;
CREATE POLICY balances_month_tenant ON public.balances_month TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.bill_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY bill_lines_tenant ON public.bill_lines TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.bill_taxes ENABLE ROW LEVEL SECURITY;
CREATE POLICY bill_taxes_tenant ON public.bill_taxes TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.bills ENABLE ROW LEVEL SECURITY;
CREATE POLICY bills_tenant ON public.bills TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.chat_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY chat_events_tenant ON public.chat_events TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.chat_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY chat_messages_lookup ON public.chat_messages FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY chat_messages_tenant ON public.chat_messages TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.chat_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY chat_sessions_lookup ON public.chat_sessions FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY chat_sessions_tenant ON public.chat_sessions TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.chat_turn_steps ENABLE ROW LEVEL SECURITY;
CREATE POLICY chat_turn_steps_tenant ON public.chat_turn_steps TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.chat_turns ENABLE ROW LEVEL SECURITY;
CREATE POLICY chat_turns_lookup ON public.chat_turns FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY chat_turns_tenant ON public.chat_turns TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.closed_months ENABLE ROW LEVEL SECURITY;
CREATE POLICY closed_months_tenant ON public.closed_months TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.credit_note_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY credit_note_lines_tenant ON public.credit_note_lines TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.credit_note_taxes ENABLE ROW LEVEL SECURITY;
CREATE POLICY credit_note_taxes_tenant ON public.credit_note_taxes TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.credit_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY credit_notes_tenant ON public.credit_notes TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.enquiries ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.enquiries_by_hour ENABLE ROW LEVEL SECURITY;
CREATE POLICY enquiries_by_hour_tenant ON public.enquiries_by_hour TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
CREATE POLICY enquiries_lookup ON public.enquiries FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY enquiries_tenant ON public.enquiries TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.enquiry_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY enquiry_counts_tenant ON public.enquiry_counts TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_lookup ON public.idempotency_keys FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY idempotency_keys_tenant ON public.idempotency_keys TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.imports ENABLE ROW LEVEL SECURITY;
CREATE POLICY imports_tenant ON public.imports TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.invites ENABLE ROW LEVEL SECURITY;
CREATE POLICY invites_lookup ON public.invites FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY invites_tenant ON public.invites TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.invoice_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY invoice_counts_tenant ON public.invoice_counts TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.invoice_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY invoice_lines_tenant ON public.invoice_lines TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.invoice_taxes ENABLE ROW LEVEL SECURITY;
CREATE POLICY invoice_taxes_tenant ON public.invoice_taxes TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.invoices ENABLE ROW LEVEL SECURITY;
CREATE POLICY invoices_lookup ON public.invoices FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY invoices_tenant ON public.invoices TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.journal_entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY journal_entries_tenant ON public.journal_entries TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.mails ENABLE ROW LEVEL SECURITY;
CREATE POLICY mails_lookup ON public.mails FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY mails_tenant ON public.mails TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.missing_models ENABLE ROW LEVEL SECURITY;
CREATE POLICY missing_models_tenant ON public.missing_models TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.model_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY model_days_tenant ON public.model_days TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.number_series ENABLE ROW LEVEL SECURITY;
CREATE POLICY number_series_tenant ON public.number_series TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.one_time_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_time_tokens_lookup ON public.one_time_tokens FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY one_time_tokens_tenant ON public.one_time_tokens TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.open_answers ENABLE ROW LEVEL SECURITY;
CREATE POLICY open_answers_tenant ON public.open_answers TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.open_by_party ENABLE ROW LEVEL SECURITY;
CREATE POLICY open_by_party_tenant ON public.open_by_party TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.parties ENABLE ROW LEVEL SECURITY;
CREATE POLICY parties_tenant ON public.parties TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.payments ENABLE ROW LEVEL SECURITY;
CREATE POLICY payments_tenant ON public.payments TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.postings ENABLE ROW LEVEL SECURITY;
CREATE POLICY postings_tenant ON public.postings TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.recovery_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY recovery_codes_tenant ON public.recovery_codes TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.refresh_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY refresh_tokens_lookup ON public.refresh_tokens FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY refresh_tokens_tenant ON public.refresh_tokens TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.refunds ENABLE ROW LEVEL SECURITY;
CREATE POLICY refunds_tenant ON public.refunds TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.revoked_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY revoked_tokens_tenant ON public.revoked_tokens TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.supplier_answers ENABLE ROW LEVEL SECURITY;
CREATE POLICY supplier_answers_lookup ON public.supplier_answers FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY supplier_answers_tenant ON public.supplier_answers TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.supplier_credit_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY supplier_credit_lines_tenant ON public.supplier_credit_lines TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.supplier_credit_taxes ENABLE ROW LEVEL SECURITY;
CREATE POLICY supplier_credit_taxes_tenant ON public.supplier_credit_taxes TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.supplier_credits ENABLE ROW LEVEL SECURITY;
CREATE POLICY supplier_credits_tenant ON public.supplier_credits TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.supplier_offers ENABLE ROW LEVEL SECURITY;
CREATE POLICY supplier_offers_lookup ON public.supplier_offers FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY supplier_offers_tenant ON public.supplier_offers TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.tenant_logos ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_logos_tenant ON public.tenant_logos TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.tenant_settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_settings_tenant ON public.tenant_settings TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants_lookup ON public.tenants FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY tenants_tenant ON public.tenants TO voyagent_app USING ((id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.trip_earnings ENABLE ROW LEVEL SECURITY;
CREATE POLICY trip_earnings_tenant ON public.trip_earnings TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.trip_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY trip_lines_tenant ON public.trip_lines TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.trip_passengers ENABLE ROW LEVEL SECURITY;
CREATE POLICY trip_passengers_tenant ON public.trip_passengers TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.trips ENABLE ROW LEVEL SECURITY;
CREATE POLICY trips_tenant ON public.trips TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.turn_admissions ENABLE ROW LEVEL SECURITY;
CREATE POLICY turn_admissions_tenant ON public.turn_admissions TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.turn_costs ENABLE ROW LEVEL SECURITY;
CREATE POLICY turn_costs_tenant ON public.turn_costs TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;
CREATE POLICY users_lookup ON public.users FOR SELECT TO voyagent_lookup USING (true);
CREATE POLICY users_tenant ON public.users TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
ALTER TABLE public.write_offs ENABLE ROW LEVEL SECURITY;
CREATE POLICY write_offs_tenant ON public.write_offs TO voyagent_app USING ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif"))) WITH CHECK ((tenant_id = ( SELECT (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid AS "nullif")));
GRANT USAGE ON SCHEMA app TO voyagent_app;
GRANT ALL ON SCHEMA app TO voyagent_lookup;
GRANT USAGE ON SCHEMA public TO voyagent_app;
GRANT USAGE ON SCHEMA public TO voyagent_lookup;
REVOKE ALL ON FUNCTION app.agencies_after(last uuid, n integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.agencies_after(last uuid, n integer) TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.audit_events TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.audit_events TO voyagent_lookup;
GRANT SELECT(seq) ON TABLE public.audit_events TO voyagent_lookup;
GRANT SELECT(entity_refs) ON TABLE public.audit_events TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.idempotency_keys TO voyagent_lookup;
GRANT SELECT(created_at) ON TABLE public.idempotency_keys TO voyagent_lookup;
REVOKE ALL ON FUNCTION app.email_taken(address text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.email_taken(address text) TO voyagent_app;
REVOKE ALL ON FUNCTION app.events_of(refs jsonb, n integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.events_of(refs jsonb, n integer) TO voyagent_app;
REVOKE ALL ON FUNCTION app.figures() FROM PUBLIC;
GRANT ALL ON FUNCTION app.figures() TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_account(address text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_account(address text) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_api_key(start text) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_api_key(start text) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_enquiries(q text, email text, origin text, destination text, state text, leaves_from date, leaves_to date, made_from timestamp with time zone, made_before timestamp with time zone, beside_at timestamp with time zone, beside_id uuid, backward boolean, n integer, skip integer, looked_max integer, count_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_enquiries(q text, email text, origin text, destination text, state text, leaves_from date, leaves_to date, made_from timestamp with time zone, made_before timestamp with time zone, beside_at timestamp with time zone, beside_id uuid, backward boolean, n integer, skip integer, looked_max integer, count_max integer) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_invite(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_invite(digest bytea) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_invoices(q text, states text[], money text, party text, due_from date, due_to date, n integer, skip integer, looked_max integer, count_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_invoices(q text, states text[], money text, party text, due_from date, due_to date, n integer, skip integer, looked_max integer, count_max integer) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_invoices_behind(q text, states text[], party text, issued_from date, issued_to date, behind date, behind_id uuid, n integer, looked_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_invoices_behind(q text, states text[], party text, issued_from date, issued_to date, behind date, behind_id uuid, n integer, looked_max integer) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_one_time_token(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_one_time_token(digest bytea) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_refresh_token(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_refresh_token(digest bytea) TO voyagent_app;
REVOKE ALL ON FUNCTION app.find_sessions(q text, beside_at timestamp with time zone, beside_id uuid, n integer, met_max integer, looked_max integer, is_blunt boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION app.find_sessions(q text, beside_at timestamp with time zone, beside_id uuid, n integer, met_max integer, looked_max integer, is_blunt boolean) TO voyagent_app;
REVOKE ALL ON FUNCTION app.tenant_ids() FROM PUBLIC;
GRANT ALL ON FUNCTION app.tenant_ids() TO voyagent_app;
REVOKE ALL ON FUNCTION app.tenants_with_mail(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION app.tenants_with_mail(at timestamp with time zone) TO voyagent_app;
REVOKE ALL ON FUNCTION app.tenants_with_offers(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION app.tenants_with_offers(at timestamp with time zone) TO voyagent_app;
REVOKE ALL ON FUNCTION app.tenants_with_old_keys() FROM PUBLIC;
GRANT ALL ON FUNCTION app.tenants_with_old_keys() TO voyagent_app;
REVOKE ALL ON FUNCTION app.tenants_with_proposals(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION app.tenants_with_proposals(at timestamp with time zone) TO voyagent_app;
REVOKE ALL ON FUNCTION app.tenants_with_turns(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION app.tenants_with_turns(at timestamp with time zone) TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.procrastinate_jobs TO voyagent_app;
GRANT SELECT(status) ON TABLE public.procrastinate_jobs TO voyagent_lookup;
GRANT SELECT(scheduled_at) ON TABLE public.procrastinate_jobs TO voyagent_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.accounts TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.advances_by_day TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.advances_by_party TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ageing_by_due TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ageing_by_party TO voyagent_app;
GRANT SELECT ON TABLE public.alembic_version TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.allocations TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_keys TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.api_keys TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.api_keys TO voyagent_lookup;
GRANT SELECT(created_by_user_id) ON TABLE public.api_keys TO voyagent_lookup;
GRANT SELECT(prefix) ON TABLE public.api_keys TO voyagent_lookup;
GRANT SELECT(key_hash) ON TABLE public.api_keys TO voyagent_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.approval_counts TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.approvals TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.approvals TO voyagent_lookup;
GRANT SELECT(expires_at) ON TABLE public.approvals TO voyagent_lookup;
GRANT SELECT(status) ON TABLE public.approvals TO voyagent_lookup;
GRANT SELECT(resolved_at) ON TABLE public.approvals TO voyagent_lookup;
GRANT SELECT(effect_status) ON TABLE public.approvals TO voyagent_lookup;
GRANT SELECT(hidden_at) ON TABLE public.approvals TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.audit_checks TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.audit_heads TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.auth_sessions TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.balances_day TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.balances_month TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bill_lines TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bill_taxes TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.bills TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chat_events TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chat_messages TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.chat_messages TO voyagent_lookup;
GRANT SELECT(session_id) ON TABLE public.chat_messages TO voyagent_lookup;
GRANT SELECT(search) ON TABLE public.chat_messages TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chat_sessions TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.chat_sessions TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.chat_sessions TO voyagent_lookup;
GRANT SELECT(created_at) ON TABLE public.chat_sessions TO voyagent_lookup;
GRANT SELECT(deleted_at) ON TABLE public.chat_sessions TO voyagent_lookup;
GRANT SELECT(last_message_at) ON TABLE public.chat_sessions TO voyagent_lookup;
GRANT SELECT(search) ON TABLE public.chat_sessions TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chat_turn_steps TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chat_turns TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.chat_turns TO voyagent_lookup;
GRANT SELECT(status) ON TABLE public.chat_turns TO voyagent_lookup;
GRANT SELECT(created_at) ON TABLE public.chat_turns TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE ON TABLE public.closed_months TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.credit_note_lines TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.credit_note_taxes TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.credit_notes TO voyagent_app;
GRANT UPDATE(reversed_on) ON TABLE public.credit_notes TO voyagent_app;
GRANT UPDATE(reversal_reason) ON TABLE public.credit_notes TO voyagent_app;
GRANT UPDATE(reversal_entry_id) ON TABLE public.credit_notes TO voyagent_app;
GRANT UPDATE(reversed_by_user_id) ON TABLE public.credit_notes TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.enquiries TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(customer_email) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(origin) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(destination) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(depart_date) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(status) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(search) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT(created_at) ON TABLE public.enquiries TO voyagent_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.enquiries_by_hour TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.enquiry_counts TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.imports TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invites TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.invites TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.invites TO voyagent_lookup;
GRANT SELECT(token_hash) ON TABLE public.invites TO voyagent_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.invoice_counts TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invoice_lines TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invoice_taxes TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invoices TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT(status) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT(issue_date) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT(due_date) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT(currency) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT(party_key) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT(search) ON TABLE public.invoices TO voyagent_lookup;
GRANT SELECT,INSERT ON TABLE public.journal_entries TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mails TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.mails TO voyagent_lookup;
GRANT SELECT(created_at) ON TABLE public.mails TO voyagent_lookup;
GRANT SELECT(due_at) ON TABLE public.mails TO voyagent_lookup;
GRANT SELECT(queued_at) ON TABLE public.mails TO voyagent_lookup;
GRANT SELECT(useless_at) ON TABLE public.mails TO voyagent_lookup;
GRANT SELECT(sent_at) ON TABLE public.mails TO voyagent_lookup;
GRANT SELECT(failed_at) ON TABLE public.mails TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.missing_models TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.model_days TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.number_series TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.one_time_tokens TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.one_time_tokens TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.one_time_tokens TO voyagent_lookup;
GRANT SELECT(token_hash) ON TABLE public.one_time_tokens TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.open_answers TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.open_by_party TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.parties TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.payments TO voyagent_app;
GRANT UPDATE(allocated_minor) ON TABLE public.payments TO voyagent_app;
GRANT UPDATE(refunded_minor) ON TABLE public.payments TO voyagent_app;
GRANT UPDATE(reversed_on) ON TABLE public.payments TO voyagent_app;
GRANT UPDATE(reversal_reason) ON TABLE public.payments TO voyagent_app;
GRANT UPDATE(reversal_entry_id) ON TABLE public.payments TO voyagent_app;
GRANT UPDATE(reversed_by_user_id) ON TABLE public.payments TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.postings TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.procrastinate_events TO voyagent_app;
GRANT SELECT,USAGE ON SEQUENCE public.procrastinate_events_id_seq TO voyagent_app;
GRANT SELECT,USAGE ON SEQUENCE public.procrastinate_jobs_id_seq TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.procrastinate_periodic_defers TO voyagent_app;
GRANT SELECT,USAGE ON SEQUENCE public.procrastinate_periodic_defers_id_seq TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.procrastinate_workers TO voyagent_app;
GRANT SELECT,USAGE ON SEQUENCE public.procrastinate_workers_id_seq TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recovery_codes TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_tokens TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.refresh_tokens TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.refresh_tokens TO voyagent_lookup;
GRANT SELECT(session_id) ON TABLE public.refresh_tokens TO voyagent_lookup;
GRANT SELECT(token_hash) ON TABLE public.refresh_tokens TO voyagent_lookup;
GRANT SELECT,INSERT ON TABLE public.refunds TO voyagent_app;
GRANT UPDATE(reversed_on) ON TABLE public.refunds TO voyagent_app;
GRANT UPDATE(reversal_reason) ON TABLE public.refunds TO voyagent_app;
GRANT UPDATE(reversal_entry_id) ON TABLE public.refunds TO voyagent_app;
GRANT UPDATE(reversed_by_user_id) ON TABLE public.refunds TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.revoked_tokens TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.supplier_answers TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.supplier_answers TO voyagent_lookup;
GRANT SELECT(expires_at) ON TABLE public.supplier_answers TO voyagent_lookup;
GRANT SELECT,INSERT ON TABLE public.supplier_credit_lines TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.supplier_credit_taxes TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.supplier_credits TO voyagent_app;
GRANT UPDATE(reversed_on) ON TABLE public.supplier_credits TO voyagent_app;
GRANT UPDATE(reversal_reason) ON TABLE public.supplier_credits TO voyagent_app;
GRANT UPDATE(reversal_entry_id) ON TABLE public.supplier_credits TO voyagent_app;
GRANT UPDATE(reversed_by_user_id) ON TABLE public.supplier_credits TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.supplier_offers TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.supplier_offers TO voyagent_lookup;
GRANT SELECT(expires_at) ON TABLE public.supplier_offers TO voyagent_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tenant_logos TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.tenant_settings TO voyagent_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.tenants TO voyagent_app;
GRANT SELECT(id) ON TABLE public.tenants TO voyagent_lookup;
GRANT SELECT(display_name) ON TABLE public.tenants TO voyagent_lookup;
GRANT SELECT(is_active) ON TABLE public.tenants TO voyagent_lookup;
GRANT SELECT(is_demo) ON TABLE public.tenants TO voyagent_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.trip_earnings TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trip_lines TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trip_passengers TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trips TO voyagent_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.turn_admissions TO voyagent_app;
GRANT SELECT,INSERT ON TABLE public.turn_costs TO voyagent_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO voyagent_app;
GRANT SELECT(tenant_id) ON TABLE public.users TO voyagent_lookup;
GRANT SELECT(id) ON TABLE public.users TO voyagent_lookup;
GRANT SELECT(email) ON TABLE public.users TO voyagent_lookup;
GRANT SELECT(role) ON TABLE public.users TO voyagent_lookup;
GRANT SELECT(password_hash) ON TABLE public.users TO voyagent_lookup;
GRANT SELECT(email_verified) ON TABLE public.users TO voyagent_lookup;
GRANT SELECT(is_active) ON TABLE public.users TO voyagent_lookup;
GRANT SELECT,INSERT ON TABLE public.write_offs TO voyagent_app;
INSERT INTO public.alembic_version (version_num) VALUES ('0064');
