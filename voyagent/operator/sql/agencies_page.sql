-- List `n` agencies by id, after or before the agency `place`, for the operator's page.
--
-- The rows are the nearest ones in that direction, in the order of their ids.

create or replace function app.agencies_page(place uuid, is_back boolean, n integer)
returns table (id uuid, name text, is_active boolean, deletion_asked_at timestamptz)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  if is_back then
    return query
      select r.* from (
        select t.id, t.display_name, t.is_active, t.deletion_asked_at
          from tenants t where t.id < place order by t.id desc limit n) r
       order by r.id;
  else
    return query
      select t.id, t.display_name, t.is_active, t.deletion_asked_at
        from tenants t where t.id > place order by t.id limit n;
  end if;
end $$;

alter function app.agencies_page(uuid, boolean, integer) owner to voyagent_lookup;
revoke all on function app.agencies_page(uuid, boolean, integer) from public;
grant execute on function app.agencies_page(uuid, boolean, integer) to voyagent_app;
