-- Prevent the erasure and the change of party names until the transaction ends.
--
-- If an erasure of one of the names is being finished, the call waits for its end. The locks are
-- taken in one order. `keys` are names in lower case; null is ignored.
-- requires: name_lock

create or replace function app.hold_names(agency uuid, keys text[]) returns void
language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(number)
     from (select distinct app.name_lock(agency, key) as number
             from unnest(keys) key where key is not null order by 1) locks;
end $$;
