-- Return true if an account has one of the purposes.

create or replace function app.has_purpose(agency uuid, account uuid, variadic purposes text[])
returns boolean
language sql stable as $$
  select exists (
    select from accounts where tenant_id = agency and id = account and purpose = any(purposes))
$$;
