-- Find a page of invoices that match the given filters, with the total.
--
-- Under row-level security PostgreSQL does not use the trigram index for LIKE, so the search runs
-- as the look-up role. It takes the agency from the transaction, fails without one, and returns ids
-- and a total only: the caller reads the rows under row-level security. EXECUTE gives each pattern
-- a plan of its own.
--
--   party        keys of parties, separated by chr(30)
--   q            a LIKE pattern with % _ and \ escaped
--   looked_max   a pattern without three letters in a row has no trigram; then only this many of
--                the newest invoices are searched (null: all)
--   count_max    counting stops here (null: never)
--
-- A filter that is null is ignored. An empty page is one row with a null id.

create or replace function app.find_invoices(
  q text, states text[], money text, party text, due_from date, due_to date,
  n integer, skip integer, looked_max integer, count_max integer
) returns table (id uuid, total bigint)
language plpgsql stable security definer rows 50
set search_path = public, pg_temp
as $$
declare
  source text := 'invoices';
  conditions text := 'tenant_id = $1 and search like lower($2)';
  amount bigint;
begin
  if looked_max is not null then
    source := '(select tenant_id, id, search, status, currency, party_key, issue_date, due_date
                  from invoices
                 where tenant_id = $1 order by issue_date desc, id desc limit $8) newest';
  end if;
  if states is not null then conditions := conditions || ' and status = any($3)'; end if;
  if money is not null then conditions := conditions || ' and currency = $4'; end if;
  if party is not null then
    conditions := conditions || ' and party_key = any(string_to_array(lower($5), chr(30)))';
  end if;
  if due_from is not null then conditions := conditions || ' and due_date >= $6'; end if;
  if due_to is not null then conditions := conditions || ' and due_date <= $7'; end if;
  execute 'select count(*) from (
             select 1 from ' || source || ' where ' || conditions || ' limit $9) counted'
    into amount
    using current_setting('app.tenant')::uuid, q, states, money, party, due_from, due_to,
          looked_max, count_max;
  if skip < amount or amount >= count_max then
    return query execute
        'select id, $9::bigint from ' || source || ' where ' || conditions ||
        ' order by issue_date desc, id desc limit $10 offset $11'
      using current_setting('app.tenant')::uuid, q, states, money, party, due_from, due_to,
            looked_max, amount, n, skip;
    if found then return; end if;
  end if;
  return query select null::uuid, amount;
end $$;

alter function app.find_invoices(
  text, text[], text, text, date, date, integer, integer, integer, integer
) owner to voyagent_lookup;
revoke all on function app.find_invoices(
  text, text[], text, text, date, date, integer, integer, integer, integer
) from public;
grant execute on function app.find_invoices(
  text, text[], text, text, date, date, integer, integer, integer, integer
) to voyagent_app;
