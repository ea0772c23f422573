-- Delete the kept PDF files of the vouchers of a payment in which an erasure changes a text.
--
-- A voucher stores no text: its PDF names the customer of the payment. A print that makes the file
-- locks the payment first (billing/core/service/kept_papers.py), so it waits for the erasure.

create or replace function app.forget_kept_vouchers() returns trigger
language plpgsql as $$
begin
  delete from kept_papers k using receipt_vouchers v
   where v.tenant_id = new.tenant_id and v.payment_id = new.id and k.tenant_id = v.tenant_id
     and (k.kind = 'receipt_voucher' and k.document_id = v.id
       or k.kind = 'refund_voucher' and k.document_id in (
         select u.id from voucher_uses u where u.tenant_id = v.tenant_id and u.voucher_id = v.id
       ));
  return null;
end $$;

create or replace trigger payments_forget_vouchers after update on payments
  for each row when (current_user = 'voyagent_eraser')
  execute function app.forget_kept_vouchers();
