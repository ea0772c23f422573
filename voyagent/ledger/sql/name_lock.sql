-- Return the number of the advisory lock for a party name of an agency.
--
-- A transaction that writes the name into a document or posting takes the lock in shared mode
-- (hold_names). An erasure and a change of the name take it in exclusive mode. The names of an
-- agency share 64 locks, so that an import of thousands of names cannot fill the lock table of the
-- server. `key` is the name in lower case.

create or replace function app.name_lock(agency uuid, key text) returns bigint
language sql immutable as $$
  select hashtextextended('names of ' || agency || ' ' || (hashtextextended(key, 0) & 63), 0)
$$;
