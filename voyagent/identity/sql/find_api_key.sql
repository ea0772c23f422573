-- Find an API key by its public prefix, in whichever agency it is.
--
-- The caller compares the hash of the secret part; app.authenticate() then confirms the key.

create or replace function app.find_api_key(start text)
returns table (tenant_id uuid, user_id uuid, id uuid, key_hash bytea)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select k.tenant_id, k.created_by_user_id, k.id, k.key_hash from api_keys k
     where k.prefix = start;
end $$;

alter function app.find_api_key(text) owner to voyagent_lookup;
revoke all on function app.find_api_key(text) from public;
grant execute on function app.find_api_key(text) to voyagent_app;
