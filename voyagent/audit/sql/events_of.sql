-- Return the numbers of the newest `n` audit events that refer to one object.
--
-- Under row-level security the planner does not use the GIN index on `entity_refs`, so the search
-- runs as the look-up role. It takes the agency from the transaction, fails without one, and
-- returns numbers only: the caller reads the rows under row-level security. EXECUTE gives each
-- search a plan of its own.

create or replace function app.events_of(refs jsonb, n integer) returns setof bigint
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query execute
    'select seq from audit_events where tenant_id = $1 and entity_refs @> $2
      order by seq desc limit $3'
    using current_setting('app.tenant')::uuid, refs, n;
end $$;

alter function app.events_of(jsonb, integer) owner to voyagent_lookup;
revoke all on function app.events_of(jsonb, integer) from public;
grant execute on function app.events_of(jsonb, integer) to voyagent_app;
