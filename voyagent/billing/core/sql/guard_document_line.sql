-- Refuse a change of the lines and taxes of an invoice or bill that was posted.
--
-- Texts of an erased person are replaced (app.pseudonymise_party).
--
-- When a draft is deleted, its lines are deleted after it; then there is no document to check. The
-- trigger's argument is `invoice` or `bill`.

create or replace function app.guard_document_line() returns trigger
language plpgsql as $$
declare
  line jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  state text;
begin
  if tg_op = 'UPDATE' and current_user = 'voyagent_eraser' then return new; end if;
  execute format('select status from %I where tenant_id = $1 and id = $2', tg_argv[0] || 's')
    into state using (line->>'tenant_id')::uuid, (line->>(tg_argv[0] || '_id'))::uuid;
  if state <> 'draft' then
    raise exception 'lines and taxes of a posted % cannot be changed', tg_argv[0]
      using errcode = 'restrict_violation';
  end if;
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$;

create or replace trigger invoice_lines_guarded before insert or update or delete on invoice_lines
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_document_line('invoice');
create or replace trigger invoice_taxes_guarded before insert or update or delete on invoice_taxes
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_document_line('invoice');
create or replace trigger bill_lines_guarded before insert or update or delete on bill_lines
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_document_line('bill');
create or replace trigger bill_taxes_guarded before insert or update or delete on bill_taxes
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_document_line('bill');
