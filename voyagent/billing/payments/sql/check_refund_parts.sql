-- Refuse a refund of several payments whose parts do not fit.
--
-- The check runs at commit. The parts add up to the refund, one of them is of the payment that the
-- refund names, and all payments are in one currency and from one customer, whose records may be
-- merged.

create or replace function app.check_refund_parts() returns trigger
language plpgsql as $$
declare
  is_fit boolean;
begin
  select sum(part.amount_minor) = new.amount_minor and bool_or(part.payment_id = new.payment_id)
         and bool_and(payment.direction = 'in')
         and count(distinct coalesce(root.root_id::text, payment.party_id::text,
                                     payment.party_key)) = 1
         and count(distinct payment.currency) = 1
    into is_fit
    from refund_parts part
    join payments payment on payment.tenant_id = part.tenant_id and payment.id = part.payment_id
    left join party_roots root on root.tenant_id = payment.tenant_id
                              and root.party_id = payment.party_id
   where part.tenant_id = new.tenant_id and part.refund_id = new.id;
  if is_fit is not true then
    raise exception 'the parts of a refund do not fit it'
      using errcode = 'check_violation', constraint = 'ck_refund_parts';
  end if;
  return null;
end $$;

drop trigger if exists refunds_divided on refunds;
create constraint trigger refunds_divided after insert on refunds
  deferrable initially deferred for each row when (new.has_parts)
  execute function app.check_refund_parts();
