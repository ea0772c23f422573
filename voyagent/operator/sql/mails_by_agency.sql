-- Count the mails of each agency that wait, and those that were given up since a time.
--
-- The `n` agencies with the most of these mails are returned. Both counts read an index that has
-- only such mails.

create or replace function app.mails_by_agency(since timestamptz, n integer)
returns table (id uuid, name text, waiting bigint, oldest timestamptz, given_up bigint)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select t.id, t.display_name, sum(c.waiting)::bigint, min(c.oldest), sum(c.given_up)::bigint
      from (
        select m.tenant_id, count(*) as waiting, min(m.created_at) as oldest, 0 as given_up
          from mails m where m.sent_at is null and m.failed_at is null group by m.tenant_id
        union all
        select m.tenant_id, 0, null, count(*)
          from mails m where m.failed_at >= since group by m.tenant_id
      ) c join tenants t on t.id = c.tenant_id
     group by t.id, t.display_name
     order by sum(c.waiting) + sum(c.given_up) desc, t.id
     limit n;
end $$;

alter function app.mails_by_agency(timestamptz, integer) owner to voyagent_lookup;
revoke all on function app.mails_by_agency(timestamptz, integer) from public;
grant execute on function app.mails_by_agency(timestamptz, integer) to voyagent_app;
