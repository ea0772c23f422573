-- Refuse to take back more commission of an invoice line than the line has.
--
-- The sum is over all credit notes of the invoice that are not reversed.

create or replace function app.guard_credit_commission() returns trigger
language plpgsql as $$
declare
  recalled numeric;
  original bigint;
begin
  select coalesce(sum(l.commission_minor), 0), max(i.commission_minor) into recalled, original
    from credit_notes n
    join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id
                       and s.reversed_on is null
    join credit_note_lines l on l.tenant_id = s.tenant_id and l.credit_note_id = s.id
                            and l.line_no = new.line_no
    join invoice_lines i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id
                        and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
  if original is null or recalled > original then
    raise exception 'credited commission exceeds the commission of the line'
      using errcode = 'check_violation', constraint = 'ck_credit_note_lines_recalled';
  end if;
  return null;
end $$;

create or replace trigger credit_note_lines_recalled after insert on credit_note_lines
  for each row when (new.commission_minor > 0 and current_user <> 'voyagent_mover')
  execute function app.guard_credit_commission();
