-- Return size and load of agencies, for the operator's page.
--
-- Each agency is read as the program reads it, under row-level security: the function sets the
-- agency for its own statements, and then the earlier one again. Every figure is a stored sum or
-- the rows of some days, so the cost does not grow with the history of an agency.

create or replace function app.agency_sizes(ids uuid[])
returns table (id uuid, people bigint, invoices bigint, events bigint, answers bigint)
language plpgsql
set search_path = public, pg_temp
as $$
declare
  earlier text := current_setting('app.tenant', true);
begin
  foreach id in array ids loop
    perform set_config('app.tenant', id::text, true);
    select count(*) into people from users u where u.is_active;
    select coalesce(sum(c.n), 0) into invoices from invoice_counts c;
    select coalesce(max(h.seq), 0) into events from audit_heads h;
    select coalesce(sum(m.answers), 0) into answers
      from model_daily_usage m where m.day >= current_date - 1;
    return next;
  end loop;
  perform set_config('app.tenant', coalesce(earlier, ''), true);
end $$;

revoke all on function app.agency_sizes(uuid[]) from public;
grant execute on function app.agency_sizes(uuid[]) to voyagent_app;
