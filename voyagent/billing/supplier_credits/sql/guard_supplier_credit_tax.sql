-- Refuse to credit more of a tax component than the bill line was charged.
--
-- The sum is over all credits on the bill that are not reversed.

create or replace function app.guard_supplier_credit_tax() returns trigger
language plpgsql as $$
declare
  credited numeric;
  charged bigint;
begin
  select coalesce(sum(t.amount_minor), 0), max(i.amount_minor) into credited, charged
    from supplier_credits n
    join supplier_credits s on s.tenant_id = n.tenant_id and s.bill_id = n.bill_id
                           and s.reversed_on is null
    join supplier_credit_taxes t on t.tenant_id = s.tenant_id and t.supplier_credit_id = s.id
                                and t.line_no = new.line_no and t.component = new.component
    join bill_taxes i on i.tenant_id = n.tenant_id and i.bill_id = n.bill_id
                     and i.line_no = new.line_no and i.component = new.component
   where n.tenant_id = new.tenant_id and n.id = new.supplier_credit_id;
  if charged is null or credited > charged then
    raise exception 'credited tax exceeds the tax of the line'
      using errcode = 'check_violation', constraint = 'ck_supplier_credit_taxes_charged';
  end if;
  return null;
end $$;

create or replace trigger supplier_credit_taxes_guarded after insert on supplier_credit_taxes
  for each row when (current_user <> 'voyagent_mover')
  execute function app.guard_supplier_credit_tax();
