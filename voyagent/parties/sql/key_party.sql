-- Write the key of a party, by which its documents, postings and sums are found.
--
-- It is the name in lower case. A further party with this name, a namesake, has the name in
-- `name_key`, and its id behind the name in the key. The release before leaves `name_key` null, so
-- a second party with a name violates uq_parties_party_key.

create or replace function app.key_party() returns trigger
language plpgsql as $$
begin
  new.party_key := lower(new.name);
  if new.name_key is not null then
    new.name_key := new.party_key;
    new.party_key := new.party_key || chr(31) || new.id;
  end if;
  return new;
end $$;

create or replace trigger parties_keyed
  before insert or update of name, name_key, party_key on parties
  for each row when (current_user <> 'voyagent_mover') execute function app.key_party();
