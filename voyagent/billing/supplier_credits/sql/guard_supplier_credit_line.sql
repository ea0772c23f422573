-- Refuse to credit more of a bill line than its amount, over all supplier credits that are not
-- reversed.
--
-- The service checks this too. A transaction that credits has locked the row of the bill, so the
-- sum cannot change meanwhile.

create or replace function app.guard_supplier_credit_line() returns trigger
language plpgsql as $$
declare
  credited numeric;
  billed bigint;
begin
  select coalesce(sum(l.amount_minor), 0), max(i.amount_minor) into credited, billed
    from supplier_credits n
    join supplier_credits s on s.tenant_id = n.tenant_id and s.bill_id = n.bill_id
                           and s.reversed_on is null
    join supplier_credit_lines l on l.tenant_id = s.tenant_id and l.supplier_credit_id = s.id
                                and l.line_no = new.line_no
    join bill_lines i on i.tenant_id = n.tenant_id and i.bill_id = n.bill_id
                     and i.line_no = new.line_no
   where n.tenant_id = new.tenant_id and n.id = new.supplier_credit_id;
  if billed is null or credited > billed then
    raise exception 'credits exceed the amount of the line'
      using errcode = 'check_violation', constraint = 'ck_supplier_credit_lines_billed';
  end if;
  return null;
end $$;

create or replace trigger supplier_credit_lines_guarded after insert on supplier_credit_lines
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_supplier_credit_line();
