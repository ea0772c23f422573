-- List the agencies with a turn that has been queued or running for more than a minute.
--
-- Such a turn may have lost its job; the periodic task looks at it.

create or replace function app.tenants_with_turns(at timestamptz) returns setof uuid
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select t.id from tenants t where t.is_active and t.id in (
      select c.tenant_id from chat_turns c
       where c.status in ('queued', 'running') and c.created_at <= at - interval '1 minute'
    );
end $$;

alter function app.tenants_with_turns(timestamptz) owner to voyagent_lookup;
revoke all on function app.tenants_with_turns(timestamptz) from public;
grant execute on function app.tenants_with_turns(timestamptz) to voyagent_app;
