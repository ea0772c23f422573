-- Refuse every change and deletion of audit events.
-- requires: refuse_change

create or replace trigger audit_events_append_only before update or delete on audit_events
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger audit_events_no_truncate before truncate on audit_events
  for each statement execute function app.refuse_change();
