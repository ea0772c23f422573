-- Return the names of agencies, for the operator's page.

create or replace function app.agency_names(ids uuid[]) returns table (id uuid, name text)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query select t.id, t.display_name from tenants t where t.id = any(ids);
end $$;

alter function app.agency_names(uuid[]) owner to voyagent_lookup;
revoke all on function app.agency_names(uuid[]) from public;
grant execute on function app.agency_names(uuid[]) to voyagent_app;
