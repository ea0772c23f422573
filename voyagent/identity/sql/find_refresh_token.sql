-- Find a refresh token by its SHA-256 digest, in whichever agency it is.
--
-- At a refresh the agency is not known yet. The token itself is not stored.

create or replace function app.find_refresh_token(digest bytea)
returns table (tenant_id uuid, id uuid)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query select r.tenant_id, r.id from refresh_tokens r where r.token_hash = digest;
end $$;

alter function app.find_refresh_token(bytea) owner to voyagent_lookup;
revoke all on function app.find_refresh_token(bytea) from public;
grant execute on function app.find_refresh_token(bytea) to voyagent_app;
