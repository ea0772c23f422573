-- Refuse every change and deletion in the books. An entry is corrected by an entry that reverses
-- it. Only a line without the id of its party gets it, once (link_parties), and so does a line
-- without a base amount (establish_base).
-- requires: refuse_change

create or replace function app.guard_posting() returns trigger
language plpgsql as $$
declare
  free text[] := '{}';
begin
  if current_user = 'voyagent_eraser' then return new; end if;
  if old.party_id is null then
    free := array['party_id'];
  end if;
  if old.base_basis is null then
    free := free || array['base_debit_minor', 'base_credit_minor', 'base_basis',
                          'rate', 'is_rate_inverse', 'rate_on', 'rate_source'];
  end if;
  if free <> '{}' and to_jsonb(new) - free = to_jsonb(old) - free then return new; end if;
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
