-- Refuse every change and deletion in the books. An entry is corrected by an entry that reverses
-- it.
-- requires: refuse_change

create or replace trigger journal_entries_append_only before update or delete on journal_entries
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger journal_entries_no_truncate before truncate on journal_entries
  for each statement execute function app.refuse_change();

create or replace trigger postings_append_only before update or delete on postings
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger postings_no_truncate before truncate on postings
  for each statement execute function app.refuse_change();
