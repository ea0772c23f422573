-- Delete the kept PDF of a document in which an erasure changes a text.
--
-- The file names the person, and the next print keeps a new one. A print that makes the file locks
-- the document first (billing/paper/documents/kept.py). So does this trigger, because an erasure
-- may change only a line: then the print has either ended, and its file is deleted here, or it
-- waits and reads the new text.
--
-- The arguments are the kind of the document and the column with its id.

create or replace function app.forget_kept_paper() returns trigger
language plpgsql as $$
declare
  document uuid := (to_jsonb(new)->>tg_argv[1])::uuid;
begin
  if tg_argv[1] <> 'id' then
    execute format('select from %I where tenant_id = $1 and id = $2 for no key update',
                   tg_argv[0] || 's')
      using new.tenant_id, document;
  end if;
  delete from kept_papers
   where tenant_id = new.tenant_id and kind = tg_argv[0] and document_id = document;
  return null;
end $$;

create or replace trigger invoices_forget_paper after update on invoices
  for each row when (current_user = 'voyagent_eraser')
  execute function app.forget_kept_paper('invoice', 'id');
create or replace trigger invoice_lines_forget_paper after update on invoice_lines
  for each row when (current_user = 'voyagent_eraser')
  execute function app.forget_kept_paper('invoice', 'invoice_id');
create or replace trigger credit_notes_forget_paper after update on credit_notes
  for each row when (current_user = 'voyagent_eraser')
  execute function app.forget_kept_paper('credit_note', 'id');
create or replace trigger credit_note_lines_forget_paper after update on credit_note_lines
  for each row when (current_user = 'voyagent_eraser')
  execute function app.forget_kept_paper('credit_note', 'credit_note_id');
