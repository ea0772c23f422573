-- Find a page of enquiries that match the given filters, with the total.
--
-- Under row-level security PostgreSQL does not use the trigram index for LIKE, so every list with
-- another filter than the status is searched as the look-up role. The function takes the agency
-- from the transaction, fails without one, and returns ids and a total only: the caller reads the
-- rows under row-level security. EXECUTE gives each pattern a plan of its own.
--
--   q, email, origin, destination
--                LIKE patterns with % _ and \ escaped; each of these texts is also part of
--                `search`, which finds the candidates
--   beside_at, beside_id, backward
--                the last row of the page before, and the direction
--   looked_max   a pattern without three letters in a row has no trigram; then only this many of
--                the newest rows are searched (null: all)
--   count_max    counting stops here (null: never)
--
-- A filter that is null is ignored. An empty page is one row with a null id.

create or replace function app.find_enquiries(
  q text, email text, origin text, destination text, state text,
  leaves_from date, leaves_to date, made_from timestamptz, made_before timestamptz,
  beside_at timestamptz, beside_id uuid, backward boolean,
  n integer, skip integer, looked_max integer, count_max integer
) returns table (id uuid, total bigint)
language plpgsql stable security definer rows 50
set enable_seqscan = off  -- the rows of all other agencies are in the table too
set search_path = public, pg_temp
as $$
declare
  source text := 'enquiries';
  conditions text := 'tenant_id = $1';
  place text := '';
  amount bigint;
begin
  if looked_max is not null then
    source := '(select tenant_id, id, search, customer_email, origin, destination, status,
                       depart_date, created_at
                  from enquiries
                 where tenant_id = $1 order by created_at desc, id desc limit $15) newest';
  end if;
  if q is not null then conditions := conditions || ' and search like lower($2)'; end if;
  if email is not null then
    conditions := conditions
      || ' and search like lower($3) and lower(customer_email) like lower($3)';
  end if;
  if origin is not null then
    conditions := conditions || ' and search like lower($4) and lower(origin) like lower($4)';
  end if;
  if destination is not null then
    conditions := conditions || ' and search like lower($5) and lower(destination) like lower($5)';
  end if;
  if state is not null then conditions := conditions || ' and status = $6'; end if;
  if leaves_from is not null then conditions := conditions || ' and depart_date >= $7'; end if;
  if leaves_to is not null then conditions := conditions || ' and depart_date <= $8'; end if;
  if made_from is not null then conditions := conditions || ' and created_at >= $9'; end if;
  if made_before is not null then conditions := conditions || ' and created_at < $10'; end if;
  if beside_at is not null then
    place := format(' and (created_at, id) %s ($11, $12)',
                    case when backward then '>' else '<' end);
  end if;
  execute 'select count(*) from (
             select 1 from ' || source || ' where ' || conditions || ' limit $16) counted'
    into amount
    using current_setting('app.tenant')::uuid, q, email, origin, destination, state, leaves_from,
          leaves_to, made_from, made_before, beside_at, beside_id, n, skip, looked_max, count_max;
  if beside_at is not null or skip < amount or amount >= count_max then
    return query execute
        'select id, $17::bigint from ' || source || ' where ' || conditions || place ||
        case when backward then ' order by created_at, id'
             else ' order by created_at desc, id desc' end ||
        ' limit $13 offset $14'
      using current_setting('app.tenant')::uuid, q, email, origin, destination, state, leaves_from,
            leaves_to, made_from, made_before, beside_at, beside_id, n, skip, looked_max, count_max,
            amount;
    if found then return; end if;
  end if;
  return query select null::uuid, amount;
end $$;

alter function app.find_enquiries(
  text, text, text, text, text, date, date, timestamptz, timestamptz, timestamptz, uuid, boolean,
  integer, integer, integer, integer
) owner to voyagent_lookup;
revoke all on function app.find_enquiries(
  text, text, text, text, text, date, date, timestamptz, timestamptz, timestamptz, uuid, boolean,
  integer, integer, integer, integer
) from public;
grant execute on function app.find_enquiries(
  text, text, text, text, text, date, date, timestamptz, timestamptz, timestamptz, uuid, boolean,
  integer, integer, integer, integer
) to voyagent_app;
