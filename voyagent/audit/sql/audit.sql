-- Append events to the agency's audit chain and return the number of the last one.
--
-- Each event has the next number and the hash of the event before it, so a removed or changed row
-- breaks the chain. The head row is locked until the transaction ends: the writers of an agency
-- take turns, and no number is given twice or left out.
--
-- Personal text is stored in audit_private, and the event has its hash with a random salt. When the
-- text is erased the chain stays whole, and the hash alone does not allow a guess to be confirmed.
--
-- When the deletion of the agency has begun, its log is in a file and the chain is closed.
-- requires: audit_canonical

create or replace function app.audit(events jsonb) returns bigint
language plpgsql as $$
declare
  head audit_heads;
  item jsonb;
  e audit_events;
  part audit_private;
begin
  select * into strict head from audit_heads
   where tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid) for update;
  if exists (select from agency_deletions d where d.id = head.tenant_id) then
    raise exception 'the deletion of the agency has begun';
  end if;
  for item in select value from jsonb_array_elements(events) loop
    e := null;
    e.tenant_id := head.tenant_id;
    e.seq := head.seq + 1;
    e.id := (item->>'id')::uuid;
    e.actor_kind := item->>'actor_kind';
    e.actor_id := (item->>'actor_id')::uuid;
    e.actor_email := coalesce(item->>'actor_email', '');
    e.channel := coalesce(item->>'channel', '');
    e.kind := item->>'kind';
    e.driver := item->>'driver';
    e.status := item->>'status';
    e.error := item->>'error';
    e.entity_refs := coalesce(item->'entity_refs', '{}');
    e.inputs := coalesce(item->'inputs', '{}');
    e.outputs := coalesce(item->'outputs', '{}');
    e.approval_required := coalesce((item->>'approval_required')::boolean, false);
    e.approved_by := (item->>'approved_by')::uuid;
    e.approved_at := (item->>'approved_at')::timestamptz;
    e.started_at := coalesce((item->>'started_at')::timestamptz, clock_timestamp());
    e.completed_at := coalesce((item->>'completed_at')::timestamptz, e.started_at);
    e.recorded_at := clock_timestamp();
    if item ? 'private' then
      part := null;
      part.tenant_id := e.tenant_id;
      part.seq := e.seq;
      part.salt := decode(replace(gen_random_uuid()::text, '-', ''), 'hex');
      part.parts := item->'private';
      e.inputs := e.inputs || jsonb_build_object('private',
        encode(sha256(part.salt || convert_to(part.parts::text, 'UTF8')), 'hex'));
    end if;
    e.prev_hash := head.hash;
    e.hash := sha256(head.hash || convert_to(app.audit_canonical(e), 'UTF8'));
    insert into audit_events select e.*;
    if item ? 'private' then
      insert into audit_private select part.*;
    end if;
    head.seq := e.seq;
    head.hash := e.hash;
  end loop;
  update audit_heads set seq = head.seq, hash = head.hash where tenant_id = head.tenant_id;
  return head.seq;
end $$;
