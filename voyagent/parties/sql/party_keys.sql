-- Return the keys of the parties that are meant by an id or a name.
--
-- A name means every party with this name, ignoring case. With each party come all that are merged
-- with it. The name itself is among the keys, so rows that have no party yet are found.

create or replace function app.party_keys(named text, party uuid) returns text[]
language sql stable as $$
  with meant as (
    select id from parties
     where tenant_id = current_setting('app.tenant')::uuid and id = party
    union all
    select id from parties
     where tenant_id = current_setting('app.tenant')::uuid
       and (party_key = lower(named) or name_key = lower(named))
  ), roots as (
    select coalesce(r.root_id, m.id) as id
      from meant m
      left join party_roots r
        on r.tenant_id = current_setting('app.tenant')::uuid and r.party_id = m.id
  ), members as (
    select id from roots
    union
    select r.party_id from party_roots r
      join roots on r.tenant_id = current_setting('app.tenant')::uuid and r.root_id = roots.id
  )
  select array_agg(party_key) from (
    select p.party_key from parties p
      join members m on p.tenant_id = current_setting('app.tenant')::uuid and p.id = m.id
    union
    select lower(named) where named is not null
  ) keys
$$;
