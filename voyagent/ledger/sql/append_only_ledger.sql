-- Refuse every change and deletion in the books. An entry is corrected by an entry that reverses
-- it. Only a line that an earlier release stored gets the id of its party, once (link_parties).
-- requires: refuse_change

create or replace function app.guard_posting() returns trigger
language plpgsql as $$
declare
  free constant text[] := array['party_id', 'party_key'];
begin
  if current_user = 'voyagent_eraser' then return new; end if;
  if old.party_id is null and to_jsonb(new) - free = to_jsonb(old) - free then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create or replace trigger journal_entries_append_only before update or delete on journal_entries
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger journal_entries_no_truncate before truncate on journal_entries
  for each statement execute function app.refuse_change();

create or replace trigger postings_append_only before delete on postings
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger postings_guarded before update on postings
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_posting();
create or replace trigger postings_no_truncate before truncate on postings
  for each statement execute function app.refuse_change();
