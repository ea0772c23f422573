-- Refuse a void bill or a reversed supplier credit whose cost entries are not reversed.
--
-- A cost entry moves prepaid cost to the day of its service. The release before does not know these
-- entries: it would reverse only the entry of the document. The check runs at commit. The argument
-- is the source type of the entries.

create or replace function app.check_costs_reversed() returns trigger
language plpgsql as $$
begin
  if exists (
    select from journal_entries e
     where e.tenant_id = new.tenant_id and e.source_type = tg_argv[0] and e.source_id = new.id
       and e.purpose like 'cost %'
       and not exists (
         select from journal_entries r where r.tenant_id = e.tenant_id and r.reverses_id = e.id)
  ) then
    raise exception 'a cost entry of a row of % is not reversed', tg_table_name
      using errcode = 'check_violation', constraint = 'ck_costs_reversed';
  end if;
  return null;
end $$;

drop trigger if exists bills_costs_reversed on bills;
create constraint trigger bills_costs_reversed after update on bills
  deferrable initially deferred for each row
  when (new.status = 'void' and old.status <> 'void')
  execute function app.check_costs_reversed('bill');
drop trigger if exists supplier_credits_costs_reversed on supplier_credits;
create constraint trigger supplier_credits_costs_reversed after update on supplier_credits
  deferrable initially deferred for each row
  when (new.reversed_on is not null and old.reversed_on is null)
  execute function app.check_costs_reversed('supplier_credit');
