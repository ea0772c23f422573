-- Refuse every change of a table's rows.
--
-- Append-only tables have two triggers that call this function: one for UPDATE and DELETE, one for
-- TRUNCATE. It refuses the schema's owner too, because a row-level policy does not bind TRUNCATE.

create or replace function app.refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
