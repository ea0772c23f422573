-- Find the newest `n` conversations whose title or messages match a pattern.
--
-- Under row-level security PostgreSQL does not use the trigram index for LIKE, so the search runs
-- as the look-up role. It takes the agency from the transaction, fails without one, and returns ids
-- only: the caller reads the rows under row-level security.
--
--   q            a LIKE pattern with % _ and \ escaped
--   beside_at, beside_id
--                the last row of the page before, or null
--   met_max      if at most this number of messages match, the trigram index finds the
--                conversations; with more it is cheaper to search the newest ones one by one
--   looked_max   number of conversations to search one by one; if there are more, a last row
--                with a null id says that older ones were not searched
--   is_blunt     the pattern has no three letters in a row, so it has no trigram: search the
--                newest conversations one by one

create or replace function app.find_sessions(
  q text, beside_at timestamptz, beside_id uuid, n integer,
  met_max integer, looked_max integer, is_blunt boolean
) returns table (id uuid)
language plpgsql stable security definer rows 50
set enable_seqscan = off  -- the rows of all other agencies are in the table too
set search_path = public, pg_temp
as $$
declare
  met bigint := met_max + 1;
  sessions uuid[];
  conditions text := 'tenant_id = $1 and deleted_at is null';
  given int := 0;
  looked bigint;
begin
  if beside_at is not null then
    conditions := conditions || ' and (created_at, id) < ($4, $5)';
  end if;
  if not is_blunt then
    execute 'select count(*), array_agg(distinct session_id) from (
               select session_id from chat_messages
                where tenant_id = $1 and search like lower($2) limit $3 + 1) matching'
      into met, sessions using current_setting('app.tenant')::uuid, q, met_max;
  end if;
  if met <= met_max then
    return query execute 'select id from chat_sessions
       where ' || conditions || ' and (id = any($3) or search like lower($2))
       order by created_at desc, id desc limit $6'
      using current_setting('app.tenant')::uuid, q, sessions, beside_at, beside_id, n;
    return;
  end if;
  return query execute 'select id from (
      select tenant_id, id, search, created_at from chat_sessions
       where ' || conditions || ' order by created_at desc, id desc limit $3) newest
      where search like lower($2) or exists (
        select 1 from chat_messages m
         where m.tenant_id = newest.tenant_id and m.session_id = newest.id
           and m.search like lower($2) offset 0)
      order by created_at desc, id desc limit $6'
    using current_setting('app.tenant')::uuid, q, looked_max, beside_at, beside_id, n;
  get diagnostics given = row_count;
  if given < n then
    execute 'select count(*) from (
               select 1 from chat_sessions where ' || conditions || ' limit $3 + 1) newest'
      into looked using current_setting('app.tenant')::uuid, q, looked_max, beside_at, beside_id;
    if looked > looked_max then return query select null::uuid; end if;
  end if;
end $$;

alter function app.find_sessions(
  text, timestamptz, uuid, integer, integer, integer, boolean
) owner to voyagent_lookup;
revoke all on function app.find_sessions(
  text, timestamptz, uuid, integer, integer, integer, boolean
) from public;
grant execute on function app.find_sessions(
  text, timestamptz, uuid, integer, integer, integer, boolean
) to voyagent_app;
