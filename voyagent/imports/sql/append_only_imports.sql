-- Keep the record of imported files as it was written: a file is never imported twice.
-- requires: refuse_change

create or replace trigger imports_append_only before update or delete on imports
  for each row execute function app.refuse_change();
create or replace trigger imports_no_truncate before truncate on imports
  for each statement execute function app.refuse_change();
