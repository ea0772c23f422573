-- Refuse a document whose credited amount is not the sum of its credit notes that are not reversed.
--
-- What a credit note has credited above the open amount of the invoice is a sum of its own. It is a
-- payment, which the release before does not know: such a note is reversed only with its payment.
-- What a supplier credit has credited above the open amount of the bill is a claim (guard_claim).
--
-- The check runs at commit of a transaction that reversed a credit note or a supplier credit.

create or replace function app.check_credited() returns trigger
language plpgsql as $$
declare
  stored bigint;
  credited bigint;
begin
  if tg_table_name = 'credit_notes' then
    -- `credited_minor` of an invoice includes what was written off.
    select d.credited_minor - d.written_off_minor + d.excess_minor into stored
      from invoices d
     where d.tenant_id = new.tenant_id and d.id = (to_jsonb(new)->>'invoice_id')::uuid;
    select coalesce(sum(n.total_minor), 0) into credited from credit_notes n
     where n.tenant_id = new.tenant_id and n.invoice_id = (to_jsonb(new)->>'invoice_id')::uuid
       and n.reversed_on is null;
    if new.reversed_on is not null and exists (
      select from payments p
       where p.tenant_id = new.tenant_id and p.credit_note_id = new.id and p.reversed_on is null
    ) then
      raise exception 'a credit note can only be reversed with its payment'
        using errcode = 'check_violation', constraint = 'ck_credit_note_payment';
    end if;
  else
    select d.credited_minor into stored
      from bills d
     where d.tenant_id = new.tenant_id and d.id = (to_jsonb(new)->>'bill_id')::uuid;
    select coalesce(sum(n.total_minor - n.excess_minor), 0) into credited from supplier_credits n
     where n.tenant_id = new.tenant_id and n.bill_id = (to_jsonb(new)->>'bill_id')::uuid
       and n.reversed_on is null;
  end if;
  if stored <> credited then
    raise exception 'credits sum to %, but the document has %', credited, stored
      using errcode = 'check_violation', constraint = 'ck_document_credited';
  end if;
  return null;
end $$;

drop trigger if exists credit_notes_credited on credit_notes;
create constraint trigger credit_notes_credited after update on credit_notes
  deferrable initially deferred for each row execute function app.check_credited();
drop trigger if exists supplier_credits_credited on supplier_credits;
create constraint trigger supplier_credits_credited after update on supplier_credits
  deferrable initially deferred for each row execute function app.check_credited();
