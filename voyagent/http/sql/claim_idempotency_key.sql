-- Take an idempotency key for a request, or return the row of the request that has it.
--
-- It returns one row: the caller's new row, which the caller then fills, or the stored one. It
-- returns no row if another request with the key is running and did not finish within `wait_ms`.
-- The insert waits at the unique index for a transaction that has not committed. A row older than
-- 24 hours is reused.

create or replace function app.claim_idempotency_key(
  given_id uuid, caller uuid, given_key text, request bytea, wait_ms bigint
) returns setof idempotency_keys
language plpgsql
set lock_timeout = 0  -- restores the caller's value at the end
as $$
declare
  agency uuid := (select nullif(current_setting('app.tenant', true), '')::uuid);
  found_row idempotency_keys;
begin
  select k.* into found_row from idempotency_keys k
   where k.tenant_id = agency and k.caller_id = caller and k.key = given_key
     and k.created_at > now() - interval '24 hours';
  if not found then
    perform set_config('lock_timeout', wait_ms::text, true);
    insert into idempotency_keys as k (tenant_id, id, caller_id, key, request_hash)
    values (agency, given_id, caller, given_key, request)
    on conflict (tenant_id, caller_id, key) do update
       set id = excluded.id, request_hash = excluded.request_hash, created_at = now(),
           kept = 'nothing', status = null, headers = null, body = null, place = null
     where k.created_at <= now() - interval '24 hours'
    returning k.* into found_row;
  end if;
  if not found then
    select k.* into found_row from idempotency_keys k
     where k.tenant_id = agency and k.caller_id = caller and k.key = given_key;
  end if;
  if found then
    return next found_row;
  end if;
exception when lock_not_available then
  return;
end $$;
