-- List the agencies whose mail needs attention now.
--
-- Mail needs attention if it is due, or if it can no longer be of use. A mail that was queued ten
-- minutes ago and is still due has lost its job. An agency that waits for its deletion sends none.

create or replace function app.tenants_with_mail(at timestamptz) returns setof uuid
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select distinct m.tenant_id from mails m join tenants t on t.id = m.tenant_id
     where t.deletion_asked_at is null and m.sent_at is null and m.failed_at is null
       and (m.useless_at <= at
            or (m.due_at <= at
                and (m.queued_at is null or m.queued_at <= at - interval '10 minutes')));
end $$;

alter function app.tenants_with_mail(timestamptz) owner to voyagent_lookup;
revoke all on function app.tenants_with_mail(timestamptz) from public;
grant execute on function app.tenants_with_mail(timestamptz) to voyagent_app;
