-- Refuse every change of a table's rows.
--
-- Append-only tables have two triggers that call this function: one for UPDATE and DELETE, one for
-- TRUNCATE. It refuses the schema's owner too, because a row-level policy does not bind TRUNCATE.
-- Only the role that replaces the name of an erased person may update, and its grants limit it to
-- columns with texts (app.pseudonymise_party). The triggers do not fire for the role that imports
-- and deletes whole agencies, voyagent_mover.

create or replace function app.refuse_change() returns trigger
language plpgsql as $$
begin
  if tg_op = 'UPDATE' and current_user = 'voyagent_eraser' then return new; end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
