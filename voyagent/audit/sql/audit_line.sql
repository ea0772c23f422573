-- Return an audit event as one line of JSON, for verification outside the database.
--
-- Each hashed field has exactly the text that app.audit_canonical() hashes, in the same order; the
-- two hashes follow. With the lines every hash can be computed again without a database.
-- requires: instant

create or replace function app.audit_line(e audit_events) returns text
language sql stable as $$
  select json_build_object(
    'tenant_id', e.tenant_id::text, 'seq', e.seq::text, 'id', e.id::text,
    'actor_kind', e.actor_kind, 'actor_id', e.actor_id::text,
    'actor_email', e.actor_email, 'channel', e.channel, 'kind', e.kind, 'driver', e.driver,
    'status', e.status, 'error', e.error,
    'entity_refs', e.entity_refs::text, 'inputs', e.inputs::text, 'outputs', e.outputs::text,
    'approval_required', e.approval_required::text,
    'approved_by', e.approved_by::text, 'approved_at', app.instant(e.approved_at),
    'started_at', app.instant(e.started_at),
    'completed_at', app.instant(e.completed_at), 'recorded_at', app.instant(e.recorded_at),
    'prev_hash', encode(e.prev_hash, 'hex'), 'hash', encode(e.hash, 'hex'))::text
$$;
