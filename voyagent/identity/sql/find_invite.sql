-- Find an invitation by the SHA-256 digest of its token, in whichever agency it is.
--
-- The person who accepts an invitation has no account yet, so no agency is known.

create or replace function app.find_invite(digest bytea)
returns table (tenant_id uuid, id uuid)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query select i.tenant_id, i.id from invites i where i.token_hash = digest;
end $$;

alter function app.find_invite(bytea) owner to voyagent_lookup;
revoke all on function app.find_invite(bytea) from public;
grant execute on function app.find_invite(bytea) to voyagent_app;
