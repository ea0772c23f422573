-- Find the active account of an e-mail address, in whichever agency it is.
--
-- At sign-in the agency is not known yet, so this runs as the look-up role, which is exempt from
-- row-level security. It returns only what the password check needs.

create or replace function app.find_account(address text)
returns table (tenant_id uuid, user_id uuid, role text, password_hash text, email_verified boolean)
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return query
    select u.tenant_id, u.id, u.role, u.password_hash, u.email_verified
      from users u join tenants t on t.id = u.tenant_id
     where u.email = address and u.is_active and t.is_active;
end $$;

alter function app.find_account(text) owner to voyagent_lookup;
revoke all on function app.find_account(text) from public;
grant execute on function app.find_account(text) to voyagent_app;
