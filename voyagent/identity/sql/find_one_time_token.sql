-- Find a one-time token, as in a password reset link, by its SHA-256 digest.
--
-- The person who follows the link is not signed in, so no agency is known.

create or replace function app.find_one_time_token(digest bytea)
returns table (tenant_id uuid, id uuid)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query select o.tenant_id, o.id from one_time_tokens o where o.token_hash = digest;
end $$;

alter function app.find_one_time_token(bytea) owner to voyagent_lookup;
revoke all on function app.find_one_time_token(bytea) from public;
grant execute on function app.find_one_time_token(bytea) to voyagent_app;
