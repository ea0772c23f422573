-- List the agencies with supplier offers or stored supplier responses to delete.
--
-- An offer is kept for an hour after it has expired. A stored response is deleted when it has
-- expired.

create or replace function app.tenants_with_offers(at timestamptz) returns setof uuid
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select t.id from tenants t where t.is_active and t.id in (
      select o.tenant_id from supplier_offers o where o.expires_at <= at - interval '1 hour'
      union
      select o.tenant_id from supplier_responses o where o.expires_at <= at
    );
end $$;

alter function app.tenants_with_offers(timestamptz) owner to voyagent_lookup;
revoke all on function app.tenants_with_offers(timestamptz) from public;
grant execute on function app.tenants_with_offers(timestamptz) to voyagent_app;
