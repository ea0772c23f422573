-- Refuse to credit more of a tax component than the invoice line was charged.
--
-- The sum is over all credit notes of the invoice that are not reversed.

create or replace function app.guard_credit_tax() returns trigger
language plpgsql as $$
declare
  credited numeric;
  charged bigint;
begin
  select coalesce(sum(t.amount_minor), 0), max(i.amount_minor) into credited, charged
    from credit_notes n
    join credit_notes s on s.tenant_id = n.tenant_id and s.invoice_id = n.invoice_id
                       and s.reversed_on is null
    join credit_note_taxes t on t.tenant_id = s.tenant_id and t.credit_note_id = s.id
                            and t.line_no = new.line_no and t.component = new.component
    join invoice_taxes i on i.tenant_id = n.tenant_id and i.invoice_id = n.invoice_id
                        and i.line_no = new.line_no and i.component = new.component
   where n.tenant_id = new.tenant_id and n.id = new.credit_note_id;
  if charged is null or credited > charged then
    raise exception 'credited tax exceeds the tax of the line'
      using errcode = 'check_violation', constraint = 'ck_credit_note_taxes_charged';
  end if;
  return null;
end $$;

create or replace trigger credit_note_taxes_guarded after insert on credit_note_taxes
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_credit_tax();
