-- Refuse to receive a bill whose tax is not the sum of its tax rows.

create or replace function app.guard_bill_tax() returns trigger
language plpgsql as $$
declare
  charged numeric;
begin
  select coalesce(sum(amount_minor), 0) into charged
    from bill_taxes where tenant_id = new.tenant_id and bill_id = new.id;
  if charged <> new.tax_minor then
    raise exception 'taxes of the bill do not add up to its tax'
      using errcode = 'check_violation', constraint = 'ck_bills_taxes';
  end if;
  return new;
end $$;

create or replace trigger bills_taxed before update on bills
  for each row when (old.status = 'draft' and new.status not in ('draft', 'void'))
  execute function app.guard_bill_tax();
