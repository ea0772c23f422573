-- Refuse changes of the record of imported files, so that no file is imported twice.
-- requires: refuse_change

create or replace trigger imports_append_only before update or delete on imports
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger imports_no_truncate before truncate on imports
  for each statement execute function app.refuse_change();
