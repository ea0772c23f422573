-- Refuse a write-off that does not fit its invoice, or that makes the sum differ from the invoice.
--
-- The check runs at commit. Nothing is written off before the issue date, and a write-off is
-- reversed by one equal row with the opposite sign. Two transactions that write off at the same
-- time both update the invoice, so one waits for the other. If its sum does not include the row of
-- the other, it is refused.

create or replace function app.check_write_off() returns trigger
language plpgsql as $$
declare
  original write_offs%rowtype;
  stored bigint;
  issued date;
  written bigint;
begin
  select written_off_minor, issue_date into stored, issued
    from invoices where tenant_id = new.tenant_id and id = new.invoice_id;
  select sum(amount_minor) into written
    from write_offs where tenant_id = new.tenant_id and invoice_id = new.invoice_id;
  if new.effective_on < issued then
    raise exception 'the write-off is dated before the invoice'
      using errcode = 'check_violation', constraint = 'ck_write_off_fits';
  end if;
  if new.reverses_id is not null then
    select * into original from write_offs
     where tenant_id = new.tenant_id and id = new.reverses_id;
    if (original.invoice_id, original.amount_minor) <> (new.invoice_id, -new.amount_minor)
       or original.effective_on > new.effective_on then
      raise exception 'a write-off can only be reversed completely, and not before its date'
        using errcode = 'check_violation', constraint = 'ck_write_off_taken_back';
    end if;
  end if;
  if stored <> written then
    raise exception 'write-offs sum to %, but the invoice has %', written, stored
      using errcode = 'check_violation', constraint = 'ck_invoice_written_off';
  end if;
  return null;
end $$;

drop trigger if exists write_offs_checked on write_offs;
create constraint trigger write_offs_checked after insert on write_offs
  deferrable initially deferred for each row execute function app.check_write_off();
