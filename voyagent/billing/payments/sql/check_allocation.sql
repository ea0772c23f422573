-- Refuse an allocation that does not fit its payment and document, or their sums.
--
-- The check runs at commit. A payment from a customer settles invoices and a payment to a supplier
-- settles bills, of the same party, not before the payment date and the issue date. If payment and
-- document have the same currency, the row has one amount. For a document in another currency the
-- row also has the settled amount and, if the document was booked at a rate between the two
-- currencies, the book value of that amount. If the document has a base amount, the book value is
-- what the row takes of it, unless the payment is in a foreign currency too. A row takes something
-- of the base amounts of its payment and its document only if they have one. An allocation is
-- reversed by one equal row with the opposite sign.
--
-- Two transactions that allocate at the same time both update the used amount of the payment and
-- the paid amount of the document, so one waits for the other. If its sum does not include the row
-- of the other, it is refused.

create or replace function app.check_allocation() returns trigger
language plpgsql as $$
declare
  payment payments%rowtype;
  original allocations%rowtype;
  settled bigint;
  paid bigint;
  is_fit boolean;
begin
  select * into payment from payments where tenant_id = new.tenant_id and id = new.payment_id;
  if new.invoice_id is not null then
    select d.paid_minor,
           payment.direction = 'in'
           and (case when d.currency = payment.currency then new.settled_minor is null
                else new.settled_minor is not null
                     and case when new.document_base_minor is null
                         then (d.rate is null) = (new.booked_minor is null)
                              and (d.rate is null
                                   or payment.currency in (d.rate_base, d.rate_quote))
                         else (new.booked_minor is null) = (new.payment_base_minor is not null) end
                     and (new.rate is null
                          or new.rate_base in (d.currency, payment.currency)
                             and new.rate_quote in (d.currency, payment.currency)) end)
           and (new.document_base_minor is null or d.base_minor is not null)
           and (new.payment_base_minor is null or payment.base_minor is not null)
           and d.party_key = payment.party_key and new.effective_on >= d.issue_date
      into paid, is_fit from invoices d where d.tenant_id = new.tenant_id and d.id = new.invoice_id;
    select sum(coalesce(settled_minor, amount_minor)) into settled
      from allocations where tenant_id = new.tenant_id and invoice_id = new.invoice_id;
  else
    select d.paid_minor,
           payment.direction = 'out'
           and (case when d.currency = payment.currency then new.settled_minor is null
                else new.settled_minor is not null
                     and case when new.document_base_minor is null
                         then (d.rate is null) = (new.booked_minor is null)
                              and (d.rate is null
                                   or payment.currency in (d.rate_base, d.rate_quote))
                         else (new.booked_minor is null) = (new.payment_base_minor is not null) end
                     and (new.rate is null
                          or new.rate_base in (d.currency, payment.currency)
                             and new.rate_quote in (d.currency, payment.currency)) end)
           and (new.document_base_minor is null or d.base_minor is not null)
           and (new.payment_base_minor is null or payment.base_minor is not null)
           and d.party_key = payment.party_key and new.effective_on >= d.issue_date
      into paid, is_fit from bills d where d.tenant_id = new.tenant_id and d.id = new.bill_id;
    select sum(coalesce(settled_minor, amount_minor)) into settled
      from allocations where tenant_id = new.tenant_id and bill_id = new.bill_id;
  end if;
  if not is_fit or new.effective_on < payment.paid_on then
    raise exception 'the allocation does not fit its payment and document'
      using errcode = 'check_violation', constraint = 'ck_allocation_fits';
  end if;
  if new.reverses_id is not null then
    select * into original from allocations
     where tenant_id = new.tenant_id and id = new.reverses_id;
    if (original.payment_id, original.amount_minor) <> (new.payment_id, -new.amount_minor)
       or original.effective_on > new.effective_on
       or (original.invoice_id, original.bill_id) is distinct from (new.invoice_id, new.bill_id)
       or (original.settled_minor, original.booked_minor,
           original.document_base_minor, original.payment_base_minor)
          is distinct from (-new.settled_minor, -new.booked_minor,
                            -new.document_base_minor, -new.payment_base_minor) then
      raise exception 'an allocation can only be reversed completely, and not before its date'
        using errcode = 'check_violation', constraint = 'ck_allocation_taken_back';
    end if;
  end if;
  if settled <> paid then
    raise exception 'allocations sum to %, but the document has %', settled, paid
      using errcode = 'check_violation', constraint = 'ck_document_allocated';
  end if;
  return null;
end $$;

drop trigger if exists allocations_checked on allocations;
create constraint trigger allocations_checked after insert on allocations
  deferrable initially deferred for each row execute function app.check_allocation();
