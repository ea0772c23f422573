-- List the next `n` agencies by id, with inactive ones, because the audit log of each is verified.
-- Those of which the deletion has begun are left out, because their log is incomplete.

create or replace function app.agencies_after(last uuid, n integer) returns setof uuid
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query select t.id from tenants t
                where t.id > last and not exists (select from agency_deletions d where d.id = t.id)
                order by t.id limit n;
end $$;

alter function app.agencies_after(uuid, integer) owner to voyagent_lookup;
revoke all on function app.agencies_after(uuid, integer) from public;
grant execute on function app.agencies_after(uuid, integer) to voyagent_app;
