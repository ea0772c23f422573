-- Find the next `n` invoices after a row that match the given filters, for the API.
--
-- Like app.find_invoices(), but without a count and without an offset: every page costs the same.
-- If `q` has no three letters in a row, only `looked_max` rows after the given row are searched.

create or replace function app.find_invoices_behind(
  q text, states text[], party text, issued_from date, issued_to date,
  behind date, behind_id uuid, n integer, looked_max integer
) returns table (id uuid)
language plpgsql stable security definer rows 50
set search_path = public, pg_temp
as $$
declare
  source text := 'invoices';
  conditions text := 'tenant_id = $1 and search like lower($2)';
  date_conditions text := '';
begin
  if behind is not null then date_conditions := ' and (issue_date, id) < ($7, $8)'; end if;
  if issued_to is not null then
    date_conditions := date_conditions || ' and issue_date <= $6';
  end if;
  if looked_max is not null then
    source := '(select tenant_id, id, search, status, party_key, issue_date from invoices
                 where tenant_id = $1' || date_conditions ||
              ' order by issue_date desc, id desc limit $10) newest';
  end if;
  conditions := conditions || date_conditions;
  if states is not null then conditions := conditions || ' and status = any($3)'; end if;
  if party is not null then
    conditions := conditions || ' and party_key = any(string_to_array(lower($4), chr(30)))';
  end if;
  if issued_from is not null then conditions := conditions || ' and issue_date >= $5'; end if;
  return query execute
      'select id from ' || source || ' where ' || conditions ||
      ' order by issue_date desc, id desc limit $9'
    using current_setting('app.tenant')::uuid, q, states, party, issued_from, issued_to,
          behind, behind_id, n, looked_max;
end $$;

alter function app.find_invoices_behind(
  text, text[], text, date, date, date, uuid, integer, integer
) owner to voyagent_lookup;
revoke all on function app.find_invoices_behind(
  text, text[], text, date, date, date, uuid, integer, integer
) from public;
grant execute on function app.find_invoices_behind(
  text, text[], text, date, date, date, uuid, integer, integer
) to voyagent_app;
