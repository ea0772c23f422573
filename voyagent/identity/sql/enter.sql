-- Call app.authenticate under its old name.
--
-- Processes of the previous release call it during a deployment. The next release drops it.
-- requires: authenticate
-- drops: app.enter(uuid, uuid, uuid, text)

create or replace function app.enter(t uuid, u uuid, s uuid, j text, k uuid)
returns table (
  user_id uuid, role text, email text, full_name text, tenant_name text,
  timezone text, locale text, currency text, scopes text[]
)
language sql as $$
  select * from app.authenticate(t, u, s, j, k);
$$;
