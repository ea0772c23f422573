-- Refuse to credit more of an invoice line than its amount, over all credit notes that are not
-- reversed.
--
-- The service checks this too. A transaction that credits has locked the row of the invoice, so the
-- sum cannot change meanwhile.

create or replace function app.guard_credit_line() returns trigger
language plpgsql as $$
declare
  credited numeric;
  billed bigint;
begin
  select coalesce(sum(l.amount_minor), 0), max(i.amount_minor) into credited, billed
    from credit_notes n
    join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id
                       and s.reversed_on is null
    join credit_note_lines l on l.tenant_id = s.tenant_id and l.credit_note_id = s.id
                            and l.line_no = new.line_no
    join invoice_lines i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id
                        and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
  if billed is null or credited > billed then
    raise exception 'credits exceed the amount of the line'
      using errcode = 'check_violation', constraint = 'ck_credit_note_lines_billed';
  end if;
  return null;
end $$;

create or replace trigger credit_note_lines_guarded after insert on credit_note_lines
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_credit_line();
