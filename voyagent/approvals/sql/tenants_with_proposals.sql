-- List the agencies with a proposal that has expired, or whose approved act has not run for a
-- minute.

create or replace function app.tenants_with_proposals(at timestamptz) returns setof uuid
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select t.id from tenants t where t.is_active and t.id in (
      select a.tenant_id from approvals a where a.status = 'pending' and a.expires_at <= at
      union
      select a.tenant_id from approvals a
       where a.effect_status = 'waiting' and a.resolved_at <= at - interval '1 minute'
    );
end $$;

alter function app.tenants_with_proposals(timestamptz) owner to voyagent_lookup;
revoke all on function app.tenants_with_proposals(timestamptz) from public;
grant execute on function app.tenants_with_proposals(timestamptz) to voyagent_app;
