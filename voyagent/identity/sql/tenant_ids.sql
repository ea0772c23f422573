-- List the ids of all active agencies, for jobs that visit each agency in turn.

create or replace function app.tenant_ids() returns setof uuid
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query select t.id from tenants t where t.is_active order by t.id;
end $$;

alter function app.tenant_ids() owner to voyagent_lookup;
revoke all on function app.tenant_ids() from public;
grant execute on function app.tenant_ids() to voyagent_app;
