-- Return the keys of the parties that are meant by an id or a name.
--
-- A name means every party with this name, ignoring case. The name itself is among the keys, so
-- rows that have no party yet are found.

create or replace function app.party_keys(named text, party uuid) returns text[]
language sql stable as $$
  select array_agg(party_key) from (
    select party_key from parties
     where tenant_id = current_setting('app.tenant')::uuid and id = party
    union
    select party_key from parties
     where tenant_id = current_setting('app.tenant')::uuid and name_key = lower(named)
    union
    select lower(named) where named is not null
  ) keys
$$;
