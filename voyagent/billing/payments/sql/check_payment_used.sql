-- Refuse a payment whose used amounts are not the sums of its allocations and of its refunds that
-- are not reversed.
--
-- The check runs at commit, after a change of the payment, an allocation or a refund, which may
-- return several payments. A reversed
-- payment has its whole amount as the refunded amount. It has no refund, its entry is reversed by
-- another entry on the day of the reversal, and it settles nothing from that day on.
--
-- A payment from a credit note is reversed only with the note. An entry that allocates or refunds a
-- refundable payment has a line on the account of customer credits. The release before does not
-- know these payments: it would reverse them alone, and take them from the advances.
-- requires: has_purpose

create or replace function app.check_payment_used() returns trigger
language plpgsql as $$
declare
  keys uuid[] := array[(to_jsonb(new)->>
    case tg_table_name when 'payments' then 'id' else 'payment_id' end)::uuid];
  moved_by uuid := (to_jsonb(new)->>'entry_id')::uuid;
  key uuid;
  payment payments%rowtype;
  allocated bigint;
  refunded bigint;
begin
  if tg_table_name = 'refunds' then
    keys := keys || array(
      select p.payment_id from refund_parts p
       where p.tenant_id = new.tenant_id and p.refund_id = (to_jsonb(new)->>'id')::uuid);
  end if;
  foreach key in array keys loop
    select * into payment from payments where tenant_id = new.tenant_id and id = key;
    select coalesce(sum(amount_minor), 0) into allocated
      from allocations where tenant_id = new.tenant_id and payment_id = key;
    select coalesce(sum(minor), 0) into refunded from (
      select amount_minor as minor from refunds
       where tenant_id = new.tenant_id and payment_id = key
         and reversed_on is null and not has_parts
      union all
      select p.amount_minor from refund_parts p
        join refunds r on r.tenant_id = p.tenant_id and r.id = p.refund_id
       where p.tenant_id = new.tenant_id and p.payment_id = key and r.reversed_on is null
    ) m;
    if payment.reversed_on is not null then
      if refunded > 0 or not exists (
        select from journal_entries e
         where e.tenant_id = payment.tenant_id and e.id = payment.reversal_entry_id
           and e.reverses_id = payment.entry_id and e.entry_date = payment.reversed_on
      ) then
        raise exception 'a reversed payment must have no refund, and the reversal must be the entry'
                        ' that reverses the entry of the payment, on the same day'
          using errcode = 'check_violation', constraint = 'ck_payment_reversal';
      end if;
      if exists (
        select from allocations a
         where a.tenant_id = payment.tenant_id and a.payment_id = payment.id
           and a.effective_on > payment.reversed_on
      ) then
        raise exception 'an allocation is dated after the reversal of its payment'
          using errcode = 'check_violation', constraint = 'ck_payment_reversal';
      end if;
      if payment.credit_note_id is not null and not exists (
        select from credit_notes n
         where n.tenant_id = payment.tenant_id and n.id = payment.credit_note_id
           and n.reversal_entry_id = payment.reversal_entry_id
      ) then
        raise exception 'a payment from a credit note can only be reversed with the credit note'
          using errcode = 'check_violation', constraint = 'ck_payment_credit_note';
      end if;
      refunded := payment.amount_minor;
    end if;
    -- Rows that belong to the entry of the payment, or to its reversal, never were on the account.
    if tg_op = 'INSERT' and tg_table_name in ('allocations', 'refunds')
       and payment.nature = 'refundable'
       and moved_by is distinct from payment.entry_id
       and moved_by is distinct from payment.reversal_entry_id
       and not exists (
      select from postings p
       where p.tenant_id = payment.tenant_id and p.entry_id = moved_by
         and app.has_purpose(p.tenant_id, p.account_id, 'customer_credits')
    ) then
      raise exception 'a refundable payment can only be used from the account of customer credits'
        using errcode = 'check_violation', constraint = 'ck_payment_credits';
    end if;
    if (payment.allocated_minor, payment.refunded_minor) <> (allocated, refunded) then
      raise exception 'allocations sum to % and refunds to %, but the payment has % and %',
          allocated, refunded, payment.allocated_minor, payment.refunded_minor
        using errcode = 'check_violation', constraint = 'ck_payment_used';
    end if;
  end loop;
  return null;
end $$;

drop trigger if exists payments_used on payments;
create constraint trigger payments_used after insert or update on payments
  deferrable initially deferred for each row execute function app.check_payment_used();
drop trigger if exists allocations_used on allocations;
create constraint trigger allocations_used after insert on allocations
  deferrable initially deferred for each row execute function app.check_payment_used();
drop trigger if exists refund_parts_used on refund_parts;
create constraint trigger refund_parts_used after insert on refund_parts
  deferrable initially deferred for each row execute function app.check_payment_used();
drop trigger if exists refunds_used on refunds;
create constraint trigger refunds_used after insert or update on refunds
  deferrable initially deferred for each row execute function app.check_payment_used();
