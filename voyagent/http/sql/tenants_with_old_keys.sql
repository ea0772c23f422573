-- List the agencies that have idempotency keys to delete.

create or replace function app.tenants_with_old_keys() returns setof uuid
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select distinct k.tenant_id from idempotency_keys k
     where k.created_at <= now() - interval '24 hours';
end $$;

alter function app.tenants_with_old_keys() owner to voyagent_lookup;
revoke all on function app.tenants_with_old_keys() from public;
grant execute on function app.tenants_with_old_keys() to voyagent_app;
