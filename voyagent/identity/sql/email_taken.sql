-- Return true if an active person of any agency signs in with this address.
--
-- An address belongs to one active account of the installation. A person who was removed may sign
-- up again, so inactive accounts do not count.

create or replace function app.email_taken(address text) returns boolean
language plpgsql stable security definer
set search_path = public, pg_temp
as $$
begin
  return exists (select 1 from users u where u.email = address and u.is_active);
end $$;

alter function app.email_taken(text) owner to voyagent_lookup;
revoke all on function app.email_taken(text) from public;
grant execute on function app.email_taken(text) to voyagent_app;
