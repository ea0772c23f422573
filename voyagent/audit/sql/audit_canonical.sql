-- Return the text of an audit event that its hash covers.
--
-- The order and the format of the fields are part of the archive's format. A change here would make
-- every stored hash wrong.
-- requires: part, instant

create or replace function app.audit_canonical(e audit_events) returns text
language sql immutable as $$
  select app.part(e.tenant_id::text) || app.part(e.seq::text) || app.part(e.id::text)
      || app.part(e.actor_kind) || app.part(e.actor_id::text) || app.part(e.actor_email)
      || app.part(e.channel) || app.part(e.kind) || app.part(e.driver)
      || app.part(e.status) || app.part(e.error)
      || app.part(e.entity_refs::text) || app.part(e.inputs::text) || app.part(e.outputs::text)
      || app.part(e.approval_required::text) || app.part(e.approved_by::text)
      || app.part(app.instant(e.approved_at)) || app.part(app.instant(e.started_at))
      || app.part(app.instant(e.completed_at)) || app.part(app.instant(e.recorded_at))
$$;
